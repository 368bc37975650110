"""Who appends all the time keeps the log on the way: as a keeper would, and no more than is true and on disk."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from sqlmodel import select

from mdm import audit, rotation
from mdm.audit import Event, checkpoints, following, held, indexed, parts, search, tiles, verifying
from mdm.audit.following import Follower
from mdm.audit.parts import Filing
from mdm.audit.verifier import leaf_hash
from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.hub.tables import AuditTile
from mdm.work.progress import Silent
from tests.audit.logs import act
from tests.audit.tampering import forge, tamper

EVERY, PART = 8, 16


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tiles and frequent checkpoints, so that few events make several levels and many signatures."""
    for module in (tiles, checkpoints, following, held, verifying):
        monkeypatch.setattr(module, "WIDTH", 4)
    for module in (checkpoints, following):
        monkeypatch.setattr(module, "EVERY_EVENTS", EVERY)
    monkeypatch.setattr(tiles, "HEIGHT", 2)
    monkeypatch.setattr(following, "EARLY", 3)
    for module in (indexed, parts, search):
        monkeypatch.setattr(module, "PART", PART)
    monkeypatch.setattr(following, "BEHIND", 4 * PART)
    monkeypatch.setattr(following, "A_LITTLE", (6, 9))


class Desk:
    """Appends groups by one follower; what it appended before lasts, but for the last group."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self._follower = hub, Follower(hub)
        self.size = self.lasting = 0

    def answer(self, count: int, *, lasts: bool = True) -> None:
        events = [Event("client", "reveal", {"entity_id": f"e{n}"}) for n in range(count)]
        with self._hub.sessions.begin() as session:
            size = self._follower.record(session, events, self.lasting)
        self.lasting, self.size = self.size if lasts else self.lasting, size

    def fail(self, count: int) -> None:
        """A group that comes to nothing."""
        with suppress(ZeroDivisionError), self._hub.sessions.begin() as session:
            self._follower.record(session, [Event("client", "reveal")] * count, self.lasting)
            raise ZeroDivisionError
        self._follower.forget()


@pytest.fixture
def desk(hub: Hub) -> Iterator[Desk]:
    """Over a log that was signed once, as a keeper does at the start."""
    act(hub, 1)
    audit.checkpoint(hub)
    yield Desk(hub)
    assert verify(hub, Silent(), profiles=False).holds


def signed(hub: Hub) -> list[int]:
    with hub.sessions.read() as session:
        return sorted(one.size for one in checkpoints.checkpoints(session))


def kept_tiles(hub: Hub) -> list[tuple[int, int, bytes, bytes]]:
    with hub.sessions.read() as session:
        return sorted(
            (one.level, one.n, one.root, one.hashes) for one in session.exec(select(AuditTile))
        )


def test_an_embedded_log_is_signed_on_the_way_and_elsewhere_left_to_the_keeper(
    hub: Hub, desk: Desk
) -> None:
    for _ in range(60):
        desk.answer(2)
    sizes = signed(hub)
    if not hub.dialect.embedded:
        assert sizes == [2]
        return
    assert max(later - size for size, later in pairwise(sizes)) <= 2 * EVERY
    assert desk.size - sizes[-1] <= EVERY
    assert not audit.due(hub)


def test_the_index_is_made_on_the_way_where_much_stands_behind_it(hub: Hub, desk: Desk) -> None:
    behind = []
    for _ in range(120):
        desk.answer(2)
        with hub.sessions.read() as session:
            behind.append(desk.size - parts.edge(session))
            if len(behind) % 10 == 0:
                wanted = search.Wanted(actor="client", subjects=("e1",))
                assert len(search.named(session, wanted, desk.size)) == len(behind)
    if hub.dialect.embedded:
        assert max(behind[:10]) < 2 * PART <= max(behind) <= 4 * PART
        with hub.sessions.begin() as session:  # what was begun by somebody who came to nothing
            part = Filing(parts.edge(session), PART, 5)
            while part.read(session):
                pass
            part.write(hub, session)
        for _ in range(60):
            desk.answer(2)
        assert verify(hub, Silent(), profiles=False).holds


def test_what_is_not_on_disk_is_not_signed(hub: Hub, desk: Desk) -> None:
    for _ in range(10):
        desk.answer(2)
    lasting = desk.lasting
    for _ in range(20):
        desk.answer(2, lasts=False)
        assert signed(hub)[-1] <= lasting


def test_what_came_to_nothing_is_forgotten(hub: Hub, desk: Desk) -> None:
    for _ in range(6):
        desk.answer(2)
        desk.fail(3)
        act(hub, 3)  # in the places of those
        desk.answer(9)


def test_what_was_altered_before_it_was_signed_is_found(hub: Hub) -> None:
    act(hub, 1)
    audit.checkpoint(hub)
    desk = Desk(hub)
    for _ in range(6):
        desk.answer(2)
    seq = desk.size - 1
    altered = b'{"action":"reveal","actor":"nobody","at":"2026-01-01T00:00:00+00:00"}'
    forge(hub, seq, altered, leaf_hash(altered))
    for _ in range(10):
        desk.answer(2)
    faults = [(fault.what, fault.seq) for fault in verify(hub, Silent(), profiles=False).faults]
    assert (("altered", seq) in faults) == hub.dialect.embedded, "who followed knew better"


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_between_the_tiles_are_those_of_a_keeper(
    hub: Hub, desk: Desk, seed: int
) -> None:
    drawn = random.Random(seed)
    for _ in range(120):
        match drawn.choice(("answer",) * 8 + ("other", "many", "fail", "check", "key")):
            case "answer":
                desk.answer(drawn.randint(1, 6), lasts=drawn.random() < 0.9)
            case "other":
                act(hub, drawn.randint(1, 5))
            case "many":
                act(hub, following.NEAR * 4 + 3)
            case "fail":
                desk.fail(drawn.randint(1, 6))
            case "check":
                audit.checkpoint(hub)
            case "key":
                rotation.rotate(hub, "audit", actor="keys")
    audit.checkpoint(hub)
    assert verify(hub, Silent(), profiles=False).holds
    on_the_way = kept_tiles(hub)
    tamper(hub, "DELETE FROM audit_tile")
    tiles.grow(hub, audit_size(hub))
    assert kept_tiles(hub) == on_the_way


def audit_size(hub: Hub) -> int:
    with hub.sessions.read() as session:
        return audit.size(session)


def test_a_log_that_contradicts_its_checkpoint_is_followed_by_nobody(hub: Hub) -> None:
    act(hub, 9)
    audit.checkpoint(hub)
    before = signed(hub)
    tamper(hub, "UPDATE audit_tile SET root = hashes WHERE n = 0 AND level = 0")
    desk = Desk(hub)
    for _ in range(20):
        desk.answer(2)  # who asks is answered
    assert signed(hub) == before
    with pytest.raises(IntegrityError):  # and the keeper meets it
        audit.tick(hub)
