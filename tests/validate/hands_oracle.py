"""The rule of mdm/validation/hands.py said slowly, row by row: what the SQL over whole tables is held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Row(NamedTuple):
    """A row that has its key for itself: `ident` is what identifies it behind the key, None where too little does;
    `only`: nobody else in its delivery is called so."""

    id: int
    key: str
    moment: int
    name: str
    ident: str
    known: bool


@dataclass(eq=False)
class Told:
    """What is known of a row once its delivery was looked at."""

    row: Row
    own: Told | None
    before: Told | None
    elsewhere: Told | None
    plain: bool = False
    foreign: bool = False
    comes: bool = False
    follows: bool = False
    on: Told | None = None
    record: list[Told] = field(default_factory=list)


#: Whether the later of two rows of one key is plainly another; whether its number, too, is.
Compare = Callable[[Row, Row], bool]


def records(rows: Sequence[Row], strange: Compare, other_number: Compare) -> list[list[Row]]:
    """The rows of each record."""
    told: list[Told] = []
    for moment in sorted({row.moment for row in rows}):
        now = [_look(told, row) for row in sorted(rows, key=lambda r: r.key) if row.moment == moment]  # fmt: skip
        for one in now:
            _judge([*told, *now], one, strange, other_number)
        for one in now:
            one.follows = one.comes and _may_follow([*told, *now], one)
        for one in now:
            one.on = _goes_on_with([*told, *now], one)
        told += now
    _gather(told)
    while again := _twice(told):
        for one in again:
            one.on, one.follows = None, False
        _gather(told)
    found = {id(one.record): [each.row for each in one.record] for one in told}
    return list(found.values())


def _look(earlier: Sequence[Told], row: Row) -> Told:
    def last(fits: Callable[[Row], bool]) -> Told | None:
        found = [one for one in earlier if fits(one.row)]
        return max(found, key=lambda one: (one.row.moment, one.row.key)) if found else None

    return Told(
        row,
        own=last(lambda r: r.key == row.key and r.ident == row.ident),
        before=last(lambda r: r.key == row.key),
        elsewhere=last(lambda r: r.ident == row.ident),
    )


def _judge(told: Sequence[Told], one: Told, strange: Compare, other_number: Compare) -> None:
    row, was, other = one.row, one.before, one.elsewhere
    if one.own is not None:
        return
    plain = was is not None and strange(was.row, row)
    differs = plain or (was is not None and other_number(was.row, row))
    moved = was is not None and was.row.known and any(
        t.row.moment == row.moment and t.row.ident == was.row.ident and t.row.known for t in told
    )  # fmt: skip
    if other is not None and row.known and other.row.known and other.row.key != row.key:
        next_ = _after(told, other.row, lambda r: r.key == other.row.key)
        given = next_ is not None and (
            next_.row.moment == row.moment or (next_.row.moment < row.moment and next_.plain)
        )
        one.comes = was is None or differs or moved or given
    one.plain = plain
    one.foreign = plain or (differs and moved) or (one.comes and was is not None)


def _after(told: Sequence[Told], row: Row, fits: Callable[[Row], bool]) -> Told | None:
    later = [t for t in told if fits(t.row) and (t.row.moment, t.row.key) > (row.moment, row.key)]
    return min(later, key=lambda t: (t.row.moment, t.row.key)) if later else None


def _may_follow(told: Sequence[Told], one: Told) -> bool:
    assert one.elsewhere is not None
    at = one.elsewhere.row
    taken = _after(told, at, lambda r: r.key == at.key)
    away = taken is not None and (taken.foreign or taken.own not in {None, one.elsewhere})
    if one.before is None:
        return away and taken is not None and taken.row.moment <= one.row.moment
    return taken is None or taken.row.moment == one.row.moment or away


def _goes_on_with(told: Sequence[Told], one: Told) -> Told | None:
    if one.own is not None:
        return one.own
    if one.follows:
        return one.elsewhere
    if one.before is None or one.foreign:
        return None
    was = one.before.row
    again = _after(told, was, lambda r: r.ident == was.ident)
    gone = again is not None and again.follows and again.row.moment <= one.row.moment
    return None if gone else one.before


def _gather(told: Sequence[Told]) -> None:
    for one in told:
        one.record = [] if one.on is None else one.on.record
        one.record.append(one)


def _how(one: Told) -> int:
    return 0 if one.own is not None and one.on is one.own else 2 if one.follows else 1


def _twice(told: Sequence[Told]) -> list[Told]:
    """Rows that go on with what another row of their delivery goes on with, too; that of its own key stays."""
    found = []
    for one in told:
        beside = [each for each in one.record if each.row.moment == one.row.moment]
        first = min(beside, key=lambda t: (_how(t), t.row.key))
        if one is not first and one.on is not None:
            found.append(one)
    return found
