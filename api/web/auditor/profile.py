"""A golden profile with its reasons, and one value of it with its losers and source rows.

Masked at first. A form opens one value or all of them; what it opened is in the log before the page.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.types import ControllerRouterHandler
from sqlmodel import Session

from api.actions import declares
from api.web.auditor.case import case_of
from api.web.auditor.sight import ACTION, Sight, find, key_shown, looked, masked, opened_by
from api.web.auditor.spoken import Names
from api.web.errors import Told
from api.web.forms import just_before, text, typed
from api.web.operations.named import source_name
from api.web.pages import AnyRequest, page
from api.web.values import Part, parts
from api.web.visitor import visitor_of
from api.web.wording import IN
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.tracing.facts import Delivery, Lost, Value
from mdm.tracing.outline import Outline, Place, outline
from mdm.tracing.timeline import Fact

Form = URLEncodedBody[dict[str, Any]]


@dataclass(frozen=True)
class ShownLoser:
    """A value that lost, as it may be seen."""

    parts: list[Part]
    loser: Lost


@dataclass(frozen=True)
class ShownValue:
    """A golden value, as it may be seen."""

    value: Value
    parts: list[Part]
    losers: list[ShownLoser]
    opened: bool


@dataclass(frozen=True)
class Row:
    """Where a source record stands; `number` is the one sentences call it by, `key` maybe hidden."""

    number: int
    source: str
    date: str
    place: Place
    key: str
    delivery: Delivery | None


@dataclass(frozen=True)
class Happening:
    """A fact of the time line, and who did it. `before`: the moment before a change of the profile, as
    fields show it; '' of all else."""

    fact: Fact
    who: str
    before: str


@dataclass(frozen=True)
class ProfilePage:
    """The whole profile. `links`: kind → entity id of its family, household, members. `before`: the moment before its
    last change, or now where it never changed (`changed`)."""

    entity_id: str
    kind: str
    case: str | None
    outline: Outline
    values: list[ShownValue]
    rows: list[Row]
    links: list[tuple[str, str]]
    open_all: bool
    redirected: bool
    timeline: list[Happening]
    before: str
    changed: bool


@dataclass(frozen=True)
class ValuePage:
    """One value: how it was chosen, what lost, and the rows they all came from."""

    entity_id: str
    kind: str
    case: str | None
    outline: Outline
    shown: ShownValue
    rows: list[Row]
    opened: bool


@declares(ACTION)
@get("/telusur/{entity_id:str}", sync_to_thread=True)
def profile(
    request: AnyRequest, entity_id: FromPath[str], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """The profile, masked."""
    return _profile(request, hub, entity_id, "")


@declares(ACTION)
@post("/telusur/{entity_id:str}", status_code=200, request_max_body_size=2048, sync_to_thread=True)
def open_profile(
    request: AnyRequest, entity_id: FromPath[str], data: Form, hub: NamedDependency[Hub]
) -> Response[bytes]:
    """The profile with one value or all of them in plain text."""
    return _profile(request, hub, entity_id, text(data, "buka", 64))


@declares(ACTION)
@get("/telusur/{entity_id:str}/nilai/{attribute:str}", sync_to_thread=True)
def value(
    request: AnyRequest,
    entity_id: FromPath[str],
    attribute: FromPath[str],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """One value, masked."""
    return _value(request, hub, entity_id, attribute, opens=False)


@declares(ACTION)
@post(
    "/telusur/{entity_id:str}/nilai/{attribute:str}",
    status_code=200,
    request_max_body_size=2048,
    sync_to_thread=True,
)
def open_value(
    request: AnyRequest,
    entity_id: FromPath[str],
    attribute: FromPath[str],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """One value in plain text, with its losers."""
    return _value(request, hub, entity_id, attribute, opens=True)


def _profile(request: AnyRequest, hub: Hub, entity_id: str, buka: str) -> Response[bytes]:
    with hub.sessions.read() as session:
        sight = find(hub, session, request, entity_id=entity_id)
        found = outline(hub, session, sight.target)
        line = _timeline(session, request, found.timeline)
    opened = opened_by(buka, sight) if buka else frozenset[str]()
    held = {value.attribute for value in found.values}
    changes = [one.before for one in line if one.before]
    context = ProfilePage(
        entity_id=sight.entity_id,
        kind=sight.kind,
        case=case_of(request),
        outline=found,
        values=shown(request, sight, found.values, opened),
        rows=rows_of(request, found, bool(opened) and held <= opened),
        links=_links(sight),
        open_all=held & sight.fields <= opened,
        redirected=sight.target.asked != sight.entity_id,
        timeline=line,
        before=changes[-1] if changes else typed(now()),
        changed=bool(changes),
    )
    looked(hub, request, sight, opened & held)
    return page(request, "auditor/profile.html", context)


def _value(
    request: AnyRequest, hub: Hub, entity_id: str, attribute: str, *, opens: bool
) -> Response[bytes]:
    with hub.sessions.read() as session:
        sight = find(hub, session, request, entity_id=entity_id)
        named = {choice.attribute for choice in sight.target.explanation.choices}
        if attribute not in named & sight.fields:
            raise Told(404, "auditor.no-value")
        found = outline(hub, session, sight.target, [attribute])
    opened = {attribute} if opens else set[str]()
    (one,) = shown(request, sight, found.values, opened)
    behind = {one.value.record, *(loser.record for loser in one.value.losers)}
    context = ValuePage(
        entity_id=sight.entity_id,
        kind=sight.kind,
        case=case_of(request),
        outline=found,
        shown=one,
        rows=[row for row in rows_of(request, found, opens) if row.number - 1 in behind],
        opened=opens,
    )
    looked(hub, request, sight, opened)
    return page(request, "auditor/value.html", context)


def shown(
    request: AnyRequest, sight: Sight, values: Collection[Value], opened: Collection[str]
) -> list[ShownValue]:
    """Values as they may be seen, in the visitor's language."""
    language, kind = visitor_of(request).language, sight.kind
    seen = [value for value in values if value.attribute in sight.fields]
    return [
        ShownValue(
            one,
            parts(language, kind, one.attribute, one.value),
            [
                ShownLoser(parts(language, kind, one.attribute, loser.value), loser)
                for loser in one.losers
            ],
            one.attribute in opened,
        )
        for one in masked(seen, kind, opened)
    ]


