"""What is left of the family and the household of somebody erased: all, but what only the erased told."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from mdm import judgements, subjects
from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.homes import create_home, open_home
from mdm.hub.runs import published_seq
from mdm.hub.tables import AuditEvent, Entity, NikToken, SealedProfile
from mdm.judgements import RecordRef
from mdm.landing import land
from mdm.lookup import profile_by_nik
from mdm.opening import Opened, open_every_version, open_profiles
from mdm.pipeline import run
from mdm.rights import erasing, shredlist, whom
from mdm.seal.tokens import card_tokens_for
from mdm.survivorship.explain import every_value, facts
from mdm.touched import Settled, settle
from mdm.touched.verdicts import Verdicts
from mdm.tracing import TraceRequest, trace
from tests.audit.tampering import tamper
from tests.judged import judge
from tests.keys import approving
from tests.keys.test_erasure import balances, carried, erase, registry_keys, validated
from tests.run.homes import QUIET, FirstRun, copy_of, land_all, niks, teach

ALONE, TOGETHER, THREE = "3518190101200001", "3518190101200002", "3518190101200003"  # cards
# Whom only the office's book knows: of a family without a row of its own its members tell.
LONER = ("3518194501500001", ALONE, "LONER PENYENDIRI", "KEPALA KELUARGA", "JALAN SUNYI NO 1")
HEAD = ("3518194501600001", TOGETHER, "HULU PERTAMA", "KEPALA KELUARGA", "JALAN HULU NO 2")
WIFE = ("3518194501610002", TOGETHER, "HILIR KEDUA", "ISTRI", "JALAN HILIR NO 3")
FATHER = ("3518194501700001", THREE, "ATAS KETIGA", "KEPALA KELUARGA", "JALAN ATAS NO 4")
MOTHER = ("3518194501710002", THREE, "BAWAH KEEMPAT", "ISTRI", "JALAN BAWAH NO 5")
CHILD = ("3518194501990003", THREE, "BAWAH KELIMA", "ANAK", "JALAN BAWAH NO 5")
PEOPLE = (LONER, HEAD, WIFE, FATHER, MOTHER, CHILD)


def deliver(hub: Hub, delivery: Path, folder: Path, people: tuple[Any, ...]) -> None:
    """The book of the office once more, with these people in it."""
    folder.mkdir()
    with (delivery / "pemda" / "warga.csv").open(newline="", encoding="cp1252") as stream:
        reader = csv.DictReader(stream, delimiter=";")
        rows, names = list(reader), list(reader.fieldnames or ())
    like = next(row for row in rows if row["Kode Kec BPS"].startswith("3518"))
    for nik, card, name, place, address in people:
        own = {"NIK": nik, "No KK": card, "Nama Lengkap": name, "SHDK": place, "Alamat": address}
        born = f"{int(nik[6:8]) - 40:02}-{nik[8:10]}-19{nik[10:12]}"
        empty = {"Nama Ibu": "", "Nama Ayah": "", "No HP": "", "ID Rumah": ""}
        rows.append(like | empty | own | {"Tgl Lahir": born, "L/P": "P"})
    with (folder / "warga.csv").open("w", newline="", encoding="cp1252") as stream:
        writer = csv.DictWriter(stream, names, delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    land(hub, "pemda", [folder], progress=QUIET)
    run(hub, QUIET)


@dataclass(frozen=True)
class World:
    """A home in which families of the book moved between two runs, and the delivery before."""

    home: Path
    delivery: Path


MOVED = {HEAD: "JALAN BARU NO 6", WIFE: "JALAN BARU NO 6"}


def fill(hub: Hub, delivery: Path, folder: Path) -> None:
    """Both deliveries."""
    deliver(hub, delivery, folder / "first", PEOPLE)
    later = tuple((*one[:4], MOVED.get(one, one[4])) for one in PEOPLE)
    deliver(hub, delivery, folder / "second", later)


@pytest.fixture(scope="module")
def world(first: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("families")
    with copy_of(first.home, folder / "home") as hub:
        fill(hub, first.delivery, folder)
    return World(folder / "home", first.delivery)


@pytest.fixture
def hub(world: World, tmp_path: Path) -> Iterator[Hub]:
    with copy_of(world.home, tmp_path / "home") as hub:
        yield hub


def versions(hub: Hub) -> list[Opened]:
    """Every version of every profile that opens."""
    with hub.sessions.read() as session:
        ids = session.exec(select(Entity.entity_id)).all()
        return list(open_every_version(hub, session, ids))


def newest(hub: Hub, entity_id: str) -> dict[str, Any] | None:
    """What readers see of an entity."""
    with hub.sessions.read() as session:
        opened = open_profiles(hub, session, [entity_id], published_seq(session)).get(entity_id)
    return json.loads(opened.content) if opened else None


def family_of(hub: Hub, nik: str) -> str:
    """The family that a person's profile names."""
    found = newest(hub, whom.entity_of(hub, nik))
    assert found is not None
    return str(found["links"]["family"])


