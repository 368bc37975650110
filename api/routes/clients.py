"""Clients: machines of programmes, their agreements, keys, and where answers to them may go."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.actions import declares
from api.auth.administered import client_view, waits
from api.auth.refused import refusal
from api.schemas.admin import Done
from api.schemas.clients import (
    Amendment,
    Clients,
    ClientView,
    GoneCallback,
    GoneKey,
    KeyId,
    NamedClient,
    NewCallback,
    NewClient,
    NewKey,
    OpenedClient,
)
from mdm import exchanges
from mdm.access import Principal, administration, clients
from mdm.access.agreements import read_agreement
from mdm.compose import Hub
from mdm.eligibility.library import current

_BODY = 64 << 10


@declares("client.list")
@get("/clients", summary="Clients", sync_to_thread=True)
def all_clients(hub: NamedDependency[Hub]) -> Clients:
    """Every client with its agreement."""
    with hub.sessions.read() as session:
        return Clients([client_view(session, one) for one in clients.all_clients(session)])


@declares("client.create")
@post(
    "/clients",
    status_code=201,
    summary="Register a client",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("There is a client of this name.")},
    sync_to_thread=True,
)
def create_client(
    data: JSONBody[NewClient], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> ClientView:
    """Register a client under its agreement, with its public key. Another person must approve."""
    agreement = read_agreement(msgspec.to_builtins(data.agreement), current(hub).names)
    made = administration.register_client(
        hub,
        principal.id,
        data.name,
        agreement,
        msgspec.to_builtins(data.key),
        approval=data.approval,
    )
    with hub.sessions.read() as session:
        return client_view(session, made)


@declares("client.amend")
@post(
    "/clients/amend",
    status_code=200,
    summary="Amend a client's agreement",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("The agreement says this already.")},
    sync_to_thread=True,
)
def amend_agreement(
    data: JSONBody[Amendment], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> ClientView:
    """Another version of a client's agreement, which speaks from now on; what it said before is kept.
    Tokens that tell otherwise end. Another person must approve."""
    agreement = read_agreement(msgspec.to_builtins(data.agreement), current(hub).names)
    administration.amend_agreement(
        hub, principal.id, data.client, agreement, approval=data.approval
    )
    with hub.sessions.read() as session:
        return client_view(session, clients.find(session, data.client))


@declares("client.disable")
@post(
    "/clients/disable",
    status_code=200,
    summary="Disable a client",
    request_max_body_size=_BODY,
    sync_to_thread=True,
)
def disable_client(
    data: JSONBody[NamedClient], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Refuse a client and its tokens, from now on."""
    with hub.sessions.begin() as session:
        clients.disable(session, clients.find(session, data.client), actor=principal.id)
    return Done()


@declares("client.enable")
@post(
    "/clients/enable",
    status_code=200,
    summary="Enable a client again",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("The client is not disabled.")},
    sync_to_thread=True,
)
def enable_client(
    data: JSONBody[OpenedClient], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Take a client's questions again, under its agreement. Another person must approve."""
    administration.enable_client(hub, principal.id, data.client, approval=data.approval)
    return Done()


@declares("client.withdraw-key")
@post(
    "/clients/withdraw-key",
    status_code=200,
    summary="Withdraw a client's key",
    request_max_body_size=_BODY,
    sync_to_thread=True,
)
def withdraw_key(
    data: JSONBody[GoneKey], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Take a public key away without another in its place; tokens given before end."""
    with hub.sessions.begin() as session:
        client = clients.find(session, data.client)
        clients.withdraw_key(session, client, data.kid, actor=principal.id)
    return Done()


@declares("client.rotate-key")
@post(
    "/clients/rotate-key",
    status_code=200,
    summary="Replace a client's key",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("The client had this key before.")},
    sync_to_thread=True,
)
def rotate_key(
    data: JSONBody[NewKey], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> KeyId:
    """Put a new public key in the place of all others; tokens given before end. Another person
    must approve."""
    key = msgspec.to_builtins(data.key)
    return KeyId(
        administration.rotate_client_key(
            hub, principal.id, data.client, key, approval=data.approval
        )
    )


@declares("callback.agree")
@post(
    "/clients/agree-callback",
    status_code=200,
    summary="Agree on an address for answers",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("This address was agreed on already.")},
    sync_to_thread=True,
)
def agree_callback(
    data: JSONBody[NewCallback], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Let answers to a client (DCI) go to an address. Another person must approve: they tell of people."""
    administration.agree_callback(
        hub, principal.id, data.client, data.address, approval=data.approval
    )
    return Done()


@declares("callback.withdraw")
@post(
    "/clients/withdraw-callback",
    status_code=200,
    summary="Withdraw an address for answers",
    request_max_body_size=_BODY,
    sync_to_thread=True,
)
def withdraw_callback(
    data: JSONBody[GoneCallback], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Let no answer go there any more, from now on; what waits for it is given up."""
    with hub.sessions.begin() as session:
        client = clients.find(session, data.client)
        exchanges.withdraw_callback(session, client.id, data.address, principal.id)
    return Done()


_HANDLERS: list[Any] = [
    all_clients,
    create_client,
    amend_agreement,
    disable_client,
    enable_client,
    withdraw_key,
    rotate_key,
    agree_callback,
    withdraw_callback,
]
router = Router("/v1/admin", route_handlers=_HANDLERS, tags=["administration"])
