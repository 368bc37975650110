"""Small golden tables, as survivorship would leave them in the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from matching.engine import Engine
from mdm.compose import Hub
from mdm.hub.runs import start_run
from mdm.hub.tables import Run
from mdm.publishing import Published, publish
from mdm.work.progress import Silent

SITI, BUDI, AGUS = "3201154503880002", "3201151207750001", "3201150101900003"
RECORD = ["kemendagri", "biodata_wni", SITI, "b1", "biodata.csv", 7, "2026-01-02"]


def content(kind: str = "person", links: Mapping[str, Any] | None = None, **values: Any) -> str:
    """Golden content in the shape survivorship writes: every value agreed on by one record."""
    body = {
        "agreed": {name: [value, 0, 1] for name, value in values.items()},
        "contested": {},
        "identity_status": "verified",
        "kind": kind,
        "links": dict(links or {}),
        "records": [RECORD],
        "regions": "kemendagri 2025",
        "rules": "digest",
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass
class Golden:
    """What a run found out: entity id → (content, NIKs), redirects of merged entities, regions."""

    persons: Mapping[str, tuple[str, Sequence[str]]] = field(default_factory=dict)
    families: Mapping[str, str] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)
    absent: Sequence[str] = ()
    regions: Mapping[str, str] = field(default_factory=dict)
    split: Mapping[str, str] = field(default_factory=dict)  # what was left → what left it

    def register(self, engine: Engine) -> None:
        """Make the tables of persons and families in the engine."""
        ids, rows = list(self.persons), list(self.persons.values())
        golden = {
            "entity_id": pa.array(ids, pa.string()),
            "content": pa.array([row[0] for row in rows], pa.string()),
            "niks": pa.array([list(row[1]) for row in rows], pa.list_(pa.string())),
            "region": pa.array(
                [self.regions.get(one) or _region(self.persons[one][0]) for one in ids], pa.string()
            ),
        }
        engine.register("person_golden", pa.table(golden))
        _entities(engine, "person", [*ids, *self.absent], self.merged)
        _events(engine, self.merged, self.split)
        golden = {
            "entity_id": pa.array(list(self.families), pa.string()),
            "content": pa.array(list(self.families.values()), pa.string()),
            "niks": pa.array([[] for _ in self.families], pa.list_(pa.string())),
            "region": pa.array([_region(one) for one in self.families.values()], pa.string()),
        }
        engine.register("family_golden", pa.table(golden))
        _entities(engine, "family", list(self.families), {})


def _region(golden: str) -> str | None:
    """What survivorship puts beside the content: the kecamatan of the domicile."""
    entries = json.loads(golden)
    found = {**entries["agreed"], **entries["contested"]}.get("domicile")
    code = str(found[0].get("region_today") or "") if found else ""
    return code.replace(".", "")[:6] or None


def _entities(engine: Engine, kind: str, active: Sequence[str], merged: Mapping[str, str]) -> None:
    table = {
        "entity_id": pa.array([*active, *merged], pa.string()),
        "status": pa.array(["active"] * len(active) + ["merged"] * len(merged), pa.string()),
        "merged_into": pa.array([None] * len(active) + list(merged.values()), pa.string()),
    }
    engine.register(f"{kind}_entities", pa.table(table))


def _events(engine: Engine, merged: Mapping[str, str], split: Mapping[str, str]) -> None:
    events = [(one, "merge", other, 1) for one, other in merged.items()]
    events += [(one, "split", other, 1) for one, other in split.items()]
    names = ("entity_id", "event", "other_entity_id", "records")
    types = (pa.string(), pa.string(), pa.string(), pa.int32())
    columns = [[event[at] for event in events] for at in range(len(names))]
    arrays = [pa.array(column, of) for column, of in zip(columns, types, strict=True)]
    engine.register("person_entity_events", pa.table(arrays, names=names))


def begin(hub: Hub) -> Run:
    """A new running run."""
    with hub.sessions.begin() as session:
        return start_run(session, "run", "facts")


def publish_golden(hub: Hub, golden: Golden, run: Run | None = None) -> dict[str, Published]:
    """Publish what a run found out, in an engine of its own."""
    engine = hub.engine()
    try:
        golden.register(engine)
        return publish(hub, engine, run or begin(hub), Silent(), ("person", "family"))
    finally:
        engine.close()