def records_of(hub: Hub, entity_id: str) -> list[RecordRef]:
    """The records behind what readers see of an entity."""
    found = newest(hub, entity_id)
    assert found is not None
    return [RecordRef(*record[:3]) for record in found["records"]]


def told_anywhere(hub: Hub, *words: str) -> list[str]:
    """Which of some words any version tells, or any table of a run."""
    texts = [one.content for one in versions(hub)]
    for dataset in hub.lake.datasets("run/"):
        reader = hub.lake.reader(dataset)
        texts += [str(row) for row in (reader.read_all().to_pylist() if reader else [])]
    return [word for word in words if any(word in text for text in texts)]


def rows_of(hub: Hub, nik: str) -> set[tuple[str, int]]:
    """Batch and row of all that was landed under a number."""
    reader = hub.lake.reader("landed/pemda/warga")
    landed = reader.read_all().to_pylist() if reader else []
    return {(row["batch"], row["row"]) for row in landed if row["NIK"] == nik}


def named_rows(hub: Hub) -> set[tuple[str, int]]:
    """Batch and row of every record that any version names."""
    records = [record for one in versions(hub) for record in json.loads(one.content)["records"]]
    return {(record[3], record[5]) for record in records}


def check_head_gone(hub: Hub, family: str, gone: str, rows: set[tuple[str, int]]) -> None:
    """Nothing tells of HEAD, and WIFE's family is what she tells."""
    assert told_anywhere(hub, HEAD[0], HEAD[2], HEAD[4]) == []
    assert not any(gone in one.content for one in versions(hub))
    assert not rows & named_rows(hub)
    left = newest(hub, family)
    assert left is not None
    assert [member for member, _ in left["links"]["members"]] == [whom.entity_of(hub, WIFE[0])]
    told = left["agreed"] | left["contested"]
    assert told["kk"][0] == TOGETHER
    assert told["domicile"][0]["address"] == "JALAN BARU NO 6"


def test_of_a_family_that_its_members_tell_of_only_what_the_others_tell_is_left(hub: Hub) -> None:
    gone, family = whom.entity_of(hub, HEAD[0]), family_of(hub, HEAD[0])
    rows = rows_of(hub, HEAD[0])
    assert len(rows) == 2
    assert set(told_anywhere(hub, HEAD[2], HEAD[4])) == {HEAD[2], HEAD[4]}
    approving.erase(hub, gone)
    check_head_gone(hub, family, gone, rows)
    assert verify(hub, QUIET).holds
    with hub.sessions.read() as session:
        said = [json.loads(event) for event in session.exec(select(AuditEvent.event)).all()]
    (blank,) = (one for one in said if one["action"] == "blank")
    assert family in blank["entity_id"]
    assert sum(map(len, blank["anew"].values())) >= 2


def test_of_a_card_that_nobody_else_told_of_nothing_is_left(hub: Hub) -> None:
    gone, family = whom.entity_of(hub, LONER[0]), family_of(hub, LONER[0])
    card, another = records_of(hub, family)[0], records_of(hub, family_of(hub, WIFE[0]))[0]
    assert card.record_key == ALONE
    judge(hub, "family", card, another, "non-link", actor="s@hub", reason="two families")
    approving.erase(hub, gone)
    with hub.sessions.read() as session:
        assert list(judgements.pairs(hub, session)) == []
    assert told_anywhere(hub, ALONE, LONER[0], LONER[2], LONER[4]) == []
    assert newest(hub, family) is None
    with hub.sessions.read() as session:
        assert not list(open_every_version(hub, session, [family]))
        filed = select(NikToken).where(NikToken.token == card_tokens_for(hub, ALONE)[0])
        assert session.exec(filed).all() == []
    assert verify(hub, QUIET).holds


