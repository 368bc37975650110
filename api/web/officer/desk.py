"""The desk of corrections: search, my proposals, what waits for my step; the family's sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from anyio import to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from api.actions import declares
from api.web.forms import text
from api.web.officer import showing
from api.web.pages import AnyRequest, page, see_other
from api.web.values import day
from api.web.visitor import visitor_of
from api.web.wording import IN
from mdm.access import Principal, Resource, decide, may
from mdm.compose import Hub
from mdm.corrections import returns
from mdm.corrections.document import Corrected, CorrectionRules, load_rules
from mdm.corrections.lists import Listed, about, decided, inbox, mine
from mdm.corrections.reading import RefusedError
from mdm.corrections.reading import day as day_of
from mdm.corrections.rows import KINDS
from mdm.corrections.searching import Found, by_name, finding
from mdm.corrections.sheet import Entry, Sheet, open_sheet
from mdm.corrections.terms import PURPOSE
from mdm.days import today
from mdm.desk import Desk
from mdm.errors import CapacityError, UnknownError
from mdm.touched import Settler
from reference import regions
from reference.regions import full_name

HOME = "/perbaikan"
DIGITS = 16
REGENCY = 4  # digits of its code
_Form = URLEncodedBody[dict[str, Any]]

#: The lines of a person and of a family on the sheet, in order.
PERSON = (
    "nik", "name", "birth", "birth_place", "sex", "relationship", "marital_status", "education", "occupation",
    "mother_name", "father_name", "phone", "disability", "pregnant", "life", "domicile", "card_address",
)  # fmt: skip
HOUSING = (
    "house_status", "floor_area", "floor", "wall", "roof", "water", "toilet", "lighting", "power_va", "pln_id",
    "cooking_fuel",
)  # fmt: skip
ASSETS = (
    "refrigerators", "air_conditioners", "motorcycles", "cars", "computers", "smartphones", "flat_tvs", "gold_grams",
    "land_ha", "large_livestock", "small_livestock",
)  # fmt: skip
DWELLING = ("dwelling", "domicile", "location", "family_count")
PROGRAMMES = ("pkh", "sembako", "pbi")


@dataclass(frozen=True)
class DeskPage:
    """Search, proposals of one's own, what waits, and what one has taken a step on."""

    rules: CorrectionRules
    proposes: bool
    decides: bool
    mine: Sequence[Listed]
    inbox: Sequence[Listed]
    decided: Sequence[Listed]
    show: Any
    wrong: str = ""
    named: bool = False  # `wrong` is about the search by name
    to_return: int | None = None  # lines of the next return file, for who hands it over
    districts: Sequence[tuple[str, str]] = ()
    found: Sequence[Found] = ()
    typed: Mapping[str, str] = field(default_factory=dict)  # of a search by name, to be mended


@dataclass(frozen=True)
class FamilyPage:
    """A family's sheet with the proposals about it."""

    rules: CorrectionRules
    sheet: Sheet
    head: Entry | None
    history: Sequence[Listed]
    proposes: bool
    show: Any
    person_lines: Sequence[str] = PERSON
    housing: Sequence[str] = HOUSING
    assets: Sequence[str] = ASSETS
    dwelling: Sequence[str] = DWELLING
    programmes: Sequence[str] = PROGRAMMES


class Show:
    """What templates say of values: `show.value(kind, attribute, said)` and the rest."""

    def __init__(self, language: Any) -> None:
        self._language = language

    def value(self, kind: str, attribute: str, said: Any) -> str:
        """A value in words."""
        return showing.value(self._language, kind, attribute, said)

    def concern(self, kind: Corrected, column: str) -> str:
        """What the attribute is called that a column of a proposal about a person or a family belongs to."""
        rules, about = load_rules(), dict.fromkeys((kind, *KINDS))
        held = ((one, rules.attribute_of(one, column)) for one in about)
        one, attribute = next(((one, name) for one, name in held if name), (kind, column))
        return IN[self._language].label(one, attribute)

    def source(self, name: str) -> str:
        """What a source is called."""
        return showing.source(self._language, name)

    def day(self, text: str) -> str:
        """A date as the hub keeps it, in words."""
        return day(self._language, text)

    def place(self, code: str | None) -> str:
        """A region by name."""
        return full_name(code or "")


