"""Every route × role × region × purpose over HTTP, against the table of tests/access/oracle.py."""

from __future__ import annotations

from itertools import product

import pytest
from litestar import get

from api.actions import declares
from api.app import create_app
from api.guard import JSON, _reads
from mdm.access import Principal, is_open, load_rules
from mdm.errors import RuleError
from mdm.seal.masking import load_rules as load_sealing
from tests.access import oracle
from tests.api.serving import Served, named, some_address
from tests.api.world import BOGOR, DENPASAR, RINA, SITI

PURPOSES = sorted(load_sealing().purposes)
REGIONS = [(), ("",), ("32",), ("3201",), ("51",)]
ROLES = [*oracle.STAFF, *oracle.CLIENTS]
LOOKUP = "/v1/profiles/lookup"


def who(
    role: str, regions: tuple[str, ...] = ("",), purposes: frozenset[str] = frozenset()
) -> Principal:
    if role in oracle.CLIENTS:
        agreed = purposes or frozenset(PURPOSES)
        return Principal("client:x", "client", frozenset([role]), regions, agreed, agreement="A")
    return Principal(f"staff:{role}", "staff", frozenset([role]), regions)


def expected(principal: Principal, action: str, purpose: str | None, region: str | None) -> bool:
    return (
        oracle.allowed(
            kind=principal.kind,
            roles=principal.roles,
            regions=principal.regions,
            agreed=principal.purposes,
            action=action,
            purpose=purpose,
            region=region,
            owner=False,
        )
        is not None
    )


def test_a_stranger_gets_nowhere_but_where_anybody_may(service: Served) -> None:
    with service.client() as stranger:
        for method, path, action in service.routes:
            if is_open(action):
                continue
            answer = stranger.request(method, some_address(path), json={})
            assert answer.status_code in (401, 415), (method, path, answer.text)


def test_no_route_reads_a_body_in_which_a_name_stands_twice(service: Served) -> None:
    """Whoever may call it: readers of JSON disagree on which of two values counts."""
    wanting = {
        (str(method), route.path)
        for route in service.app.routes
        for handler in getattr(route, "route_handlers", ())
        if _reads(handler) == JSON
        for method in handler.http_methods
    }
    assert len(wanting) > 30
    for role in ROLES:
        with service.client(who(role)) as client:
            for method, path in sorted(wanting):
                answer = client.request(
                    method,
                    some_address(path),
                    content=b'{"a":1,"a":2}',
                    headers={"content-type": JSON},
                )
                assert answer.status_code in (400, 401, 403), (method, path, answer.text)
                if answer.status_code == 400:
                    assert "more than once" in answer.text, (method, path, answer.text)
                    wanting.discard((method, path))
    assert not wanting


@pytest.mark.parametrize("role", ROLES)
def test_no_role_passes_the_guard_of_a_route_that_is_not_its_own(
    service: Served, role: str
) -> None:
    principal = who(role)
    with service.client(principal) as client:
        for method, path, action in service.routes:
            if is_open(action) or load_rules().actions[action].who != "granted":
                continue
            may = any(
                oracle.allowed(
                    kind=principal.kind,
                    roles=principal.roles,
                    regions=principal.regions,
                    agreed=principal.purposes,
                    action=action,
                    purpose=purpose,
                    region=None,
                    owner=True,
                )
                is not None
                for purpose in [None, *PURPOSES]
            )
            if may:
                continue
            answer = client.request(method, some_address(path), json={})
            assert answer.status_code in (403, 415), (role, method, path, answer.text)


@pytest.mark.parametrize("role", ROLES)
def test_a_lookup_shows_somebody_only_where_the_table_says_so(service: Served, role: str) -> None:
    for regions in REGIONS:
        with service.client(who(role, regions)) as client:
            for purpose, (nik, region) in product(PURPOSES, ((SITI, BOGOR), (RINA, DENPASAR))):
                answer = client.post(LOOKUP, json={"nik": nik, "purpose": purpose})
                allowed = expected(who(role, regions), "profile.lookup", purpose, region)
                case = (role, regions, purpose, nik, answer.text)
                if answer.status_code == 429:
                    continue  # an administrator's budget is nothing
                assert (answer.status_code == 200) == allowed, case
                if not allowed:
                    assert answer.status_code in (403, 404), case


def test_options_names_every_method_of_a_path(service: Served) -> None:
    methods: dict[str, set[str]] = {}
    for method, path, _ in service.routes:
        methods.setdefault(path, {"OPTIONS"}).update(
            (method, "HEAD") if method == "GET" else (method,)
        )
    with service.client() as anybody:
        for path, named in methods.items():
            answer = anybody.options(some_address(path))
            assert set(answer.headers["allow"].split(", ")) == named, path


def test_a_route_without_an_action_keeps_the_service_from_starting(service: Served) -> None:
    @get("/nobody-said", sync_to_thread=False)
    def silent() -> None:
        """Declares nothing."""

    with pytest.raises(RuleError, match="declares no action"):
        create_app(service.hub, identify=named({}), more=[silent])


def test_so_does_an_action_that_the_access_document_does_not_know(service: Served) -> None:
    @declares("profile.burn")
    @get("/unknown", sync_to_thread=False)
    def burn() -> None:
        """Declares what there is not."""

    with pytest.raises(RuleError, match=r"profile\.burn"):
        create_app(service.hub, identify=named({}), more=[burn])


def test_declares_stands_above_the_route() -> None:
    with pytest.raises(TypeError):
        declares("profile.lookup")(lambda: None)  # type: ignore[type-var]
