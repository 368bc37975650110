"""Corrections on the whole path: they hold, and step back when the source itself changes; the registry is told."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from mdm.access import Principal
from mdm.compose import Hub
from mdm.corrections import chain, retracting, returns, store
from mdm.corrections.around import Around, carrying, look_around, value_of
from mdm.corrections.checks import examine
from mdm.corrections.document import load_rules
from mdm.corrections.lists import open_whole
from mdm.corrections.outcomes import Outcome, outcomes
from mdm.corrections.redrafting import redraft
from mdm.corrections.terms import Draft
from mdm.days import today
from mdm.desk.terms import Profile
from mdm.hub.tables import Correction, CorrectionReturn
from mdm.landing import land
from mdm.pipeline import run
from mdm.rights.restriction import lift, restrict
from mdm.run import RunResult
from mdm.survivorship import explain
from reference.codes import canonical, labels
from tests.corrections.chain import (
    KEMENSOS,
    OPERATOR,
    approve,
    draft,
    families,
    of,
    retraction,
    revoke,
)
from tests.run.homes import QUIET, FirstRun, copy_of, land_all

UNUSED = "5171014404910099"
BIODATA = "kemendagri/biodata_wni.csv"


@dataclass
class World:
    """A home in which officers corrected things in eight families, and a run brought them in."""

    hub: Hub
    delivery: Path
    families: list[Around]
    drafts: dict[str, Draft] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    result: RunResult | None = None
    before_run: dict[str, set[str]] = field(default_factory=dict)
    warned: list[str] = field(default_factory=list)

    def correct(self, name: str, one: Draft, by: Principal = OPERATOR) -> None:
        self.drafts[name], self.made[name] = one, approve(self.hub, one, by)
        self.before_run[name] = {outcome.outcome for outcome in self.became(name)}

    def around(self, at: int) -> Around:
        """A family as it stands now."""
        with self.hub.sessions.read() as session:
            found = look_around(self.hub, session, self.families[at].target.entity_id)
        assert found is not None
        return found

    def person(self, entity_id: str) -> Around:
        with self.hub.sessions.read() as session:
            found = look_around(self.hub, session, entity_id)
        assert found is not None
        return found

    def became(self, name: str) -> list[Outcome]:
        with self.hub.sessions.read() as session:
            rows = session.exec(select(Correction).where(Correction.id == self.made[name])).all()
            opened = list(store.open_many(self.hub, session, rows))
            return outcomes(self.hub, session, opened)[self.made[name]]

    def one(self, name: str) -> Outcome:
        (found,) = self.became(name)
        return found


def member(around: Around, *, head: bool = False) -> Profile:
    """A member of a family: its head, or the first who is not."""
    found = [
        one for key, one in around.members.items() if (around.relations[key] == "HEAD") == head
    ]
    return found[0]


def registered(around: Around) -> Profile:
    """A member whom the civil registry knows, not the head."""
    return next(
        one
        for key, one in around.members.items()
        if around.relations[key] != "HEAD"
        and any(r[0] == "kemendagri" for r in one.body["records"])
    )


@pytest.fixture(scope="module")
def world(first: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with copy_of(first.home, tmp_path_factory.mktemp("corrections") / "home") as hub:
        large = [
            one
            for one in families(hub)
            if len(one.members) >= 4
            and list(one.relations.values()).count("HEAD") == 1
            and sum(any(r[0] == "kemendagri" for r in m.body["records"]) for m in one.members.values()) > 2
        ]  # fmt: skip
        large.sort(key=lambda one: str(value_of(one.target, "kk")))
        surveyed = next(
            at
            for at, one in enumerate(large)
            if any(r[1] == "siksng_keluarga" for r in one.target.body["records"])
        )
        large[2], large[surveyed] = large[surveyed], large[2]
        another = next(
            at
            for at, one in enumerate(large)
            if at > 12 and any(r[1] == "siksng_keluarga" for r in one.target.body["records"])
        )
        large[12], large[another] = large[another], large[12]
        world = World(hub, first.delivery, large)
        _correct(world)
        _join(world)
        _head(world)
        _address(world)
        world.result = run(hub, QUIET)
        yield world


def _correct(world: World) -> None:
    f = world.families
    world.correct(
        "phone",
        draft(
            "correct-value",
            member(f[0]).entity_id,
            attribute="phone",
            values={"phone": "081234567890"},
        ),
    )
    world.correct(
        "name",
        draft(
            "correct-value",
            registered(f[1]).entity_id,
            attribute="name",
            values={"name": "NAMA YANG LAIN"},
        ),
    )

    for name, family in (("floor", f[2].target), ("ground", f[12].target)):
        stood = value_of(family, "floor")
        floor = next(code for code in labels("floor") if code != stood)
        values = {"floor": floor}
        one = draft("correct-value", family.entity_id, attribute="floor", values=values)
        world.correct(name, one)
    world.correct(
        "death",
        draft("report-death", registered(f[3]).entity_id, values={"death_date": "2026-11-02"}),
    )
    world.correct(
        "birth",
        draft(
            "report-birth",
            f[4].target.entity_id,
            values={"name": "BAYI BARU", "sex": "F", "birth_date": "2026-11-03"},
        ),
    )
    world.correct("remove", draft("remove-member", member(f[5]).entity_id))
    going = [one for one, relation in f[6].relations.items() if relation != "HEAD"][:2]
    world.correct(
        "split",
        draft("split-family", f[6].target.entity_id, members={going[0]: "HEAD", going[1]: "CHILD"}),
    )
    world.correct(
        "move",
        draft(
            "move-member",
            member(f[7]).entity_id,
            values={"kk": value_of(f[8].target, "kk"), "relationship": "OTHER_RELATIVE"},
        ),
    )


def _head(world: World) -> None:
    """In the fourteenth family a member takes the head's place."""
    here = world.families[13]
    old, new = member(here, head=True).entity_id, member(here).entity_id
    world.correct("head", draft("change-head", new, members={old: "OTHER_RELATIVE"}))


