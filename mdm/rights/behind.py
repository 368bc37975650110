"""The source records that stand behind an entity now, by the keys they landed with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import Session

from mdm.compose import Hub
from mdm.hub.runs import kept_by, published_run, published_seq
from mdm.opening import open_profiles
from mdm.rights.erasure import KEYS


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
    owner = kept_by(run) if run else None
    linked = _kept(hub, owner, "person_links", (*KEYS, "entity_id"), ("entity_id", ids))
    found.update((row["source"], row["layout"], row["record_key"]) for row in linked)
    keys = sorted({key for _, _, key in found})
    origin = {
        (row["source"], row["layout"], row["record_key"]): (row["batch"], row["row"])
        for row in _kept(hub, owner, "person_origin", (*KEYS, "batch", "row"), ("record_key", keys))
    }
    return [_landed(hub, record, origin.get(record)) for record in sorted(found)]


def _kept(
    hub: Hub,
    owner: str | None,
    table: str,
    columns: Sequence[str],
    where: tuple[str, Sequence[str]],
) -> Iterator[dict[str, Any]]:
    """Rows of what a run kept, where a column is one of some values."""
    reader = hub.lake.reader(f"run/{table}", owner, columns) if owner else None
    name, values = where
    wanted = pa.array(list(values), pa.string())
    for batch in reader or ():
        yield from batch.filter(pc.is_in(batch[name], wanted)).to_pylist()


def _landed(hub: Hub, record: tuple[str, str, str], place: tuple[str, int] | None) -> SourceKey:
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
