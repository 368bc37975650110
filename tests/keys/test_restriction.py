"""Restriction: it holds through merges, it is lifted as a whole, and both are on record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlmodel import select

from mdm.access.restricted import restricted as hidden
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.tables import AuditEvent, SubjectRestriction
from mdm.rights import restriction
from tests.publish.golden import BUDI, SITI, Golden, content, publish_golden

BASIS = "uu27-2022-art41"


def restricted(hub: Hub, *ids: str) -> set[str]:
    with hub.sessions.read() as session:
        return hidden(session, ids)


def steps(hub: Hub, *ids: str) -> int:
    """How many steps SQLite takes to look whether some are restricted."""
    taken: list[int] = []
    with hub.sessions.read() as session:
        hidden(session, ids)
        driver: Any = session.connection().connection.driver_connection
        driver.set_progress_handler(lambda: taken.append(1), 1)
        hidden(session, ids)
        driver.set_progress_handler(None, 1)
    return len(taken)


def test_a_restriction_stands_until_it_is_lifted(hub: Hub) -> None:
    persons = {"e1": (content(name="SITI"), [SITI]), "e2": (content(name="BUDI"), [BUDI])}
    publish_golden(hub, Golden(persons=persons))
    made = restriction.restrict(hub, "e1", basis=BASIS, actor="s@hub", case="1/2026")
    assert restriction.restrict(hub, "e1", basis=BASIS, actor="s@hub") == made
    assert restricted(hub, "e1", "e2", "nobody") == {"e1"}
    assert restriction.lift(hub, "e1", basis=BASIS, actor="t@hub") == 1
    assert restriction.lift(hub, "e1", basis=BASIS, actor="t@hub") == 0
    assert restricted(hub, "e1", "e2") == set()
    with hub.sessions.read() as session:
        said = [json.loads(e) for e in session.exec(select(AuditEvent.event)).all()]
    told = [(e["action"], e["actor"]) for e in said if e["action"] in ("restrict", "lift")]
    assert told == [("restrict", "s@hub"), ("lift", "t@hub")]


def test_a_restriction_follows_its_person_into_a_merge(hub: Hub) -> None:
    persons = {"e1": (content(name="SITI"), [SITI]), "e2": (content(name="SITI"), [])}
    publish_golden(hub, Golden(persons=persons))
    restriction.restrict(hub, "e2", basis=BASIS, actor="s@hub")
    publish_golden(hub, Golden(persons={"e1": persons["e1"]}, merged={"e2": "e1"}))
    assert restricted(hub, "e1") == {"e1"}
    assert restricted(hub, "e1", "e2") == {"e1", "e2"}
    assert restriction.lift(hub, "e1", basis=BASIS, actor="s@hub") == 1
    assert restricted(hub, "e1", "e2") == set()


def test_of_many_only_the_restricted_are_named(hub: Hub) -> None:
    persons = {f"e{n}": (content(name=f"N{n}"), []) for n in range(1_500)}
    publish_golden(hub, Golden(persons=persons))
    for n in (3, 1_400):
        restriction.restrict(hub, f"e{n}", basis=BASIS, actor="s@hub")
    assert restricted(hub, *persons) == {"e3", "e1400"}
    if hub.dialect.embedded:
        before = steps(hub, "e1", "e3")
        with hub.sessions.begin() as session:
            for n in range(200):
                made = SubjectRestriction(id=f"r{n}", entity_id=f"e{n + 500}", basis="b", actor="a")
                session.add(made)
        assert steps(hub, "e1", "e3") < before + 20, "whoever asks pays for all who are restricted"


def test_nobody_unknown_is_restricted(hub: Hub) -> None:
    with pytest.raises(InputError, match="No entity"):
        restriction.restrict(hub, "nobody", basis=BASIS, actor="s@hub")
    publish_golden(hub, Golden(persons={"e1": (content(name="SITI"), [SITI])}))
    with pytest.raises(InputError, match="NIK"):
        restriction.restrict(hub, "e1", basis=f"because {SITI}", actor="s@hub")
    assert restricted(hub, "e1") == set()
