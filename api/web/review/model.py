"""What a task's page shows: records in columns aligned by attribute, their differences, the families
around them, the pairs with their evidence. Values are masked unless they were opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.web.evidence import reason
from api.web.operations.named import source_name
from api.web.review.words import spoken
from api.web.waterfall import Bar, waterfall
from api.web.wording import Wording
from matching.rules import Kind, Thresholds, load_linkage
from mdm.review.differences import (
    Difference,
    against,
    code_difference,
    difference,
    place_difference,
)
from mdm.seal.masking import SealingRules, load_rules
from mdm.tracing.component import Component, ComponentPair, ComponentRecord, Member
from reference.attributes import dictionary

#: Attributes in the order of their rows.
ROWS: Mapping[str, Sequence[str]] = {
    "person": (
        "nik", "name", "birth_date", "birth_place", "sex", "kk", "relationship", "mother_name",
        "father_name", "address", "rt", "rw", "hamlet", "village_name", "region_today",
        "marital_status", "education", "occupation", "alive", "death_date",
    ),
    "family": (
        "kk", "head_name", "address", "rt", "rw", "hamlet", "village_name", "region_today",
        "postal_code",
    ),
    "household": (
        "office", "dwelling_ref", "kk", "head_name", "address", "rt", "rw", "village_name",
        "region_today", "family_count", "kk_list",
    ),
}  # fmt: skip
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Column:
    """One record. `place`: in the component; `letter` names it; `group`: the person it is now; `lead`: which column
    says its group, its own or that of the first record of its family."""

    place: int
    letter: str
    group: int
    lead: int
    source: str
    date: date | None


@dataclass(frozen=True)
class Cell:
    """One value as it may be seen. `mark`: how it differs from what most records have; `alike`: equal
    numbers for equal values, 0 where all are equal."""

    text: str
    mark: Difference
    alike: int


@dataclass(frozen=True)
class Row:
    """One attribute over all records."""

    attribute: str
    label: str
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether any value differs."""
        return any(cell.mark is not Difference.EQUAL for cell in self.cells)


@dataclass(frozen=True)
class Around:
    """Who stands on the cards of a family; `letters`: the records that carry it."""

    letters: str
    members: tuple[tuple[str, str, str, str, bool], ...]  # relation, name, year, sex, in the task


@dataclass(frozen=True)
class Weighed:
    """A pair with its waterfall. `left`, `right`: places; `state`: link, review, non-link, human."""

    key: str
    left: int
    right: int
    names: str
    weight: float | None
    state: str
    reason: str
    passed_over: bool
    bounds: Thresholds
    steps: tuple[Bar, ...]


@dataclass(frozen=True)
class Table:
    """Everything of a component that is shown."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    around: tuple[Around, ...]
    pairs: tuple[Weighed, ...]


def order_of(component: Component) -> list[int]:
    """Places of the records, those of one entity beside each other, the largest entity first."""
    of: dict[str, list[int]] = {}
    for place, record in enumerate(component.records):
        of.setdefault(record.entity_id, []).append(place)
    groups = sorted(of.values(), key=lambda group: (-len(group), group))
    return [place for group in groups for place in group]


def letter(at: int) -> str:
    """A, B, …, Z, A2, B2, …"""
    turn, place = divmod(at, len(LETTERS))
    return LETTERS[place] + (str(turn + 1) if turn else "")


def table_of(
    component: Component, words: Wording, fields: AbstractSet[str], *, opened: bool
) -> Table:
    """The page's table of a component. `fields`: attributes that may be shown at all; `opened`:
    whether plainly."""
    order = order_of(component)
    records = [component.records[place] for place in order]
    numbers: dict[str, int] = {}
    for record in records:
        numbers.setdefault(record.entity_id, len(numbers) + 1)
    letters = {place: letter(at) for at, place in enumerate(order)}
    leads = component.leads
    columns = tuple(
        Column(
            place,
            letters[place],
            numbers[record.entity_id],
            order.index(leads[place]),
            source_name(words, record.ref.source),
            record.date,
        )
        for place, record in zip(order, records, strict=True)
    )
    show = _Shown(component.kind, words, load_rules(), opened)
    rows = tuple(
        row
        for name in ROWS[component.kind]
        if name in fields and (row := _row(show, name, records)) is not None
    )
    around = tuple(_around(show, component, letters, order))
    pairs = tuple(_weighed(one, component.kind, words, letters) for one in component.pairs)
    return Table(columns, rows, around, pairs)


@dataclass(frozen=True)
class _Shown:
    """How values may be seen on this page."""

    kind: str
    words: Wording
    rules: SealingRules
    opened: bool

    def text(self, name: str, value: Any, kind: str | None = None) -> str:
        """A value, masked unless opened; a dash for none."""
        if value is None:
            return "–"
        kind = kind or self.kind
        plain = spoken(self.words, kind, name, value)
        if self.opened:
            return plain
        known = self.rules.attributes.get(kind, {})  # type: ignore[call-overload]
        masked = self.rules.mask(kind, name, value)
        return plain if known.get(name) == "open" else str(masked)


def _row(show: _Shown, name: str, records: Sequence[ComponentRecord]) -> Row | None:
    values = [record.values.get(name) for record in records]
    if all(value is None for value in values):
        return None
    distinct = list(dict.fromkeys(str(value) for value in values if value is not None))
    numbers = {value: at for at, value in enumerate(distinct, 1)} if len(distinct) > 1 else {}
    kind = show.kind if name in dictionary().of(show.kind) else "family"  # placed in a household
    known = dictionary().of(kind).get(name)
    told = difference
    if known is not None and known.type == "region":
        told = place_difference
    elif known is not None and known.concept:
        told = code_difference
    cells = tuple(
        Cell(show.text(name, value, kind), mark, numbers.get(str(value), 0))
        for value, mark in zip(values, against(values, told), strict=True)
    )
    return Row(name, show.words.label(kind, name), cells)


def _around(
    show: _Shown, component: Component, letters: Mapping[int, str], order: Sequence[int]
) -> list[Around]:
    inside = {record.entity_id for record in component.records}
    of: dict[int, list[str]] = {}
    for place in order:
        of.setdefault(component.records[place].family, []).append(letters[place])
    return [
        Around(
            ", ".join(letters_),
            tuple(_member(show, one, inside) for one in component.families[family]),
        )
        for family, letters_ in of.items()
        if component.families.get(family)
    ]


def _member(show: _Shown, one: Member, inside: AbstractSet[str]) -> tuple[str, str, str, str, bool]:
    return (
        show.text("relationship", one.relationship, "person"),
        show.text("name", one.name, "person"),
        str(one.birth_year) if one.birth_year else "–",
        show.text("sex", one.sex, "person"),
        one.entity_id in inside,
    )


def _weighed(one: ComponentPair, kind: Kind, words: Wording, letters: Mapping[int, str]) -> Weighed:
    human, bounds = one.reason == "human", load_linkage(kind).held_to(one.reason)
    first, second = sorted((letters[one.left], letters[one.right]))
    return Weighed(
        key=f"{one.left}-{one.right}",
        left=one.left,
        right=one.right,
        names=f"{first} – {second}",
        weight=one.match_weight,
        state=("human-" if human else "") + one.judgement,
        reason=reason(words, one.reason, one.judgement),
        passed_over=one.passed_over,
        bounds=bounds,
        steps=waterfall(one, kind, words, bounds),
    )
