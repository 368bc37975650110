"""One component, looked at: its records as standardised, the pairs among them with their evidence in
words, and the family around each record.

Read from what the last whole run kept (mdm/lake/kept.py) with the moves of small runs since: a few row
groups, no engine. Nothing here is written to the audit log: who shows values does that first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import log2
from typing import Any

import pyarrow as pa

from matching.model import Model
from matching.rules import Comparison, Kind, LinkageRules, load_linkage
from mdm.compose import Hub
from mdm.errors import HomeError
from mdm.hub.runs import published_run
from mdm.hub.tables import Run
from mdm.judgements import RecordRef
from mdm.touched.components import Components, TooFarError
from mdm.tracing.facts import Step
from mdm.tracing.moments import model_of
from mdm.tracing.steps import level_of, steps_of

_ORIGIN = (
    *("rid", "source", "layout", "file", "row", "record_key", "batch", "value_date", "implied"),
    *(
        "entity_id",
        "since_run",
        "group_no",
        "card",
        "household_rid",
        "household",
        "node",
        "family_rid",
    ),
)


@dataclass(frozen=True)
class ComponentRecord:
    """One source record. `number`: what the pairs of its kind call it; `family`: a key of the
    component's families; `values`: standardised attributes that have a value."""

    number: int
    ref: RecordRef
    entity_id: str
    file: str | None
    row: int | None
    batch: str | None
    date: date | None
    implied: bool
    family: int
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class ComponentPair:
    """Two records that were compared; `left` and `right` are places in the list of records.

    `judgement` and `reason` as they stand; `machine` what the machine judged, None where it never
    compared them. `prior` and `steps` add up to the match weight, bits; without steps no rule found
    the pair.
    """

    left: int
    right: int
    match_weight: float | None
    judgement: str
    reason: str
    machine: str | None
    passed_over: bool
    second_probability: float | None
    prior: float
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Member:
    """Somebody on a card of the family: as one of the family's records says."""

    entity_id: str
    relationship: str | None
    name: str | None = field(repr=False)
    sex: str | None
    birth_year: int | None = field(repr=False)


@dataclass(frozen=True)
class Component:
    """Records (in order of source and key), the pairs among them, and family → its members."""

    kind: Kind
    seq: int
    records: tuple[ComponentRecord, ...]
    pairs: tuple[ComponentPair, ...]
    families: Mapping[int, tuple[Member, ...]]

    @property
    def leads(self) -> tuple[int, ...]:
        """Place of each record → the first of those that cannot be parted from it here: in a household the records of
        one family stand together, so that whoever says where one of them belongs says it of all."""
        first: dict[int, int] = {}
        return tuple(first.setdefault(one.number, at) for at, one in enumerate(self.records))


def look(
    hub: Hub,
    kind: Kind,
    entity_ids: Collection[str],
    *,
    run: Run | None = None,
    rules: LinkageRules | None = None,
) -> Component:
    """The component of some entities as readers saw it after `run`, in the words of its `rules`; as they see it now,
    without. HomeError before the first publishing, or when the run kept nothing to look at."""
    until = (run.finished or run.started) if run else None
    with hub.sessions.read() as session:
        run = run or published_run(session)
        if run is None:
            raise HomeError("Nothing is published in this home yet.", "Run `dtsen run` first.")
        components = Components(hub, session, run, until)
        model = model_of(hub, run, kind)
        try:
            return _look(components, rules or load_linkage(kind), frozenset(entity_ids), model)
        except TooFarError:
            raise HomeError(
                "The published run kept nothing to look at, or this holds too many records.",
                "Run `dtsen run` again.",
            ) from None


def _look(
    components: Components, rules: LinkageRules, ids: frozenset[str], model: Model | None
) -> Component:
    kind = rules.kind
    groups = components.groups_of(kind, ids)
    rows = [row for row in components.records(kind, groups).to_pylist() if row["entity_id"] in ids]
    rows.sort(key=lambda row: row["rid"])
    records = tuple(_record(row, kind) for row in rows)
    places: dict[int, int] = {}
    for place, record in enumerate(records):
        places.setdefault(record.number, place)
    pairs = (
        tuple(_pairs(components.pairs(kind, groups), rules, places, model))
        if len(places) > 1
        else ()
    )
    return Component(kind, components.run.seq, records, pairs, _families(components, kind, rows))


def _record(row: Mapping[str, Any], kind: Kind) -> ComponentRecord:
    return ComponentRecord(
        number=row["node"] if kind == "household" else row["rid"],
        ref=RecordRef(row["source"], row["layout"], row["record_key"]),
        entity_id=row["entity_id"],
        file=row["file"],
        row=row["row"],
        batch=row["batch"],
        date=row["value_date"],
        implied=bool(row.get("implied")),
        family=row["group_no"],
        values={
            name: value for name, value in row.items() if value is not None and name not in _ORIGIN
        },
    )


def _pairs(
    table: pa.Table, rules: LinkageRules, places: Mapping[int, int], model: Model | None
) -> Sequence[ComponentPair]:
    prior = log2(model.prior / (1 - model.prior)) if model else 0.0
    found = [
        ComponentPair(
            left=places[row["rid_l"]],
            right=places[row["rid_r"]],
            match_weight=row["match_weight"],
            judgement=row["judgement"],
            reason=row["reason"],
            machine=row["machine"],
            passed_over=row["passed_over"],
            second_probability=row["second_probability"],
            prior=prior,
            steps=tuple(step for one in rules.comparisons for step in _steps(one, row, model)),
        )
        for row in table.to_pylist()
        if row["rid_l"] in places and row["rid_r"] in places
    ]
    return sorted(found, key=lambda pair: (pair.left, pair.right))


def _steps(one: Comparison, row: Mapping[str, Any], model: Model | None) -> list[Step]:
    """The level that a comparison found, and what the rarity of the value adds to it."""
    gamma = row.get(f"gamma_{one.name}")
    if gamma is None or model is None:
        return []
    level = level_of(one, gamma)
    weight = None if level.missing else model.weight(one.name, level.name)
    return steps_of(one, level, weight.bits if weight else 0.0, row.get(f"mw_tf_adj_{one.name}"))


def _families(
    components: Components, kind: Kind, rows: Sequence[Mapping[str, Any]]
) -> dict[int, tuple[Member, ...]]:
    """Family of a record → everybody on its cards, each once, as the record says that names most."""
    if kind == "household":
        return {}
    groups = {row["group_no"] for row in rows}
    best: dict[int, dict[str, Mapping[str, Any]]] = {group: {} for group in groups}
    for row in components.records("person", groups).to_pylist():
        of = best.get(row["group_no"])
        if of is None:
            continue
        held = of.get(row["entity_id"])
        if held is None or _tells(row) > _tells(held):
            of[row["entity_id"]] = row
    return {
        group: tuple(
            _member(row) for row in sorted(of.values(), key=lambda row: (_rank(row), row["rid"]))
        )
        for group, of in best.items()
    }


def _tells(row: Mapping[str, Any]) -> tuple[int, bool]:
    told = sum(row[name] is not None for name in ("relationship", "name", "sex", "birth_date"))
    return told, bool(row["registry"])


def _rank(row: Mapping[str, Any]) -> tuple[int, date]:
    order = {"HEAD": 0, "SPOUSE": 1}
    return order.get(row["relationship"] or "", 2), row["birth_date"] or date.max


def _member(row: Mapping[str, Any]) -> Member:
    born = row["birth_date"]
    return Member(
        row["entity_id"], row["relationship"], row["name"], row["sex"], born.year if born else None
    )
