"""Strangers: when two rows of one key, of two deliveries, are plainly two; and by what one is found again under
another key.

The rule is written once for each kind. It is for plain cases only: in doubt the row that came later is the same record,
corrected. What identifies a row behind its key is what the contract declares (`record_key.digest`), as in ties.py.
"""

from __future__ import annotations

from mdm.contracts.accepted import Kind
from mdm.contracts.layouts import Layout
from mdm.contracts.readings import NumberReading, RegionReading, RtRwReading

#: What a typed row must tell to be known again by what identifies it: one of these, whole.
_ENOUGH: dict[Kind, tuple[tuple[str, ...], ...]] = {
    "person": (("name", "birth_date"), ("name", "nik")),
    "family": (("kk",), ("head_name", "address")),
    "household": (("kk_list",),),
}

#: What two rows are compared by, where the layout has it.
_COMPARED: dict[Kind, tuple[str, ...]] = {
    "person": ("name", "birth_date", "nik", "sex", "mother_name"),
    "family": ("head_name", "address", "kk", "region_code"),
    "household": ("kk_list", "address", "pln_id", "latitude", "longitude"),
}

SLIPS = 3  # figures in which two numbers differ that may be one, mistyped
NEAR = 0.0005  # degrees between two places that may be one house


def identifying(layout: Layout) -> list[str]:
    """The typed columns that are read from what identifies a row behind its key."""
    key = layout.record_key
    behind = set(key.digest) - {key.column}
    found: list[str] = []
    for attribute, reading in layout.values.items():
        if not set(reading.from_) <= behind:
            continue
        match reading:
            case NumberReading():
                found.append(f"{attribute}_raw")
            case RegionReading():
                found.append("region_code")
            case RtRwReading():
                found += ["rt", "rw"]
            case _:
                found.append(attribute)
    return found


def enough(layout: Layout) -> str:
    """SQL: whether a typed row tells enough to be known again under another key."""
    own = set(identifying(layout))
    ways = [
        " AND ".join(f"{name} IS NOT NULL" for name in needed)
        for needed in _ENOUGH[layout.kind]
        if all(name in own or f"{name}_raw" in own for name in needed)
    ]
    return f"({' OR '.join(f'({way})' for way in ways)})" if ways else "FALSE"


def compared(layout: Layout) -> list[str]:
    """The typed columns that `apart` asks of both rows."""
    held = {"region_code" if n == "region" else n for n in layout.values}
    return [name for name in _COMPARED[layout.kind] if name in held]


def apart(layout: Layout) -> str:
    """SQL over `was_<column>` and `now_<column>` of two rows of one key: whether they are plainly two."""
    known, numbered = set(compared(layout)), layout.record_key.registry_number
    match layout.kind:
        case "person":
            return _persons(known, numbered=numbered)
        case "family":
            return _families(known, numbered=numbered)
    return _dwellings(known)


def other_number(layout: Layout) -> str:
    """SQL over the same: whether the number that tells people, families or dwellings apart differs, too, where it is
    not the key. That makes two of rows only where the one of before is found elsewhere in the same delivery."""
    known, numbered = set(compared(layout)), layout.record_key.registry_number
    match layout.kind:
        case "person" if "nik" in known and not numbered:
            return _differ("nik")
        case "family" if "kk" in known and not numbered:
            return _differ("kk")
        case "household" if "kk_list" in known:
            return _OTHER_CARDS
    return "FALSE"


_OTHER_CARDS = (
    "len(was_kk_list) > 0 AND len(now_kk_list) > 0 AND NOT list_has_any(was_kk_list, now_kk_list)"
)


def _persons(known: set[str], *, numbered: bool) -> str:
    """Names that have nothing in common, and a birth date that has nothing in common either; or two numbers that are
    no slip of each other, and another birth date. `numbered`: the number is the key, so that it is the same; then a
    child of the same mother and sex is taken for who had it, with name and date corrected."""
    if "name" not in known:
        return "FALSE"
    ways = []
    if "birth_date" in known:
        ways.append(
            "abs(year(now_birth_date) - year(was_birth_date)) > 1 AND month(now_birth_date) <> month(was_birth_date) "
            "AND day(now_birth_date) <> day(was_birth_date)"
        )
    sure = "TRUE"
    if numbered and {"sex", "mother_name"} <= known:
        sure = "(was_sex = now_sex AND upper(was_mother_name) = upper(now_mother_name)) IS NOT TRUE"
    if "nik" in known and not numbered:
        sure = "was_nik IS DISTINCT FROM now_nik OR was_nik IS NULL"
        other = f"levenshtein(was_nik, now_nik) > {SLIPS}"
        ways.append(f"{other} AND {_differ('birth_date')}" if "birth_date" in known else other)
    return _all(_strange("name"), _any(ways), sure)


def _families(known: set[str], *, numbered: bool) -> str:
    """Heads and addresses that have nothing in common, and another card; where the card is the key, another village."""
    other = "region_code" if numbered else "kk"
    if not {"head_name", "address", other} <= known:
        return "FALSE"
    return _all(_strange("head_name"), _strange("address"), _differ(other))


def _dwellings(known: set[str]) -> str:
    """Addresses that have nothing in common, and no card that stands at both; nor the meter or the place of one."""
    if not {"kk_list", "address"} <= known:
        return "FALSE"
    parts = [_strange("address"), _OTHER_CARDS]
    if "pln_id" in known:
        parts.append("(was_pln_id = now_pln_id) IS NOT TRUE")
    if {"latitude", "longitude"} <= known:
        near = (
            f"abs({{0}} - {{1}}) < {NEAR}".format(f"was_{one}", f"now_{one}")
            for one in ("latitude", "longitude")
        )
        parts.append(f"({' AND '.join(near)}) IS NOT TRUE")
    return _all(*parts)


def _strange(column: str) -> str:
    """Whether two texts have nothing in common: no word, and hardly a letter in its place."""
    was, now = f"upper(was_{column})", f"upper(now_{column})"
    words = f"list_has_any(string_split({was}, ' '), string_split({now}, ' '))"
    return f"jaro_winkler_similarity({was}, {now}) < 0.7 AND NOT {words}"


def _differ(column: str) -> str:
    return f"was_{column} <> now_{column}"


def _all(*parts: str) -> str:
    return f"({' AND '.join(f'({part})' for part in parts)}) IS TRUE"


def _any(parts: list[str]) -> str:
    return " OR ".join(f"({part})" for part in parts) or "FALSE"