def _address(world: World) -> None:
    """The eleventh family's address was wrong: in its own village it is another one."""
    here = world.families[10]
    values = {"address": "JALAN TERATAI NO 8", "rt": "4", "region_code": here.region or ""}
    family = here.target.entity_id
    world.correct("domicile", draft("correct-value", family, attribute="domicile", values=values))


def _join(world: World) -> None:
    """Somebody of another region moves in with the tenth family."""
    here = world.families[9]
    region = (here.region or "")[:4]
    far = next(f for f in world.families[10:] if f.region and f.region[:4] != region)
    who = registered(far)
    values = {
        "nik": str(value_of(who, "nik")),
        "name": str(value_of(who, "name")),
        "sex": str(value_of(who, "sex")),
        "birth_date": str(value_of(who, "birth")["birth_date"]),
        "relationship": "OTHER_RELATIVE",
    }
    one = draft("add-member", here.target.entity_id, values=values)
    world.correct("joins", one, of("desa-operator", region))
    world.warned += open_whole(world.hub, KEMENSOS, world.made["joins"]).warnings


def test_what_the_field_knows_holds_with_source_and_sentence(world: World) -> None:
    for name in ("phone", "floor"):
        found = world.one(name)
        assert found.outcome == "survived"
        assert found.sentence is not None
        profile = world.person(found.entity_id or "").target
        (choice,) = [one for one in explain(profile.body).choices if one.attribute == name]
        assert (choice.value, choice.record.source) == (found.part.columns[name], "correction")
        assert choice.record.record_key == world.made[name]
        assert choice.sentence == found.sentence


