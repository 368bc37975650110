"""Differences: a profile as of one moment beside the same as of another, attribute by attribute.

Either side is explained by the rules of its own day, so that a value which stayed may still have
changed its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mdm.survivorship import Choice, Explanation
from mdm.tracing.values import key_of
from reference.sentences import Sentence

SAME, VALUE, REASON, APPEARED, GONE = "same", "value", "reason", "appeared", "gone"

WORDS = {
    SAME: Sentence("sama", "same"),
    VALUE: Sentence("nilai berubah", "value changed"),
    REASON: Sentence("alasan berubah", "reason changed"),
    APPEARED: Sentence("baru muncul", "appeared"),
    GONE: Sentence("hilang", "gone"),
}


@dataclass(frozen=True)
class Difference:
    """One attribute then and now. `change`: same, value, reason, appeared, gone; `parts`: which of a
    group's attributes changed; `grounds`: what of the reason did (rule, record, sources, losers)."""

    attribute: str
    label: Sentence
    change: str
    then: Choice | None
    now: Choice | None
    parts: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()


@dataclass(frozen=True)
class LinkDifference:
    """What a profile is linked to: family, household, members."""

    link: str
    then: Any
    now: Any


def differences(then: Explanation, now: Explanation) -> tuple[Difference, ...]:
    """Every attribute that either side has, in order of their names."""
    before = {choice.attribute: choice for choice in then.choices}
    after = {choice.attribute: choice for choice in now.choices}
    return tuple(
        _difference(name, before.get(name), after.get(name)) for name in sorted({**before, **after})
    )


def link_differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[LinkDifference, ...]:
    """The links that differ."""
    return tuple(
        LinkDifference(name, then.get(name), now.get(name))
        for name in sorted({**then, **now})
        if then.get(name) != now.get(name)
    )


def _difference(name: str, then: Choice | None, now: Choice | None) -> Difference:
    shown = now or then
    assert shown is not None
    if then is None or now is None:
        return Difference(name, shown.label, GONE if now is None else APPEARED, then, now)
    if then.value != now.value:
        return Difference(name, shown.label, VALUE, then, now, parts=_parts(then, now))
    grounds = tuple(ground for ground, of in _GROUNDS.items() if of(then) != of(now))
    return Difference(name, shown.label, REASON if grounds else SAME, then, now, grounds=grounds)


def _parts(then: Choice, now: Choice) -> tuple[str, ...]:
    """Of a group that travels together, the attributes that changed."""
    before, after = then.parts, now.parts
    if set(before) | set(after) == {then.attribute}:
        return ()
    names = sorted({**before, **after})
    return tuple(name for name in names if before.get(name) != after.get(name))


_GROUNDS: dict[str, Callable[[Choice], object]] = {
    "rule": lambda choice: (choice.rule, choice.sentence),
    "record": lambda choice: (key_of(choice.record), choice.record.batch, choice.record.row),
    "sources": lambda choice: (choice.sources, choice.valid),
    "losers": lambda choice: [
        (loser.value, key_of(loser.record), loser.reason) for loser in choice.losers
    ],
}
