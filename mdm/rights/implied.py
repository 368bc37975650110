"""What an erasure leaves of families that only their members tell of.

Such a family's record stands in the tables of runs under the number of its card, with what its members' rows say of the
head and the address (`add_implied` in matching/families.py). Where an erased row stood on the card, the record is made
again of the rows that stay, as the run made it; of a card that no other row tells of, nothing is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from matching.families import add_implied
from mdm.compose import Hub
from mdm.lake import LakeFile

KEYS = ("source", "layout", "record_key")
Record = tuple[str, str, str]  # source, layout, record key
Row = Mapping[str, Any]
#: What both a member's row and its family's have and that says which record it is, not what is told.
_WHICH = {*KEYS, "rid", "entity_id", "since_run", "group_no"}
#: Where tables of records name the entity of one.
ENTITIES = ("entity_id", "from_entity", "to_entity")


@dataclass
class Implied:
    """The family records of the cards that erased rows stood on. `made`: run → record → what the rows that stay make of
    it, where that is another, None where there are none; `stays`: record → all rows of that card that stay, of persons
    and of families, in whatever run; `entities`: the families and households that runs placed the records in."""

    made: dict[str, dict[Record, Row | None]] = field(default_factory=dict)
    stays: dict[Record, list[Row]] = field(default_factory=dict)
    entities: set[str] = field(default_factory=set)

    def rewrite(self, hub: Hub, file: LakeFile) -> LakeFile | None:
        """A file of a run's families or households with what stays of these records, to take the file's place; None
        where it stays as it is."""
        if "row" in hub.lake.columns(file):
            again = self.made.get(file.owner, {})
        else:  # it only names them
            again = {one: None for one, rows in self.stays.items() if not rows}
        made = {one: row for one, row in again.items() if row is not None}
        gone, there = again.keys() - made, False
        for batch in hub.lake.batches(file, (*KEYS, *ENTITIES)):
            found = batch.filter(_among(batch, self.stays))
            there = there or pc.any(_among(found, again)).as_py()
            for name in set(ENTITIES) & set(found.schema.names):
                self.entities.update(one for one in found[name].to_pylist() if one is not None)
        return hub.lake.rewrite(file, lambda batch: _left(batch, made, gone)) if there else None


def make_again(hub: Hub, cards: Collection[str], erased: Callable[[Record], bool]) -> Implied:
    """Make the records of cards by some numbers again, for every run that kept them."""
    found = Implied()
    owners = {file.owner for file in hub.lake.files("run/family_component")} if cards else ()
    for owner in sorted(owners):
        families, members = (_of_cards(hub, owner, kind, cards) for kind in ("family", "person"))
        stay = [not erased(record) for record in records(members)]
        members = members.filter(pa.array(stay, pa.bool_()))
        implied = families["implied"]
        made = _made_of(hub, members, families.schema)
        told = [
            *members.to_pylist(),
            *families.filter(pc.invert(implied)).to_pylist(),
            *made.values(),
        ]
        held = families.filter(implied)
        for record, before in zip(records(held), held.to_pylist(), strict=True):
            source, _, card = record
            row = made.get((source, card))
            if row is None or not before.items() >= row.items():
                found.made.setdefault(owner, {})[record] = row
            rows = found.stays.setdefault(record, [])
            rows += [row for row in told if row["kk"] == card]
    return found


def _of_cards(hub: Hub, owner: str, kind: str, cards: Collection[str]) -> pa.Table:
    """The rows that a run kept of a kind with the number of one of some cards."""
    dataset, groups = f"run/{kind}_component", set[int | None]()
    numbers = pa.array(cards, pa.string())
    for file in hub.lake.files(dataset, owner):
        for batch in hub.lake.batches(file, ("kk", "group_no")):
            groups |= set(batch["group_no"].filter(pc.is_in(batch["kk"], numbers)).to_pylist())
    rows = hub.lake.pick(dataset, owner, "group_no", groups)
    assert rows is not None  # components of all kinds are kept together
    return rows.filter(pc.is_in(rows["kk"], numbers))


def _made_of(hub: Hub, members: pa.Table, families: pa.Schema) -> dict[tuple[str, str], Row]:
    """What members' rows say of their cards, in those columns of family records; by source and card."""
    told = {*members.schema.names} & {*families.names} - _WHICH | {"head_name"}
    engine = hub.engine(threads=1)
    try:
        engine.register("person_standardised", members)
        engine.register("family_standardised", families.empty_table())
        add_implied(engine)
        rows = engine.fetch("SELECT * FROM family_standardised").to_pylist()
    finally:
        engine.close()
    return {(row["source"], row["kk"]): {name: row[name] for name in told} for row in rows}


def _left(
    batch: pa.RecordBatch, made: Mapping[Record, Row], gone: Collection[Record]
) -> pa.RecordBatch:
    """A batch with the records made again, and without those of which nothing is left."""
    batch = batch.filter(pc.invert(_among(batch, gone)))
    again = _among(batch, made)
    rows = [made[record] for record in records(batch.filter(again))]
    for at, column in enumerate(batch.schema):
        if rows and column.name in rows[0]:
            told = pa.array([row[column.name] for row in rows], column.type)
            batch = batch.set_column(
                at, column, pc.replace_with_mask(batch.column(at), again, told)
            )
    return batch


def _among(batch: pa.RecordBatch, some: Collection[Record]) -> pa.Array[Any]:
    """Which rows of a table are one of some records."""
    maybe = pc.is_in(batch["record_key"], pa.array({key for _, _, key in some}, pa.string()))
    if not pc.any(maybe).as_py():
        return maybe
    return pa.array([record in some for record in records(batch)], pa.bool_())


def records(rows: pa.Table | pa.RecordBatch) -> Iterable[Record]:
    """The records that rows of a table are."""
    return zip(*(rows[name].to_pylist() for name in KEYS), strict=True)
