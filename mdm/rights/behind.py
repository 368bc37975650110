"""The source records that stand behind an entity now, by the keys they landed with."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import Session

from mdm import links
from mdm.compose import Hub
from mdm.contracts.ties import parted
from mdm.hub.runs import kept_by, published_run, published_seq
from mdm.hub.tables import Run
from mdm.opening import open_profiles

_Record = tuple[str, str, str]  # source, layout, record key


@dataclass(frozen=True)
class SourceKey:
    """One source record. `landed` is the key it landed with; `tie` what tells it from others of that key, if its record
    key says so; `others` the ties of records of that key that stand behind somebody else. `stood`: where keys changed
    hands, under which keys it stood, and a digest of what identified it there."""

    source: str
    layout: str
    record_key: str
    landed: str
    tie: str | None
    others: tuple[str, ...] = ()
    stood: tuple[tuple[str, str], ...] = ()

    @property
    def moved(self) -> bool:
        """Whether it was found again under another key: then it may come under any."""
        return len({landed for landed, _ in self.stood}) > 1


def records_behind(hub: Hub, session: Session, ids: Sequence[str]) -> list[SourceKey]:
    """The records that stand behind some entities now."""
    found: set[_Record] = set()
    for opened in open_profiles(hub, session, ids, published_seq(session)).values():
        found.update(tuple(record[:3]) for record in json.loads(opened.content)["records"])
    run = published_run(session)
    if run is not None:
        found.update(map(_named, links.of_entities(hub, session, run, "person", ids).to_pylist()))
    others = _others(hub, run, found) if run is not None else {}
    stood = _stood(hub, run, found) if run is not None else {}
    return [
        _key(record, others.get(_landed(record), ()), stood.get(record, ()))
        for record in sorted(found)
    ]


def _key(record: _Record, others: Collection[str], stood: Collection[tuple[str, str]]) -> SourceKey:
    landed, tie, _ = parted(record[2])
    return SourceKey(
        *record, landed, tie, () if tie else tuple(sorted(others)), tuple(sorted(stood))
    )


def _stood(hub: Hub, run: Run, own: Collection[_Record]) -> Mapping[_Record, set[tuple[str, str]]]:
    """Record → the keys that it stood under, with what identified it there, where a run knows of hands changed."""
    found: dict[_Record, set[tuple[str, str]]] = {}
    wanted = pa.array(sorted({key for _, _, key in own}), pa.string())
    columns = ("source", "layout", "record_key", "landed_key", "behind")
    for some in hub.lake.reader("run/person_hands", kept_by(run), columns) or ():
        for row in some.filter(pc.is_in(some["record_key"], wanted)).to_pylist():
            if _named(row) in own:
                found.setdefault(_named(row), set()).add((row["landed_key"], row["behind"]))
    return found


def _others(hub: Hub, run: Run, own: Collection[_Record]) -> Mapping[_Record, set[str]]:
    """Landed record → the ties of others of its key, as far as a run knows them. Of two alike in their ties, too,
    nobody can tell the rows: they go with the first of them."""
    wanted = {_landed(record) for record in own}
    found: dict[_Record, set[str]] = {}
    reader = hub.lake.reader("run/person_links", kept_by(run), ("source", "layout", "record_key"))
    for some in reader or ():
        tied = some.filter(pc.match_substring(some["record_key"], "#"))
        for record in map(_named, tied.to_pylist()):
            _, tie, first = parted(record[2])
            if tie and first and record not in own and _landed(record) in wanted:
                found.setdefault(_landed(record), set()).add(tie)
    return found


def _landed(record: _Record) -> _Record:
    return record[0], record[1], parted(record[2])[0]


def _named(row: Mapping[str, Any]) -> _Record:
    return row["source"], row["layout"], row["record_key"]


def by_layout(records: Sequence[SourceKey]) -> Mapping[tuple[str, str], frozenset[str]]:
    """(source, layout) → landed keys."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in records:
        keys = {one.landed, *(landed for landed, _ in one.stood)}
        found.setdefault((one.source, one.layout), set()).update(keys)
    return {layout: frozenset(keys) for layout, keys in found.items()}
