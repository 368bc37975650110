"""How somebody stands to the head is what the family says that they are in: for lookups, and for rules."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from api.dci.records import family
from api.dci.seen import see
from mdm.access.terms import Decision
from mdm.desk.revealing import reveal, sources
from mdm.desk.terms import Person, Profile
from mdm.eligibility.doubts import load_eligibility
from mdm.eligibility.facts import Maker
from tests.decide.world import content

ALLOWED = Decision(True, "test", "1", {"person": frozenset(["name", "relationship"])})


def widow() -> Person:
    """Wife by most of her records, head of the family that she is in."""

    def profile(entity: str, kind: str, text: str) -> Profile:
        return Profile(entity, kind, 1, 1, json.loads(text))

    own = content("person", {"name": "ANI", "relationship": "WIFE"}, links={"family": "f"})
    family = content("family", {"desil": 2}, links={"members": [["p", "HEAD"], ["c", "CHILD"]]})
    child = content("person", {"name": "BIMA"}, links={"family": "f"})
    person = profile("p", "person", own)
    members = {"p": person, "c": profile("c", "person", child)}
    return Person(person, profile("f", "family", family), None, "3201", members)


def test_a_lookup_shows_the_relation_in_the_family_shown() -> None:
    seen = reveal(widow(), ALLOWED, None)
    assert seen.shown["person"] == {"name": "ANI", "relationship": "HEAD"}
    # The record behind the profile's word said another thing.
    assert set(sources(seen.person.person, seen.shown["person"])) == {"name"}


def test_rules_go_by_it() -> None:
    looks_at = frozenset({("member", "relationship")})
    case = Maker(date(2026, 11, 30), load_eligibility(), looks_at).case(widow())
    assert case.person is not None
    found = [one.values.get("relationship") for one in (case.person, *case.members)]
    assert found == ["HEAD", "HEAD", "CHILD"]


def test_how_many_a_family_is_nobody_is_told_who_may_not_see_all_of_them() -> None:
    looks_at = frozenset({("family", "size")})
    sizes = []
    for one in (widow(), replace(widow(), hidden=frozenset({"c"}))):
        case = Maker(date(2026, 11, 30), load_eligibility(), looks_at).case(one)
        assert case.family is not None
        sizes.append(case.family.values.get("size"))
    assert sizes == [2, None]


LATE, FOLLOWED = "a" * 32, "b" * 32  # in the order in which a family's list names them


def two_heads() -> Person:
    """The registry lists the late head still, beside the widow who followed."""
    names = {LATE: ("ALI", False), FOLLOWED: ("ANI", True)}
    body = content("family", {}, links={"members": [[one, "HEAD"] for one in names]})
    family = Profile("f", "family", 1, 1, json.loads(body))

    def profile(one: str) -> Profile:
        name, alive = names[one]
        said = {"name": name, "relationship": "HEAD", "alive": alive}
        text = content("person", said, links={"family": "f"})
        return Profile(one, "person", 1, 1, json.loads(text))

    members = {one: profile(one) for one in names}
    return Person(members[FOLLOWED], family, None, "3201", members)


def test_a_registry_that_asks_is_told_the_head_who_lives() -> None:
    person = two_heads()
    members = [see(replace(person, person=one), ALLOWED) for one in person.members.values()]
    group = family(replace(see(person, ALLOWED), members=members), lambda entity: entity)
    assert "ANI" in json.dumps(group["group_head_info"])
    assert len(group["member_list"]) == 2


@pytest.mark.parametrize("who", [LATE, FOLLOWED])
def test_a_family_is_called_by_no_restricted_head_whichever_it_is(who: str) -> None:
    assert replace(two_heads(), hidden=frozenset({who})).heads_name_hidden
    assert not replace(two_heads(), hidden=frozenset({"c" * 32})).heads_name_hidden
