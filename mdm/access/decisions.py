"""Decisions that are kept: deciding is a pure function, asked the same thing again and again."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from mdm.access.terms import Decision, Principal

KEPT = 4_096  # for a principal, what it asks


class Decisions:
    """What was decided for the very same principal stands. Safe to use from many threads."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[Principal, Decision]] = {}

    def of(self, principal: Principal, asked: Hashable, make: Callable[[], Decision]) -> Decision:
        """The decision on what is asked, made when it is asked for the first time. `asked` says all
        that it depends on, beside the principal."""
        key = (id(principal), asked)
        held = self._held.get(key)
        if held is None or held[0] is not principal:
            if len(self._held) >= KEPT:
                self._held.clear()
            held = self._held[key] = principal, make()
        return held[1]
