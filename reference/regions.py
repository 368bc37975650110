"""Regions: every Kemendagri code of six editions and the BPS codes, each led to today's place.

A code means nothing alone: it is always (code, system, edition). Codes here are digits only;
"today" is the Kemendagri edition of 2025. The tables are made beforehand by
`reference.region_build` from the files listed in `data/SOURCES.md`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Literal

import pyarrow as pa

from reference.files import read_rows, read_table
from reference.places import NAME_KEY_SQL, name_key

__all__ = [
    "NAME_KEY_SQL",
    "Place",
    "PlaceName",
    "children",
    "find_village",
    "lookup",
    "name_key",
    "place_name",
    "region_tables",
]

System = Literal["kemendagri", "bps"]
EDITIONS = (2016, 2018, 2020, 2022, 2023, 2025)
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
    row = _by_code().get((system, code.replace(".", "")))
    if row is None:
        return None
    first, last = int(row["first_edition"]), int(row["last_edition"])
    names = _history().get(row["code"], ()) if system == "kemendagri" else ()
    names = names or (PlaceName(row["name"], first, last),)
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
        parent=row["parent"] or None,
        first_edition=first,
        last_edition=last,
        today=row["today"],
        basis=row["basis"],
        names=names,
    )


def find_village(district_code: str, name: str) -> Place | None:
    """The village of this name (today's or an old one) in a Kemendagri district of any edition;
    None if unsure.
    """
    district = _by_code().get(("kemendagri", district_code.replace(".", "")))
    if district is None:
        return None
    village = _villages().get((district["today"], name_key(name)))
    return lookup(village, "kemendagri") if village else None


def place_name(code: str) -> str | None:
    """Newest name of a Kemendagri code of any edition."""
    row = _by_code().get(("kemendagri", code.replace(".", "")))
    return row["name"] if row else None


def children(code: str) -> list[str]:
    """Today's Kemendagri codes directly below a code of today (all provinces below an empty
    code), sorted.
    """
    return _children().get(code.replace(".", ""), [])


@cache
def _children() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for (system, code), row in _by_code().items():
        if system == "kemendagri" and int(row["last_edition"]) == TODAY:
            found[row["parent"]].append(code)
    return {parent: sorted(codes) for parent, codes in found.items()}


@cache
def _by_code() -> dict[tuple[str, str], dict[str, str]]:
    return {(row["system"], row["code"]): row for row in read_rows("regions/places.csv.gz")}


@cache
def _villages() -> dict[tuple[str, str], str]:
    rows = read_rows("regions/village_names.csv.gz")
    return {(row["district_today"], row["name_key"]): row["village_today"] for row in rows}


@cache
def _history() -> dict[str, tuple[PlaceName, ...]]:
    found: dict[str, list[PlaceName]] = defaultdict(list)
    for row in read_rows("regions/kemendagri_code_history_2016_2025.csv.gz"):
        entry = PlaceName(row["nama"], int(row["first_edition"]), int(row["last_edition"]))
        found[row["kode"].replace(".", "")].append(entry)
    return {
        code: tuple(sorted(names, key=lambda name: name.first_edition))
        for code, names in found.items()
    }
