"""Every action × role × region × purpose against a table written down apart: no unexpected yes."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm.access import Principal, Resource, actions, decide, load_rules, may
from mdm.access.document import DOCUMENT
from mdm.seal.masking import load_rules as load_sealing
from reference.documents import read_yaml
from tests.access import oracle

PURPOSES = [*oracle.PURPOSES, "unheard_of"]
ACTIONS = ["no.such-action", *sorted(actions())]
ROLES = [*oracle.STAFF, *oracle.CLIENTS, "no-such-role"]
#: regions held × region asked about
HELD = [(), ("",), ("32",), ("3201",), ("31", "3201010001")]
ASKED = [None, "", "32", "3201", "32.01.01.0001", "3201010001", "3301010001", "3102"]
AGREED = [frozenset(), frozenset({"assistance"}), frozenset(PURPOSES) - {None}]


TABLE = read_yaml(DOCUMENT.read_text("utf-8"))


def shown_by(names: set[str]) -> dict[str, frozenset[str]]:
    """What field sets show, read from the document without its reader."""
    columns = [TABLE["columns"].index(name) for name in names]
    return {
        kind: frozenset(
            name for name, row in of.items() if any(row[at] == "show" for at in columns)
        )
        for kind, of in TABLE["attributes"].items()
    }


SHOWN = {
    frozenset(names): shown_by(set(names))
    for size in (1, 2, 3)
    for names in combinations(load_rules().columns, size)
}


def check(principal: Principal, action: str, resource: Resource, purpose: str | None) -> None:
    decision = decide(principal, action, resource, purpose)
    expected = oracle.allowed(
        kind=principal.kind,
        roles=principal.roles,
        regions=principal.regions,
        agreed=principal.purposes,
        action=action,
        purpose=purpose,
        region=resource.region,
        owner=resource.owner == principal.id,
    )
    rules, case = load_rules(), (principal, action, resource, purpose, decision.reason)
    assert decision.allowed == (expected is not None), case
    assert decision.policy == rules.digest
    if expected:
        assert decision.fields == SHOWN[frozenset(expected)], case
    else:
        assert decision.fields == {}
    if not decision.allowed:
        assert decision.reason in rules.reasons
    if decision.allowed:
        assert may(principal, action, purpose).allowed, case


@pytest.mark.parametrize("role", ROLES)
def test_every_staff_role_everywhere_for_everything(role: str) -> None:
    for held in HELD:
        principal = Principal("staff-1", "staff", frozenset({role}), held)
        for action, region, purpose in product(ACTIONS, ASKED, PURPOSES):
            check(principal, action, Resource("person", region, owner="staff-2"), purpose)
        for action, purpose in product(ACTIONS, PURPOSES):
            check(principal, action, Resource("job", owner="staff-1"), purpose)


@pytest.mark.parametrize("role", [*oracle.CLIENTS, "officer", "auditor", "user-administrator"])
def test_every_client_whatever_it_agreed_on(role: str) -> None:
    for held, agreed in product(HELD[1:4], AGREED):
        principal = Principal(
            "client-1", "client", frozenset({role}), held, purposes=agreed, agreement="PKS/1"
        )
        for action, region, purpose in product(ACTIONS, ASKED[::2], PURPOSES):
            check(principal, action, Resource("person", region, owner="client-2"), purpose)
        for action in ACTIONS:
            check(principal, action, Resource("job", owner="client-1"), None)


@pytest.mark.parametrize("roles", list(combinations(oracle.STAFF, 2)))
def test_two_roles_together_give_no_more_than_both_apart(roles: tuple[str, str]) -> None:
    principal = Principal("staff-1", "staff", frozenset(roles), ("32",))
    for action, region, purpose in product(ACTIONS, ("3201", "3301", None), PURPOSES):
        check(principal, action, Resource("person", region), purpose)


@pytest.mark.parametrize("kind", ["system", "", "nobody"])
def test_neither_staff_nor_client_is_nobody(kind: str) -> None:
    principal = Principal("x", kind, frozenset(ROLES) - {"auditor", "key-administrator"}, ("",))
    for action, purpose in product(ACTIONS, PURPOSES):
        open_to_all = action in (*oracle.OPEN, *oracle.OF_ALL_KNOWN)
        assert decide(principal, action, Resource("person", "32"), purpose).allowed == open_to_all


def test_a_client_without_an_agreement_may_do_nothing() -> None:
    everything = frozenset(PURPOSES) - {None}
    principal = Principal("c", "client", frozenset({"programme"}), ("",), purposes=everything)
    for action in sorted(actions() - {*oracle.OPEN, *oracle.OF_ALL_KNOWN}):
        assert not decide(principal, action, Resource("person", "32", "c"), "assistance").allowed


def test_another_programme_is_not_answered() -> None:
    principal = Principal(
        "c",
        "client",
        frozenset({"programme"}),
        ("",),
        frozenset({"assistance"}),
        frozenset({"PKH"}),
        agreement="PKS/1",
    )
    for asked, answer in (
        ({"PKH"}, True),
        ({"PIP"}, False),
        ({"PKH", "PIP"}, False),
        (set(), True),
    ):
        resource = Resource("person", "32", programmes=frozenset(asked))
        decision = decide(principal, "eligibility.ask", resource, "assistance")
        assert decision.allowed == answer
        assert answer or decision.reason == "programme-not-agreed"


fields = st.dictionaries(
    st.sampled_from(["person", "family", "household"]),
    st.frozensets(st.sampled_from(sorted(load_rules().attributes["person"])), max_size=8),
)


@settings(deadline=None)
@given(agreed=fields, purpose=st.sampled_from(["assistance", "verification"]))
def test_an_agreement_narrows_and_never_widens(
    agreed: dict[str, frozenset[str]], purpose: str
) -> None:
    def client(fields: dict[str, frozenset[str]] | None) -> Principal:
        return Principal(
            "c",
            "client",
            frozenset({"programme"}),
            ("32",),
            frozenset({"assistance", "verification"}),
            fields=fields,
            agreement="PKS/1",
        )

    resource = Resource("person", "3201")
    wide = decide(client(None), "profile.lookup", resource, purpose)
    narrow = decide(client(agreed), "profile.lookup", resource, purpose)
    common = {kind: of & agreed.get(kind, frozenset()) for kind, of in wide.fields.items()}
    if any(common.values()):
        assert narrow.allowed
        assert narrow.fields == common
    else:
        assert (narrow.allowed, narrow.reason, narrow.fields) == (False, "no-fields", {})


region = st.from_regex(r"\A([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{10})\Z")


@settings(deadline=None)
@given(held=st.lists(region, max_size=3), asked=st.none() | region, extra=region)
def test_more_regions_never_take_a_yes_away(held: list[str], asked: str | None, extra: str) -> None:
    def officer(regions: list[str]) -> bool:
        principal = Principal("s", "staff", frozenset({"officer"}), tuple(regions))
        return decide(
            principal, "profile.lookup", Resource("person", asked), "verification"
        ).allowed

    assert officer(held) <= officer([*held, extra])
    assert officer(held) == any(asked is not None and asked.startswith(one) for one in held)


def test_the_table_speaks_of_every_purpose_there_is() -> None:
    assert set(oracle.PURPOSES) - {None} == load_sealing().purposes.keys()


def test_no_machine_and_no_administrator_ever_sees_what_it_need_not() -> None:
    shown = load_rules().shown
    for name in ("religion", "mother_nik", "father_nik", "mother_name", "phone", "chronic_illness"):
        assert name not in shown["assistance"]["person"]
    for grant in load_rules().grants:
        if {"user-administrator", "key-administrator"} & set(grant.roles):
            assert grant.fields == "none"
