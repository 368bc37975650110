"""Accounts of staff, clients and agreements: the pages of who manages them."""

from __future__ import annotations

from typing import Any

from api.web.accounts import account, agreements, client, clients, invite, staff

HANDLERS: list[Any] = [
    staff.staff_page,
    staff.search,
    invite.invite_page,
    invite.invite,
    *account.HANDLERS,
    clients.clients_page,
    clients.new_client_page,
    clients.register,
    *client.HANDLERS,
    agreements.agreements_page,
]
