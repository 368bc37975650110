"""Makes the ready-made region tables out of editions and bridges: `python -m
reference.region_build`.

Where did an old code go? The first answer that holds is taken, and `basis` says which one it was:

- `same`    the code stands in the newest edition
- `law`     a regency moved to a new province by law (kabkota_code_changes)
- `bridge`  a published list of district changes, or the BPS bridge
- `name`    the one place of the same name key inside the mapped parent
- `alike`   the one new place of nearly the same name inside the mapped parent
- `moved`   the one village of the same name that is new in the mapped regency (a district was split)
- `parent`  nothing found: the mapped parent stands for it
"""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property

from jellyfish import jaro_winkler_similarity

from reference.files import DATA, read_rows
from reference.places import ROMANS, name_key
from reference.regency_build import regency_names

LEVELS = {2: "province", 4: "regency", 6: "district", 10: "village"}
PARENT = {10: 6, 6: 4, 4: 2}
NEWEST = 2025
NUMBERS = frozenset([*ROMANS[:8], "SATU", "DUA", "TIGA", "EMPAT", "LIMA", "ENAM"])
ALIKE = 0.92  # Jaro-Winkler on name keys, inside one parent and among new codes only

_key = cache(name_key)  # many places share a name, and stand in every edition


@dataclass
class Code:
    """One Kemendagri code over all editions: names oldest first, editions it stood in."""

    code: str
    names: list[tuple[str, int, int]] = field(default_factory=list)

    @cached_property
    def first(self) -> int:
        return min(first for _, first, _ in self.names)

    @cached_property
    def last(self) -> int:
        return max(last for _, _, last in self.names)

    @cached_property
    def keys(self) -> list[str]:
        """Name keys, newest first, each once."""
        return list(dict.fromkeys(_key(name) for name, _, _ in reversed(self.names)))


def read_history() -> dict[str, Code]:
    """Every Kemendagri code of any edition, digits only."""
    codes: dict[str, Code] = {}
    for row in read_rows("regions/kemendagri_code_history_2016_2025.csv.gz"):
        code = row["kode"].replace(".", "")
        names = codes.setdefault(code, Code(code)).names
        names.append((row["nama"], int(row["first_edition"]), int(row["last_edition"])))
    for entry in codes.values():
        entry.names.sort(key=lambda name: name[1])
    return codes


def number_of(name: str) -> str:
    """The number a name ends in (SATU, II, 2 …), or nothing."""
    last = name.upper().split()[-1:]
    return last[0] if last and (last[0].isdigit() or last[0] in NUMBERS) else ""


class Successors:
    """Today's code of every Kemendagri code, parents before children."""

    def __init__(self, codes: dict[str, Code]) -> None:
        self.codes = codes
        self.today: dict[str, tuple[str, str]] = {}
        self.by_parent: dict[str, list[Code]] = defaultdict(list)
        self.by_regency: dict[str, list[Code]] = defaultdict(list)
        for entry in codes.values():
            if entry.last == NEWEST and len(entry.code) > 2:
                self.by_parent[entry.code[: PARENT[len(entry.code)]]].append(entry)
                if len(entry.code) == 10:
                    self.by_regency[entry.code[:4]].append(entry)
        published = {
            row["old_code"].replace(".", ""): (row["new_code"].replace(".", ""), basis)
            for name, basis in (
                ("kabkota_code_changes_2022_2025.csv", "law"),
                ("kecamatan_code_changes_2016_2025.csv", "bridge"),
            )
            for row in read_rows(f"regions/{name}")
            if row["new_code"]
        }
        for code in sorted(codes, key=lambda code: (len(code), code)):
            self.today[code] = self._resolve(codes[code], published)

    def _resolve(self, old: Code, published: dict[str, tuple[str, str]]) -> tuple[str, str]:
        if old.last == NEWEST:
            return old.code, "same"
        if old.code in published:
            return published[old.code]
        parent, _ = self.today[old.code[: PARENT[len(old.code)]]]
        return self._inside(old, parent) or self._moved(old, parent) or (parent, "parent")

    def _inside(self, old: Code, parent: str) -> tuple[str, str] | None:
        places = self.by_parent[parent]
        for key in old.keys:
            same = [place for place in places if place.keys[0] == key] or [
                place for place in places if key in place.keys
            ]
            if len(same) == 1:
                return same[0].code, "name"
        fresh = [place for place in places if place.first > old.last]
        alike = [place for place in fresh if self._alike(old, place)]
        return (alike[0].code, "alike") if len(alike) == 1 else None

    def _moved(self, old: Code, parent: str) -> tuple[str, str] | None:
        if len(old.code) != 10:
            return None
        fresh = [place for place in self.by_regency[parent[:4]] if place.first > old.last]
        for key in old.keys:
            same = [place for place in fresh if place.keys[0] == key]
            if len(same) == 1:
                return same[0].code, "moved"
        alike = [place for place in fresh if self._alike(old, place)]
        return (alike[0].code, "moved") if len(alike) == 1 else None

    @staticmethod
    def _alike(old: Code, new: Code) -> bool:
        """Nearly the same name; a numbered twin (MUMUGU DUA beside MUMUGU) is another place."""
        if number_of(old.names[-1][0]) != number_of(new.names[-1][0]):
            return False
        return jaro_winkler_similarity(old.keys[0], new.keys[0]) >= ALIKE


