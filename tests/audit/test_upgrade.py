"""Hubs of earlier releases: their events are found after the upgrade, and what they did not keep yet is no fault."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from mdm.audit import numbers
from mdm.audit.search import Wanted, search
from mdm.audit.verified import Verified
from mdm.audit.verifier import leaf_hash
from mdm.hub.migrate import _config, upgrade
from mdm.hub.sessions import Sessions
from tests.audit.tampering import tamper
from tests.run.homes import QUIET, FirstRun, copy_of


def test_events_of_an_older_hub_are_indexed(hub_url: str) -> None:
    sessions = Sessions(hub_url)
    config = _config()
    acts = [
        {"action": "land", "actor": "system", "batch": "b1"},
        {"action": "reveal", "actor": "officer", "entity_id": ["e1", "f1"]},
        {"action": "look", "actor": "officer", "found": False},
    ]
    with sessions.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for seq, act in enumerate(acts):
            event = json.dumps({"at": "2026-01-01T00:00:00+00:00"} | act).encode()
            row = {"seq": seq, "event": event, "leaf": leaf_hash(event)}
            insert = "INSERT INTO audit_event (seq, event, leaf_hash) VALUES (:seq, :event, :leaf)"
            connection.execute(sa.text(insert), row)
    upgrade(sessions)
    with sessions.read() as session:
        found = {
            name: [event.seq for event in search(session, wanted).events]
            for name, wanted in {
                "officer": Wanted(actor="officer"),
                "batch": Wanted(subjects=["b1"]),
                "family": Wanted(subjects=["f1"]),
            }.items()
        }
    sessions.close()
    assert found == {"officer": [2, 1], "batch": [0], "family": [1]}


def test_families_that_an_older_run_did_not_file_are_counted_until_a_run_files_them(
    first: FirstRun, home: Path
) -> None:
    """Release 0.2.0 filed persons alone. Who verified after the upgrade was told to look for somebody who could write
    to the database."""
    of = "(SELECT entity_id FROM entity WHERE kind = '{}')"
    with copy_of(first.home, home) as hub:
        tamper(hub, f"DELETE FROM nik_token WHERE entity_id IN {of.format('family')}")
        with hub.sessions.read() as session:
            older, newer = Verified(), Verified()
            numbers.verify(hub, session, {"1"}, QUIET, older)
            numbers.verify(hub, session, (), QUIET, newer)
        assert older.holds, older.faults
        assert older.unheld["nik_token.family"] == len(newer.faults) + newer.more > 0
        tamper(hub, f"DELETE FROM nik_token WHERE entity_id IN {of.format('person')}")
        with hub.sessions.read() as session:
            numbers.verify(hub, session, {"1"}, QUIET, older)
        assert not older.holds
