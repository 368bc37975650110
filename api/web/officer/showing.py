"""How values of a profile read on a page: codes by their labels, groups in one line, in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.web.values import day, text
from api.web.wording import IN
from reference import codes
from reference.regions import full_name
from reference.sentences import Language

SOURCES = {
    "kemendagri": "Dukcapil",
    "kemensos": "Kemensos",
    "pemda": "Pemda",
    "correction": "officer.source.correction",
}
DISTRICT = (
    6  # digits of a kecamatan: the village is told in the office's own words where there are such
)
_ADDRESS = ("address", "rt", "rw", "hamlet", "village_name", "postal_code")


def value(language: Language, kind: str, attribute: str, said: Any) -> str:
    """A value as one reads it; a group in one line, a dash for none."""
    if isinstance(said, Mapping):
        return _group(language, kind, said)
    return text(language, kind, attribute, said)


def source(language: Language, name: str) -> str:
    """What a source is called."""
    found = SOURCES.get(name, name)
    return IN[language].t(found) if found.startswith("officer.") else found


def options(language: Language, concept: str) -> list[tuple[str, str]]:
    """The choices of a code list, an empty one first."""
    words = codes.labels(concept).items()
    return [("", "–"), *((code, one.in_language(language)) for code, one in words)]


def _group(language: Language, kind: str, said: Mapping[str, Any]) -> str:
    words = IN[language]
    if "birth_date" in said:
        return day(language, str(said["birth_date"]))
    if "desil" in said:
        return words.t(
            "officer.desil", desil=str(said["desil"]), period=said.get("desil_period") or "–"
        )
    if "alive" in said or "death_date" in said:
        if said.get("death_date"):
            return words.t("officer.died", day=day(language, str(said["death_date"])))
        return words.t("officer.alive" if said.get("alive") else "officer.dead")
    if "address" in said or "region_today" in said or "region_code" in said:
        return _address(said)
    parts = (f"{value(language, kind, name, one)}" for name, one in sorted(said.items()))
    return ("; " if "latitude" in said else ", ").join(parts)  # a comma may stand in its numbers


def _address(said: Mapping[str, Any]) -> str:
    shown = []
    for name in _ADDRESS:
        if one := said.get(name):
            shown.append(f"{name.upper()} {one}" if name in ("rt", "rw") else str(one))
    code = said.get("region_today") or said.get("region_code")
    digits = str(code or "").replace(".", "")
    above = full_name(digits[:DISTRICT] if said.get("village_name") else digits)
    return ", ".join([*shown, above] if above else shown)
