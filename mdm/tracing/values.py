"""Golden values as a trace tells them: each with its rule, its losers, and the records behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mdm.survivorship import Choice
from mdm.survivorship import SourceRecord as ChosenFrom
from mdm.tracing.facts import Lost, Value

Key = tuple[str, str, str]  # source, layout, record key


def key_of(one: ChosenFrom) -> Key:
    """What a source record is known by."""
    return one.source, one.layout, one.record_key


def parts_of(choice: Choice) -> list[str]:
    """The attributes that a choice speaks of: its own, or all of a group that travels together."""
    values = [choice.value, *(loser.value for loser in choice.losers)]
    groups = {part for value in values if isinstance(value, dict) for part in value}
    return sorted(groups) or [choice.attribute]


def chosen(choices: Sequence[Choice], wanted: Sequence[str]) -> list[Choice]:
    """The choices asked for, all when none is; a part of a group that travels together stands for
    the group."""
    names = set(wanted)
    return [
        choice
        for choice in choices
        if not names or choice.attribute in names or names & set(parts_of(choice))
    ]


def value_of(choice: Choice, places: Mapping[Key, int]) -> Value:
    """A choice, told. `places`: a record's key → its place in the trace's list of records."""
    return Value(
        attribute=choice.attribute,
        label=choice.label,
        value=choice.value,
        record=places[key_of(choice.record)],
        sources=choice.sources,
        valid=choice.valid,
        rule=choice.rule,
        sentence=choice.sentence,
        decided_by=choice.decided_by,
        losers=tuple(
            Lost(
                loser.value,
                places[key_of(loser.record)],
                loser.sources,
                loser.reason,
                loser.because,
            )
            for loser in choice.losers
        ),
    )
