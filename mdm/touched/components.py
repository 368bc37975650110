"""Components: what a whole run kept of some groups of records, as it stands after the small runs since.

Records that may concern each other carry one group number (mdm/lake/kept.py). They are read from the lake a few row
groups at a time, as they are asked for, with the moves of small runs (mdm/links.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import Session, col, select

from matching.rules import Kind
from mdm import links
from mdm.compose import Hub
from mdm.corrections.terms import SOURCE as CORRECTION
from mdm.hub.runs import kept_by
from mdm.hub.tables import CorrectionStep, Run
from mdm.judgements import RecordRef

MOST = 4_000  # records; a decision that concerns more waits for the next whole run


class TooFarError(Exception):
    """More records are concerned than a small run takes."""


@dataclass
class Components:
    """What `run`, or the whole run that it stands on, kept of some groups, read as it is asked for. `until`: without
    what was taken back by then; None: by now."""

    hub: Hub
    session: Session
    run: Run
    until: datetime | None = None
    _records: dict[str, pa.Table] = field(default_factory=dict)
    _gone: dict[str, pa.Table] = field(default_factory=dict)
    _groups: dict[str, set[int]] = field(default_factory=dict)
    _linked: dict[tuple[Kind, frozenset[str]], pa.Table] = field(default_factory=dict)

    def records(self, kind: Kind, groups: Iterable[int]) -> pa.Table:
        """The component rows of all groups of a kind asked for so far, these included, with the
        entities that the records belong to now."""
        known = self._groups.setdefault(kind, set())
        fresh = {one for one in groups if one is not None} - known
        if fresh or kind not in self._records:
            found = self.pick(f"{kind}_component", "group_no", fresh)
            found = self._standing(kind, self._now(kind, found))
            before = self._records.get(kind)
            self._records[kind] = found if before is None else pa.concat_tables([before, found])
            known |= fresh
            if self._records[kind].num_rows > MOST:
                raise TooFarError
        return self._records[kind]

    def gone(self, kind: Kind) -> pa.Table:
        """Rows of the groups read so far that are records no more: of corrections that were taken back since the run
        kept them."""
        return self._gone.get(kind, self.records(kind, ()).slice(0, 0))

    def let_go(self, kind: Kind, record_keys: Collection[str]) -> None:
        """Let some records of corrections be no records any more."""
        held = self.records(kind, ())
        self._records[kind] = held.filter(
            pc.invert(self._put_aside(kind, held, "record_key", record_keys))
        )

    def add(self, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows that the run did not know, in the columns of the kept ones."""
        held = self.records(kind, ())
        told = [{name: row.get(name) for name in held.schema.names} for row in rows]
        self._records[kind] = pa.concat_tables(
            [held, pa.Table.from_pylist(told, schema=held.schema)]
        )

    def silence(self, kind: Kind, record_key: str, columns: Collection[str]) -> None:
        """Let a record of a correction say nothing any more in some columns: a later one does."""
        self.restate(kind, record_key, dict.fromkeys(columns))

    def restate(self, kind: Kind, record_key: str, said: Mapping[str, Any]) -> None:
        """Let a record of a correction say something else than it was kept with; a family's, in its household too."""
        for of in (kind, "household") if kind == "family" else (kind,):
            held = self.records(of, ())
            own = pc.equal(held["record_key"], pa.scalar(record_key))
            for at, one in enumerate(held.schema):
                if one.name in said:
                    value = pa.scalar(said[one.name], one.type)
                    held = held.set_column(at, one, pc.if_else(own, value, held[one.name]))
            self._records[of] = held

    def groups_of(self, kind: Kind, entities: Collection[str]) -> set[int]:
        """The groups in which records of some entities stand. TooFarError where the run, of an
        older version, kept none."""
        if not entities:
            return set()
        own = self._records.get(kind)
        added = (
            {g for e, g in both(own, "entity_id", "group_no") if e in entities} if own else set()
        )
        rows = self.linked(kind, entities)
        if "group_no" not in rows.column_names:
            raise TooFarError
        return {one for one in rows["group_no"].to_pylist() if one is not None} | added

    def linked(self, kind: Kind, entities: Collection[str]) -> pa.Table:
        """The links of some entities, of records that are away in the last run too."""
        asked = (kind, frozenset(entities))
        if asked not in self._linked:
            found = links.of_entities(self.hub, self.session, self.run, kind, entities)
            self._linked[asked] = found
        return self._linked[asked]

    def pairs(self, kind: Kind, groups: Collection[int]) -> pa.Table:
        """All judged pairs with a record in one of some groups."""
        across = self.pick(f"{kind}_across", "group_no", groups)
        lefts = set(groups) | column(across, "other")
        found = self.pick(f"{kind}_judged", "group_l", lefts)
        inside = pa.array(list(groups), found.schema.field("group_l").type)
        either = pc.or_(
            pc.is_in(found["group_l"], value_set=inside),
            pc.is_in(found["group_r"], value_set=inside),
        )
        return found.filter(either)

    def places(self, kind: Kind, refs: Collection[RecordRef]) -> dict[RecordRef, tuple[int, int]]:
        """Record → (rid, group) of those that stand in the run. A family stands in the linkage of
        households too: for kind `household` its record there is found."""
        keys = {ref.record_key for ref in refs}
        found = self.pick(f"{kind}_origin", "record_key", keys)
        names = ("source", "layout", "record_key", "rid", "group_no")
        columns = zip(*(found[name].to_pylist() for name in names), strict=True)
        wanted = set(refs)
        return {
            ref: (rid, group_no)
            for *key, rid, group_no in columns
            if (ref := RecordRef(*key)) in wanted and group_no is not None
        }

    def pick(self, table: str, column: str, values: Collection[Any]) -> pa.Table:
        """Rows of a kept table where a column has one of some values. TooFarError where the run, of
        an older version, kept none."""
        found = self.hub.lake.pick(f"run/{table}", kept_by(self.run), column, values)
        if found is None:
            raise TooFarError
        return found

    def _standing(self, kind: Kind, rows: pa.Table) -> pa.Table:
        """The rows without those of corrections that were taken back."""
        own = rows.filter(pc.equal(rows["source"], pa.scalar(CORRECTION)))
        if not own.num_rows:
            return rows
        query = select(CorrectionStep.correction).where(
            CorrectionStep.act == "revoke",
            col(CorrectionStep.correction).in_(column(own, "batch")),
        )
        if self.until is not None:
            query = query.where(col(CorrectionStep.at) <= self.until)
        revoked = self.session.exec(query).all()
        return rows.filter(pc.invert(self._put_aside(kind, rows, "batch", revoked)))

    def _put_aside(self, kind: Kind, rows: pa.Table, name: str, values: Collection[str]) -> Any:
        """Which rows of corrections have one of some values; they are gone."""
        among = pc.is_in(rows[name], value_set=pa.array(list(values), pa.string()))
        which = pc.and_(pc.equal(rows["source"], pa.scalar(CORRECTION)), among)
        gone = rows.filter(which)
        if gone.num_rows:
            before = self._gone.get(kind)
            self._gone[kind] = gone if before is None else pa.concat_tables([before, gone])
        return which

    def _now(self, kind: Kind, rows: pa.Table) -> pa.Table:
        """The rows with the entities, and the households, that small runs moved them to."""
        rows = self._moved(rows, kind, "rid", {"entity_id": "entity_id", "since_run": "since_run"})
        if kind == "family":
            rows = self._moved(rows, "household", "household_rid", {"household": "entity_id"})
        return rows

    def _moved(self, rows: pa.Table, kind: Kind, by: str, columns: dict[str, str]) -> pa.Table:
        rids = rows[by].to_pylist()
        known = [rid for rid in rids if rid is not None]
        moves = links.moved(self.session, self.run, kind, known).to_pylist() if known else []
        if not moves:
            return rows
        to = {move["rid"]: move for move in moves}
        for name, told in columns.items():
            place, held = rows.schema.get_field_index(name), rows[name].to_pylist()
            values = [to[r][told] if r in to else v for r, v in zip(rids, held, strict=True)]
            column = pa.array(values, rows.schema.field(name).type)
            rows = rows.set_column(place, rows.schema.field(name), column)
        return rows


def both(rows: pa.Table, one: str, other: str) -> Iterable[tuple[Any, Any]]:
    """Two columns, row by row."""
    return zip(rows[one].to_pylist(), rows[other].to_pylist(), strict=True)


def column(rows: pa.Table, name: str) -> set[Any]:
    """The values of a column."""
    values: list[Any] = rows[name].to_pylist()
    return set(values)
