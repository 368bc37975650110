"""The profile as of a day beside today's, with every difference marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.types import ControllerRouterHandler

from api.actions import declares
from api.web.auditor.sight import ACTION, find, find_then, looked
from api.web.forms import MOMENT, moment_of, text, typed
from api.web.pages import AnyRequest, page
from api.web.values import Part, parts
from api.web.visitor import visitor_of
from mdm.compose import Hub
from mdm.hub.columns import now as clock
from mdm.seal.masking import load_rules
from mdm.survivorship import Choice
from mdm.tracing import moments
from mdm.tracing.difference import (
    SAME,
    WORDS,
    Difference,
    LinkDifference,
    differences,
    link_differences,
)
from mdm.tracing.facts import RunThen
from reference.sentences import Sentence


@dataclass(frozen=True)
class Side:
    """One side of a difference, as it may be seen: the value's parts, its rule, its first reason."""

    parts: list[Part]
    choice: Choice


@dataclass(frozen=True)
class ShownDifference:
    """One attribute, then and now."""

    difference: Difference
    word: Sentence
    then: Side | None
    now: Side | None


@dataclass(frozen=True)
class DifferencePage:
    """Both moments. `then` is None where there was no profile yet; `typed`: the moment as its field
    shows it."""

    entity_id: str
    kind: str
    on: datetime
    typed: str
    then: RunThen | None
    now: RunThen
    then_id: str
    rows: list[ShownDifference]
    links: list[LinkDifference]
    same: int
    opened: bool
    unread: bool


_Moment = Annotated[str | None, QueryParameter(name="pada", max_length=MOMENT)]


@declares(ACTION)
@get("/telusur/{entity_id:str}/beda", sync_to_thread=True)
def difference(
    request: AnyRequest, entity_id: FromPath[str], hub: NamedDependency[Hub], pada: _Moment = None
) -> Response[bytes]:
    """What changed since a moment, masked."""
    return _difference(request, hub, entity_id, pada or "", opens=False)


@declares(ACTION)
@post(
    "/telusur/{entity_id:str}/beda",
    status_code=200,
    request_max_body_size=2048,
    sync_to_thread=True,
)
def open_difference(
    request: AnyRequest,
    entity_id: FromPath[str],
    data: URLEncodedBody[dict[str, Any]],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """The same in plain text."""
    return _difference(request, hub, entity_id, text(data, "pada", MOMENT), opens=True)


def _difference(
    request: AnyRequest, hub: Hub, entity_id: str, wanted: str, *, opens: bool
) -> Response[bytes]:
    asked = moment_of(wanted)
    moment = asked or clock()
    with hub.sessions.read() as session:
        now = find(hub, session, request, entity_id=entity_id)
        then = find_then(hub, session, request, now, moment)
        run_now = moments.told(hub, session, now.target.run)
        run_then = moments.told(hub, session, then.target.run) if then else None
    found = differences(then.target.explanation, now.target.explanation) if then else ()
    seen = [one for one in found if one.attribute in now.fields]
    opened = {one.attribute for one in seen} if opens else set[str]()
    for sight in (then, now):
        if sight is not None:
            looked(hub, request, sight, opened)
    links = (
        link_differences(then.target.explanation.links, now.target.explanation.links)
        if then
        else ()
    )
    context = DifferencePage(
        entity_id=now.entity_id,
        kind=now.kind,
        on=moment,
        typed=typed(moment),
        then=run_then,
        now=run_now,
        then_id=then.entity_id if then else "",
        rows=[_shown(request, now.kind, one, opens) for one in seen if one.change != SAME],
        links=list(links),
        same=sum(one.change == SAME for one in seen),
        opened=opens,
        unread=bool(wanted) and asked is None,
    )
    status = 422 if context.unread else 200
    return page(request, "auditor/difference.html", context, status=status)


def _shown(request: AnyRequest, kind: str, one: Difference, opened: bool) -> ShownDifference:
    sides = [_side(request, kind, choice, one, opened) for choice in (one.then, one.now)]
    return ShownDifference(one, WORDS[one.change], *sides)


def _side(
    request: AnyRequest, kind: str, choice: Choice | None, one: Difference, opened: bool
) -> Side | None:
    if choice is None:
        return None
    value = choice.value if opened else load_rules().mask(kind, choice.attribute, choice.value)
    language = visitor_of(request).language
    return Side(parts(language, kind, choice.attribute, value, one.parts), choice)


HANDLERS: list[ControllerRouterHandler] = [difference, open_difference]
