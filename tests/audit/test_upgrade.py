"""A hub from before the index: its events are found like all others after the upgrade."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import command

from mdm.audit.search import Wanted, search
from mdm.audit.verifier import leaf_hash
from mdm.hub.migrate import _config, upgrade
from mdm.hub.sessions import Sessions


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
