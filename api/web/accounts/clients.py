"""The list of clients, and the registration of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from api.actions import declares
from api.web.accounts.agreeing import LIMITS, AgreementForm, agreement, programmes, purposes, typed
from api.web.accounts.clientshown import ClientShown, client_shown
from api.web.accounts.requests import CLIENT, FIELD, Request, asked_for, requests, two
from api.web.accounts.words import PRIVATE, Refused, refused
from api.web.forms import text
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from mdm.access import Principal, administration, approvals, clients
from mdm.access.agreements import read_agreement
from mdm.access.directory import keys_of, used_by
from mdm.access.keyfiles import read_public
from mdm.compose import Hub
from mdm.eligibility.library import current
from mdm.errors import HubError

NEW = CLIENT + "/baru"
KEY = 16_384  # characters of a key


@dataclass(frozen=True)
class ClientsPage:
    """Every client; requests for clients that are not there yet."""

    clients: list[ClientShown]
    requests: list[Request]


@dataclass(frozen=True)
class NewClientPage:
    """The form, as typed."""

    name: str
    key: str
    form: AgreementForm
    programmes: tuple[str, ...]
    purposes: list[str]
    limits: tuple[str, ...]
    wrong: Refused | None


@declares("client.list")
@get(CLIENT, sync_to_thread=True)
def clients_page(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """Every client with its agreement and what it used today."""
    visitor = visitor_of(request)
    with hub.sessions.read() as session:
        found = clients.all_clients(session)
        ids = [one.id for one in found]
        keys, used = keys_of(session, ids), used_by(session, ids)
        context = ClientsPage(
            [
                client_shown(session, visitor, one, keys.get(one.id, []), used.get(one.id))
                for one in found
            ],
            requests(session, visitor, approvals.standing(session, None, ["client.create"])),
        )
    return page(request, "accounts/clients.html", context)


@declares("client.create")
@get(NEW, sync_to_thread=True)
def new_client_page(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """The form."""
    return _form(request, hub, AgreementForm())


@declares("client.create")
@post(NEW, request_max_body_size=64 << 10, sync_to_thread=True)
def register(
    request: AnyRequest,
    data: URLEncodedBody[dict[str, Any]],
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Ask for a client, or register it once another person approved."""
    name, typed_key = text(data, "nama", 64), text(data, "kunci", KEY)
    form = typed(data, hub) if FIELD not in data else AgreementForm()

    def again(error: HubError | None = None) -> Response[bytes]:
        wrong = refused(visitor_of(request), "client", error) if error else None
        key = "" if error and error.code == PRIVATE else typed_key  # it is not sent about once more
        return _form(request, hub, form, wrong, name=name, key=key)

    def registered() -> None:
        approval, before = asked_for(hub, principal.id, "client.create", data)
        if before:
            agreed = read_agreement(before["agreement"], current(hub).names)
            said, public = before["name"], before["key"]
        else:
            agreed, said, public = agreement(form, hub), name, read_public(typed_key)
        administration.register_client(hub, principal.id, said, agreed, public, approval=approval)

    if form.wrong:
        return again()
    return two(CLIENT, "accounts.done.registered", registered, again)


def _form(
    request: AnyRequest, hub: Hub, form: AgreementForm, wrong: Refused | None = None, **said: str
) -> Response[bytes]:
    bad = wrong.status if wrong else 422 if form.wrong else 200
    context = NewClientPage(
        name=said.get("name", ""),
        key=said.get("key", ""),
        form=form,
        programmes=programmes(hub),
        purposes=purposes(),
        limits=LIMITS,
        wrong=wrong,
    )
    return page(request, "accounts/new-client.html", context, status=bad)
