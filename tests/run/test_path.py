"""The whole path, run again and again: nothing twice, nothing lost, what people judged holds."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlmodel import select

from matching.rules import Kind
from mdm import rulebook
from mdm.audit.search import Wanted, entries
from mdm.audit.verifying import verify
from mdm.checking import check
from mdm.compose import Hub
from mdm.corrections import store
from mdm.corrections.outcomes import outcomes
from mdm.export import export_links
from mdm.hub.runs import published_seq
from mdm.hub.tables import Entity, SealedProfile
from mdm.judgements import RecordRef
from mdm.landing import land
from mdm.looks import look
from mdm.lookup import profile_by_id, profile_by_nik
from mdm.pipeline import PATH, run
from mdm.run import RunResult, Stage, Work, carry_out
from mdm.work.progress import Silent
from tests.corrections.chain import approve, draft
from tests.judged import judge
from tests.progress import Heard
from tests.run.homes import (
    QUIET,
    FirstRun,
    copy_of,
    golden,
    land_all,
    new_home,
    profiles,
    teach,
)
from tests.touched.settled import settled
from tests.touched.test_settle import KINDS, linked

BIODATA = "kemendagri/biodata_wni.csv"


@pytest.fixture
def hub(first: FirstRun, tmp_path: Path) -> Iterator[Hub]:
    """A hub of one's own, as it stands after the first run."""
    with copy_of(first.home, tmp_path / "home") as hub:
        yield hub


def links(hub: Hub, kind: Kind = "person") -> dict[tuple[str, str], str]:
    """(source, record key) → entity id of the published run."""
    with hub.sessions.read() as session:
        seq = published_seq(session)
    owner = next(one.run for one in look(hub).runs if one.seq == seq)
    reader = hub.lake.reader(f"run/{kind}_links", owner=owner)
    assert reader is not None
    rows = reader.read_all().to_pylist()
    return {(row["source"], row["record_key"]): row["entity_id"] for row in rows}


def versions(hub: Hub) -> dict[str, int]:
    """Entity id → its newest version."""
    with hub.sessions.read() as session:
        rows = session.exec(select(SealedProfile.entity_id, SealedProfile.version)).all()
    return {entity: max(v for e, v in rows if e == entity) for entity, _ in rows}


def counts(result: RunResult, stage: str) -> dict[str, int]:
    return next(one.counts for one in result.stages if one.stage == stage)


def registry_rows(delivery: Path) -> list[dict[str, str]]:
    with (delivery / BIODATA).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def mend(delivery: Path, folder: Path, **changed: str) -> tuple[Path, str]:
    """A later registry file of one row, which says something else than before; and the row's NIK."""
    rows = registry_rows(delivery)[:1]
    rows[0] |= changed
    folder.mkdir()
    write_rows(folder / "biodata_wni.csv", rows)
    return folder, rows[0]["NIK"]


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_every_landed_row_is_accepted_or_quarantined(first: FirstRun, hub: Hub) -> None:
    checked = counts(first.result, "validate")
    batches = look(hub).batches
    assert checked["landed"] == sum(batch.landed for batch in batches)
    assert checked["landed"] == checked["accepted"] + checked["quarantined"]
    for batch in batches:
        assert batch.landed == (batch.accepted or 0) + (batch.quarantined or 0), batch.file


def test_the_same_facts_again_change_nothing(first: FirstRun, hub: Hub) -> None:
    before = versions(hub)
    land_all(hub, first.delivery)
    again = run(hub, QUIET)
    assert again.unchanged
    assert again.run == first.result.run
    assert versions(hub) == before
    assert hub.lake.sweep() == 0


