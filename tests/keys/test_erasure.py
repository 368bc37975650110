"""Erasing a person: gone from every place, kept out of later deliveries, forgotten again after a restore."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from mdm import judgements, links, rotation
from mdm.access.errors import SecondPersonError
from mdm.audit import leaf_hash
from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.corrections.terms import SOURCE
from mdm.errors import HomeError, InputError, IntegrityError
from mdm.homes import create_home, open_home
from mdm.hub.runs import published_run, published_seq
from mdm.hub.tables import AuditEvent, Batch, EntityKey, NikToken, SealedProfile
from mdm.judgements import RecordRef
from mdm.landing import land
from mdm.lookup import profile_by_id, profile_by_nik
from mdm.opening import open_profiles
from mdm.pipeline import run
from mdm.rights import erasing, shredlist, whom
from mdm.rights.erasing import Erased
from mdm.rights.whom import carried_by
from mdm.survivorship.explain import every_value
from mdm.tracing import TraceRequest, find, trace
from mdm.validation import validate
from mdm.work.lock import BusyError
from mdm.work.progress import Advance, Silent
from tests.audit.tampering import tamper
from tests.corrections import chain
from tests.judged import judge
from tests.keys import approving
from tests.keys.approving import REASON, approve
from tests.run.homes import QUIET, FirstRun, copy_of, niks, orphans
from tests.run.test_path import links as linked
from tests.run.test_path import write_rows


@dataclass(frozen=True)
class World:
    """A home after its first run, and the files it was made from."""

    home: Path
    delivery: Path
    nik: str


@pytest.fixture(scope="module")
def world(first: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("erase") / "home"
    with copy_of(first.home, home) as hub:
        nik = next(nik for nik in niks(first.delivery, 99) if carried(hub, nik) == 1)
    return World(home, first.delivery, nik)


def carried(hub: Hub, nik: str) -> int:
    """How many people a number leads to."""
    view = profile_by_nik(hub, nik, actor="a")
    return 0 if view is None else 1 + view.also_on


@pytest.fixture
def hub(world: World, tmp_path: Path) -> Iterator[Hub]:
    with copy_of(world.home, tmp_path / "home") as hub:
        yield hub


def deliver_twice(hub: Hub, world: World, folder: Path, **changed: str) -> tuple[str, str]:
    """A later registry file in which somebody else has the person's number too, and a run; both names."""
    with (world.delivery / "kemendagri" / "biodata_wni.csv").open(newline="") as stream:
        (own,) = (row for row in csv.DictReader(stream) if row["NIK"] == world.nik)
    other = own | {"NAMA_LGKP": "SESEORANG DARI JAUH", "TGL_LHR": "1950-05-05"}
    folder.mkdir(exist_ok=True)
    write_rows(folder / "biodata_wni.csv", [row | changed for row in (own, other)])
    land(hub, "kemendagri", [folder], progress=QUIET)
    run(hub, QUIET)
    return own["NAMA_LGKP"], other["NAMA_LGKP"]


@dataclass(frozen=True)
class Shared:
    """A home in which two have one number, and their names: of who had it first, of who got it later."""

    home: Path
    names: tuple[str, str]


@pytest.fixture(scope="module")
def shared(world: World, tmp_path_factory: pytest.TempPathFactory) -> Shared:
    folder = tmp_path_factory.mktemp("shared")
    with copy_of(world.home, folder / "home") as hub:
        return Shared(folder / "home", deliver_twice(hub, world, folder / "later", PDDK_AKH="9"))


@pytest.fixture
def two(shared: Shared, tmp_path: Path) -> Iterator[Hub]:
    """A hub of one's own in which two have one number."""
    with copy_of(shared.home, tmp_path / "home") as hub:
        yield hub


def holders(hub: Hub, nik: str) -> tuple[str, str]:
    """Entity ids of two with one number: of who had it first, of who got it later."""
    mine = {key: one for (source, key), one in linked(hub).items() if source == "kemendagri"}
    (later,) = (one for key, one in mine.items() if key.startswith(f"{nik}#"))
    return mine[nik], later


def erase(hub: Hub, nik: str) -> Erased:
    """Erase who carries a NIK."""
    return approving.erase(hub, whom.entity_of(hub, nik))