def test_what_the_registry_owns_goes_to_the_registry(world: World, tmp_path: Path) -> None:
    name = world.one("name")
    assert (name.outcome, name.source) == ("lost", "kemendagri")
    assert name.because is not None
    out = tmp_path / "balikan.csv"
    blocked = tmp_path / "balikan.csv.new"  # as a full disk, it keeps the file from being written
    blocked.mkdir()
    with pytest.raises(OSError, match=r"balikan\.csv\.new"):
        returns.write(world.hub, "kemendagri", out, actor="test")
    assert world.one("name").returned is None, "nothing is marked as told that nobody was"
    blocked.rmdir()
    with world.hub.sessions.begin() as session:
        for one in session.exec(select(Correction)):
            one.decided = datetime(2026, 11, 24, 18, tzinfo=UTC)  # one in the morning in Jakarta
    written = returns.write(world.hub, "kemendagri", out, actor="test")
    with out.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    lines = {(row["KOLOM"], row["NILAI_DIUSULKAN"]): row for row in rows}
    assert len(rows) == written
    told = lines["NAMA_LGKP", "NAMA YANG LAIN"]
    assert told["NILAI_TERCATAT"] == name.disagrees
    assert told["ALASAN"]
    assert told["DISETUJUI"] == "2026-11-25"
    assert told["BUKTI"]
    assert ("TGL_MENINGGAL", "2026-11-02") in lines
    assert out.stat().st_mode & 0o077 == 0
    assert world.one("name").returned is not None
    assert returns.write(world.hub, "kemendagri", out, actor="test") == 0, "told once"


def test_a_death_that_was_proven_holds_though_the_registry_has_none(world: World) -> None:
    death = world.one("death")
    assert death.outcome == "survived"
    assert death.disagrees is not None, "and the registry is told"


def test_somebody_new_waits_for_the_run_and_is_said_to(world: World) -> None:
    assert world.before_run["birth"] == world.before_run["remove"] == {"next-run"}
    assert world.before_run["phone"] == {"waiting"}
    assert {one.outcome for one in world.became("birth")} == {"survived"}


def test_who_moved_in_from_another_region_is_added_by_number_and_name(world: World) -> None:
    hub, here, person = world.hub, world.families[9], world.drafts["joins"].values
    region = (here.region or "")[:4]
    local = of("desa-operator", region)

    def said(nik: str) -> set[str]:
        alone = {"nik": nik, "relationship": "OTHER_RELATIVE"}
        one = draft("add-member", world.families[0].target.entity_id, values=alone)
        nearby = of("desa-operator", (world.families[0].region or "")[:4])
        return {check.code for check in chain.try_out(hub, nearby, one)}

    # The number alone is not enough, and the form says why.
    assert said(UNUSED) >= {"not-here", "missing"}
    assert "moves-here" in world.warned
    assert "nik-of-another" not in world.warned
    # After the run the person stands in the family, and is of the officer's region: there to be corrected.
    assert {one.outcome for one in world.became("joins")} == {"survived"}
    with hub.sessions.read() as session:
        (found,) = carrying(hub, session, local, person["nik"])
    assert found.entity_id in world.around(9).members
    assert value_of(found, "domicile")["region_today"].replace(".", "") == here.region


def test_who_lives_with_the_family_lives_at_its_corrected_address(world: World) -> None:
    before, now = world.families[10], world.around(10)
    assert now.members.keys() == before.members.keys()
    found = {key: value_of(one, "domicile") for key, one in now.members.items()}
    assert value_of(now.target, "domicile")["address"] == "JALAN TERATAI NO 8"
    assert set(map(str, found.values())) == {str(value_of(now.target, "domicile"))}
    listed = open_whole(world.hub, KEMENSOS, world.made["domicile"]).proposal
    assert {part.kind for part in listed.parts} == {"family", "person"}


def test_who_lives_in_another_village_stays_there(world: World) -> None:
    around = world.families[11]
    away, *others = around.members.values()
    domicile = value_of(away, "domicile") | {"region_today": "9999999999"}
    body = {
        "agreed": {"domicile": [domicile, 0, 1]},
        "contested": {},
        "records": away.body["records"],
    }
    around = replace(around, members=around.members | {away.entity_id: replace(away, body=body)})
    values = {"address": "JALAN TERATAI NO 8", "region_code": around.region or ""}
    one = draft("correct-value", around.target.entity_id, attribute="domicile", values=values)
    with world.hub.sessions.read() as session:
        proposal, checks = examine(
            world.hub, session, load_rules(), OPERATOR, one, around, date.today()
        )
    assert proposal is not None, checks
    about = {part.entity_id for part in proposal.parts}
    assert about == {around.target.entity_id, *(member.entity_id for member in others)}


