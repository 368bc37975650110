"""A few typed rows in, the level of agreement that the real rule documents find for a pair out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pyarrow as pa

from matching import linkage
from matching.engines.duckdb import DuckDBEngine
from matching.judgement import judge
from matching.rules import Kind, load_linkage
from matching.standardise import standardise
from mdm.contracts.accepted import COLUMNS, KINDS

LAYOUTS = {"kemendagri": "biodata_wni", "kemensos": "siksng_individu", "pemda": "warga"}


@contextmanager
def standardised(**rows: list[dict[str, Any]]) -> Iterator[DuckDBEngine]:
    """An engine with the standardised tables of `person=[…], family=[…], household=[…]`, rows numbered from 1."""
    engine = DuckDBEngine(threads=1)
    try:
        for kind in KINDS:
            _accepted(engine, kind, rows.get(kind, []))
        standardise(engine)
        yield engine
    finally:
        engine.close()


def each_card_a_family(engine: DuckDBEngine) -> None:
    """Families linked by their card alone, and persons told so."""
    linkage.prepare(engine, "family")
    engine.table(
        "family_clusters",
        "SELECT rid, min(rid) OVER (PARTITION BY coalesce(card, rid::VARCHAR)) AS cluster FROM family_context",
    )
    linkage.prepare(engine, "person")


def level(engine: DuckDBEngine, kind: Kind, comparison: str, left: int, right: int) -> str:
    """The first level of a comparison that holds for two rows of `<kind>_linkable`."""
    return levels(engine, kind, left, right, comparison)[comparison]


def levels(
    engine: DuckDBEngine, kind: Kind, left: int, right: int, *comparisons: str
) -> dict[str, str]:
    """Comparison → its first level that holds for two rows; of all comparisons where none is named."""
    rules = load_linkage(kind)
    cases = []
    for one in rules.comparisons:
        if not comparisons or one.name in comparisons:
            found = " ".join(
                f"WHEN {'true' if level.sql == 'ELSE' else level.sql} THEN '{level.name}'"
                for level in one.levels
            )
            cases.append(f"CASE {found} END AS {one.name}")
    sides = ", ".join(f"l.{c} AS {c}_l, r.{c} AS {c}_r" for c in rules.columns)
    pair = f"SELECT {sides} FROM {kind}_linkable l, {kind}_linkable r WHERE l.rid = {left} AND r.rid = {right}"
    (row,) = engine.fetch(f"SELECT {', '.join(cases)} FROM ({pair})").to_pylist()
    return {name: str(level) for name, level in row.items()}


def _accepted(engine: DuckDBEngine, kind: Kind, rows: list[dict[str, Any]]) -> None:
    types = COLUMNS[kind]
    texts = [
        {name: None if row.get(name) is None else str(row[name]) for name in types} for row in rows
    ]
    columns = {name: pa.array([row[name] for row in texts], pa.string()) for name in types}
    size = len(rows)
    number = pa.array(range(1, size + 1), pa.int32())
    origin: dict[str, Any] = {
        "rid": number,
        "row": number,
        "record_key": pa.array([f"k{n}" for n in range(1, size + 1)], pa.string()),
        "source": pa.array([row["source"] for row in rows], pa.string()),
        "layout": pa.array([LAYOUTS[row["source"]] for row in rows], pa.string()),
        "file": pa.array(["f.csv"] * size, pa.string()),
        "batch": pa.array(["b"] * size, pa.string()),
        "value_date": pa.array([date(2026, 1, 1)] * size, pa.date32()),
    }
    engine.register("typed", pa.table(origin | columns))
    cast = ", ".join(f"CAST({name} AS {sql}) AS {name}" for name, sql in types.items())
    engine.table(f"{kind}_accepted", f"SELECT {', '.join(origin)}, {cast} FROM typed")


def judged(
    engine: DuckDBEngine, left: int, right: int, weight: float, kind: Kind = "person"
) -> tuple[str, str]:
    """Judgement and reason of two rows of `<kind>_linkable` whose levels weigh so much together."""
    rules = load_linkage(kind)
    gammas = ", ".join(
        f"{rules.gamma(name, level)} AS gamma_{name}"
        for name, level in levels(engine, kind, left, right).items()
    )
    pair = f"{left} AS rid_l, {right} AS rid_r, {weight}::DOUBLE AS match_weight"
    engine.table(f"{kind}_scored", f"SELECT {pair}, {gammas}")
    judge(engine, rules)
    row = engine.fetch(f"SELECT judgement, reason FROM {kind}_judged").to_pylist()[0]
    return row["judgement"], row["reason"]