def rows_of(request: AnyRequest, found: Outline, opened: bool) -> list[Row]:
    """The source records in their order, each with its delivery."""
    words = IN[visitor_of(request).language]
    return [
        Row(
            number,
            source_name(words, place.source),
            words.day(date.fromisoformat(place.date) if place.date else None),
            place,
            key_shown(place.record_key, opened),
            None if place.delivery is None else found.deliveries[place.delivery],
        )
        for number, place in enumerate(found.records, 1)
    ]


def _timeline(session: Session, request: AnyRequest, facts: Sequence[Fact]) -> list[Happening]:
    names = Names(session, visitor_of(request), (fact.actor for fact in facts if fact.actor))
    versions = [fact for fact in facts if fact.what == "version"]
    return [
        Happening(
            one,
            names.of(one.actor) if one.actor else "–",
            typed(just_before(one.at)) if one in versions[1:] else "",
        )
        for one in facts
    ]


def _links(sight: Sight) -> list[tuple[str, str]]:
    """(what, entity id) of everything the profile names."""
    found = []
    for name, linked in sorted(sight.target.explanation.links.items()):
        ids = [linked] if isinstance(linked, str) else linked or ()
        found += [(name, one if isinstance(one, str) else str(one[0])) for one in ids]
    return found


HANDLERS: list[ControllerRouterHandler] = [profile, open_profile, value, open_value]
