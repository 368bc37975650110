"""Accounts of staff, clients and agreements: the pages of who manages them."""

from __future__ import annotations

from typing import Any

from api.web.accounts import (
    account,
    acting,
    agreements,
    amending,
    client,
    clients,
    invite,
    staff,
)

HANDLERS: list[Any] = [
    staff.staff_page,
    staff.search,
    invite.invite_page,
    invite.invite,
    account.account_page,
    *acting.HANDLERS,
    clients.clients_page,
    clients.new_client_page,
    clients.register,
    client.client_page,
    *amending.HANDLERS,
    agreements.agreements_page,
]