def test_families_change_as_approved(world: World) -> None:
    before = world.families
    assert len(world.around(4).members) == len(before[4].members) + 1
    assert len(world.around(5).members) == len(before[5].members) - 1
    assert len(world.around(6).members) == len(before[6].members) - 2
    assert len(world.around(7).members) == len(before[7].members) - 1
    assert len(world.around(8).members) == len(before[8].members) + 1
    moved = world.person(world.became("move")[0].entity_id or "")
    assert moved.family is not None
    assert moved.family.entity_id == before[8].target.entity_id
    new = {world.person(one.entity_id or "").family.entity_id for one in world.became("split")}  # type: ignore[union-attr]
    assert len(new) == 1
    assert new != {before[6].target.entity_id}
    alone = world.person(world.became("remove")[0].entity_id or "")
    assert len(alone.members) == 1
    relations = world.around(13).relations
    was = next(one for one, relation in before[13].relations.items() if relation == "HEAD")
    assert [one for one, relation in relations.items() if relation == "HEAD"] == [
        world.drafts["head"].entity_id
    ]
    assert relations[was] == "OTHER_RELATIVE"
    for name in ("birth", "remove", "split", "move"):
        assert {one.outcome for one in world.became(name)} == {"survived"}, name
    assert world.result is not None
    checked = next(one.counts for one in world.result.stages if one.stage == "validate")
    assert checked["landed"] == checked["accepted"] + checked["quarantined"]
    assert checked["corrections"] >= len(world.made)


def send(
    world: World, folder: Path, rows: Mapping[str, Mapping[str, str]], layout: str, key: str
) -> None:
    """A later delivery of a few rows that say something else."""
    source = layout.split("/", maxsplit=1)[0]
    with (world.delivery / layout).open(encoding="utf-8-sig", newline="") as stream:
        held = [row | rows[row[key]] for row in csv.DictReader(stream) if row[key] in rows]
    assert len(held) == len(rows)
    folder.mkdir()
    encoding = "utf-8-sig" if source == "kemensos" else "utf-8"
    with (folder / Path(layout).name).open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, list(held[0]))
        writer.writeheader()
        writer.writerows(held)
    land(world.hub, source, [folder], progress=QUIET)


@pytest.mark.parametrize(
    "name", ["phone", "name", "floor", "death", "birth", "remove", "split", "move", "head"]
)
def test_what_was_proposed_can_be_filled_in_again(world: World, name: str) -> None:
    asked = world.drafts[name]
    with world.hub.sessions.read() as session:
        (row,) = session.exec(select(Correction).where(Correction.id == world.made[name])).all()
        ((_, kept),) = store.open_many(world.hub, session, [row])
    again = redraft(load_rules(), kept)
    assert again is not None
    assert again.files == ()
    assert asked.values.items() <= again.values.items()
    for part in ("kind", "entity_id", "attribute", "members", "source_date", "said"):
        assert getattr(again, part) == getattr(asked, part), part


