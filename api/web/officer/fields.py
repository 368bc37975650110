"""The fields of a proposal's form: one per column that its kind asks for, with what the profile holds now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.web.officer import showing
from api.web.wording import IN
from mdm.contracts.accepted import COLUMNS
from mdm.corrections.document import Corrected, CorrectionRules
from mdm.corrections.heads import HEAD
from mdm.corrections.reading import NUMBERS, concept_of
from mdm.corrections.sheet import Entry, Sheet
from mdm.corrections.terms import Check
from reference import regions
from reference.sentences import Language

VALUE, MEMBER = "v.", "m."  # what the names of fields begin with
REGENCY = 4  # digits of its code
_NEEDED = {
    "correct-value": (),
    "add-member": ("relationship",),
    "move-member": ("kk", "relationship"),
    "report-death": ("death_date",),
    "report-birth": ("name", "sex", "birth_date"),
    "move-family": ("address", "region_code"),
    "merge-doubles": ("nik",),
}


@dataclass(frozen=True)
class Field:
    """One field. `type`: text, date, number, choice; `now`: what the profile holds, in words."""

    name: str
    label: str
    type: str
    value: str
    options: Sequence[tuple[str, str]] = ()
    now: str = ""
    needed: bool = False
    inputmode: str | None = None
    checks: Sequence[Check] = ()


@dataclass(frozen=True)
class Asked:
    """What a form asks for: whom it is about, its fields, members whose relation changes."""

    entry: Entry
    fields: Sequence[Field]
    members: Sequence[Field]


def ask(  # noqa: PLR0917 - all that a form is made of
    rules: CorrectionRules,
    language: Language,
    sheet: Sheet,
    entry: Entry,
    kind: str,
    attribute: str | None,
    typed: Mapping[str, str],
    checks: Iterable[Check],
    going: str,
) -> Asked:
    """The fields of a kind, filled with what was typed, else with what stands where that helps. `going`: the regency
    whose villages are offered."""
    about: Corrected = "family" if entry.kind == "family" else "person"
    columns: tuple[str, ...] = rules.kinds[kind].person
    if kind == "correct-value" and attribute in rules.attributes[about]:
        columns = rules.columns(about, attribute or "")
    if kind == "merge-doubles":
        columns = ("nik",)
    asks: Corrected = about if kind in ("correct-value", "move-family") else "person"
    said: dict[str, list[Check]] = {}
    for check in checks:
        said.setdefault(check.column, []).append(check)
    fields = [
        _field(language, asks, column, kind, going, entry, typed, said.get(column, ()))
        for column in columns
    ]
    return Asked(
        entry, fields, _members(language, sheet, entry, kind, typed, said.get("members", ()))
    )


def _field(  # noqa: PLR0917 - all that a field is made of
    language: Language,
    about: Corrected,
    column: str,
    kind: str,
    going: str,
    entry: Entry,
    typed: Mapping[str, str],
    checks: Sequence[Check],
) -> Field:
    now = _now(entry, column) if kind in ("correct-value", "move-family") else None
    type_, options = _type(language, about, column, going)
    start = str(now) if now is not None and column in _STANDS else ""
    return Field(
        name=VALUE + column,
        label=_label(language, about, column),
        type=type_,
        value=typed.get(VALUE + column, start),
        options=options,
        now=_said(language, about, column, now) if now is not None else "",
        needed=column in _NEEDED.get(kind, ()) or (kind == "correct-value" and column not in _FREE),
        inputmode="numeric" if column in _DIGITS else None,
        checks=checks,
    )


def _said(language: Language, about: Corrected, column: str, now: Any) -> str:
    if column == "region_code":
        return regions.full_name(str(now))
    return showing.value(language, about, column, now)


def _label(language: Language, about: Corrected, column: str) -> str:
    words = IN[language]
    return (
        words.t("officer.form.village") if column == "region_code" else words.label(about, column)
    )


_STANDS = {
    "address",
    "rt",
    "rw",
    "hamlet",
    "postal_code",
    "region_code",
}  # begin with what is there
_DIGITS = (*NUMBERS, "kk", "rt", "rw", "postal_code", "phone", "pln_id")
_FREE = {"rt", "rw", "hamlet", "postal_code", "death_note", "death_date"}


def _now(entry: Entry, column: str) -> Any:
    """What the profile holds for a column."""
    for choice in entry.choices.values():
        if choice.attribute == column:
            return choice.value
        parts = choice.parts
        if column == "region_code" and choice.attribute == "domicile":
            return str(parts.get("region_today") or "").replace(".", "") or None
        if column in parts and choice.attribute != "card_address":
            return parts[column]
    return None


def _type(
    language: Language, about: Corrected, column: str, going: str
) -> tuple[str, Sequence[tuple[str, str]]]:
    if column == "region_code":
        return "choice", _villages(going)
    if concept := concept_of(about, column):
        return "choice", showing.options(language, concept)
    match COLUMNS[about][column]:
        case "DATE":
            return "date", ()
        case "BOOLEAN":
            words = IN[language]
            return "choice", [
                ("", "–"), ("ya", words.t("officer.said-yes")), ("tidak", words.t("officer.said-no")),
            ]  # fmt: skip
        case "INTEGER" | "DOUBLE":
            return "number", ()
    return "text", ()


def regency_of(sheet: Sheet, wanted: str) -> str:
    """The regency whose villages a form offers: the one wanted where there is such, else the family's."""
    own = (sheet.region or "")[:REGENCY]
    return wanted if len(wanted) == REGENCY and regions.children(wanted) else own


def regencies() -> dict[str, list[tuple[str, str]]]:
    """Every regency of the country by the name of its province: a family may have moved to any."""
    return {
        _name(province): [(regency, _name(regency)) for regency in regions.children(province)]
        for province in regions.children("")
    }


def _villages(regency: str) -> list[tuple[str, str]]:
    """The villages of a regency, by kecamatan."""
    found = [("", "–")]
    for district in regions.children(regency) if len(regency) == REGENCY else ():
        name = _name(district)
        found += [(village, f"{name} – {_name(village)}") for village in regions.children(district)]
    return found


def _name(code: str) -> str:
    return (regions.place_name(code) or code).strip().title()


def _members(  # noqa: PLR0917 - all that a field is made of
    language: Language,
    sheet: Sheet,
    entry: Entry,
    kind: str,
    typed: Mapping[str, str],
    checks: Sequence[Check],
) -> list[Field]:
    """The members whose relation a kind asks for: who goes when a family splits, who stays under a new head."""
    if kind not in ("split-family", "change-head"):
        return []
    options = showing.options(language, "relationship")
    return [
        Field(
            name=MEMBER + one.entity_id,
            label=str(one.choices["name"].value) if "name" in one.choices else "–",
            type="choice",
            value=typed.get(MEMBER + one.entity_id, ""),
            options=options,
            now=showing.value(language, "person", "relationship", one.relation),
            needed=_gives_way(kind, one),
            checks=checks if _gives_way(kind, one) else (),
        )
        for one in sheet.members
        if kind == "split-family" or one.entity_id != entry.entity_id
    ]


def _gives_way(kind: str, one: Entry) -> bool:
    """Whether this member is the head whose place another takes: their relation must be said."""
    return kind == "change-head" and one.relation == HEAD