def test_the_next_run_tells_nothing_of_either_again(hub: Hub) -> None:
    family, rows = family_of(hub, HEAD[0]), rows_of(hub, HEAD[0])
    gone, loner = whom.entity_of(hub, HEAD[0]), whom.entity_of(hub, LONER[0])
    approving.erase(hub, gone)
    approving.erase(hub, loner)
    assert not run(hub, QUIET).unchanged
    check_head_gone(hub, family, gone, rows)
    left = newest(hub, family)
    assert left is not None
    assert (left["agreed"] | left["contested"])["head_name"][0] == WIFE[2]
    assert told_anywhere(hub, ALONE, LONER[0], LONER[2], LONER[4]) == []
    assert verify(hub, QUIET).holds


def test_what_others_tell_too_stays_in_every_version(hub: Hub) -> None:
    gone, family = whom.entity_of(hub, MOTHER[0]), family_of(hub, MOTHER[0])
    before = [one.content for one in versions(hub) if one.entity_id == family]
    approving.erase(hub, gone)
    after = [one.content for one in versions(hub) if one.entity_id == family]
    assert [facts(one)["agreed"] for one in after] == [facts(one)["agreed"] for one in before]
    assert not any(gone in one for one in after)
    assert told_anywhere(hub, MOTHER[0], MOTHER[2]) == []
    assert verify(hub, QUIET).holds


def test_a_profile_from_before_the_erasure_does_not_pass_for_the_one_of_now(hub: Hub) -> None:
    gone, family = whom.entity_of(hub, HEAD[0]), family_of(hub, HEAD[0])
    with hub.sessions.read() as session:
        held = select(SealedProfile).where(SealedProfile.entity_id == family)
        before = session.exec(held.order_by(SealedProfile.version)).first()
        assert before is not None
        assert before.ciphertext is not None
        old = before.ciphertext.hex()
    approving.erase(hub, gone)
    where = f"entity_id = '{family}' AND version = {before.version}"
    tamper(hub, f"UPDATE sealed_profile SET ciphertext = X'{old}' WHERE {where}")
    report = verify(hub, QUIET)
    assert not report.holds
    assert any("missing" in fault.sentence for fault in report.faults)
    tamper(hub, f"UPDATE sealed_profile SET ciphertext = NULL WHERE {where}")
    assert not verify(hub, QUIET).holds


def test_a_restored_backup_forgets_it_of_families_too(
    world: World, hub: Hub, tmp_path: Path
) -> None:
    gone, family, rows = (
        whom.entity_of(hub, HEAD[0]),
        family_of(hub, HEAD[0]),
        rows_of(hub, HEAD[0]),
    )
    approving.erase(hub, gone)
    with copy_of(world.home, tmp_path / "old") as old:
        lines = shredlist.read_file(shredlist.path_of(hub))
        assert erasing.replay(old, shredlist.opened(old, lines), QUIET, actor="keeper") == 1
        check_head_gone(old, family, gone, rows)
        assert verify(old, QUIET).holds


