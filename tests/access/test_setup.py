"""The first account: made with the one-time token, and in no other way."""

from __future__ import annotations

import pytest

from mdm.access import setup
from mdm.errors import AccessError
from tests.access import wire
from tests.access.people import PASSWORD, Person
from tests.api.serving import Served


def test_there_is_no_account_until_the_set_up_token_makes_one(service: Served) -> None:
    for login in ("admin", "root", "siti.aminah"):
        assert Person(service, login).log_in().status_code == 401
    path = setup.write_token(service.hub)
    assert path.stat().st_mode & 0o777 == 0o600
    body = {"token": path.read_text().strip(), "login": "siti.aminah", "password": PASSWORD}
    wrong = wire.post(f"{service.url}/v1/setup", json={**body, "token": "x" * 43})
    assert wrong.status_code == 401
    assert wire.post(f"{service.url}/v1/setup", json=body).status_code == 201
    assert not path.exists()
    again = wire.post(f"{service.url}/v1/setup", json={**body, "login": "second.one"})
    assert again.status_code == 401
    with pytest.raises(AccessError, match="accounts already"):
        setup.write_token(service.hub)
