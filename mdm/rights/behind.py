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
from mdm.hub.runs import kept_by, published_run, published_seq
from mdm.hub.tables import Run
from mdm.opening import open_profiles

Place = tuple[str, int]


@dataclass(frozen=True)
class SourceKey:
    """One source record. `landed` is the key it landed with; `digest` that of its row, when the
    key names another record too."""

    source: str
    layout: str
    record_key: str
    landed: str
    digest: str | None


def records_behind(hub: Hub, session: Session, ids: Sequence[str]) -> list[SourceKey]:
    """The records that stand behind some entities now."""
    found: set[tuple[str, str, str]] = set()
    for opened in open_profiles(hub, session, ids, published_seq(session)).values():
        found.update(tuple(record[:3]) for record in json.loads(opened.content)["records"])
    run = published_run(session)
    if run is not None:
        found.update(map(_named, links.of_entities(hub, session, run, "person", ids).to_pylist()))
    origin = _origin(hub, run, {key for _, _, key in found}) if run is not None else {}
    return [_landed(hub, record, origin.get(record)) for record in sorted(found)]


def _origin(hub: Hub, run: Run, keys: Collection[str]) -> dict[tuple[str, str, str], Place]:
    """Where the records of some keys landed: batch and row."""
    kept = hub.lake.pick("run/person_origin", kept_by(run), "record_key", keys)
    rows = kept.to_pylist() if kept is not None else []
    return {_named(row): (row["batch"], row["row"]) for row in rows}


def _named(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["source"], row["layout"], row["record_key"]


def _landed(hub: Hub, record: tuple[str, str, str], place: Place | None) -> SourceKey:
    source, layout, key = record
    if place is None or "#" not in key:
        return SourceKey(*record, landed=key, digest=None)
    batch, number = place
    reader = hub.lake.reader(
        f"landed/{source}/{layout}", batch, ("record_key", "row_digest", "row")
    )
    for some in reader or ():
        for row in some.filter(pc.equal(some["row"], pa.scalar(number, pa.int32()))).to_pylist():
            if row["record_key"] != key:
                return SourceKey(*record, landed=row["record_key"], digest=row["row_digest"])
    return SourceKey(*record, landed=key, digest=None)


def by_layout(records: Sequence[SourceKey]) -> Mapping[tuple[str, str], frozenset[str]]:
    """(source, layout) → landed keys."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in records:
        found.setdefault((one.source, one.layout), set()).add(one.landed)
    return {layout: frozenset(keys) for layout, keys in found.items()}
