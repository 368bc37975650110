"""Ten thousand single-byte mutations, each detected: in the stored log and in its export."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from mdm import audit
from mdm.audit import verifier
from mdm.audit.checkpoints import checkpoints, verifier_keys
from mdm.audit.exporting import export
from mdm.audit.tree import fold
from mdm.audit.verifier import leaf_hash, read_key, verify_export
from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.homes import create_home
from mdm.hub.tables import AuditEvent
from mdm.work.progress import Silent
from tests.audit.logs import act
from tests.audit.tampering import tamper

MUTATIONS = 10_000


@pytest.fixture
def log(tmp_path: Path) -> Any:
    """Forty events under two checkpoints."""
    hub = create_home(tmp_path / "home")
    act(hub, 20, actor="petugas é 1")
    audit.checkpoint(hub)
    act(hub, 19)
    audit.checkpoint(hub)
    yield hub
    hub.close()


def bend(data: bytes, at: int, draw: random.Random) -> bytes:
    """The data with another byte in one place."""
    other = draw.randrange(255)
    return data[:at] + bytes([other + (other >= data[at])]) + data[at + 1 :]


def test_every_altered_byte_of_an_exported_log_is_detected(log: Hub, tmp_path: Path) -> None:
    done = export(log, tmp_path / "export", Silent(), actor="auditor")
    keys = [read_key(key) for key in done.keys]
    names = (verifier.EVENTS, verifier.CHECKPOINTS)
    files = {name: (done.file / name).read_bytes() for name in names}
    assert verify_export(done.file, keys).faults == []
    draw, missed = random.Random(1972), []
    events = files[verifier.EVENTS]
    for _ in range(MUTATIONS):
        at = draw.randrange(len(events))
        if not export_faults(done.file, keys, bend(events, at, draw)):
            missed.append(at)
    assert missed == []
    signed = files[verifier.CHECKPOINTS]
    for at in range(len(signed)):
        (done.file / verifier.CHECKPOINTS).write_bytes(bend(signed, at, draw))
        assert detected(done.file, keys), at


def export_faults(folder: Path, keys: list[verifier.VerifierKey], events: bytes) -> list[str]:
    """What the verifier says of other events in an export; what no tree can tell it need not read."""
    found = verifier.Findings()
    texts = (folder / verifier.CHECKPOINTS).read_text("utf-8")
    notes = verifier._notes(texts, found)
    wanted = {note.size for note in notes}
    roots, announced = verifier._replay(io.BytesIO(events), wanted, found)
    if not found.faults:
        verifier._check_notes(notes, roots, list(keys), announced, found)
    return found.faults


def detected(folder: Path, keys: list[verifier.VerifierKey]) -> bool:
    """Whether the verifier finds fault, or finds no export at all."""
    try:
        return bool(verify_export(folder, keys).faults)
    except ValueError:
        return True


def test_every_altered_byte_of_a_stored_event_is_detected(log: Hub) -> None:
    with log.sessions.read() as session:
        events = [row.event for row in session.exec(select(AuditEvent).order_by(AuditEvent.seq))]
        signed = {one.size: one.root for one in checkpoints(session)}
    leaves = [leaf_hash(event) for event in events]
    assert fold(leaves)[-1][0].hex() == signed[len(events)]
    draw = random.Random(1945)
    for _ in range(MUTATIONS):
        seq = draw.randrange(len(events))
        bent = leaf_hash(bend(events[seq], draw.randrange(len(events[seq])), draw))
        assert bent != leaves[seq]  # the stored leaf hash tells
        root = fold([*leaves[:seq], bent, *leaves[seq + 1 :]])[-1][0]
        assert root.hex() != signed[len(events)]  # and, were that altered too, the signed root


def test_the_hub_itself_finds_a_byte_altered_in_its_database(log: Hub) -> None:
    draw = random.Random(2045)
    with log.sessions.read() as session:
        rows = [(row.seq, row.event) for row in session.exec(select(AuditEvent))]
        assert len(verifier_keys(session)) == 1
    for seq, event in draw.sample(rows, 25):
        put = "UPDATE audit_event SET event = :event WHERE seq = :seq"
        tamper(log, put, event=bend(event, draw.randrange(len(event)), draw), seq=seq)
        found = verify(log, Silent())
        assert ("altered", seq) in [(fault.what, fault.seq) for fault in found.faults]
        tamper(log, put, event=event, seq=seq)
    assert verify(log, Silent()).holds