def test_another_release_or_other_reference_data_is_something_new(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same rows may be read otherwise: what stands was made by what the software knew then."""
    data = tmp_path / "data"
    shutil.copytree(rulebook.DATA, data)
    monkeypatch.setattr(rulebook, "DATA", data)
    assert run(hub, QUIET).unchanged
    with monkeypatch.context() as later:
        later.setattr(rulebook, "version", lambda _: "99.0")
        assert begins(hub)
    with (data / "names" / "tokens.csv").open("a", encoding="utf-8") as tokens:
        tokens.write("PAIJAN,PAIJO,variant\n")
    assert not run(hub, QUIET).unchanged
    assert run(hub, QUIET).unchanged


class Killed(BaseException):
    """Stands for a process that ends between two stages."""


def die(_: Work) -> dict[str, int]:
    raise Killed


def begins(hub: Hub) -> bool:
    """Whether a run finds something new: it is killed before it has done anything."""
    with suppress(Killed):
        return not carry_out(hub, (Stage("validate", "Never.", die),), QUIET, train=False).unchanged
    return True


def test_a_changed_row_gives_a_new_version_of_one_profile(
    first: FirstRun, hub: Hub, tmp_path: Path
) -> None:
    before, linked = versions(hub), links(hub)
    folder, nik = mend(first.delivery, tmp_path / "mended", PDDK_AKH="9", TGL_ENTRI="2026-01-15")
    (batch,) = land(hub, "kemendagri", [folder], progress=QUIET)
    assert batch.new == 1
    told = Heard()
    assert not run(hub, told).unchanged
    assert told.notes == [], "more of the same leaves the models as they are"
    after = versions(hub)
    newer = {entity for entity, version in after.items() if version > before.get(entity, 0)}
    assert linked["kemendagri", nik] in newer
    assert after[linked["kemendagri", nik]] == 2
    assert set(before) <= set(after), "an id never dies"
    # The education of one person is nobody else's business, but for those who lean on the record.
    assert len(newer) <= 2
    assert links(hub) == linked


def test_a_file_delivered_whole_again_changes_only_what_it_says_otherwise(
    first: FirstRun, hub: Hub, tmp_path: Path
) -> None:
    rows = registry_rows(first.delivery)[::-1]
    rows[-1] |= {"PDDK_AKH": "9", "TGL_ENTRI": "2026-01-15"}
    folder = tmp_path / "again"
    folder.mkdir()
    write_rows(folder / "biodata.csv", rows)
    before = versions(hub)
    (batch,) = land(hub, "kemendagri", [folder], progress=QUIET)
    assert (batch.rows, batch.new) == (len(rows), 1)
    run(hub, QUIET)
    after = versions(hub)
    assert 1 <= sum(version > before.get(entity, 0) for entity, version in after.items()) <= 2
    # Who compares the links with what was delivered looks into the newest file.
    out = tmp_path / "links.parquet"
    export_links(hub, "person", out, QUIET, actor="officer")
    with hub.sessions.read() as session:
        (event,) = entries(session, Wanted(action="export.links"))
    exported = pq.read_table(out).to_pylist()
    assert (event.actor, event.details["rows"]) == ("officer", len(exported))
    found = {one["record_key"]: one["row"] for one in exported if one["file"] == "biodata.csv"}
    alone = [n for n, count in Counter(row["NIK"] for row in rows).items() if count == 1]
    at = {row["NIK"]: number for number, row in enumerate(rows, start=1)}
    assert {nik: found[nik] for nik in alone} == {nik: at[nik] for nik in alone}


def test_what_comes_one_by_one_ends_as_what_came_together(first: FirstRun, tmp_path: Path) -> None:
    """What was learned from one source alone does not know how two differ: it is learned anew. So it is of households
    when an office sends its residents later, whose rows tell who lives with whom."""
    residents = first.delivery / "pemda" / "warga.csv"
    book = first.delivery / "pemda" / "rumah_tangga.csv"
    came = []
    with new_home(tmp_path / "home") as hub:
        for files in (
            {"kemendagri": first.delivery / "kemendagri"},
            {"kemensos": first.delivery / "kemensos", "pemda": book},
            {"pemda": residents},
        ):
            for source, path in files.items():
                land(hub, source, [path], progress=QUIET)
            told = Heard()
            run(hub, told)
            came.append({kind for kind in KINDS for note in told.notes if f"{kind}: other" in note})
        assert came == [set(), {*KINDS}, {*KINDS}]
        with copy_of(first.home, tmp_path / "together") as together:
            assert golden(hub) == golden(together)


def test_an_id_without_records_is_no_profile_that_is_published(
    first: FirstRun, hub: Hub, tmp_path: Path
) -> None:
    """A card that only its holder tells of, and then no longer."""
    (row, *_) = registry_rows(first.delivery)
    for name, card in (("first", "3207110101259999"), ("then", row["NO_KK"])):
        folder, _ = mend(first.delivery, tmp_path / name, NO_KK=card)
        land(hub, "kemendagri", [folder], progress=QUIET)
        run(hub, QUIET)
        assert look(hub).published == Counter(
            c["kind"] for c in map(json.loads, profiles(hub).values())
        )
    with hub.sessions.read() as session:
        ids = session.exec(select(Entity).where(Entity.status == "active")).all()
    assert len(ids) > sum(look(hub).published.values())


def test_who_is_left_out_of_a_file_delivered_again_has_no_row_in_it(
    first: FirstRun, hub: Hub, tmp_path: Path
) -> None:
    rows = registry_rows(first.delivery)
    away, kept = rows[:3], rows[3:]
    folder = tmp_path / "again"
    folder.mkdir()
    write_rows(folder / "biodata_wni.csv", kept)
    land(hub, "kemendagri", [folder], progress=QUIET)
    run(hub, QUIET)
    out = tmp_path / "links.parquet"
    export_links(hub, "person", out, QUIET)
    exported = [one for one in pq.read_table(out).to_pylist() if one["source"] == "kemendagri"]
    assert len(exported) == len(rows), "nobody is lost"
    assert sorted(one["row"] for one in exported if one["row"]) == list(range(1, len(kept) + 1))
    assert {one["record_key"][:16] for one in exported if not one["row"]} == {
        row["NIK"] for row in away
    }
    # A truth of the newest file can be held against the links.
    truth = tmp_path / "truth.csv"
    lines = (f"kemendagri,biodata_wni.csv,{n},{n}" for n in range(1, len(kept) + 1))
    truth.write_text("\n".join(["source,file,row,entity", *lines]) + "\n")
    found = check(hub, "person", truth, (), QUIET).evaluation
    assert (found.records, found.missing) == (len(kept), 0)


def pair_of_one(hub: Hub) -> tuple[RecordRef, RecordRef]:
    """Two records, of two providers, that the machine linked; and nothing else is in their cluster."""
    members: dict[str, list[tuple[str, str]]] = {}
    for record, entity in sorted(links(hub).items()):
        members.setdefault(entity, []).append(record)
    left, right = next(two for two in members.values() if len(two) == 2 and two[0][0] != two[1][0])
    return ref(left), ref(right)


def strangers(hub: Hub) -> tuple[RecordRef, RecordRef]:
    """Two records of two providers that the machine kept apart, each alone."""
    members: dict[str, list[tuple[str, str]]] = {}
    for record, entity in sorted(links(hub).items()):
        members.setdefault(entity, []).append(record)
    alone = [records[0] for records in members.values() if len(records) == 1]
    left = next(record for record in alone if record[0] == "kemendagri")
    other = next(
        (record for record in alone if record[0] != "kemendagri"),
        next(record for record in reversed(alone) if record != left),
    )
    return ref(left), ref(other)


def ref(record: tuple[str, str]) -> RecordRef:
    layouts = {"kemendagri": "biodata_wni", "kemensos": "siksng_individu", "pemda": "warga"}
    return RecordRef(record[0], layouts[record[0]], record[1])


def entity(hub: Hub, record: RecordRef) -> str:
    return links(hub)[record.source, record.record_key]


def test_what_people_judged_holds_through_runs_retraining_and_new_rules(
    first: FirstRun, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parted, joined = pair_of_one(hub), strangers(hub)
    old = {record: entity(hub, record) for record in (*parted, *joined)}
    say: dict[str, Any] = {"actor": "steward", "reason": "seen the papers"}
    judge(hub, "person", *parted, "non-link", **say)
    judge(hub, "person", *joined, "link", **say)

    def holds() -> None:
        assert entity(hub, parted[0]) != entity(hub, parted[1])
        assert entity(hub, joined[0]) == entity(hub, joined[1])

    assert not run(hub, QUIET).unchanged
    holds()
    # The id stays with one part; the merged id leads to the one that stays, for ever.
    assert old[parted[0]] in {entity(hub, record) for record in parted}
    merged = {old[record] for record in joined} - {entity(hub, joined[0])}
    assert len(merged) == 1
    view = profile_by_id(hub, gone := merged.pop(), actor="test")
    assert view is not None
    assert (view.asked, view.entity_id) == (gone, entity(hub, joined[0]))
    with hub.sessions.read() as session:
        assert session.get_one(Entity, gone).status == "merged"

    rules = tmp_path / "rules"
    shutil.copytree(rulebook._ROOMS["matching"], rules)
    document = rules / "person.yaml"
    document.write_text(document.read_text("utf-8") + "\n# Another day's rules.\n", "utf-8")
    monkeypatch.setitem(rulebook._ROOMS, "matching", rules)
    assert begins(hub)
    assert not run(hub, QUIET, train=True).unchanged
    holds()


def test_who_has_a_number_that_somebody_else_is_given_too_stays_who_they_are(
    first: FirstRun, hub: Hub, tmp_path: Path
) -> None:
    """Their id, what people said of their records, and what officers corrected."""
    known, count = links(hub), Counter(links(hub).values())
    rows = registry_rows(first.delivery)
    alone = [row["NIK"] for row in rows if count[known["kemendagri", row["NIK"]]] == 1]
    parted = next(
        (ref(record), RecordRef("kemendagri", "biodata_wni", row["NIK"]))
        for row in rows
        for record, entity_id in known.items()
        if entity_id == known["kemendagri", row["NIK"]] and record[0] == "kemensos"
    )
    judge(hub, "person", *parted, "non-link", actor="staff:s", reason="test")
    values = {"name": "NAMA YANG LAIN"}
    one = draft("correct-value", known["kemendagri", alone[1]], attribute="name", values=values)
    made = approve(hub, one)
    run(hub, QUIET)
    before, said = links(hub), became(hub, made)
    stranger = rows[0] | {"NAMA_LGKP": "SESEORANG DARI JAUH", "TGL_LHR": "1950-05-05"}
    shared = {*alone[:2], parted[1].record_key}
    folder = tmp_path / "again"
    folder.mkdir()
    write_rows(folder / "biodata_wni.csv", [*({**stranger, "NIK": nik} for nik in shared), *rows])
    land(hub, "kemendagri", [folder], progress=QUIET)
    run(hub, QUIET)
    after = links(hub)
    assert {record: after[record] for record in before} == before
    assert entity(hub, parted[0]) != entity(hub, parted[1])
    assert became(hub, made) == said == ["lost"]


def became(hub: Hub, correction: str) -> list[str]:
    """What became of an approved correction."""
    with hub.sessions.read() as session:
        opened = list(store.open_many(hub, session, [store.by_id(session, correction)]))
        return [one.outcome for one in outcomes(hub, session, opened)[correction]]


def test_a_family_listed_after_its_members_stays_the_family_it_was(
    first: FirstRun, hub: Hub, tmp_path: Path
) -> None:
    """With its id, that of its household, and what people said of it, also where a decision follows at once."""
    with new_home(tmp_path / "new") as new:
        teach(hub, new)
        land(new, "kemendagri", [first.delivery / BIODATA], progress=QUIET)
        run(new, QUIET)
        one, other, third = (
            RecordRef("kemendagri", "biodata_wni", card)
            for _, card in sorted(links(new, "family"))[:3]
        )
        judge(new, "family", one, other, "link", actor="steward", reason="seen the papers")
        settled(new)
        told = {kind: seen(new, kind) for kind in ("person", "family")}
        homes = set(seen(new, "household").values())
        land(new, "kemendagri", [first.delivery / "kemendagri/data_keluarga.csv"], progress=QUIET)
        run(new, QUIET)
        assert {kind: seen(new, kind) for kind in ("person", "family")} == told
        # The row tells the address: some live under one roof, and all under one that was known.
        assert set(seen(new, "household").values()) < homes
        card = {key: family for (_, key), family in seen(new, "family").items()}
        assert card[one.record_key] == card[other.record_key] != card[third.record_key]
        listed = [one._replace(layout="data_keluarga"), third._replace(layout="data_keluarga")]
        judge(new, "family", *listed, "link", actor="steward", reason="seen the papers")
        settled(new)
        card = {key: family for (_, key), family in seen(new, "family").items()}
        assert card[one.record_key] == card[other.record_key] == card[third.record_key]
        assert verify(new, QUIET).holds


def seen(hub: Hub, kind: Kind) -> dict[tuple[str, str], str]:
    """(source, record key) → entity id as readers see it, small runs included."""
    return {(one.source, one.record_key): entity for one, entity in linked(hub, kind).items()}


def test_a_judgement_taken_back_gives_the_machine_its_say(hub: Hub) -> None:
    pair = pair_of_one(hub)
    for verdict in ("non-link", "review"):
        judge(hub, "person", *pair, verdict, actor="steward", reason="looked")
    run(hub, QUIET)
    assert entity(hub, pair[0]) == entity(hub, pair[1])


def test_a_killed_first_run_takes_up_what_it_linked_and_learned(
    first: FirstRun, tmp_path: Path
) -> None:
    at = next(number for number, stage in enumerate(PATH) if stage.name == "survive")
    with new_home(tmp_path / "home") as hub:
        land_all(hub, first.delivery)
        with pytest.raises(Killed):
            carry_out(hub, (*PATH[:at], Stage("survive", "Never.", die)), QUIET, train=False)
        # What is taken up is what linkage found; it had been what was made of it, and was placed once more.
        found = {stage.stage: stage.counts for stage in first.result.stages}["link household"]
        kept = hub.lake.reader("run/household_clusters")
        assert kept is not None
        assert kept.read_all().num_rows == found["records"]
        result = run(hub, QUIET)
        taken = {stage.stage for stage in result.stages if stage.taken_up}
        assert {"link family", "link person", "link household"} <= taken
        assert not verify(hub, QUIET).faults
        resumed = golden(hub)
    with copy_of(first.home, tmp_path / "undisturbed") as undisturbed:
        assert resumed == golden(undisturbed)


def test_a_killed_run_takes_up_finished_linkage(first: FirstRun, hub: Hub, tmp_path: Path) -> None:
    folder, nik = mend(first.delivery, tmp_path / "mended", PDDK_AKH="9", TGL_ENTRI="2026-01-15")
    land(hub, "kemendagri", [folder], progress=QUIET)

    at = next(number for number, stage in enumerate(PATH) if stage.name == "survive")
    cut = (*PATH[:at], Stage("survive", "Never.", die))
    before = golden(hub)
    with pytest.raises(Killed):
        carry_out(hub, cut, Silent(), train=False)
    assert golden(hub) == before
    result = run(hub, QUIET)
    taken = {stage.stage for stage in result.stages if stage.taken_up}
    assert {"link family", "link person", "link household"} <= taken
    told = {stage.stage: stage.seconds for stage in result.stages}
    seen = look(hub)
    assert {line.stage: line.seconds for line in seen.stages} == told
    assert seen.runs[0].seconds == pytest.approx(sum(told.values()), abs=0.1)
    assert profile_by_nik(hub, nik, actor="test") is not None