def registry_keys(hub: Hub, nik: str) -> list[str]:
    """Numbers of the registry's rows whose own NIK this is."""
    reader = hub.lake.reader("landed/kemendagri/biodata_wni")
    rows = reader.read_all().to_pylist() if reader else []
    return [row["record_key"] for row in rows if row["NIK"] == nik]


def validated(hub: Hub) -> dict[str, int]:
    """What the first stage of a run counts, and that its counts add up."""
    engine = hub.engine()
    try:
        counts = validate(hub, engine, QUIET).as_dict()
    finally:
        engine.close()
    assert counts["landed"] == counts["accepted"] + counts["quarantined"] + counts["erased"]
    return counts


def balances(hub: Hub) -> int:
    """Check the counts of every batch; rows erased."""
    with hub.sessions.read() as session:
        batches = session.exec(select(Batch)).all()
    for batch in batches:
        rows = hub.lake.reader(f"landed/{batch.source}/{batch.layout}", batch.id)
        there = rows.read_all().num_rows if rows else 0
        assert there == batch.landed - batch.erased
        if batch.accepted is not None:
            assert batch.landed == batch.accepted + (batch.quarantined or 0) + batch.erased
    return sum(batch.erased for batch in batches)


def test_an_erased_person_is_found_by_nothing_and_opens_nowhere(world: World, hub: Hub) -> None:
    one = whom.entity_of(hub, world.nik)
    with hub.sessions.read() as session:
        before = published_seq(session)
        opened = open_profiles(hub, session, [one], before)[one]
    records = json.loads(opened.content)["records"]
    keys = {(source, layout, key) for source, layout, key, *_ in records}
    done = erase(hub, world.nik)
    assert done.entities == (one,)
    assert (done.records, done.rows) == (len(keys), balances(hub))
    assert done.rows >= len(keys)
    assert profile_by_nik(hub, world.nik, actor="a") is None
    assert profile_by_id(hub, one, actor="a") is None
    with hub.sessions.read() as session:
        assert open_profiles(hub, session, [one], before) == {}
        assert session.get(EntityKey, one) is None
        held = session.exec(select(SealedProfile).where(SealedProfile.entity_id == one)).all()
        assert max(held, key=lambda p: p.version).ciphertext is None
        assert not session.exec(select(NikToken).where(NikToken.entity_id == one)).all()
    assert registry_keys(hub, world.nik) == []
    for dataset in hub.lake.datasets("run/person"):
        reader = hub.lake.reader(dataset)
        rows = reader.read_all().to_pylist() if reader else []
        named = {(r["source"], r["layout"], r["record_key"]) for r in rows if "record_key" in r}
        assert not named & keys, dataset
    assert orphans(hub) == []


def test_only_a_person_known_to_the_hub_is_erased_and_only_after_approval(
    world: World, hub: Hub
) -> None:
    one = whom.entity_of(hub, world.nik)
    with pytest.raises(InputError, match="No entity"):
        erasing.erase(hub, "nobody", reason=REASON, actor="first@hub")
    with pytest.raises(SecondPersonError) as waits:
        erasing.erase(hub, one, reason=REASON, actor="first@hub")
    with pytest.raises(Exception, match="not approved"):
        erasing.erase(hub, one, reason=REASON, actor="first@hub", approval=waits.value.approval)
    assert profile_by_nik(hub, world.nik, actor="a") is not None
    assert shredlist.read_file(shredlist.path_of(hub)) == []


