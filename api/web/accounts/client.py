"""One client: its agreement and what that said before, keys, budgets, history, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from sqlmodel import Session, col, select

from api.actions import declares
from api.web.accounts.agreeing import (
    LIMITS,
    AgreementForm,
    agreement,
    of_client,
    programmes,
    purposes,
    typed,
)
from api.web.accounts.clients import KEY, PRIVATE
from api.web.accounts.requests import CLIENT, PLACES, Request, asked_for, requests, two
from api.web.accounts.terms import Said, Terms, said, terms_of
from api.web.accounts.words import Refused, refused
from api.web.auditor.spoken import Names, Spoken, spoken
from api.web.errors import Told
from api.web.flash import Flash
from api.web.forms import text
from api.web.pages import AnyRequest, page, see_other
from api.web.visitor import visitor_of
from mdm.access import Principal, administration, approvals, clients
from mdm.access.agreements import former, read_agreement
from mdm.access.directory import keys_of, used_by
from mdm.access.keyfiles import read_public
from mdm.audit.search import Wanted, search
from mdm.compose import Hub
from mdm.eligibility.library import current
from mdm.errors import HubError
from mdm.hub.tables import Approval, Client

PATH = CLIENT + "/{client_id:str}"
EVENTS = 30  # of the history
MOST = 5_000  # events looked at for it
_Form = URLEncodedBody[dict[str, Any]]
_ACTS = [act for act in PLACES if act.startswith("client.")]


@dataclass(frozen=True)
class Before:
    """What the agreement said before, from when until when, and who amended it."""

    version: int
    said: Said
    since: datetime
    until: datetime
    by: str
    approved_by: str


@dataclass(frozen=True)
class ClientPage:
    """One client; `form`: its agreement to be amended, as it stands or as typed; `key`: a key as typed."""

    one: Terms
    requests: list[Request]
    before: list[Before]
    history: list[Spoken]
    form: AgreementForm
    key: str
    programmes: tuple[str, ...]
    purposes: list[str]
    limits: tuple[str, ...]
    wrong: Refused | None


@declares("client.list")
@get(PATH, sync_to_thread=True)
def client_page(
    request: AnyRequest, client_id: FromPath[str], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """The client as it stands."""
    return _page(request, hub, client_id)


@declares("client.amend")
@post(PATH + "/perjanjian", request_max_body_size=64 << 10, sync_to_thread=True)
def amend(
    request: AnyRequest,
    client_id: FromPath[str],
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Another version of the agreement: ask for it, or make it once another person approved."""
    _there(hub, client_id)
    form = typed(data, hub)

    def amended() -> None:
        approval, before = asked_for(hub, principal.id, "client.amend", data)
        agreed = (
            read_agreement(before["agreement"], current(hub).names)
            if before
            else agreement(form, hub)
        )
        administration.amend_agreement(hub, principal.id, client_id, agreed, approval=approval)

    if form.wrong and "persetujuan" not in data:
        return _page(request, hub, client_id, form=form)
    again = _again(request, hub, client_id, "agreement", form=form)
    return two(f"{CLIENT}/{client_id}", "accounts.done.amended", amended, again)


