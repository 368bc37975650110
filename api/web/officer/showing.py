"""How values of a profile read on a page: codes by their labels, groups in one line, in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.web.languages import Language
from api.web.wording import IN
from reference import codes, regions
from reference.attributes import dictionary

SOURCES = {
    "kemendagri": "Dukcapil",
    "kemensos": "Kemensos",
    "pemda": "Pemda",
    "correction": "officer.source.correction",
}
_ADDRESS = ("address", "rt", "rw", "hamlet", "village_name", "postal_code")


def value(language: Language, kind: str, attribute: str, said: Any) -> str:
    """A value as one reads it; a dash for none."""
    if said is None or said == "":
        return "–"
    if isinstance(said, Mapping):
        return _group(language, kind, said)
    if isinstance(said, (bool, float)):
        return _counted(language, said)
    known = dictionary().of(kind).get(attribute)
    if known is not None and known.concept:
        words = codes.labels(known.concept).get(str(said))
        if words:
            return words[0] if language == "id" else words[1]
    if known is not None and known.type == "date":
        return day(language, str(said))
    return _number(language, said) if isinstance(said, float) else str(said)


def _number(language: Language, said: float) -> str:
    return IN[language].number(said, 0 if said.is_integer() else 2)


def _counted(language: Language, said: bool | float) -> str:
    """Yes or no, or a measure: whole where it is."""
    if isinstance(said, bool):
        return IN[language].t("officer.said-yes" if said else "officer.said-no")
    return IN[language].number(said, 0 if said.is_integer() else 2)


def source(language: Language, name: str) -> str:
    """What a source is called."""
    found = SOURCES.get(name, name)
    return IN[language].t(found) if found.startswith("officer.") else found


def options(language: Language, concept: str) -> list[tuple[str, str]]:
    """The choices of a code list, an empty one first."""
    words = codes.labels(concept).items()
    return [("", "–"), *((code, one[0 if language == "id" else 1]) for code, one in words)]


def place(code: str | None) -> str:
    """A region by name, from the village up."""
    digits = (code or "").replace(".", "")
    cuts = [cut for cut in (10, 6, 4, 2) if len(digits) >= cut]
    return ", ".join(name.title() for cut in cuts if (name := regions.place_name(digits[:cut])))


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
    return ", ".join(parts)


def _address(said: Mapping[str, Any]) -> str:
    shown = []
    for name in _ADDRESS:
        if one := said.get(name):
            shown.append(f"{name.upper()} {one}" if name in ("rt", "rw") else str(one))
    code = said.get("region_today") or said.get("region_code")
    above = place(str(code).replace(".", "")[:6]) if code else ""
    return ", ".join([*shown, above] if above else shown)


def day(language: Language, text: str) -> str:
    """A date as the hub keeps it, in words; anything else as it is."""
    try:
        return IN[language].day(date.fromisoformat(text))
    except ValueError:
        return text
