"""Every route of the service × every role, over HTTP: who is let through to the handler, who is not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import httpx
import pytest

from mdm.access import Principal, is_open
from mdm.homes import create_home
from tests.access import oracle
from tests.api.serving import Served, served, some_address

NOT_THEIRS = {"no-role", "roles-apart", "no-agreement"}


def staff(*roles: str) -> Principal:
    return Principal("staff-1", "staff", frozenset(roles), ("32",))


def client(*roles: str, agreement: str | None = "PKS/1") -> Principal:
    return Principal(
        "client-1",
        "client",
        frozenset(roles),
        ("32",),
        purposes=frozenset({"assistance"}),
        programmes=frozenset({"PKH"}),
        agreement=agreement,
    )


BODIES: dict[str, dict[str, Any]] = {
    kind: {"content": content, "headers": {"content-type": kind + more}}
    for kind, content, more in (
        ("application/json", b"{}", ""),
        ("application/x-www-form-urlencoded", b"", ""),
        ("multipart/form-data", b"--x--\r\n", "; boundary=x"),
    )
}
PRINCIPALS = {
    **{role: staff(role) for role in oracle.STAFF},
    **{f"{a} and {b}": staff(a, b) for a, b in combinations(sorted(oracle.APART), 2)},
    "staff without a role": staff(),
    "staff with a client's role": staff("programme", "monitor"),
    **{role: client(role) for role in oracle.CLIENTS},
    "programme without an agreement": client("programme", agreement=None),
    "a client with a staff role": client("officer", "auditor"),
    "a client without a role": client(),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    hub = create_home(tmp_path_factory.mktemp("routes") / "home")
    with served(hub) as running:
        yield running
    hub.close()


def test_every_route_lets_through_who_may_and_nobody_else(service: Served) -> None:
    routes = [route for route in service.routes if not is_open(route[2])]
    assert len(routes) > 30
    wrong = []
    for who, principal in PRINCIPALS.items():
        with service.client(principal) as caller:
            for method, path, action in routes:
                code = _code(caller, method, path)
                if (code in NOT_THEIRS) != (not _may(principal, action)):
                    wrong.append((who, method, path, action, code))
    assert wrong == []


def test_nobody_unknown_gets_further_than_the_open_routes(service: Served) -> None:
    wrong = []
    with service.client() as caller:
        for method, path, action in service.routes:
            code = _code(caller, method, path)
            if (code == "not-identified") == is_open(action):
                wrong.append((method, path, action, code))
    assert wrong == []


def _may(principal: Principal, action: str) -> bool:
    """Whether there is any region and purpose at all, by the table written apart."""
    if principal.kind == "client" and principal.agreement is None:
        return action in (*oracle.OPEN, *oracle.OF_ALL_KNOWN)
    return any(
        oracle.allowed(
            kind=principal.kind,
            roles=principal.roles,
            regions=("",),
            agreed=frozenset(oracle.PURPOSES) - {None},
            action=action,
            purpose=purpose,
            region="3201",
            owner=True,
        )
        is not None
        for purpose in oracle.PURPOSES
    )


def _code(caller: httpx.Client, method: str, path: str) -> str:
    """The code of the refusal; empty when the handler answered."""
    address = some_address(path)
    content = BODIES["application/json"]
    answer = caller.request(method, address, **(content if method == "POST" else {}))
    if answer.status_code == 415:  # what the route reads is in the refusal
        kind = next(kind for kind in BODIES if kind in answer.json()["hint"])
        answer = caller.request(method, address, **BODIES[kind])
    assert answer.status_code < 500 or answer.status_code == 503, (method, path, answer.text)
    if answer.headers.get("content-type") == "application/problem+json":
        return str(answer.json()["code"])
    # The DCI façade refuses in a form of its own.
    return {401: "not-identified", 403: "no-role"}.get(answer.status_code, "")
