"""The audit log: search by actor, act, purpose, subject and time; and one event with its proof.

A NIK is asked for in a form and leads to the entity's id; no address ever holds the number. A search
is an event of its own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody
from litestar.types import ControllerRouterHandler
from sqlmodel import Session

from api.actions import declares
from api.web.auditor.proof import LOG
from api.web.auditor.sight import look_up, searched
from api.web.auditor.spoken import Spoken, acts, purpose_name, spoken
from api.web.errors import Told
from api.web.forms import Number, begin_of, day_of, end_of, text, unread
from api.web.pages import AnyRequest, page, see_other
from api.web.visitor import visitor_of
from api.web.wording import IN
from mdm.access.named import as_logged, id_of
from mdm.audit.checkpoints import Checkpoint
from mdm.audit.events import LONG_NUMBER
from mdm.audit.proofs import prove
from mdm.audit.search import Entry, Wanted, search
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.tables import Entity
from mdm.seal import normal_nik
from mdm.seal.masking import load_rules
from mdm.tracing.timeline import known_as

PATH = "/log"
PAGE = 50  # events on a page
MOST = 20_000  # events looked at for one page
_ID = re.compile(r"[0-9a-f]{32}")  # of an entity: it may have as many digits in a row as a NIK
_NAMES = ("aktor", "tindakan", "tujuan", "entitas", "dari", "sampai")


@dataclass(frozen=True)
class Asked:
    """What is searched for, as typed."""

    aktor: str = ""
    tindakan: str = ""
    tujuan: str = ""
    entitas: str = ""
    dari: str = ""
    sampai: str = ""

    def wanted(self, session: Session) -> Wanted:
        """The same for the search; an entity with all that were merged into it."""
        return Wanted(
            actor=as_logged(session, self.aktor),
            subjects=tuple(known_as(session, self.entitas)) if self.entitas else (),
            action=self.tindakan or None,
            purpose=self.tujuan or None,
            since=begin_of(day_of(self.dari)),
            until=end_of(day_of(self.sampai)),
        )

    @property
    def unread(self) -> frozenset[str]:
        """Date fields that hold no date."""
        return unread(vars(self), day_of, ("dari", "sampai"))

    def query(self, **more: object) -> str:
        """As the query of an address."""
        held = {name: getattr(self, name) for name in _NAMES if getattr(self, name)}
        return urlencode({**held, **more})


@dataclass(frozen=True)
class LogPage:
    """Some events. `more`: the address of the next; `bounded`: the search stopped to be gone on; `stranger`: whose acts
    were asked for is nobody whom hub and log know."""

    asked: Asked
    events: list[Spoken]
    more: str
    bounded: bool
    acts: list[tuple[str, str]]
    purposes: list[tuple[str, str]]
    wrong: str = ""
    stranger: bool = False


@dataclass(frozen=True)
class EventPage:
    """One event, with its place in the tree; `entities`: ids that lead to a trace."""

    event: Entry
    spoken: Spoken
    raw: str
    leaf: str
    covered: Checkpoint | None
    entities: list[str]


@declares(LOG)
@get(PATH, sync_to_thread=True)
def log_page(
    request: AnyRequest,
    hub: NamedDependency[Hub],
    sebelum: Annotated[int | None, QueryParameter(name="sebelum", ge=0, le=1 << 53)] = None,
) -> Response[bytes]:
    """A page of the log, the newest first."""
    asked = Asked(**{name: text(request.query_params, name, 80) for name in _NAMES})
    if any(
        LONG_NUMBER.search(one) and not _ID.fullmatch(one) for one in (asked.aktor, asked.entitas)
    ):
        context = _empty(request, Asked(), "auditor.log.number")
        return page(request, "auditor/log.html", context, status=422)
    if asked.unread:
        return page(request, "auditor/log.html", _empty(request, asked), status=422)
    with hub.sessions.read() as session:
        found = search(session, asked.wanted(session), before=sebelum, limit=PAGE, most=MOST)
        told = spoken(session, visitor_of(request), found.events)
        stranger = not found.events and _stranger(session, asked.aktor)
    searched(hub, request, len(found.events), user=asked.aktor, entity_id=asked.entitas)
    more = f"{PATH}?{asked.query(sebelum=found.before)}" if found.before is not None else ""
    context = replace(
        _empty(request, asked), events=told, more=more, bounded=found.bounded, stranger=stranger
    )
    return page(request, "auditor/log.html", context)


def _stranger(session: Session, actor: str) -> bool:
    """Whether a name is of nobody who has an account or has ever acted: likely mistyped."""
    if not actor or id_of(session, actor) is not None:
        return False
    return not search(session, Wanted(actor=actor), limit=1).events


@declares(LOG)
@post(PATH, request_max_body_size=2048, sync_to_thread=True)
def log_of_number(
    request: AnyRequest, data: URLEncodedBody[dict[str, Any]], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """From a NIK to the log of whoever carries it, if they live where this auditor may look."""
    try:
        sight = look_up(hub, request, nik=normal_nik(text(data, "nik", 32)))
    except InputError:
        context = _empty(request, Asked(), "auditor.trace.digits")
        return page(request, "auditor/log.html", context, status=422)
    except Told as told:
        return page(request, "auditor/log.html", _empty(request, Asked(), told.key), status=404)
    return see_other(f"{PATH}?{urlencode({'entitas': sight.entity_id})}")


@declares(LOG)
@get(PATH + "/{seq:int}", sync_to_thread=True)
def event_page(request: AnyRequest, seq: Number, hub: NamedDependency[Hub]) -> Response[bytes]:
    """One event: its exact bytes, its hash, the checkpoint that covers it."""
    with hub.sessions.read() as session:
        found = search(session, Wanted(), before=seq + 1, limit=1, most=1).events
        if not found or found[0].seq != seq:
            raise Told(404, "auditor.no-event")
        (event,) = found
        covered, raw, leaf = _proven(session, seq, event)
        entities = [one for one in _ids(event) if session.get(Entity, one) is not None]
        (told,) = spoken(session, visitor_of(request), found)
    searched(hub, request, 1)
    context = EventPage(event, told, raw, leaf, covered, entities)
    return page(request, "auditor/event.html", context)


def _proven(session: Session, seq: int, event: Entry) -> tuple[Checkpoint | None, str, str]:
    """The checkpoint over an event, if one is made yet, its bytes and its hash."""
    try:
        shown = prove(session, seq)
    except InputError:
        return None, _pretty({"at": event.at.isoformat(), "actor": event.actor,
                              "action": event.action, **event.details}), ""  # fmt: skip
    return shown.checkpoint, _pretty(json.loads(shown.event)), shown.leaf_hash


def _pretty(event: dict[str, Any]) -> str:
    return json.dumps(event, indent=2, ensure_ascii=False)


def _ids(event: Entry) -> list[str]:
    said = event.details.get("entity_id") or ()
    return [said] if isinstance(said, str) else list(said)


def _empty(request: AnyRequest, asked: Asked, wrong: str = "") -> LogPage:
    words = IN[visitor_of(request).language]
    purposes = [(one, purpose_name(words, one)) for one in load_rules().purposes]
    return LogPage(asked, [], "", False, acts(words), purposes, wrong)


HANDLERS: list[ControllerRouterHandler] = [log_page, log_of_number, event_page]
