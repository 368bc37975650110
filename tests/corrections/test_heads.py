"""A family that loses its head: it is said so, with who is head afterwards where that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from mdm.compose import Hub
from mdm.corrections import chain
from mdm.corrections.lists import open_whole
from mdm.rights import restriction
from tests.api.world import BOGOR, BUDI, ENTITY, FAMILY, SITI
from tests.corrections.chain import KEMENSOS, OPERATOR, VERIFIER, draft
from tests.publish.golden import Golden, content, publish_golden
from tests.templates import Fill, Template

CARD, OTHER = "3201150101200001", "3201150101200002"
CHILD = "3201150909150003"
NAME = {SITI: "SITI NURHALIZA", BUDI: "BUDI SANTOSO", CHILD: "ADIK"}
ID = {**ENTITY, CHILD: "9" * 32}
Relations = Mapping[str, str]
DIES = {"death_date": "2026-11-01"}
LEAVES, FOLLOWS = ("", "head-leaves"), ("", "head-follows")


def family(hub: Hub, relations: Relations, *, dead: str = "") -> Hub:
    """Publish a family of these people; `dead`: who of them died long ago."""
    links, lives = {"family": FAMILY[SITI]}, {"address": "JL MAWAR 1", "region_today": BOGOR}
    died = {"life": {"alive": False, "death_date": "2020-01-01"}}
    persons = {
        ID[nik]: (
            content(
                links=links,
                nik=nik,
                name=NAME[nik],
                domicile=lives,
                kk=CARD,
                **(died if nik == dead else {}),
            ),
            [nik],
        )
        for nik in relations
    }
    members = [[ID[nik], relation] for nik, relation in relations.items()]
    card = content("family", links={"members": members}, kk=CARD, domicile=lives)
    publish_golden(hub, Golden(persons=persons, families={FAMILY[SITI]: card}))
    return hub


@pytest.fixture(scope="module")
def three_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(lambda hub: family(hub, THREE))


@pytest.fixture
def three(three_once: Template, home: Path) -> Iterator[Hub]:
    """A hub with a family of a head, a wife and a child."""
    with three_once.copy(home) as hub:
        yield hub


@pytest.fixture(scope="module")
def two_heads_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(lambda hub: family(hub, {**THREE, SITI: "HEAD"}))


@pytest.fixture
def two_heads(two_heads_once: Template, home: Path) -> Iterator[Hub]:
    """A hub with a family of two heads and a child."""
    with two_heads_once.copy(home) as hub:
        yield hub


def said(hub: Hub, kind: str, about: str, **more: object) -> dict[tuple[str, str], object]:
    checks = chain.try_out(hub, OPERATOR, draft(kind, about, **more))
    return {(one.column, one.code): one.value for one in checks}


THREE = {BUDI: "HEAD", SITI: "SPOUSE", CHILD: "CHILD"}
AWAY = {"kk": OTHER, "relationship": "OTHER_RELATIVE"}
TAKING = [
    ("remove-member", ID[BUDI], {}),
    ("move-member", ID[BUDI], {"values": AWAY}),
    ("split-family", FAMILY[SITI], {"members": {ID[BUDI]: "HEAD", ID[CHILD]: "CHILD"}}),
    ("report-death", ID[BUDI], {"values": DIES}),
    ("correct-value", ID[BUDI], {"attribute": "kk", "values": {"kk": OTHER}}),
    ("correct-value", ID[BUDI], {"attribute": "relationship", "values": {"relationship": "CHILD"}}),
    ("correct-value", ID[BUDI], {"attribute": "life", "values": {"alive": "tidak", **DIES}}),
]


@pytest.mark.parametrize(("kind", "about", "more"), TAKING)
def test_a_family_that_loses_its_head_is_told_so(
    three: Hub, kind: str, about: str, more: dict[str, object]
) -> None:
    told = said(three, kind, about, **more)
    assert LEAVES in told
    assert FOLLOWS not in told
    made = chain.propose(three, OPERATOR, draft(kind, about, **more))  # it is not forbidden
    assert LEAVES[1] in open_whole(three, VERIFIER, made).warnings


@pytest.mark.parametrize(("kind", "about", "more"), TAKING)
def test_who_is_head_afterwards_is_named_where_it_is_known(
    two_heads: Hub, kind: str, about: str, more: dict[str, object]
) -> None:
    told = said(two_heads, kind, about, **more)
    assert told[FOLLOWS] == "SITI NURHALIZA"
    assert LEAVES not in told
    made = chain.propose(two_heads, OPERATOR, draft(kind, about, **more))
    whole = open_whole(two_heads, KEMENSOS, made)
    assert (FOLLOWS[1] in whole.warnings, whole.head_after) == (True, "SITI NURHALIZA")
    assert "SITI" not in whole.proposal.model_dump_json(exclude={"parts"}), "named by id alone"


def test_a_head_who_has_died_follows_nobody(hub: Hub) -> None:
    family(hub, {**THREE, SITI: "HEAD"}, dead=SITI)
    assert LEAVES in said(hub, "remove-member", ID[BUDI])


def test_who_is_restricted_is_not_named(two_heads: Hub) -> None:
    made = chain.propose(two_heads, OPERATOR, draft("remove-member", ID[BUDI]))
    restriction.restrict(two_heads, ID[SITI], basis="UU 27/2022 art. 41", actor="test")
    assert open_whole(two_heads, KEMENSOS, made).head_after == ""
    assert said(two_heads, "remove-member", ID[BUDI])[FOLLOWS] == ""


@pytest.mark.parametrize(
    ("kind", "about", "more"),
    [
        ("remove-member", ID[CHILD], {}),
        ("split-family", FAMILY[SITI], {"members": {ID[CHILD]: "HEAD"}}),
        ("report-death", ID[SITI], {"values": DIES}),
        ("change-head", ID[SITI], {"members": {ID[BUDI]: "SPOUSE"}}),
        ("correct-value", ID[BUDI], {"attribute": "phone", "values": {"phone": "081234567890"}}),
    ],
)
def test_a_family_that_keeps_a_head_is_told_nothing(
    three: Hub, kind: str, about: str, more: dict[str, object]
) -> None:
    told = said(three, kind, about, **more)
    assert not {LEAVES, FOLLOWS} & told.keys()


def test_nobody_is_left_without_a_head_where_nobody_is_left(hub: Hub) -> None:
    told = said(family(hub, {BUDI: "HEAD"}), "report-death", ID[BUDI], values=DIES)
    assert LEAVES not in told
