"""Snapshots: an old question asked again gets the old answer, by the rules of its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from mdm.compose import Hub
from mdm.eligibility import snapshots
from mdm.eligibility.common import FRESH, GRACE, Common
from mdm.eligibility.library import BUILT_IN
from mdm.errors import HomeError, InputError, IntegrityError
from mdm.hub.tables import AuditEvent, Entity
from mdm.rights import restriction
from tests.decide.asked import many, one, outcomes, plain
from tests.decide.world import Country, Household, adult, pupil

HEAD, CHILD = adult(1), pupil(2)
FAMILY = Household(1, [HEAD, CHILD], desil=2)


def change_rules(hub: Hub) -> None:
    """The bound of Sembako falls to one, and PKH pays pupils less."""
    own = Path(hub.settings.home) / "programmes"
    own.mkdir(exist_ok=True)
    for name, old, new in (
        ("sembako.yaml", "value: 4", "value: 1"),
        ("pkh.yaml", "value: 900000", "value: 100000"),
    ):
        text = (BUILT_IN / name).read_text("utf-8")
        assert old in text
        (own / name).write_text(text.replace(old, new), "utf-8")


def test_an_old_question_gets_the_old_answer_to_the_byte(hub: Hub) -> None:
    Country([FAMILY]).publish(hub)
    snapshots.create(hub, "2026Q4", actor="test")
    before = plain(one(hub, HEAD.nik, snapshot="2026Q4"))
    brief = many(hub, [HEAD.nik, CHILD.nik], snapshot="2026Q4")
    # A new run: another desil, a policeman in the family, a doubt. And new rules.
    later = replace(FAMILY, members=[HEAD, CHILD, adult(3, occupation="KEPOLISIAN_RI")], desil=9)
    Country([later], passed_over=[(HEAD.id, CHILD.id, 5.0)]).publish(hub)
    change_rules(hub)
    assert plain(one(hub, HEAD.nik, snapshot="2026Q4")) == before
    assert many(hub, [HEAD.nik, CHILD.nik], snapshot="2026Q4") == brief
    now = one(hub, HEAD.nik)
    assert outcomes(now)["SEMBAKO"] == "undetermined"
    assert (now.as_of.snapshot, now.as_of.run) == (None, 2)


def test_the_rules_of_the_day_decide_and_say_who_they_are(hub: Hub) -> None:
    Country([FAMILY]).publish(hub)
    snapshots.create(hub, "before", actor="test")
    change_rules(hub)
    snapshots.create(hub, "after", actor="test")
    before, after = (one(hub, HEAD.nik, ["SEMBAKO"], snapshot=s) for s in ("before", "after"))
    assert outcomes(before) == {"SEMBAKO": "eligible"}
    assert outcomes(after) == {"SEMBAKO": "not-eligible"}
    assert before.as_of.rule_set != after.as_of.rule_set
    sentence = before.answers[0].sentence.en
    assert before.as_of.rule_set in sentence
    assert "snapshot before" in sentence
    assert "not yet receiving" in sentence


def test_ages_are_counted_on_the_day_asked_for(hub: Hub) -> None:
    Country([Household(1, [pupil(2, born="2019-06-15")])]).publish(hub)
    nik = pupil(2).nik
    was = one(hub, nik, ["PKH"], on=date(2026, 6, 14)).answers[0]
    now = one(hub, nik, ["PKH"], on=date(2026, 6, 15)).answers[0]
    assert [c.component for c in was.components] == ["early_childhood"]
    assert [c.component for c in now.components] == ["sd"]


def test_who_was_merged_since_is_restricted_on_old_snapshots_too(hub: Hub) -> None:
    twice, third = adult(3), adult(4)
    people = [Household(n, [member]) for n, member in enumerate((HEAD, twice, third))]
    Country(people).publish(hub)
    snapshots.create(hub, "before", actor="test")
    Country([Household(0, [replace(HEAD, also=[twice.nik])]), people[2]]).publish(hub)
    with hub.sessions.begin() as session:
        merged = session.get_one(Entity, twice.id)
        merged.status, merged.merged_into = "merged", HEAD.id
    assert one(hub, twice.nik, ["SEMBAKO"], snapshot="before").identity.status == "verified"
    restriction.restrict(hub, twice.id, basis="UU 27/2022 art. 41", actor="test")
    for name in ("before", None):
        niks = [HEAD.nik, twice.nik, third.nik]
        asked = [one(hub, nik, ["SEMBAKO"], snapshot=name).identity.status for nik in niks]
        together = many(hub, niks, ["SEMBAKO"], snapshot=name).items
        assert asked == [item.identity.status for item in together] == [None, None, "verified"]


def test_a_name_once_given_means_the_same_for_ever(hub: Hub) -> None:
    with pytest.raises(HomeError):
        snapshots.create(hub, "2026Q4", actor="test")
    Country([FAMILY]).publish(hub)
    made = snapshots.create(hub, "2026Q4", actor="test")
    assert (made.name, made.run_seq) == ("2026Q4", 1)
    with pytest.raises(InputError, match="stands already"):
        snapshots.create(hub, "2026Q4", actor="test")
    for wrong in ("", "a b", "3201150101800001", "-x", "x" * 41):
        with pytest.raises(InputError):
            snapshots.create(hub, wrong, actor="test")
    for statement in ("UPDATE snapshot SET run_seq = 9", "DELETE FROM snapshot"):
        with pytest.raises(sa.exc.DBAPIError), hub.sessions.connect() as connection:
            connection.execute(sa.text(statement))
    with hub.sessions.read() as session:
        assert [one.name for one in snapshots.everyone(session)] == ["2026Q4"]
        events = session.connection().execute(sa.select(AuditEvent.event)).scalars().all()
    assert any(b'"snapshot.create"' in event and b'"2026Q4"' in event for event in events)


def test_a_snapshot_that_is_not_there_says_how_to_find_one(hub: Hub) -> None:
    with pytest.raises(InputError) as missing:
        one(hub, HEAD.nik, snapshot="2020Q1")
    assert "snapshot list" in missing.value.hint


def test_altered_rules_of_a_snapshot_are_found_out(hub: Hub) -> None:
    Country([FAMILY]).publish(hub)
    made = snapshots.create(hub, "2026Q4", actor="test")
    with hub.sessions.connect() as connection:
        connection.execute(
            sa.text("UPDATE rule_set SET documents = '{}' WHERE digest = :d"), {"d": made.rules}
        )
    with pytest.raises(IntegrityError):
        one(hub, HEAD.nik, snapshot="2026Q4")


def test_what_is_asked_is_kept_for_a_second_and_as_of_a_snapshot_for_good(hub: Hub) -> None:
    Country([FAMILY]).publish(hub)
    snapshots.create(hub, "2026Q4", actor="test")
    time = [0.0]
    common = Common(hub, lambda: time[0])
    now, then = (["SEMBAKO"], None, None), (["SEMBAKO"], "2026Q4", None)
    first, old = common.ask(*now), common.ask(*then)
    Country([replace(FAMILY, desil=9)]).publish(hub)
    assert common.known(*now) is first
    time[0] += FRESH
    assert common.known(*now) is None, "one question is told to look"
    assert common.known(*now) is first, "those that come meanwhile need not wait"
    time[0] += 2 * GRACE
    assert common.known(*now) is None, "but not for long"
    newer = common.ask(*now)
    assert newer.as_of.run_seq > first.as_of.run_seq
    assert common.known(*now) is newer
    assert common.known(*then) is old
