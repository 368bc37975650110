"""Verifying the live log: what somebody with all rights on the database did is found and named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mdm import audit
from mdm.access import roles
from mdm.audit import checkpoints, indexed
from mdm.audit.indexed import grow_in_time, reindex
from mdm.audit.parts import PART, edge
from mdm.audit.search import Wanted, entries, named, search
from mdm.audit.verified import Verified
from mdm.audit.verifier import leaf_hash, read_note
from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.judgements import RecordRef
from mdm.work.progress import Silent
from tests.audit.logs import act, keep_log
from tests.audit.tampering import forge, tamper
from tests.judged import judge
from tests.publish.golden import AGUS, BUDI, SITI, Golden, content, publish_golden
from tests.templates import Fill, Template


def checked(hub: Hub) -> Verified:
    return verify(hub, Silent())


def told(found: Verified) -> list[tuple[str, int | None]]:
    return [(fault.what, fault.seq) for fault in found.faults]


@pytest.fixture(scope="module")
def log_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(keep_log(300, 200, 199))


@pytest.fixture
def log(log_once: Template, home: Path) -> Iterator[Hub]:
    """700 events under three checkpoints: two full tiles and a part."""
    with log_once.copy(home) as hub:
        yield hub


def event_of(hub: Hub, seq: int) -> bytes:
    with hub.sessions.read() as session:
        page = search(session, Wanted(), before=seq + 1, limit=1)
        entry = page.events[0]
    said = {"at": entry.at.isoformat(), "actor": entry.actor, "action": entry.action}
    return json.dumps(said | entry.details).encode()


def test_an_untouched_log_holds(log: Hub) -> None:
    act(log, 5)
    found = checked(log)
    assert found.holds, found.faults
    assert (found.events, found.checkpoints, found.unsigned) == (705, 3, 5)


def test_an_empty_log_holds(hub: Hub) -> None:
    assert checked(hub).holds


def test_an_altered_event_is_named(log: Hub) -> None:
    tamper(log, "UPDATE audit_event SET event = leaf_hash WHERE seq = 400")
    assert ("altered", 400) in told(checked(log))


def test_an_event_altered_with_its_hash_is_named_by_what_was_kept(log: Hub) -> None:
    other = event_of(log, 400).replace(b"officer", b"nobody!")
    forge(log, 400, other, leaf_hash(other))
    found = told(checked(log))
    assert ("altered", 400) in found
    assert ("root", 301) in found  # between the first and the second checkpoint


def test_an_event_altered_with_every_kept_hash_is_still_found(log: Hub) -> None:
    other = event_of(log, 400).replace(b"officer", b"nobody!")
    forge(log, 400, other, leaf_hash(other))
    tamper(log, "DELETE FROM audit_tile")
    found = checked(log)
    assert ("root", 301) in told(found)
    assert "301 to 500" in next(f.sentence for f in found.faults if f.what == "root")


def test_a_missing_event_is_named_and_nothing_else(log: Hub) -> None:
    tamper(log, "DELETE FROM audit_event WHERE seq = 100")
    found = [one for one in told(checked(log)) if one[0] != "index"]
    assert found == [("missing", 100)]


def test_missing_last_events_are_named(log: Hub) -> None:
    tamper(log, "DELETE FROM audit_event WHERE seq >= 650")
    assert ("missing", 650) in told(checked(log))


def test_two_events_that_changed_places_are_named(log: Hub) -> None:
    tamper(
        log,
        "UPDATE audit_event SET seq = -1 WHERE seq = 30",
        "UPDATE audit_event SET seq = 30 WHERE seq = 60",
        "UPDATE audit_event SET seq = 60 WHERE seq = -1",
    )
    found = checked(log)
    assert {("moved", 30), ("moved", 60)} <= set(told(found))
    assert any("was event 60" in fault.sentence for fault in found.faults)


def test_a_tile_that_hides_its_events_from_a_search_by_time_is_named(log: Hub) -> None:
    tamper(log, "UPDATE audit_tile SET latest = '2020-01-01' WHERE n = 1")
    (fault,) = checked(log).faults
    assert (fault.what, fault.seq) == ("tile", 256)
    assert "times kept of events 256 to 511" in fault.sentence


def test_an_event_added_to_the_past_is_found(log: Hub) -> None:
    tamper(
        log,
        "UPDATE audit_event SET seq = seq + 100000 WHERE seq >= 200",
        "UPDATE audit_event SET seq = seq - 99999 WHERE seq >= 100200",
        "INSERT INTO audit_event (seq, event, leaf_hash)"
        " SELECT 200, event, leaf_hash FROM audit_event WHERE seq = 10",
    )
    assert "moved" in {what for what, _ in told(checked(log))}


def test_a_log_cut_with_its_checkpoints_is_found_by_a_witness(log: Hub) -> None:
    with log.sessions.read() as session:
        kept = read_note(checkpoints.checkpoints(session)[0].note)
    tamper(
        log,
        "DELETE FROM audit_event WHERE seq >= 500",
        "DELETE FROM audit_checkpoint WHERE size > 501",
        "DELETE FROM audit_actor WHERE seq >= 500",
        "DELETE FROM audit_subject WHERE seq >= 500",
        "DELETE FROM audit_checkpoint WHERE size > 400",
    )
    assert checked(log).holds, "alone, it looks whole"
    found = verify(log, Silent(), [kept])
    assert told(found) == [("witness", None)]


def test_a_forged_checkpoint_is_found(log: Hub) -> None:
    tamper(log, "UPDATE audit_checkpoint SET note = replace(note, '700', '701') WHERE size = 701")
    tamper(log, "UPDATE audit_checkpoint SET note = replace(note, '501', '502') WHERE size = 501")
    assert {"signature"} <= {what for what, _ in told(checked(log))}


def test_a_key_that_is_not_the_hubs_own_is_found(log: Hub) -> None:
    tamper(log, "UPDATE audit_key SET verifier = replace(verifier, 'dtsen', 'nestd')")
    assert "key" in {what for what, _ in told(checked(log))}


def test_a_hole_in_the_index_is_found_and_mended(log: Hub) -> None:
    reindex(log)
    tamper(log, "DELETE FROM audit_subject WHERE seq = 50")
    (fault,) = checked(log).faults
    assert fault.what == "index"
    assert "subjects" in fault.sentence
    reindex(log)
    assert checked(log).holds


def test_events_are_found_the_same_before_and_behind_the_edge_of_the_index(hub: Hub) -> None:
    for actor in ("officer", "auditor", "officer"):
        act(hub, 2_000, actor)

    def found(wanted: Wanted) -> list[int]:
        with hub.sessions.read() as session:
            seqs = [entry.seq for entry in entries(session, wanted)]
            assert named(session, wanted, audit.size(session)) == set(seqs)
            return seqs

    every = [
        Wanted(subjects=("e7", "e1999")),
        Wanted(actor="auditor"),
        Wanted(actor="officer", subjects=("e7", "nobody")),
    ]
    before = [found(wanted) for wanted in every]
    assert list(map(len, before)) == [6, 2_000, 2]
    grow_in_time(hub, 6_000)
    with hub.sessions.read() as session:
        assert 0 < edge(session) < audit.size(session)
    assert [found(wanted) for wanted in every] == before
    assert checked(hub).holds
    # As a kill leaves it while a part is made: some entries, and no word that the part is covered.
    tamper(hub, "DELETE FROM audit_part")
    tamper(hub, "DELETE FROM audit_subject WHERE seq % 3 = 0")
    assert [found(wanted) for wanted in every] == before, "without its edge it is not asked"
    assert checked(hub).holds
    grow_in_time(hub, 6_000)
    with hub.sessions.read() as session:
        assert 0 < edge(session) < audit.size(session)
    assert [found(wanted) for wanted in every] == before
    assert checked(hub).holds


def test_the_index_waits_while_many_are_served_but_not_for_ever(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def covered() -> int:
        with hub.sessions.read() as session:
            return edge(session)

    act(hub, PART + 10)
    seen = grow_in_time(hub, 0)
    assert covered() == 0, "all of them came just now"
    seen = grow_in_time(hub, seen)
    assert covered() == PART, "nobody came since"
    monkeypatch.setattr(indexed, "BEHIND", 2 * PART)
    for _ in range(2):
        assert covered() == PART
        act(hub, PART)
        seen = grow_in_time(hub, seen)
    assert covered() == 3 * PART, "too much would stand behind it"


PERSON = content(nik=SITI, name="SITI")
GOLDEN = Golden(
    persons={"e1": (PERSON, [SITI]), "e2": (content(nik=BUDI, name="BUDI"), [BUDI])},
    families={"f1": content("family", head_name="SITI")},
)
LATER = Golden(
    persons={
        "e1": (content(nik=SITI, name="SITI NUR"), [SITI]),
        "e3": (content(nik=AGUS, name="AGUS"), [AGUS]),
    },
    families=GOLDEN.families,
)


def publish_twice(hub: Hub) -> None:
    publish_golden(hub, GOLDEN)
    publish_golden(hub, LATER)
    audit.checkpoint(hub)


@pytest.fixture(scope="module")
def published_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(publish_twice)


@pytest.fixture
def published(published_once: Template, home: Path) -> Iterator[Hub]:
    """Two runs under a checkpoint."""
    with published_once.copy(home) as hub:
        yield hub


def test_published_profiles_hold(published: Hub) -> None:
    found = checked(published)
    assert found.holds, found.faults
    assert found.profiles == 5


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE sealed_profile SET ciphertext = content_mac WHERE entity_id = 'e2' AND version = 1",
         "e2 version 1"),
        ("DELETE FROM sealed_profile WHERE entity_id = 'e1' AND version = 2", "1 profiles that run 2"),
        ("UPDATE sealed_profile SET ciphertext = (SELECT ciphertext FROM sealed_profile WHERE"
         " entity_id = 'e1' AND version = 1) WHERE entity_id = 'e1' AND version = 2", "e1 version 2"),
        ("INSERT INTO sealed_profile (entity_id, version, kind, run_seq, key_id, ciphertext)"
         " SELECT 'e4', version, kind, run_seq, key_id, ciphertext FROM sealed_profile"
         " WHERE entity_id = 'e2' AND version = 1", "e4 version 1"),
        ("UPDATE run SET status = 'abandoned' WHERE seq = 2", "put back to an older state"),
        ("UPDATE sealed_digest SET digests = content_mac FROM sealed_profile WHERE"
         " sealed_profile.run_seq = 1 AND entity_id = 'e2'", None),
    ],
)  # fmt: skip
def test_a_profile_that_is_not_the_published_one_is_named(
    published: Hub, statement: str, said: str | None
) -> None:
    tamper(published, statement)
    found = checked(published)
    if said is None:  # only the kept list was altered: nothing that counts
        assert found.holds
    else:
        assert any(said in fault.sentence for fault in found.faults), found.faults


@pytest.mark.parametrize(
    ("statement", "faults"),
    [
        # Each is found under the other's number: a programme would be answered about somebody else.
        ("UPDATE nik_token SET entity_id = CASE entity_id WHEN 'e1' THEN 'e3' ELSE 'e1' END"
         " WHERE entity_id IN ('e1', 'e3')", ["e1 is not found", "e3 is not found", "2 entries"]),
        ("UPDATE nik_token SET retired_seq = 2 WHERE entity_id = 'e3'", ["e3 is not found"]),
        ("UPDATE nik_token SET rank = 1 WHERE entity_id = 'e1'", ["e1 is not found", "1 entries"]),
        ("UPDATE nik_token SET retired_seq = NULL", ["1 entries"]),
        ("UPDATE entity_key SET wrapped = sealed_profile.content_mac FROM sealed_profile"
         " WHERE entity_key.entity_id = 'e3' AND sealed_profile.entity_id = 'e3'",
         ["e3 does not open", "1 entries"]),
    ],
)  # fmt: skip
def test_a_number_that_leads_to_another_profile_is_found(
    published: Hub, statement: str, faults: list[str]
) -> None:
    tamper(published, statement)
    found = checked(published)
    assert len(found.faults) == len(faults), found.faults
    for said, fault in zip(faults, found.faults, strict=True):
        assert said in fault.sentence


LEFT, RIGHT = RecordRef("kemensos", "l", "1"), RecordRef("pemda", "l", "2")


def keep_words(hub: Hub) -> None:
    with hub.sessions.begin() as session:
        for role, region in (("officer", "3201"), ("steward", "")):
            roles.grant(session, f"a-{role}", role, region, actor="admin", approved_by="other")
        roles.revoke(session, "a-steward", "steward", None, actor="admin")
    judge(hub, "person", LEFT, RIGHT, "link", actor="steward", reason="same card")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE role_grant SET region = '' WHERE role = 'officer'", "another than the log tells of"),
        ("UPDATE role_grant SET staff_id = 'me' WHERE role = 'officer'", "another than the log tells of"),
        ("UPDATE role_grant SET revoked = NULL", "is ended, says the log"),
        ("UPDATE role_grant SET id = 'grant-me' WHERE role = 'officer'", "No event tells of the role grant-me"),
        ("DELETE FROM judgement", "The judgement"),
        ("UPDATE judgement SET judgement = 'non-link'", "another than the log tells of"),
    ],
)  # fmt: skip
def test_a_role_that_nobody_gave_and_a_judgement_that_nobody_made_are_found(
    hub: Hub, statement: str, said: str
) -> None:
    keep_words(hub)
    assert checked(hub).holds
    tamper(hub, statement)
    assert any(said in fault.sentence for fault in checked(hub).faults)