def test_what_was_told_and_is_revoked_is_taken_back_there_once(
    world: World, tmp_path: Path
) -> None:
    hub, out = world.hub, tmp_path / "balikan.csv"

    def told(*, again: bool = False) -> list[dict[str, str]]:
        returns.write(hub, "kemendagri", out, actor="test", again=again)
        with out.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))

    def number(name: str) -> str:
        with hub.sessions.read() as session:
            return str(store.by_id(session, world.made[name]).number)

    told()
    death = world.drafts["death"]
    for name, day in (("untold", "2026-11-04"), ("later", "2026-11-05")):
        world.correct(name, replace(death, values={"death_date": day}))
    later = world.one("later")
    with hub.sessions.begin() as session:  # as a file does that was made once a run had brought it
        session.add(
            CorrectionReturn(
                record_key=later.part.key,
                attribute=later.attribute,
                correction=world.made["later"],
                provider="kemendagri",
                actor="test",
            )
        )
    asked = retracting.try_out(hub, OPERATOR, retraction(world.made["later"]))
    assert "told-registry" in {one.code for one in asked}
    for name in ("later", "untold"):
        revoke(hub, world.made[name])
    taken_back, anew = told()
    assert [(one["JENIS"], one["NOMOR_KOREKSI"]) for one in (taken_back, anew)] == [
        ("PEMBATALAN", number("later")),
        ("USULAN", number("death")),
    ], "and what holds in its stead; nothing of what was never told"
    assert taken_back["KUNCI_CATATAN"] == anew["KUNCI_CATATAN"]
    assert (taken_back["NILAI_DIBATALKAN"], taken_back["NILAI_DIUSULKAN"]) == ("2026-11-05", "")
    assert taken_back["DIBERITAHUKAN"] == today().isoformat()
    assert taken_back["ALASAN"]
    assert told() == [], "once"
    assert taken_back in told(again=True)

    def restricted() -> None:
        restrict(hub, death.entity_id, basis="disputed", actor="test")

    restricted()
    said = {(one["JENIS"], one["NOMOR_KOREKSI"]) for one in told(again=True)}
    assert said.isdisjoint({("USULAN", number("death"))})
    lift(hub, death.entity_id, basis="settled", actor="test")
    revoke(hub, world.made["death"])
    restricted()
    (bare,) = told()
    assert {name: cell for name, cell in bare.items() if cell} == {
        "JENIS": "PEMBATALAN",
        "NOMOR_KOREKSI": number("death"),
        "DIBERITAHUKAN": today().isoformat(),
    }


def test_it_holds_until_the_source_itself_changes(world: World, tmp_path: Path) -> None:
    floor, ground, name = world.one("floor"), world.one("ground"), world.one("name")
    card, other = (
        next(one for one in said.part.heard if one.layout == "siksng_keluarga")
        for said in (floor, ground)
    )
    person = next(one for one in name.part.heard if one.source == "kemendagri")
    stood = {ground.part.was["floor"], ground.part.columns["floor"]}
    fresh = next(c for c in "123456789" if canonical("floor", "regsosek", c) not in {*stood, None})
    returns.deliver(world.hub, "kemendagri", actor="test")
    # Everything again. One row says another thing than what was corrected; of another floor the
    # provider says something new; the registry comes to say the name.
    land_all(world.hub, world.delivery)
    send(
        world,
        tmp_path / "one",
        {
            card.record_key: {"ac": "3"},
            other.record_key: {"jenis_lantai": fresh, "diperbarui_at": "2026-11-25"},
        },
        "kemensos/siksng_keluarga.csv",
        "IDSEMESTA_KELUARGA",
    )
    send(
        world,
        tmp_path / "two",
        {person.record_key: {"NAMA_LGKP": "NAMA YANG LAIN", "TGL_ENTRI": "2026-11-25"}},
        BIODATA,
        "NIK",
    )
    assert not run(world.hub, QUIET).unchanged
    assert world.one("floor").outcome == "survived"
    overtaken, confirmed = world.one("ground"), world.one("name")
    assert (overtaken.outcome, overtaken.source) == ("overtaken", "kemensos")
    assert overtaken.day
    profile = world.person(overtaken.entity_id or "").target
    assert value_of(profile, "floor") != ground.part.columns["floor"]
    assert (confirmed.outcome, confirmed.source) == ("confirmed", "kemendagri")
    assert world.one("phone").outcome == "survived"
    # The registry acted on what it was told, and has to hear that it was a mistake.
    revoke(world.hub, world.made["name"])
    (line,) = returns.deliver(world.hub, "kemendagri", actor="test")
    assert {"PEMBATALAN", "NAMA YANG LAIN"} <= {*line.cells}
