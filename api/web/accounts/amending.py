"""What is done with a client: its agreement amended, its key replaced or withdrawn, where
answers may go, closed, opened again."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from api.actions import declares
from api.web.accounts.agreeing import AgreementForm, agreement, typed
from api.web.accounts.client import ADDRESS, PATH, again, shown
from api.web.accounts.clients import KEY
from api.web.accounts.requests import CLIENT, FIELD, asked_for, two
from api.web.errors import Told
from api.web.flash import Flash
from api.web.forms import text
from api.web.pages import AnyRequest, see_other
from mdm import exchanges
from mdm.access import Principal, administration, clients
from mdm.access.agreements import read_agreement
from mdm.access.keyfiles import read_public
from mdm.compose import Hub
from mdm.eligibility.library import current
from mdm.hub.tables import Client

_Form = URLEncodedBody[dict[str, Any]]


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
    form = typed(data, hub) if FIELD not in data else AgreementForm()

    def amended() -> None:
        approval, before = asked_for(hub, principal.id, "client.amend", data)
        agreed = (
            read_agreement(before["agreement"], current(hub).names)
            if before
            else agreement(form, hub)
        )
        administration.amend_agreement(hub, principal.id, client_id, agreed, approval=approval)

    if form.wrong:
        return shown(request, hub, client_id, form=form)
    refused = again(request, hub, client_id, "agreement", form=form if FIELD not in data else None)
    return two(f"{CLIENT}/{client_id}", "accounts.done.amended", amended, refused)


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

    refused = again(request, hub, client_id, "key", key=key)
    return two(f"{CLIENT}/{client_id}", "accounts.done.key", replaced, refused)


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

    refused = again(request, hub, client_id, "keys")
    return two(f"{CLIENT}/{client_id}", "accounts.done.withdrawn", withdrawn, refused)


@declares("callback.agree")
@post(PATH + "/alamat", request_max_body_size=4096, sync_to_thread=True)
def agree_callback(
    request: AnyRequest,
    client_id: FromPath[str],
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Let answers go to an address: ask for it, or do it once another person approved."""
    _there(hub, client_id)
    address = text(data, "alamat", ADDRESS + 1)

    def agreed() -> None:
        approval, before = asked_for(hub, principal.id, "callback.agree", data)
        uri = before["address"] if before else address
        administration.agree_callback(hub, principal.id, client_id, uri, approval=approval)

    refused = again(request, hub, client_id, "callback", address=address)
    return two(f"{CLIENT}/{client_id}", "accounts.done.callback", agreed, refused)


@declares("callback.withdraw")
@post(PATH + "/alamat/cabut", request_max_body_size=4096, sync_to_thread=True)
def withdraw_callback(
    request: AnyRequest,
    client_id: FromPath[str],
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Let no answer go there any more, at once."""
    _there(hub, client_id)

    def withdrawn() -> None:
        with hub.sessions.begin() as session:
            exchanges.withdraw_callback(
                session, client_id, text(data, "alamat", ADDRESS), principal.id
            )

    refused = again(request, hub, client_id, "callbacks")
    return two(f"{CLIENT}/{client_id}", "accounts.done.callback-withdrawn", withdrawn, refused)


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

    refused = again(request, hub, client_id, "state")
    return two(f"{CLIENT}/{client_id}", "accounts.done.client-enabled", enabled, refused)


def _there(hub: Hub, client_id: str) -> None:
    """404 in words for a client that there is not."""
    with hub.sessions.read() as session:
        if session.get(Client, client_id) is None:
            raise Told(404, "accounts.no-client")


HANDLERS: list[Any] = [
    amend,
    new_key,
    withdraw_key,
    agree_callback,
    withdraw_callback,
    disable,
    enable,
]
