"""Erasure on each database: everything still agrees, and what was mixed up with others is gone too."""

from __future__ import annotations

import json

from sqlmodel import select

from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.exchanges import Exchanges
from mdm.hub.columns import now
from mdm.hub.runs import published_seq
from mdm.hub.tables import AuditEvent
from mdm.lookup import profile_by_nik
from mdm.opening import open_every_version, open_profiles
from tests.keys.approving import erase
from tests.publish.golden import BUDI, SITI, Golden, content, publish_golden
from tests.run.homes import QUIET

MINE = ["kemensos", "siksng_individu", "32:1", "b2", "a.csv", 3, "2026-01-02"]
THEIRS = ["kemendagri", "biodata_wni", BUDI, "b1", "biodata.csv", 7, "2026-01-02"]


def made_of(*records: list[object], **values: object) -> str:
    """Golden content that names its source records."""
    body = json.loads(content(**values)) | {"records": list(records)}
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def test_versions_from_when_two_were_taken_for_one_are_gone_too(hub: Hub) -> None:
    mixed = {"e1": (made_of(THEIRS, MINE, name="BUDI"), [BUDI, SITI])}
    publish_golden(hub, Golden(persons=mixed))
    apart = {
        "e1": (made_of(THEIRS, nik=BUDI, name="BUDI"), [BUDI]),
        "e2": (made_of(MINE, nik=SITI, name="SITI"), [SITI]),
    }
    publish_golden(hub, Golden(persons=apart, split={"e1": "e2"}))
    with hub.sessions.read() as session:
        seq = published_seq(session)
    exchanges, told = Exchanges(hub.keys), {"uri": "https://x", "message": {}, "items": ["SITI"]}
    with hub.sessions.begin() as session:
        waits = exchanges.begin(session, "client", "t", (), told, due=now())
    assert erase(hub, "e2").records == 1
    with hub.sessions.read() as session:  # an answer that waits for its callback is made anew
        (left,) = exchanges.by_id(session, "client", waits)
    assert left.content == {"uri": "https://x", "message": {}}
    with hub.sessions.read() as session:
        assert [one.version for one in open_every_version(hub, session, ["e1", "e2"])] == [2]
        assert list(open_profiles(hub, session, ["e1", "e2"], 1)) == []
        assert list(open_profiles(hub, session, ["e1", "e2"], seq)) == ["e1"]
        said = [json.loads(e) for e in session.exec(select(AuditEvent.event)).all()]
    assert profile_by_nik(hub, BUDI, actor="a") is not None
    assert profile_by_nik(hub, SITI, actor="a") is None
    assert [e["entity_id"] for e in said if e["action"] == "blank"] == [["e1"]]
    assert verify(hub, QUIET).holds


def test_a_person_that_others_were_merged_into_goes_as_a_whole(hub: Hub) -> None:
    persons = {
        "e1": (made_of(MINE, nik=SITI, name="SITI"), [SITI]),
        "e2": (made_of(THEIRS, name="SITI"), [BUDI]),
    }
    publish_golden(hub, Golden(persons=persons))
    merged = {"e1": (made_of(MINE, THEIRS, name="SITI"), [SITI, BUDI])}
    publish_golden(hub, Golden(persons=merged, merged={"e2": "e1"}))
    assert set(erase(hub, "e2").entities) == {"e1", "e2"}
    with hub.sessions.read() as session:
        assert list(open_every_version(hub, session, ["e1", "e2"])) == []
    assert verify(hub, QUIET).holds