def kemendagri_rows(codes: dict[str, Code], successors: Successors) -> Iterator[list[str]]:
    """`ref_place` rows of every Kemendagri code."""
    for code in sorted(codes):
        entry = codes[code]
        name = entry.names[-1][0]
        parent = code[: PARENT[len(code)]] if len(code) > 2 else ""
        today, basis = successors.today[code]
        first, last = str(entry.first), str(entry.last)
        level = LEVELS[len(code)]
        yield ["kemendagri", code, level, name, _key(name), parent, first, last, today, basis]


def bps_rows() -> Iterator[list[str]]:
    """`ref_place` rows of BPS provinces (2025), regencies and districts (second half of 2020)."""
    provinces = [
        (row["kode_bps"], row["nama"], row["kode_kemendagri_2025"])
        for row in read_rows("regions/provinsi_bridge.csv")
    ]
    yield from _bps(provinces, "province", 0, "2025")
    for level, width, name in (
        ("regency", 2, "bps_kemendagri_kabkota_bridge.csv"),
        ("district", 4, "bps_kemendagri_kecamatan_bridge.csv.gz"),
    ):
        places = [
            (row["kode_bps_2020s2"], row["nama_bps"], row["kode_kemendagri_2025"])
            for row in read_rows(f"regions/{name}")
        ]
        yield from _bps(places, level, width, "2020")


def _bps(
    places: list[tuple[str, str, str]], level: str, parent_digits: int, edition: str
) -> Iterator[list[str]]:
    for code, name, today in places:
        parent, digits = code[:parent_digits], today.replace(".", "")
        row = ["bps", code, level, name, _key(name), parent]
        yield [*row, edition, edition, digits, "bridge"]


def village_names(codes: dict[str, Code], successors: Successors) -> Iterator[list[str]]:
    """Rows (district_today, name_key, village_today): today's names first, then past ones."""
    current: dict[tuple[str, str], set[str]] = defaultdict(set)
    past: dict[tuple[str, str], set[str]] = defaultdict(set)
    for code, entry in codes.items():
        today, _ = successors.today[code]
        if len(code) != 10 or len(today) != 10:
            continue
        if code == today:
            current[code[:6], entry.keys[0]].add(code)
        districts = {successors.today[code[:6]][0], today[:6]}
        for district in districts:
            for key in entry.keys:
                if len(district) == 6:
                    past[district, key].add(today)
    for pair in sorted(past):
        found = current.get(pair) or past[pair]
        if len(found) == 1:
            yield [*pair, next(iter(found))]


def write(name: str, header: list[str], table: Iterable[list[str]]) -> None:
    """Write a gzip CSV whose bytes depend on its content only."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(table)
    (DATA / "regions" / name).write_bytes(
        gzip.compress(text.getvalue().encode("utf-8"), 9, mtime=0)
    )


PLACE_HEADER = ["system", "code", "level", "name", "name_key", "parent"]
PLACE_HEADER += ["first_edition", "last_edition", "today", "basis"]
REGENCY_HEADER = ["name_key", "regency_today", "kind"]
VILLAGE_HEADER = ["district_today", "name_key", "village_today"]


def tables() -> dict[str, tuple[list[str], list[list[str]]]]:
    """File name → (header, rows) of every ready-made table."""
    codes = read_history()
    successors = Successors(codes)
    today = {code: place for code, (place, _) in successors.today.items()}
    regencies = regency_names({code: entry.keys for code, entry in codes.items()}, today)
    places = [*kemendagri_rows(codes, successors), *bps_rows()]
    return {
        "places.csv.gz": (PLACE_HEADER, places),
        "village_names.csv.gz": (VILLAGE_HEADER, list(village_names(codes, successors))),
        "regency_names.csv.gz": (REGENCY_HEADER, list(regencies)),
    }


def build() -> None:
    """Write every ready-made table."""
    for name, (header, table) in tables().items():
        write(name, header, table)


if __name__ == "__main__":
    build()
