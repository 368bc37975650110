"""Three-valued logic: yes, no, and not known (Kleene). A decided answer stays decided, whatever
becomes known later of what it did not need.
"""

from __future__ import annotations

from collections.abc import Iterable

Truth = bool | None
"""True, False, or None: not known."""


def both(parts: Iterable[Truth]) -> Truth:
    """All of them: no as soon as one is no, not known while one is not known. Of none: yes."""
    answer: Truth = True
    for part in parts:
        if part is False:
            return False
        if part is None:
            answer = None
    return answer


def either(parts: Iterable[Truth]) -> Truth:
    """One of them at least: yes as soon as one is yes. Of none: no."""
    answer: Truth = False
    for part in parts:
        if part is True:
            return True
        if part is None:
            answer = None
    return answer


def negated(part: Truth) -> Truth:
    """The opposite; what is not known stays so."""
    return None if part is None else not part