def test_a_crash_at_the_end_is_made_good_by_the_next_opening(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, family, rows = (
        whom.entity_of(hub, HEAD[0]),
        family_of(hub, HEAD[0]),
        rows_of(hub, HEAD[0]),
    )

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mdm.rights.erasure._bury", crash)
        with pytest.raises(KeyboardInterrupt):
            approving.erase(hub, gone)
    assert told_anywhere(hub, HEAD[2]) == [HEAD[2]]
    again = open_home(hub.settings.home)
    check_head_gone(again, family, gone, rows)
    assert verify(again, QUIET).holds
    again.close()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_on_the_other_database_too(
    first: FirstRun, home: Path, hub_url: str, tmp_path: Path
) -> None:
    hub = create_home(home, database_url=hub_url)
    with copy_of(first.home, tmp_path / "school") as school:
        teach(school, hub)
    land_all(hub, first.delivery)
    fill(hub, first.delivery, tmp_path)
    gone, family, rows = (
        whom.entity_of(hub, HEAD[0]),
        family_of(hub, HEAD[0]),
        rows_of(hub, HEAD[0]),
    )
    approving.erase(hub, gone)
    check_head_gone(hub, family, gone, rows)
    assert profile_by_nik(hub, HEAD[0], actor="a") is None
    nik = next(nik for nik in niks(first.delivery, 99) if carried(hub, nik) == 1)
    before = balances(hub)
    done = erase(hub, nik)
    assert profile_by_nik(hub, nik, actor="a") is None
    assert registry_keys(hub, nik) == []
    assert validated(hub)["erased"] == before + done.rows == balances(hub)
    assert verify(hub, QUIET).holds
    hub.close()


def test_a_decision_after_it_tells_nothing_of_the_erased_either(hub: Hub) -> None:
    """It is applied at once to what the last run kept."""
    gone, family, rows = (
        whom.entity_of(hub, HEAD[0]),
        family_of(hub, HEAD[0]),
        rows_of(hub, HEAD[0]),
    )
    approving.erase(hub, gone)
    left, right = (records_of(hub, family_of(hub, one[0]))[0] for one in (WIFE, FATHER))
    judge(hub, "family", left, right, "link", actor="s@hub", reason="one family")
    engine = hub.engine()
    try:
        assert isinstance(settle(hub, engine, Verdicts(hub)), Settled)
    finally:
        engine.close()
    assert family_of(hub, WIFE[0]) == family_of(hub, FATHER[0])
    told = newest(hub, family_of(hub, WIFE[0]))
    assert told is not None
    assert {member for member, _ in told["links"]["members"]} == {
        whom.entity_of(hub, one[0]) for one in (WIFE, FATHER, MOTHER, CHILD)
    }
    assert WIFE[2] in every_value(told, "head_name")
    assert told_anywhere(hub, HEAD[0], HEAD[2], HEAD[4]) == []
    assert not any(gone in one.content for one in versions(hub))
    assert not rows & named_rows(hub)
    assert verify(hub, QUIET).holds
    assert family in {one.entity_id for one in versions(hub)}


def test_reports_of_the_family_show_nothing_of_the_erased(hub: Hub) -> None:
    gone, family = whom.entity_of(hub, HEAD[0]), family_of(hub, HEAD[0])
    approving.erase(hub, gone)
    for question in (TraceRequest(nik=WIFE[0]), TraceRequest(entity_id=family)):
        with hub.sessions.read() as session:
            target = subjects.whom(hub, session, question)
        report = subjects.report(hub, target, QUIET, actor="desk", purpose="subject_access")
        told = repr([report, *(trace(hub, target, replace(question, evidence=True), QUIET),)])
        assert TOGETHER in told
        assert not [word for word in (gone, HEAD[0], HEAD[2], HEAD[4]) if word in told]


def test_a_home_that_knew_the_erased_by_another_id_forgets_them_too(
    hub: Hub, first: FirstRun, tmp_path: Path
) -> None:
    """Restored from a backup of before they had the id that the list names."""
    with copy_of(first.home, tmp_path / "restored") as other:
        deliver(other, first.delivery, tmp_path / "book", PEOPLE)
        rows, gone = rows_of(other, HEAD[0]), whom.entity_of(hub, HEAD[0])
        assert whom.entity_of(other, HEAD[0]) != gone
        approving.erase(hub, gone)
        lines = shredlist.read_file(shredlist.path_of(hub))
        assert erasing.replay(other, shredlist.opened(other, lines), QUIET, actor="keeper") == 1

        def is_forgotten() -> None:
            assert told_anywhere(other, HEAD[0], HEAD[2], HEAD[4]) == []
            assert not rows & named_rows(other)
            assert profile_by_nik(other, HEAD[0], actor="a") is None
            assert verify(other, QUIET).holds

        is_forgotten()
        run(other, QUIET)
        is_forgotten()
