"""Reach: which records may lie together with those that were judged, and which entities name them.

All is read from what the last whole run kept in the order of groups (mdm/lake/kept.py), a few row groups
at a time, with the moves of small runs since (mdm/links.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import Session

from matching.rules import Kind
from mdm import links
from mdm.compose import Hub
from mdm.hub.runs import kept_by
from mdm.hub.tables import Run
from mdm.judgements import RecordRef

MOST = 4_000  # records; a decision that concerns more waits for the next whole run


class TooFarError(Exception):
    """More records are concerned than a small run takes."""


@dataclass
class Kept:
    """What a run kept of some groups, read as it is asked for. `moved`: small runs' links since."""

    hub: Hub
    session: Session
    run: Run
    _records: dict[str, pa.Table] = field(default_factory=dict)
    _groups: dict[str, set[int]] = field(default_factory=dict)
    _linked: dict[tuple[Kind, frozenset[str]], pa.Table] = field(default_factory=dict)

    def records(self, kind: Kind, groups: Iterable[int]) -> pa.Table:
        """The component rows of all groups of a kind asked for so far, these included, with the
        entities that the records belong to now."""
        known = self._groups.setdefault(kind, set())
        fresh = {one for one in groups if one is not None} - known
        if fresh or kind not in self._records:
            found = self.pick(f"{kind}_component", "group_no", fresh)
            found = self._now(kind, found)
            before = self._records.get(kind)
            self._records[kind] = found if before is None else pa.concat_tables([before, found])
            known |= fresh
            if self._records[kind].num_rows > MOST:
                raise TooFarError
        return self._records[kind]

    def add(self, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows that the run did not know, in the columns of the kept ones."""
        held = self.records(kind, ())
        told = [{name: row.get(name) for name in held.schema.names} for row in rows]
        self._records[kind] = pa.concat_tables(
            [held, pa.Table.from_pylist(told, schema=held.schema)]
        )

    def groups_of(self, kind: Kind, entities: Collection[str]) -> set[int]:
        """The groups in which records of some entities stand. TooFarError where the run, of an
        older version, kept none."""
        if not entities:
            return set()
        own = self._records.get(kind)
        added = (
            {g for e, g in _both(own, "entity_id", "group_no") if e in entities} if own else set()
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


@dataclass(frozen=True)
class Reach:
    """Entities by kind whose records go along again. `judged`: those of the judged kind whose
    records are clustered anew; `golden`: those whose profiles are made anew."""

    kind: Kind
    judged: frozenset[str]
    golden: dict[Kind, frozenset[str]]


def reach(
    kept: Kept, kind: Kind, seeds: Sequence[tuple[int, int]], words: Collection[tuple[int, int]]
) -> Reach:
    """What the judgement of some records reaches. `seeds`: (rid, group); `words`: pairs of rids that
    people have judged. TooFarError when it is too much for a small run."""
    judged = _clustered(kept, kind, seeds, words)
    persons: set[str] = set(judged) if kind == "person" else set()
    families: set[str] = set(judged) if kind == "family" else set()
    homes: set[str] = set(judged) if kind == "household" else set()
    if kind == "person":
        families = _beside(kept, "person", persons, "family")
    elif kind == "family":
        homes = _homes_of(kept, families)
        persons = _beside(kept, "family", families, "person")
    else:
        families = _families_in(kept, homes)
        persons = _beside(kept, "family", families, "person")
    _context(kept, persons, families, homes)
    golden: dict[Kind, frozenset[str]] = {
        "person": frozenset(persons),
        "family": frozenset(families),
        "household": frozenset(homes),
    }
    return Reach(kind, frozenset(judged), golden)


def _clustered(
    kept: Kept, kind: Kind, seeds: Sequence[tuple[int, int]], words: Collection[tuple[int, int]]
) -> set[str]:
    """The entities that hold the seeds, and all that links lead to from them."""
    node = "node" if kind == "household" else "rid"
    rows = kept.records(kind, {group for _, group in seeds})
    start = {rid for rid, _ in seeds}
    entities = {e for e, rid in _both(rows, "entity_id", "rid") if rid in start}
    while True:
        groups = kept.groups_of(kind, entities)
        rows = kept.records(kind, groups)
        own = {n for e, n in _both(rows, "entity_id", node) if e in entities}
        pairs = kept.pairs(kind, groups)
        reached = set()
        sides = zip(*(pairs[name].to_pylist() for name in _PAIR), strict=True)
        for left, right, group_l, group_r, judgement in sides:
            if judgement == "link" and (left in own or right in own):
                reached |= {group_l, group_r}
        rows = kept.records(kind, reached)
        at = dict(_both(rows, node, "entity_id"))
        ends = zip(
            *(pairs[name].to_pylist() for name in ("rid_l", "rid_r", "judgement")), strict=True
        )
        linked = [(le, ri) for le, ri, judgement in ends if judgement == "link"] + list(words)
        more = {
            at[other]
            for left, right in linked
            for one, other in ((left, right), (right, left))
            if one in own and other in at
        } - entities
        if not more:
            return entities
        entities |= more


_PAIR = ("rid_l", "rid_r", "group_l", "group_r", "judgement")


def _beside(kept: Kept, kind: Kind, entities: Collection[str], other: Kind) -> set[str]:
    """Whom of another kind the cards know on which records of some entities stand: of persons the families, of
    families the persons.
    """
    groups = kept.groups_of(kind, entities)
    kept.records(kind, groups)
    rows = kept.records(other, groups)
    wanted = pa.array(sorted(groups), rows.schema.field("group_no").type)
    return column(rows.filter(pc.is_in(rows["group_no"], value_set=wanted)), "entity_id")


def _homes_of(kept: Kept, families: Collection[str]) -> set[str]:
    rows = kept.records("family", kept.groups_of("family", families))
    return {
        home
        for e, home in _both(rows, "entity_id", "household")
        if e in families and home is not None
    }


def _families_in(kept: Kept, homes: Collection[str]) -> set[str]:
    """The families whose records are placed in some households."""
    rows = kept.records("household", kept.groups_of("household", homes))
    rids = {r for e, r in _both(rows, "entity_id", "family_rid") if e in homes and r is not None}
    origin = kept.pick("family_origin", "rid", rids)
    families = kept.records("family", column(origin, "group_no"))
    return {e for e, rid in _both(families, "entity_id", "rid") if rid in rids}


def _context(
    kept: Kept, persons: Collection[str], families: Collection[str], homes: Collection[str]
) -> None:
    """Read what choosing needs beside: all records of everybody on the cards, and the families of
    those cards; the other families of the households."""
    near = {*families, *(_families_in(kept, homes) if homes else ())}
    everybody = {*persons, *_beside(kept, "family", near, "person")}
    groups = kept.groups_of("person", everybody)
    kept.records("person", groups)
    kept.records("family", groups | kept.groups_of("family", near))
    if homes:
        kept.records("household", kept.groups_of("household", homes))


def _both(rows: pa.Table, one: str, other: str) -> Iterable[tuple[Any, Any]]:
    return zip(rows[one].to_pylist(), rows[other].to_pylist(), strict=True)


def column(rows: pa.Table, name: str) -> set[Any]:
    """The values of a column."""
    values: list[Any] = rows[name].to_pylist()
    return set(values)
