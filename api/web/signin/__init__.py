"""Signing in and out, the first account, one's password and second factor, as pages."""

from __future__ import annotations

from typing import Any

from api.web.signin import account, door

HANDLERS: list[Any] = [
    door.sign_in_page,
    door.sign_in,
    door.sign_out,
    door.setup_page,
    door.first_account,
    door.choose_language,
    account.password_page,
    account.choose_password,
    account.factor_page,
    account.begin_factor,
    account.confirm_factor,
]
