"""Checkpoints and proofs of the live log, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from mdm import audit
from mdm.audit import checkpoints, proofs, tiles
from mdm.audit.verifier import (
    consistency_holds,
    inclusion_holds,
    leaf_hash,
    read_key,
    read_note,
    read_proof,
    verify_proof,
)
from mdm.compose import Hub
from mdm.errors import InputError, IntegrityError
from mdm.hub.columns import now
from tests.audit.logs import act
from tests.audit.tampering import tamper


def keys(hub: Hub) -> list[str]:
    with hub.sessions.read() as session:
        return checkpoints.verifier_keys(session)


def test_a_checkpoint_is_signed_and_its_key_announced_in_the_log(hub: Hub) -> None:
    act(hub, 3)
    signed = audit.checkpoint(hub)
    (key,) = map(read_key, keys(hub))
    note = read_note(signed.note)
    assert note.signed_by([key]) == [key]
    assert (note.size, note.root.hex(), note.origin) == (4, signed.root, key.name)
    with hub.sessions.read() as session:
        told = json.loads(proofs.prove(session, 3).event)
    assert (told["action"], told["verifier"]) == ("audit-key", str(key))


def test_nothing_new_gives_the_standing_checkpoint(hub: Hub) -> None:
    act(hub, 3)
    assert audit.checkpoint(hub) == audit.checkpoint(hub)


def test_every_event_is_proven_under_every_checkpoint(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small tiles, so that four levels of them are made.
    for name, value in {"WIDTH": 4, "HEIGHT": 2, "TOGETHER": 3}.items():
        monkeypatch.setattr(tiles, name, value)
    monkeypatch.setattr(checkpoints, "WIDTH", 4)
    signed = []
    for count in (1, 2, 3, 10, 49, 64, 37, 131):
        act(hub, count)
        signed.append(audit.checkpoint(hub))
    trusted = [read_key(key) for key in keys(hub)]
    with hub.sessions.read() as session:
        for seq in {*range(0, signed[-1].size, 7), signed[-1].size - 1}:
            shown = proofs.prove(session, seq)
            path = [bytes.fromhex(step) for step in shown.path]
            top = bytes.fromhex(shown.checkpoint.root)
            leaf = leaf_hash(shown.event.encode())
            assert inclusion_holds(leaf, seq, shown.checkpoint.size, path, top)
            assert verify_proof(read_proof(shown.proof), trusted) == []
        for old in signed:
            for new in signed:
                if old.size <= new.size:
                    grown = proofs.prove_growth(session, old.size, new.size)
                    path = [bytes.fromhex(step) for step in grown.path]
                    roots = bytes.fromhex(old.root), bytes.fromhex(new.root)
                    assert consistency_holds(old.size, new.size, path, *roots)


def test_events_without_a_checkpoint_or_that_are_not_there_have_no_proof(hub: Hub) -> None:
    act(hub, 3)
    audit.checkpoint(hub)
    act(hub, 1)
    with hub.sessions.read() as session:
        for seq in (4, 5, -1, 1 << 80):
            with pytest.raises(InputError):
                proofs.prove(session, seq)


def test_a_checkpoint_is_due_after_a_thousand_events_or_a_minute(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not audit.due(hub)
    act(hub, 1)
    assert audit.due(hub)
    audit.checkpoint(hub)
    assert not audit.due(hub)
    act(hub, 999)
    assert not audit.due(hub)
    assert audit.tick(hub) is None
    act(hub, 1)
    assert audit.due(hub)
    assert audit.tick(hub) is not None
    act(hub, 1)
    later = now() + timedelta(seconds=61)
    monkeypatch.setattr(checkpoints, "now", lambda: later)
    assert audit.due(hub)


def test_a_clock_set_back_puts_no_checkpoint_off(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    act(hub, 1)
    audit.checkpoint(hub)
    act(hub, 1)
    assert not audit.due(hub)
    before = now() - timedelta(days=365)
    monkeypatch.setattr(checkpoints, "now", lambda: before)
    assert audit.tick(hub) is not None


def test_after_a_rotation_the_new_key_is_vouched_for_by_the_old(hub: Hub) -> None:
    act(hub, 3)
    audit.checkpoint(hub)
    with hub.sessions.begin() as session:
        hub.keys.rotate(session, "audit")
    act(hub, 1)
    between = read_note(audit.checkpoint(hub).note)
    act(hub, 1)
    after = read_note(audit.checkpoint(hub).note)
    old, new = (read_key(key) for key in keys(hub))
    assert old.name == new.name
    assert between.signed_by([old, new]) == [old, new]
    assert after.signed_by([old, new]) == [new]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_event SET event = (SELECT event FROM audit_event WHERE seq = 1),"
        " leaf_hash = (SELECT leaf_hash FROM audit_event WHERE seq = 1) WHERE seq = 2",
        "DELETE FROM audit_event WHERE seq = 2",
        "DELETE FROM audit_event WHERE seq > 1",
    ],
)
def test_nothing_is_signed_that_contradicts_what_was_signed(hub: Hub, change: str) -> None:
    act(hub, 5)
    audit.checkpoint(hub)
    tamper(hub, change, "DELETE FROM audit_actor", "DELETE FROM audit_subject")
    for more in (1, 300):
        act(hub, more)
        with pytest.raises(IntegrityError):
            audit.checkpoint(hub)


def test_no_event_is_signed_whose_bytes_were_altered(hub: Hub) -> None:
    audit.checkpoint(hub)
    act(hub, 5)
    tamper(hub, "UPDATE audit_event SET event = leaf_hash WHERE seq = 3")
    with pytest.raises(IntegrityError, match="Event 3"):
        audit.checkpoint(hub)
