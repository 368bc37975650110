"""Regions: every Kemendagri code of six editions and the BPS codes, each led to today's place.

A code means nothing alone: it is always (code, system, edition). Codes here are digits only;
"today" is the Kemendagri edition of 2025. The tables are made beforehand by
`reference.region_build` from the files listed in `data/SOURCES.md`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pyarrow as pa

from reference.files import read_table
from reference.places import name_key

__all__ = [
    "Place",
    "PlaceName",
    "children",
    "find_village",
    "full_name",
    "lookup",
    "place_name",
    "region_tables",
]

System = Literal["kemendagri", "bps"]
TODAY = 2025


@dataclass(frozen=True)
class PlaceName:
    """A name a code carried, from its first to its last edition."""

    name: str
    first_edition: int
    last_edition: int


@dataclass(frozen=True)
class Place:
    """A place as (code, system), where it is today, and what it was called.

    `today` is a Kemendagri 2025 code of the same level where that is known, else of the nearest
    level above; `basis` says how it was found (see `reference.region_build`).
    """

    code: str
    system: System
    level: str
    name: str
    parent: str | None
    first_edition: int
    last_edition: int
    today: str
    basis: str
    names: tuple[PlaceName, ...]


def region_tables() -> dict[str, pa.Table]:
    """`ref_place`, `ref_village_name` and `ref_regency_name`, for joins in bulk. Fresh copies of
    cached tables.
    """
    return dict(_tables())


@cache
def _tables() -> dict[str, pa.Table]:
    editions = {"first_edition": pa.int32(), "last_edition": pa.int32()}
    return {
        "ref_place": read_table("regions/places.csv.gz", editions),
        "ref_village_name": read_table("regions/village_names.csv.gz"),
        "ref_regency_name": read_table("regions/regency_names.csv.gz"),
    }


def lookup(code: str, system: str, edition: int | None = None) -> Place | None:
    """The place a code meant, or None if no edition of that system knows it. Dots are ignored.

    With `edition`, a Kemendagri code must have stood in that edition, and its name then is the
    place's name; without, the newest name is used.
    """
    row = _row(system, code)
    if row is None:
        return None
    names = _history(row["code"]) if system == "kemendagri" else ()
    names = names or (PlaceName(row["name"], row["first_edition"], row["last_edition"]),)
    name = names[-1].name
    if edition is not None and system == "kemendagri":
        then = [
            entry.name for entry in names if entry.first_edition <= edition <= entry.last_edition
        ]
        if not then:
            return None
        name = then[0]
    return Place(
        code=row["code"],
        system="bps" if system == "bps" else "kemendagri",
        level=row["level"],
        name=name,
        parent=row["parent"],
        first_edition=row["first_edition"],
        last_edition=row["last_edition"],
        today=row["today"],
        basis=row["basis"],
        names=names,
    )


def find_village(district_code: str, name: str) -> Place | None:
    """The village of this name (today's or an old one) in a Kemendagri district of any edition;
    None if unsure.
    """
    district = _row("kemendagri", district_code)
    if district is None:
        return None
    village = _villages().get((district["today"], name_key(name)))
    return lookup(village, "kemendagri") if village else None


def place_name(code: str) -> str | None:
    """Newest name of a Kemendagri code of any edition."""
    row = _row("kemendagri", code)
    return str(row["name"]) if row else None


@cache
def full_name(code: str) -> str:
    """A place and those it lies in by name, the smallest first; '' for the country, and where none is known."""
    digits = code.replace(".", "")
    names = (place_name(digits[:step]) for step in (10, 6, 4, 2) if len(digits) >= step)
    return ", ".join(name.strip().title() for name in names if name)


def children(code: str) -> list[str]:
    """Today's Kemendagri codes directly below a code of today (all provinces below an empty
    code), sorted.
    """
    return _children().get(code.replace(".", ""), [])


@cache
def _children() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for system, code, parent, last in _columns("system", "code", "parent", "last_edition"):
        if system == "kemendagri" and last == TODAY:
            found[parent or ""].append(code)
    return {parent: sorted(codes) for parent, codes in found.items()}


def _row(system: str, code: str) -> dict[str, Any] | None:
    """The row of `ref_place` for a code, with or without dots."""
    position = _positions().get((system, code.replace(".", "")))
    if position is None:
        return None
    row: dict[str, Any] = _tables()["ref_place"].slice(position, 1).to_pylist()[0]
    return row


@cache
def _positions() -> dict[tuple[str, str], int]:
    return {key: position for position, key in enumerate(_columns("system", "code"))}


def _columns(*names: str) -> Iterator[tuple[Any, ...]]:
    """Columns of `ref_place`, row by row."""
    table = _tables()["ref_place"]
    return zip(*(table.column(name).to_pylist() for name in names), strict=True)


@cache
def _villages() -> dict[tuple[str, str], str]:
    columns = _tables()["ref_village_name"].to_pydict()
    keys = zip(columns["district_today"], columns["name_key"], strict=True)
    return dict(zip(keys, columns["village_today"], strict=True))


def _history(code: str) -> tuple[PlaceName, ...]:
    """The names of a Kemendagri code, oldest first."""
    table, positions = _history_table()
    rows = [table.slice(position, 1).to_pylist()[0] for position in positions.get(code, ())]
    names = (PlaceName(row["nama"], row["first_edition"], row["last_edition"]) for row in rows)
    return tuple(sorted(names, key=lambda name: name.first_edition))


@cache
def _history_table() -> tuple[pa.Table, dict[str, list[int]]]:
    editions = {"first_edition": pa.int32(), "last_edition": pa.int32()}
    table = read_table("regions/kemendagri_code_history_2016_2025.csv.gz", editions)
    positions: dict[str, list[int]] = defaultdict(list)
    for position, code in enumerate(table.column("kode").to_pylist()):
        positions[str(code).replace(".", "")].append(position)
    return table, positions