def test_the_erased_stay_out_of_later_runs_and_deliveries(
    world: World, hub: Hub, tmp_path: Path
) -> None:
    rows = erase(hub, world.nik).rows
    assert validated(hub)["erased"] == rows
    later = tmp_path / "later"
    later.mkdir()
    with (world.delivery / "kemendagri" / "biodata_wni.csv").open(newline="") as stream:
        reader = csv.DictReader(stream)
        mine = [dict(row) | {"PDDK_AKH": "9"} for row in reader if row["NIK"] == world.nik]
        names = list(reader.fieldnames or ())
    assert mine
    with (later / "biodata_wni.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(mine)
    land(hub, "kemendagri", [later], progress=QUIET)
    again = run(hub, QUIET)
    assert not again.unchanged
    assert again.stages[0].counts["erased"] == rows + len(mine) == balances(hub)
    assert profile_by_nik(hub, world.nik, actor="a") is None
    assert registry_keys(hub, world.nik) == []
    assert run(hub, QUIET).unchanged


@pytest.mark.parametrize("holder", [True, False], ids=["who had it first", "who got it later"])
def test_of_two_with_one_number_one_is_erased_and_the_other_stays(
    world: World, shared: Shared, two: Hub, tmp_path: Path, holder: bool
) -> None:
    """All that was ever delivered of the one, and all that will be; of the other nothing, nor their id."""
    hub, (own, other) = two, shared.names

    def names() -> set[str]:
        reader = hub.lake.reader("landed/kemendagri/biodata_wni")
        landed = reader.read_all().to_pylist() if reader else []
        return {row["NAMA_LGKP"] for row in landed if row["NIK"] == world.nik}

    gone, theirs = holders(hub, world.nik)
    assert names() == {own, other}
    approving.erase(hub, gone if holder else theirs)
    left = theirs if holder else gone
    with hub.sessions.read() as session:
        target = find(hub, session, TraceRequest(entity_id=left))
    assert trace(hub, target, TraceRequest(entity_id=left), QUIET).records
    stays = {other if holder else own}
    assert names() == stays
    deliver_twice(hub, world, tmp_path / "again", PDDK_AKH="5")
    assert names() == stays
    # Who stays may go by the key of the erased since: that is nothing to who is erased next.
    assert carried_by(hub, world.nik) == [left]
    another = next(
        nik for nik in niks(world.delivery, 99) if nik != world.nik and carried(hub, nik) == 1
    )
    erase(hub, another)
    with hub.sessions.read() as session:
        opened = open_profiles(hub, session, [left], published_seq(session))[left]
        seen = published_run(session)
        assert seen is not None
        assert links.of_entities(hub, session, seen, "person", [left]).num_rows
    assert stays <= set(every_value(opened.content, "name"))
    assert verify(hub, QUIET).holds


def test_what_people_said_of_who_is_left_with_a_number_still_holds(world: World, two: Hub) -> None:
    """Who shared a number with the erased goes by its plain key from then on: words on them and corrections follow."""
    hub, (gone, _) = two, holders(two, world.nik)
    (key,) = (key for _, key in linked(hub) if key.startswith(f"{world.nik}#"))
    apart = RecordRef("kemendagri", "biodata_wni", key)
    friend = next(
        RecordRef("kemensos", "siksng_individu", key)
        for (source, key), entity_id in linked(hub).items()
        if source == "kemensos" and entity_id != gone
    )
    judge(hub, "person", apart, friend, "link", actor="staff:s", reason="seen")
    theirs = linked(hub)["kemendagri", key]
    values = {"name": "NAMA YANG BENAR"}
    chain.approve(hub, chain.draft("correct-value", theirs, attribute="name", values=values))
    run(hub, QUIET)
    (corrected,) = (at for at in linked(hub) if at[0] == SOURCE)
    assert linked(hub)[corrected] == linked(hub)["kemensos", friend.record_key]
    approving.erase(hub, gone)
    run(hub, QUIET)
    left = linked(hub)
    assert left["kemendagri", world.nik] == left["kemensos", friend.record_key] == left[corrected]
    with hub.sessions.read() as session:
        one = left[corrected]  # whichever of the two ids goes on
        opened = open_profiles(hub, session, [one], published_seq(session))[one]
    assert "NAMA YANG BENAR" in every_value(opened.content, "name")
    assert verify(hub, QUIET).holds


def test_a_restored_backup_forgets_again_when_it_is_opened(
    world: World, hub: Hub, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    hub.close()
    shutil.copytree(hub.settings.home, backup)
    hub = open_home(hub.settings.home)
    done = erase(hub, world.nik)
    shutil.copy(shredlist.path_of(hub), backup / shredlist.FILE)
    hub.close()
    restored = open_home(backup)
    try:
        assert profile_by_nik(restored, world.nik, actor="a") is None
        assert profile_by_id(restored, done.entities[0], actor="a") is None
        assert balances(restored) == done.rows
        assert registry_keys(restored, world.nik) == []
        assert orphans(restored) == []
        assert validated(restored)["erased"] == done.rows
    finally:
        restored.close()


@pytest.mark.parametrize("rotated", [False, True])
def test_a_list_that_stands_under_another_root_key_is_not_called_altered(
    world: World, hub: Hub, tmp_path: Path, *, rotated: bool
) -> None:
    """Who is told to look for another list leaves out the one by which the erased are forgotten again. `rotated`: the
    backup and its key are of before a rotation of the root key, and the list is of today."""
    backup = tmp_path / "backup"
    hub.close()
    shutil.copytree(hub.settings.home, backup)
    hub = open_home(hub.settings.home)
    if rotated:
        rotation.rotate(hub, rotation.ROOT, actor="keeper")
    erase(hub, world.nik)
    shutil.copy(shredlist.path_of(hub), backup / shredlist.FILE)
    hub.close()
    key = backup / "keys" / "root.key"
    if not rotated:
        create_home(tmp_path / "other").close()
        shutil.copy(tmp_path / "other" / "keys" / "root.key", key)
    with pytest.raises(IntegrityError, match=r"its root key is not here|the root key is another"):
        open_home(backup)
    shutil.copy(hub.settings.root_key, key)
    restored = open_home(backup)
    try:
        assert profile_by_nik(restored, world.nik, actor="a") is None
    finally:
        restored.close()


def test_a_copy_of_the_list_can_be_replayed_into_a_home_without_one(
    world: World, hub: Hub, tmp_path: Path
) -> None:
    done = erase(hub, world.nik)
    with copy_of(world.home, tmp_path / "old") as old:
        lines = shredlist.read_file(shredlist.path_of(hub))
        assert erasing.replay(old, shredlist.opened(old, lines), QUIET, actor="keeper") == 1
        assert profile_by_nik(old, world.nik, actor="a") is None
        assert balances(old) == done.rows
        assert shredlist.path_of(old).read_bytes() == shredlist.path_of(hub).read_bytes()
        assert erasing.replay(old, shredlist.opened(old, lines), QUIET, actor="keeper") == 0


def test_a_crash_after_the_list_was_written_is_made_good_by_the_next_opening(
    world: World, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = whom.entity_of(hub, world.nik)
    with pytest.raises(SecondPersonError) as waits:
        erasing.erase(hub, one, reason=REASON, actor="first@hub")
    approval = approve(hub, waits.value.approval)

    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mdm.rights.erasure.clear_staged", crash)
        with pytest.raises(KeyboardInterrupt):
            erasing.erase(hub, one, reason=REASON, actor="first@hub", approval=approval)
    assert profile_by_nik(hub, world.nik, actor="a") is not None
    again = open_home(hub.settings.home)
    assert profile_by_nik(again, world.nik, actor="a") is None
    assert balances(again) > 0
    again.close()


def test_a_list_that_was_altered_is_refused(world: World, hub: Hub, tmp_path: Path) -> None:
    erase(hub, world.nik)
    lines = shredlist.read_file(shredlist.path_of(hub))
    assert world.nik not in str(lines)
    for number, line in enumerate(lines):
        for at in range(0, len(line) - 1, 7):
            altered = bytearray(line)
            altered[at] ^= 1
            with pytest.raises(IntegrityError):
                shredlist.opened(hub, [*lines[:number], bytes(altered), *lines[number + 1 :]])
    with pytest.raises(IntegrityError):
        shredlist.opened(hub, [lines[1]])
    other = create_home(tmp_path / "other")
    with pytest.raises(IntegrityError, match="is another hub's"):
        shredlist.opened(other, lines)
    other.close()


def test_the_file_of_the_list_is_made_again_when_it_was_lost(world: World, hub: Hub) -> None:
    erase(hub, world.nik)
    path = shredlist.path_of(hub)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    open_home(hub.settings.home).close()
    assert path.read_bytes() == whole
    path.unlink()
    open_home(hub.settings.home).close()
    assert path.read_bytes() == whole


def test_a_list_whose_disk_is_not_there_is_told(world: World, hub: Hub, tmp_path: Path) -> None:
    erase(hub, world.nik)
    with (hub.settings.home / "dtsen.yaml").open("a") as file:
        file.write(f"shred_list: {tmp_path / 'unmounted' / 'shredded.list'}\n")
    with pytest.raises(HomeError, match="folder of the shred list is not there"):
        open_home(hub.settings.home)


def test_judgements_about_the_erased_no_longer_say_about_whom(world: World, hub: Hub) -> None:
    one = whom.entity_of(hub, world.nik)
    with hub.sessions.read() as session:
        opened = open_profiles(hub, session, [one], published_seq(session))[one]
    mine = RecordRef(*json.loads(opened.content)["records"][0][:3])
    others = [RecordRef("pemda", "warga", "x:1"), RecordRef("pemda", "warga", "x:2")]
    judge(hub, "person", mine, others[0], "non-link", actor="s@hub", reason="r")
    judge(hub, "person", others[0], others[1], "link", actor="s@hub", reason="r")
    erase(hub, world.nik)
    with hub.sessions.read() as session:
        left = [pair for _, pair in judgements.pairs(hub, session)]
    assert left == [tuple(others)]


def test_the_audit_log_stays_whole_and_tells_of_the_erasure(world: World, hub: Hub) -> None:
    with hub.sessions.read() as session:
        before = session.exec(select(AuditEvent).order_by(col(AuditEvent.seq))).all()
        key = session.get_one(EntityKey, whom.entity_of(hub, world.nik)).model_dump()
    done = erase(hub, world.nik)
    with hub.sessions.read() as session:
        after = session.exec(select(AuditEvent).order_by(col(AuditEvent.seq))).all()
    assert [e.event for e in after[: len(before)]] == [e.event for e in before]
    assert all(leaf_hash(e.event) == e.leaf_hash for e in after)
    said = [json.loads(e.event) for e in after]
    told = [event for event in said if event["action"] == "erase"]
    assert [event["entity_id"] for event in told] == [list(done.entities)]
    assert told[0]["approved_by"] == "second@hub"
    assert world.nik not in str([e.event for e in after])
    assert verify(hub, QUIET).holds
    (erased,) = done.entities
    with hub.sessions.begin() as session:
        session.add(EntityKey(**key))
    tamper(
        hub,
        # Somebody else's profile goes, and there are as many rows as before: one more of the erased.
        "DELETE FROM sealed_profile WHERE entity_id = (SELECT min(entity_id) FROM entity WHERE kind = 'household')",
        "INSERT INTO sealed_profile (entity_id, version, kind, run_seq, key_id, ciphertext)"
        " SELECT entity_id, version + 90, kind, run_seq, key_id, ciphertext FROM sealed_profile"
        f" WHERE entity_id = '{erased}' AND version = 1",
        "DELETE FROM shred_entry WHERE n > 0",
    )
    assert {fault.sentence for fault in verify(hub, QUIET).faults} >= {
        "1 profiles that run 1 sealed are missing.",
        f"The key of {erased}, who was erased, stands in the database again: put back from a copy.",
        f"The shred list does not name {erased}, who was erased: a later delivery would bring them back.",
    }


def test_the_root_key_is_not_rotated_while_somebody_is_erased(world: World, hub: Hub) -> None:
    """Both write the next line of the shred list."""
    other, refused = open_home(hub.settings.home), []

    class Meanwhile(Silent):
        """Somebody rotates the root key once the erasure is on disk, and not done."""

        @contextmanager
        def task(self, label: str, total: int | None = None) -> Iterator[Advance]:
            with pytest.raises(BusyError, match="erase") as told:
                rotation.rotate(other, rotation.ROOT, actor="keeper")
            refused.append(told.value)
            with super().task(label, total) as advance:
                yield advance

    one = whom.entity_of(hub, world.nik)
    with pytest.raises(SecondPersonError) as waits:
        erasing.erase(hub, one, reason=REASON, actor="first@hub")
    approval = approve(hub, waits.value.approval)
    erasing.erase(
        hub, one, reason=REASON, actor="first@hub", approval=approval, progress=Meanwhile()
    )
    assert refused
    assert rotation.rotate(other, rotation.ROOT, actor="keeper") == 2
    other.close()
    assert shredlist.agrees(hub)
    assert profile_by_nik(hub, world.nik, actor="a") is None