@declares("client.rotate-key")
@post(PATH + "/kunci", request_max_body_size=64 << 10, sync_to_thread=True)
def new_key(
    request: AnyRequest,
    client_id: FromPath[str],
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Another public key in the place of those before: ask for it, or do it once another person approved."""
    _there(hub, client_id)
    key = text(data, "kunci", KEY)

    def replaced() -> None:
        approval, before = asked_for(hub, principal.id, "client.rotate-key", data)
        public = before["key"] if before else read_public(key)
        administration.rotate_client_key(hub, principal.id, client_id, public, approval=approval)

    again = _again(request, hub, client_id, "key", key=key)
    return two(f"{CLIENT}/{client_id}", "accounts.done.key", replaced, again)


@declares("client.withdraw-key")
@post(PATH + "/kunci/cabut", request_max_body_size=2048, sync_to_thread=True)
def withdraw_key(
    request: AnyRequest,
    client_id: FromPath[str],
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Take a key away, at once."""
    _there(hub, client_id)

    def withdrawn() -> None:
        with hub.sessions.begin() as session:
            one, kid = clients.find(session, client_id), text(data, "kunci", 64)
            clients.withdraw_key(session, one, kid, actor=principal.id)

    again = _again(request, hub, client_id, "keys")
    return two(f"{CLIENT}/{client_id}", "accounts.done.withdrawn", withdrawn, again)


@declares("client.disable")
@post(PATH + "/nonaktif", request_max_body_size=2048, sync_to_thread=True)
def disable(
    client_id: FromPath[str], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """Refuse a client, at once."""
    _there(hub, client_id)
    with hub.sessions.begin() as session:
        clients.disable(session, clients.find(session, client_id), actor=principal.id)
    return see_other(f"{CLIENT}/{client_id}", Flash("good", "accounts.done.client-disabled"))


@declares("client.enable")
@post(PATH + "/aktif", request_max_body_size=2048, sync_to_thread=True)
def enable(
    request: AnyRequest,
    client_id: FromPath[str],
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Take its questions again: ask for it, or do it once another person approved."""
    _there(hub, client_id)

    def enabled() -> None:
        approval, _ = asked_for(hub, principal.id, "client.enable", data)
        administration.enable_client(hub, principal.id, client_id, approval=approval)

    again = _again(request, hub, client_id, "state")
    return two(f"{CLIENT}/{client_id}", "accounts.done.client-enabled", enabled, again)


def _there(hub: Hub, client_id: str) -> None:
    """404 in words for a client that there is not."""
    with hub.sessions.read() as session:
        if session.get(Client, client_id) is None:
            raise Told(404, "accounts.no-client")


def _again(
    request: AnyRequest,
    hub: Hub,
    client_id: str,
    which: str,
    *,
    form: AgreementForm | None = None,
    key: str = "",
) -> Callable[[HubError], Response[bytes]]:
    """The page once more, with what is wrong at one of its forms."""

    def answered(error: HubError) -> Response[bytes]:
        wrong = refused(visitor_of(request), which, error)
        shown = "" if error.code == PRIVATE else key  # it is not sent about once more
        return _page(request, hub, client_id, form=form, key=shown, wrong=wrong)

    return answered


def _page(
    request: AnyRequest,
    hub: Hub,
    client_id: str,
    *,
    form: AgreementForm | None = None,
    key: str = "",
    wrong: Refused | None = None,
) -> Response[bytes]:
    visitor = visitor_of(request)
    with hub.sessions.read() as session:
        one = session.get(Client, client_id)
        if one is None:
            raise Told(404, "accounts.no-client")
        keys, used = keys_of(session, [one.id]), used_by(session, [one.id])
        context = ClientPage(
            one=terms_of(session, visitor, one, keys.get(one.id, []), used.get(one.id)),
            requests=requests(session, visitor, approvals.standing(session, one.id, _ACTS)),
            before=_before(session, request, one.id),
            history=spoken(
                session,
                visitor,
                search(session, _events(session, one.id), limit=EVENTS, most=MOST).events,
            ),
            form=form or of_client(one),
            key=key,
            programmes=programmes(hub),
            purposes=purposes(),
            limits=LIMITS,
            wrong=wrong,
        )
    bad = wrong.status if wrong else 422 if form and form.wrong else 200
    return page(request, "accounts/client.html", context, status=bad)


def _before(session: Session, request: AnyRequest, client_id: str) -> list[Before]:
    versions = former(session, client_id)
    people = {who for one in versions for who in (one.amended_by, one.approved_by)}
    names = Names(session, visitor_of(request), people)
    return [
        Before(
            one.version,
            said(visitor_of(request), one),
            one.since,
            one.until,
            names.of(one.amended_by),
            names.of(one.approved_by),
        )
        for one in reversed(versions)
    ]


def _events(session: Session, client_id: str) -> Wanted:
    """What the log says of a client's administration: of itself, and of requests about it."""
    asked = session.exec(select(Approval.id).where(col(Approval.about) == client_id)).all()
    return Wanted(subjects=(client_id, *asked))


HANDLERS: list[Any] = [client_page, amend, new_key, withdraw_key, disable, enable]
