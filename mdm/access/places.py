"""Which regions a right may be given for: those that stand today. A mistyped code would give a right
to nobody's data, or, after a reform of regions, to somebody else's.
"""

from __future__ import annotations

import re

from mdm.errors import InputError
from reference import regions

REGION = re.compile(r"([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{10})?")


def check_region(code: str) -> None:
    """InputError for a code that is no region of today; it names those that are."""
    if not REGION.fullmatch(code):
        raise InputError(
            "A region is the first 2, 4, 6 or 10 digits of its code.",
            "Leave it empty for the whole country.",
            code="region-form",
        )
    if code and code not in regions.children(above := _above(code)):
        raise InputError(
            f"No region has the code {code} today.", _instead(code, above), code="region-unknown"
        )


def _instead(code: str, above: str) -> str:
    """What stands today: where an old code has gone, and the codes beside it."""
    while above and not regions.children(above):
        above = _above(above)
    there = f"In {regions.place_name(above)} ({above})" if above else "In the country"
    said = f"{there} there are: {', '.join(regions.children(above))}."
    former = regions.lookup(code, "kemendagri")
    return f"It was {former.name}, which is in {former.today} now. {said}" if former else said


def _above(code: str) -> str:
    return code[:-4] if len(code) > 6 else code[:-2]
