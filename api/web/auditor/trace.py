"""The way in: a NIK (never in an address) or an entity id leads to the profile to be traced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.types import ControllerRouterHandler

from api.actions import declares
from api.web.auditor import case
from api.web.auditor.sight import ACTION, look_up
from api.web.errors import Told
from api.web.forms import text
from api.web.pages import AnyRequest, page, see_other
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.seal import normal_nik

PATH = "/telusur"


@dataclass(frozen=True)
class TracePage:
    """The search: what was typed stands again, but for the number. `wrong`: keys of the texts."""

    case: str
    entity: str = ""
    wrong: str = ""
    wrong_case: bool = False


@declares(ACTION)
@get(PATH, sync_to_thread=True)
def trace_page(request: AnyRequest) -> Response[bytes]:
    """Ask whom."""
    return page(request, "auditor/trace.html", TracePage(case.case_of(request) or ""))


@declares(ACTION)
@post(PATH, request_max_body_size=4096, sync_to_thread=True)
def trace(
    request: AnyRequest, data: URLEncodedBody[dict[str, Any]], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """On to the profile. A number that leads nowhere is on record too, and counts as a miss."""
    number, entity = text(data, "nik", 32), text(data, "entitas", 64)
    typed = text(data, "perkara", 64)
    # A case that is none is not said again: it may be the number.
    held, no_case = (typed, False) if not typed or case.good(typed) else ("", True)
    wrong = _wrong(number, entity)
    if wrong or no_case:
        context = TracePage(held, entity, wrong, no_case)
        return page(request, "auditor/trace.html", context, status=422)
    try:
        nik = normal_nik(number) if number else None
        sight = look_up(hub, request, nik=nik, entity_id=entity or None)
    except Told:
        context = TracePage(held, entity, "auditor.nobody")
        return page(
            request, "auditor/trace.html", context, status=404, cookies=[case.to_cookie(held)]
        )
    return see_other(f"{PATH}/{sight.entity_id}", cookies=[case.to_cookie(held)])


def _wrong(number: str, entity: str) -> str:
    """What is wrong with what was typed; nothing when it can be asked."""
    if bool(number) == bool(entity):
        return "auditor.trace.one"
    try:
        if number:
            normal_nik(number)
    except InputError:
        return "auditor.trace.digits"
    return ""


HANDLERS: list[ControllerRouterHandler] = [trace_page, trace]
