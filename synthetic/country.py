"""The places a population lives in: whole villages of a few regencies, with their old and BPS
codes.

Codes come from `reference/data/regions/places.csv.gz` (every Kemendagri code of 2016–2025 and
every BPS code, each with its successor of today); peoples, rough coordinates and hamlet words
from `data/provinces.yaml`.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import reference
from reference.documents import read_yaml
from synthetic.columns import Objects, objects

if TYPE_CHECKING:
    from synthetic.scenario import Places

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Villages:
    """Villages of one part of the country, column by column; all arrays have one entry per
    village."""

    code: Objects  # Kemendagri 2025, 10 digits
    name: Objects
    district: Objects  # name of the kecamatan
    regency: Objects  # name of the kabupaten or kota, without that word
    bps: Objects  # BPS sub-district code, 7 digits
    older: Objects  # a code of an earlier Kemendagri edition, '' when there is none
    older_district: Objects  # the same of its kecamatan, 6 digits
    postal: Objects
    hamlet: Objects  # the word for a hamlet there
    latitude: np.ndarray[Any, np.dtype[np.float64]]
    longitude: np.ndarray[Any, np.dtype[np.float64]]
    urban: np.ndarray[Any, np.dtype[np.bool_]]

    def __len__(self) -> int:
        return len(self.code)


@cache
def provinces() -> dict[str, dict[str, Any]]:
    """Peoples, middle and hamlet word of each province, by two-digit code."""
    text = (DATA / "provinces.yaml").read_text(encoding="utf-8")
    return {str(code): facts for code, facts in read_yaml(text).items()}


@cache
def _places() -> dict[tuple[str, str], list[list[str]]]:
    """Rows of places as [code, name, last edition, code of today], by (system, level)."""
    path = Path(reference.__file__).parent / "data" / "regions" / "places.csv.gz"
    grouped: dict[tuple[str, str], list[list[str]]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        rows = csv.reader(handle)
        header = next(rows)
        system, level = header.index("system"), header.index("level")
        kept = [header.index(name) for name in ("code", "name", "last_edition", "today")]
        for row in rows:
            grouped.setdefault((row[system], row[level]), []).append([row[k] for k in kept])
    return grouped


@cache
def _districts() -> dict[str, tuple[str, str]]:
    """Today's Kemendagri kecamatan → (its name, its BPS code); only those that BPS knows."""
    bps: dict[str, str] = {}
    for code, _, _, today in _places()["bps", "district"]:
        if today:
            bps.setdefault(today, code)
    return {
        code: (name, bps[code])
        for code, name, last, _ in _places()["kemendagri", "district"]
        if last == "2025" and code in bps
    }


@cache
def _regencies() -> dict[str, str]:
    return {
        code: name.removeprefix("Kabupaten ").removeprefix("Kota ").removeprefix("Administrasi ")
        for code, name, last, _ in _places()["kemendagri", "regency"]
        if last == "2025"
    }


@cache
def _villages() -> tuple[dict[str, list[tuple[str, str]]], dict[str, str]]:
    """Today's villages by regency as (code, name), and an older code of a village by today's."""
    by_regency: dict[str, list[tuple[str, str]]] = {}
    older: dict[str, str] = {}
    districts = _districts()
    for code, name, last, today in _places()["kemendagri", "village"]:
        if last == "2025" and code[:6] in districts:
            by_regency.setdefault(code[:4], []).append((code, name))
        elif last != "2025" and len(today) == 10:
            older[today] = code
    return by_regency, older


@cache
def _older_districts() -> dict[str, str]:
    """A code no longer in force of a kecamatan, by its code of today."""
    rows = _places()["kemendagri", "district"]
    return {today: code for code, _, last, today in rows if last != "2025" and len(today) == 6}


@cache
def regency_names() -> tuple[Objects, Objects]:
    """Codes and names of all regencies of today: where people from elsewhere were born."""
    names = _regencies()
    codes = sorted(names)
    return objects(codes), objects([names[code] for code in codes])


@cache
def _districts_by_regency() -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for code in sorted(_districts()):
        grouped.setdefault(code[:4], []).append(code)
    return grouped


def districts_of(regency: str) -> list[str]:
    """Today's kecamatan codes of one regency that BPS knows too, sorted; may be empty."""
    return _districts_by_regency().get(regency, [])


def choose_regencies(places: Places, how_many: int, rng: np.random.Generator) -> list[str]:
    """Regencies to populate, spread over the scenario's provinces by weight, without repetition."""
    by_regency, _ = _villages()
    weights = {str(code): weight for code, weight in places.provinces.items() if weight > 0}
    waiting = {
        code: list(rng.permutation(sorted(r for r in by_regency if r.startswith(code))))
        for code in weights
    }
    chosen: list[str] = []
    owed = dict.fromkeys(weights, 0.0)
    while len(chosen) < how_many and any(waiting.values()):
        for code in owed:
            owed[code] += weights[code] if waiting[code] else 0.0
        code = max((c for c in owed if waiting[c]), key=lambda c: owed[c])
        owed[code] -= sum(weights[c] for c in weights if waiting[c])
        chosen.append(str(waiting[code].pop()))
    return chosen


def settle(regency: str, how_many: int, rng: np.random.Generator) -> Villages:
    """`how_many` villages of a regency (fewer if it has fewer), neighbours first, as a delivery
    would hold them."""
    by_regency, older = _villages()
    all_of_it = sorted(by_regency[regency])
    start = int(rng.integers(len(all_of_it)))
    picked = [all_of_it[(start + i) % len(all_of_it)] for i in range(min(how_many, len(all_of_it)))]
    codes = [code for code, _ in picked]
    districts = _districts()
    facts = provinces()[regency[:2]]
    middle = np.array(facts["middle"], dtype=float) + rng.uniform(-0.6, 0.6, 2)
    offsets = rng.uniform(-0.25, 0.25, (len(codes), 2))
    postal = [f"{int(p):05d}" for p in rng.integers(10000, 99000, len(codes))]
    return Villages(
        code=objects(codes),
        name=objects([name for _, name in picked]),
        district=objects([districts[code[:6]][0] for code in codes]),
        regency=objects([_regencies()[regency]] * len(codes)),
        bps=objects([districts[code[:6]][1] for code in codes]),
        older=objects([older.get(code, "") for code in codes]),
        older_district=objects([_older_districts().get(code[:6], "") for code in codes]),
        postal=objects(postal),
        hamlet=objects([facts["hamlet"]] * len(codes)),
        latitude=middle[0] + offsets[:, 0],
        longitude=middle[1] + offsets[:, 1],
        urban=np.array([code[6] == "1" for code in codes], dtype=bool),
    )