@declares("correction.read")
@get(HOME, sync_to_thread=True)
def desk(
    request: AnyRequest,
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
    settler: NamedDependency[Settler],
) -> Response[bytes]:
    """The first page of the room."""
    context = _desk(request, hub, principal)
    if context.inbox:
        settler.ask()  # warm by the time of the first approval
    return page(request, "officer/desk.html", context)


@declares("correction.read")
@post(HOME + "/cari", status_code=303, request_max_body_size=4096)
async def search(
    request: AnyRequest,
    data: _Form,
    hub: NamedDependency[Hub],
    desk: NamedDependency[Desk],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """From a NIK or a KK to the sheet. Nobody, another region and a restricted person look the same."""
    number = re.sub(r"[\s.\-]", "", text(data, "nik", 40))
    if not (number.isascii() and number.isdigit() and len(number) == DIGITS):
        return _again(request, hub, principal, "officer.search.not-a-nik")
    found = await desk.ask(await to_thread.run_sync(finding, hub, principal, number))
    if found is None:
        return _again(request, hub, principal, "officer.search.nobody")
    return see_other(f"{HOME}/keluarga/{found}")


@declares("correction.read")
@post(HOME + "/cari-nama", status_code=200, request_max_body_size=4096, sync_to_thread=True)
def search_by_name(
    request: AnyRequest,
    data: _Form,
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """From a name and a birth date to whoever fits in one kecamatan of the asker's."""
    typed = {name: text(data, name, 120) for name in ("nama", "lahir", "kecamatan")}
    try:
        birth = day_of(typed["lahir"], today())
        district = typed["kecamatan"]
        found = by_name(hub, principal, name=typed["nama"], birth=birth, district=district)
    except (RefusedError, UnknownError):
        return _again(request, hub, principal, "officer.search.incomplete", typed)
    except CapacityError:
        return _again(request, hub, principal, "officer.search.too-many", typed)
    if len(found) == 1:
        return see_other(f"{HOME}/keluarga/{found[0].entity_id}")
    if not found:
        return _again(request, hub, principal, "officer.search.no-name", typed)
    context = replace(_desk(request, hub, principal), found=found, typed=typed)
    return page(request, "officer/desk.html", context)


@declares("correction.read")
@get(HOME + "/keluarga/{entity_id:str}", sync_to_thread=True)
def family(
    request: AnyRequest,
    entity_id: FromPath[str],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """The sheet. Opening it is in the audit log before it is shown."""
    sheet = open_sheet(hub, principal, entity_id)
    head = next((one for one in sheet.members if one.relation == "HEAD"), None)
    context = FamilyPage(
        load_rules(),
        sheet,
        head,
        about(hub, principal, sheet.ids),
        may(principal, "correction.propose", PURPOSE).allowed,
        Show(visitor_of(request).language),
    )
    return page(request, "officer/family.html", context)


def _again(
    request: AnyRequest,
    hub: Hub,
    principal: Principal,
    wrong: str,
    typed: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """The desk, with what is wrong. What was typed of a name stands again; a number never does."""
    shown = _desk(request, hub, principal)
    context = replace(shown, wrong=wrong, named=typed is not None, typed=typed or {})
    return page(request, "officer/desk.html", context, status=422)


def _districts(principal: Principal) -> list[tuple[str, str]]:
    """The kecamatan in which somebody may search by name; none for who has a whole province or more."""
    found = []
    for region in principal.regions:
        if len(region) == REGENCY:
            found += regions.children(region)
        elif len(region) > REGENCY:
            found.append(region[: REGENCY + 2])
    return [(code, (regions.place_name(code) or code).title()) for code in dict.fromkeys(found)]


def _desk(request: AnyRequest, hub: Hub, principal: Principal) -> DeskPage:
    proposes = may(principal, "correction.propose", PURPOSE).allowed
    waiting = inbox(hub, principal)
    decides = not proposes
    return DeskPage(
        load_rules(),
        proposes,
        decides,
        mine(hub, principal) if proposes else (),
        waiting,
        decided(hub, principal),
        Show(visitor_of(request).language),
        to_return=_to_return(hub, principal),
        districts=_districts(principal),
    )


def _to_return(hub: Hub, principal: Principal) -> int | None:
    resource = Resource("correction")
    if not decide(principal, "correction.deliver", resource, PURPOSE).allowed:
        return None
    with hub.sessions.read() as session:
        return len(returns.due(hub, session))


__all__ = ["HOME", "Show", "desk", "family", "search"]
