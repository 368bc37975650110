"""Tiny standardised tables for survivorship: rows as dicts, absent columns NULL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from matching.engines.duckdb import DuckDBEngine
from mdm.contracts.accepted import COLUMNS, ORIGIN, Kind

Row = Mapping[str, Any]


MOVED = ("moved_away", "moved_here")
FEATURES = {
    "region_today": "VARCHAR", "left_out": "BOOLEAN", "registry": "BOOLEAN", "former": "VARCHAR", "said_since": "DATE",
}  # fmt: skip


def _type(engine: DuckDBEngine, columns: Mapping[str, str]) -> pa.Schema:
    read = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items())
    return engine.fetch(f"SELECT {read}").schema


def load(engine: DuckDBEngine, kind: Kind, rows: Iterable[Row]) -> None:
    """Make `<kind>_standardised` and `<kind>_links` from rows that also carry `entity`, and `<kind>_moved` where one
    carries `moved_away` or `moved_here`.

    rid follows the order given, which is an arrival order and means nothing.
    """
    rows = list(rows)
    schema = _type(engine, {**ORIGIN, **COLUMNS[kind], **FEATURES})
    full = [
        {name: row.get(name) for name in schema.names} | {"rid": rid}
        for rid, row in enumerate(rows)
    ]
    engine.register(f"{kind}_standardised", pa.Table.from_pylist(full, schema))
    links = [{"rid": rid, "entity_id": row["entity"]} for rid, row in enumerate(rows)]
    engine.register(
        f"{kind}_links",
        pa.Table.from_pylist(links, pa.schema([("rid", pa.int32()), ("entity_id", pa.string())])),
    )

    moved = [
        {"rid": rid, **{name: bool(row.get(name)) for name in MOVED}}
        for rid, row in enumerate(rows)
        if any(row.get(name) for name in MOVED)
    ]
    engine.drop(f"{kind}_moved")
    if moved:
        engine.register(f"{kind}_moved", pa.Table.from_pylist(moved))


def golden(engine: DuckDBEngine, kind: Kind) -> dict[str, str]:
    """Content by entity id."""
    table = engine.fetch(f"SELECT entity_id, content FROM {kind}_golden")
    return dict(zip(table["entity_id"].to_pylist(), table["content"].to_pylist(), strict=True))


def record(source: str, key: str, entity: str = "E", **values: Any) -> dict[str, Any]:
    """One record with its origin filled in."""
    layout = {"kemendagri": "biodata_wni", "kemensos": "siksng_individu", "pemda": "warga"}
    return {
        "entity": entity,
        "source": source,
        "layout": layout.get(source, "people"),
        "record_key": key,
        "file": f"{source}.csv",
        "row": 1,
        "batch": f"batch-{source}",
        **values,
    }
