"""The form of an agreement: from a client to fields, from what was typed to an agreement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from api.web.complete import demand
from api.web.forms import begin_of, day_of, just_before, text
from mdm.access.agreements import Agreement, read_agreement
from mdm.access.document import load_rules
from mdm.access.places import check_region
from mdm.access.terms import Limits
from mdm.compose import Hub
from mdm.days import local
from mdm.eligibility.library import current
from mdm.errors import InputError
from mdm.hub.tables import Client
from mdm.seal.masking import load_rules as load_sealing

LIMITS = tuple(Limits.model_fields)
KINDS = ("person", "family", "household")
_BROUGHT = ("nomor", "dari", "sampai", "wilayah", *(f"batas-{name}" for name in LIMITS),
            *(f"bidang-{kind}" for kind in KINDS))  # fmt: skip
_LONGEST = 8_000  # characters of a list of regions or attributes


@dataclass(frozen=True)
class AgreementForm:
    """An agreement as typed. Regions and attributes: separated by blanks; `wrong`: field → key of the texts, and what
    it speaks of."""

    number: str = ""
    since: str = ""
    until: str = ""
    programmes: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    regions: str = ""
    limits: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def of_client(client: Client) -> AgreementForm:
    """What stands now; `until` is the last day it holds."""
    return AgreementForm(
        number=client.agreement,
        since=local(client.valid_from).date().isoformat(),
        until=local(just_before(client.valid_to)).date().isoformat(),
        programmes=tuple(client.programmes),
        purposes=tuple(client.purposes),
        regions=" ".join(client.regions).strip(),
        limits={name: str(value) for name, value in (client.limits or {}).items()},
        fields={kind: " ".join(of) for kind, of in (client.fields or {}).items()},
    )


def typed(form: Mapping[str, Any], hub: Hub) -> AgreementForm:
    """What was typed, with the fields that cannot be read. Refused where it is not whole: without its lists of regions
    and attributes it would be an agreement on all of them."""
    demand(form, _BROUGHT)
    read = AgreementForm(
        number=text(form, "nomor", 80),
        since=text(form, "dari", 10),
        until=text(form, "sampai", 10),
        programmes=tuple(one for one in programmes(hub) if f"program-{one}" in form),
        purposes=tuple(one for one in purposes() if f"tujuan-{one}" in form),
        regions=text(form, "wilayah", _LONGEST).replace(".", "").replace(",", " "),
        limits={name: text(form, f"batas-{name}", 12) for name in LIMITS},
        fields={kind: text(form, f"bidang-{kind}", _LONGEST).replace(",", " ") for kind in KINDS},
    )
    return replace(read, wrong={name: said for name, said in _wrong(read) if said[0]})


def agreement(form: AgreementForm, hub: Hub) -> Agreement:
    """The agreement that a form without wrong fields says. InputError when it does not hold together."""
    since, until = day_of(form.since), day_of(form.until)
    monitor = not form.programmes and not form.purposes
    fields = {kind: of.split() for kind, of in form.fields.items() if of.strip()}
    limits = {name: int(value) for name, value in form.limits.items() if value}
    values = {
        "number": form.number,
        "valid_from": begin_of(since),
        "valid_to": begin_of((until or date.min) + timedelta(days=1)),
        "programmes": form.programmes,
        "purposes": form.purposes,
        "regions": form.regions.split() or (() if monitor else ("",)),
        "fields": fields or None,
        "limits": limits or None,
    }
    return read_agreement(values, current(hub).names)


def programmes(hub: Hub) -> tuple[str, ...]:
    """The programmes that there are rules for."""
    return current(hub).names


def purposes() -> list[str]:
    """The purposes that a client can have: those that a grant to programmes names."""
    granted = {
        purpose
        for grant in load_rules().grants
        if "programme" in grant.roles
        for purpose in grant.purposes
    }
    return [one for one in load_sealing().purposes if one in granted]


def _wrong(form: AgreementForm) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each field with what is wrong with it: a key of the texts ('' for nothing), and what it speaks of."""
    since, until = day_of(form.since), day_of(form.until)
    given, known = [value for value in form.limits.values() if value], load_rules().shown["whole"]
    whole = len(given) in (0, len(LIMITS)) and all(one.isdecimal() for one in given)
    yield "nomor", ("" if len(form.number) >= 3 else "accounts.wrong.number", "")
    yield "dari", ("" if since else "accounts.wrong.day", "")
    yield "sampai", (_wrong_end(since, until), "")
    yield "batas", ("" if whole else "accounts.wrong.limits", "")
    unknown = [one for one in form.regions.split() if not _is_region(one)]
    yield "wilayah", ("accounts.wrong.region" if unknown else "", ", ".join(unknown))
    for kind, of in form.fields.items():
        strange = sorted(set(of.split()) - known[kind])
        yield f"bidang-{kind}", ("accounts.wrong.fields" if strange else "", ", ".join(strange))


def _wrong_end(since: date | None, until: date | None) -> str:
    if until is None or until >= date.max - timedelta(days=1):
        return "accounts.wrong.day"
    return "accounts.wrong.before" if since and until < since else ""


def _is_region(code: str) -> bool:
    try:
        check_region(code)
    except InputError:
        return False
    return True
