"""What was noted long ago: a state that cannot last says nothing of today, and answers say how old what they saw is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mdm.compose import Hub
from mdm.eligibility import snapshots
from mdm.eligibility.answers import EligibilityAnswer, ProgrammeAnswer, RuleAnswer
from mdm.eligibility.doubts import DOCUMENT, NAME, advice, parse_eligibility
from mdm.eligibility.lasting import months_before
from mdm.errors import RuleError
from tests.decide.asked import many, one, plain
from tests.decide.world import Country, Household, Someone, adult, client

ON = date(2026, 11, 30)
WHY = {
    "id": "Kehamilan yang dicatat lebih dari 10 bulan sebelum hari yang ditanyakan tidak mengatakan apa-apa "
    "tentang hari itu.",
    "en": "A pregnancy noted more than 10 months before the day asked about says nothing of that day.",
}


@pytest.fixture(scope="module")
def database() -> str:
    """What rules make of what was noted, no database decides: tests/decide/test_asking.py asks both."""
    return "sqlite"


def woman(dated: str | None, **values: Any) -> Someone:
    """A woman of 30 without children; pregnant, as noted on a day."""
    said = {"name": "ANI", "sex": "F", "birth_date": "1996-05-01", "pregnant": True, **values}
    return replace(adult(1, **said), dated=dated)


def asked(
    hub: Hub, head: Someone, *others: Someone, on: date = ON, **family: Any
) -> ProgrammeAnswer:
    Country([Household(1, [head, *others], **family)]).publish(hub)
    return one(hub, head.nik, ["PKH"], on=on).answers[0]


def rule(answer: ProgrammeAnswer, name: str) -> RuleAnswer:
    return next(one for one in answer.rules if one.rule == name)


def saw(answer: ProgrammeAnswer, name: str, attribute: str) -> list[Any]:
    return [one for one in rule(answer, name).saw if one.attribute == attribute]


@pytest.mark.parametrize(
    ("dated", "answer"),
    [
        ("2021-03-01", "undetermined"),
        ("2026-01-29", "undetermined"),
        ("2026-01-30", "eligible"),  # ten months ago to the day
        ("2026-11-02", "eligible"),
        (None, "eligible"),  # nobody knows how old it is
    ],
)
def test_a_pregnancy_noted_too_long_ago_says_nothing_of_today(
    hub: Hub, dated: str | None, answer: str
) -> None:
    told = asked(hub, woman(dated))
    assert told.answer == answer
    (found,) = told.components
    assert (found.component, found.sure, found.unsure) == (
        ("pregnant", 0, 1) if answer == "undetermined" else ("pregnant", 1, 0)
    )
    assert told.amount is not None
    assert told.amount.sure == (0 if answer == "undetermined" else 3_000_000)
    assert told.amount.possible == 3_000_000


def test_it_is_the_day_of_the_question_that_counts(hub: Hub) -> None:
    head = woman("2026-01-02")
    assert asked(hub, head, on=date(2026, 11, 2)).answer == "eligible"
    assert one(hub, head.nik, ["PKH"], on=date(2026, 11, 3)).answers[0].answer == "undetermined"


def test_why_it_says_nothing_is_told_in_both_languages_with_its_day(hub: Hub) -> None:
    told = asked(hub, woman("2021-03-01"))
    component = rule(told, "component")
    assert component.result == "unknown"
    assert [(why.id, why.en) for why in component.outdated] == [(WHY["id"], WHY["en"])]
    (seen,) = saw(told, "component", "pregnant")
    assert (seen.value, seen.date, seen.outdated) == (True, "2021-03-01", True)
    assert told.settles == [component.settles]
    batch = many(hub, [woman("").nik], ["PKH", "SEMBAKO"])
    assert batch.words.outdated["pregnant"].en == WHY["en"]
    (brief,) = (r for r in batch.items[0].answers["PKH"].rules if r.rule == "component")
    assert seen in brief.saw
    assert "pregnant" not in many(hub, [woman("").nik], ["SEMBAKO"]).words.outdated


def test_a_pregnancy_that_counts_shows_how_old_its_note_is(hub: Hub) -> None:
    (seen,) = saw(asked(hub, woman("2026-08-01")), "component", "pregnant")
    assert (seen.value, seen.date, seen.outdated) == (True, "2026-08-01", False)


def test_that_somebody_is_not_pregnant_may_last(hub: Hub) -> None:
    told = asked(hub, woman("2021-03-01", pregnant=False))
    assert (told.answer, rule(told, "component").outdated) == ("not-eligible", [])


def test_an_old_note_of_one_says_nothing_against_a_new_one_of_another(hub: Hub) -> None:
    told = asked(hub, woman("2021-03-01"), replace(woman("2026-08-01"), nik="3201150101800002"))
    assert told.answer == "eligible"
    assert [(of.sure, of.unsure) for of in told.components] == [(1, 1)]
    assert {(one.date, one.outdated) for one in saw(told, "component", "pregnant")} == {
        ("2021-03-01", True),
        ("2026-08-01", False),
    }


@pytest.mark.parametrize(
    ("period", "desil", "answer"),
    [
        ("2025Q4", 2, "eligible"),  # it ended eleven months ago
        ("2025Q3", 2, "undetermined"),
        ("2022Q1", 9, "undetermined"),  # nobody loses a benefit by it
        ("2026Q3", 9, "not-eligible"),
    ],
)
def test_a_desil_that_was_not_renewed_for_a_year_says_nothing(
    hub: Hub, period: str, desil: int, answer: str
) -> None:
    head = replace(adult(1, sembako=True), dated=None)
    Country([Household(1, [head], period=period, desil=desil)]).publish(hub)
    told = one(hub, adult(1).nik, ["SEMBAKO"], on=ON).answers[0]
    assert told.answer == answer
    found = rule(told, "desil")
    (seen,) = saw(told, "desil", "desil")
    assert (seen.value, seen.period, seen.outdated) == (desil, period, answer == "undetermined")
    assert bool(found.outdated) == told.keeps_benefit == (answer == "undetermined")


def test_what_a_rule_saw_says_how_old_it_is(hub: Hub) -> None:
    old = replace(adult(2, occupation="PETANI_PEKEBUN"), dated="2019-05-05")
    told = asked(hub, woman("2026-08-01"), old, period="2022Q1")
    (desil,) = saw(told, "desil", "desil")
    assert (desil.value, desil.period, desil.date) == (2, "2022Q1", "2026-01-02")
    assert desil.outdated
    # Of what several have, the oldest; what is worked out is as old as what it comes from.
    assert [one.date for one in saw(told, "state_employee", "occupation")] == ["2019-05-05"]
    assert {(one.value, one.date) for one in saw(told, "state_employee", "age")} == {
        (30, "2026-08-01"),
        (46, "2019-05-05"),
    }
    (status,) = saw(told, "nik_in_registry", "identity_status")
    assert (status.date, status.period) == (None, None)


@pytest.mark.parametrize(
    ("flags", "value", "day"),
    [
        ({"2019-05-05": False, "2026-08-01": False}, False, "2019-05-05"),
        ({"2019-05-05": True, "2026-08-01": True}, True, "2026-08-01"),
        ({"2019-05-05": True, "2026-08-01": False}, True, "2019-05-05"),
    ],
)
def test_a_list_is_as_old_as_the_newest_yes_or_the_oldest_no(
    hub: Hub, flags: dict[str, bool], value: bool, day: str
) -> None:
    people = [
        replace(adult(serial, pkh=says), dated=dated)
        for serial, (dated, says) in enumerate(flags.items(), 1)
    ]
    Country([Household(1, people)]).publish(hub)
    told = one(hub, people[0].nik, ["BLT-DD"], on=ON).answers[0]
    seen = [saw for of in told.rules for saw in of.saw if saw.attribute == "listed_pkh"]
    assert [(one.value, one.date) for one in seen] == [(value, day)]


def test_another_attribute_may_have_a_bound_and_leaves_a_list_open(hub: Hub) -> None:
    text = DOCUMENT.read_text("utf-8")
    bound = "  pkh: {value: true, months: 24, sentence: {id: '{months} bulan', en: '{months} months'}}\n"
    own = Path(hub.settings.home) / NAME
    own.write_text(text.replace("\nlasts:\n", f"\nlasts:\n{bound}"), "utf-8")
    old = replace(adult(1, pkh=True), dated="2021-03-01")
    Country([Household(1, [old, adult(2)], desil=1, region="3201152001")]).publish(hub)
    told = one(hub, old.nik, ["BLT-DD"], on=ON).answers[0]
    assert told.answer == "undetermined"
    seen = [saw for of in told.rules for saw in of.saw if saw.attribute == "listed_pkh"]
    assert [one.value for one in seen] == [None]


def test_a_date_is_shown_only_where_its_value_is(hub: Hub) -> None:
    head = woman("2021-03-01")
    Country([Household(1, [head], period="2022Q1")]).publish(hub)

    def told(*family: str) -> EligibilityAnswer:
        seen = {
            "person": frozenset(["alive"]),
            "family": frozenset(family),
            "household": frozenset(),
        }
        return one(hub, head.nik, ["PKH"], principal=client(fields=seen), on=ON)

    nothing = told()
    assert nothing.answers[0].answer == "undetermined"
    for secret in (b"says nothing", b'"outdated"', b'"period"'):
        assert secret not in plain(nothing)
    dated = [seen.attribute for of in nothing.answers[0].rules for seen in of.saw if seen.date]
    assert set(dated) == {"alive"}
    (pregnant,) = saw(nothing.answers[0], "component", "pregnant")
    assert (pregnant.withheld, pregnant.value, pregnant.outdated) == (True, None, False)
    (desil,) = saw(told("desil").answers[0], "desil", "desil")
    assert (desil.value, desil.period) == (2, None)
    (desil,) = saw(told("desil", "desil_period").answers[0], "desil", "desil")
    assert desil.period == "2022Q1"


def test_by_the_rules_of_before_an_old_snapshot_answers_as_it_did(hub: Hub) -> None:
    text = DOCUMENT.read_text("utf-8")
    before, after = text.index("\nlasts:"), text.index("\n# A link weaker")
    own = Path(hub.settings.home) / NAME
    own.write_text(text[:before] + text[after:], "utf-8")
    head = woman("2021-03-01")
    Country([Household(1, [head])]).publish(hub)
    snapshots.create(hub, "before", actor="test")
    own.unlink()
    then = one(hub, head.nik, ["PKH"], snapshot="before")
    assert then.answers[0].answer == "eligible"
    for new in (b'"date"', b'"period"', b'"outdated"'):
        assert new not in plain(then)
    assert one(hub, head.nik, ["PKH"]).answers[0].answer == "undetermined"
    assert many(hub, [head.nik], ["PKH"], snapshot="before").words.outdated == {}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  pregnant:", "  pregnent:", "pregnent"),
        ("value: true #", "value: YA #", "boolean"),
        ("months: 10", "months: 0", "months"),
        ("more than {months} months", "long", "{months}"),
    ],
)
def test_a_document_that_is_wrong_about_it_says_where(old: str, new: str, says: str) -> None:
    text = DOCUMENT.read_text("utf-8")
    assert old in text
    with pytest.raises(RuleError, match=says):
        parse_eligibility(text.replace(old, new))


def test_months_are_counted_by_the_calendar() -> None:
    assert months_before(date(2026, 11, 30), 10) == date(2026, 1, 30)
    assert months_before(date(2026, 12, 31), 10) == date(2026, 2, 28)
    assert months_before(date(2026, 3, 15), 15) == date(2024, 12, 15)


def test_a_home_with_a_document_of_its_own_is_told_what_it_does_without(hub: Hub) -> None:
    home = Path(hub.settings.home)
    assert advice(home) == []
    text = DOCUMENT.read_text("utf-8")
    (home / NAME).write_text(text, "utf-8")
    assert advice(home) == []
    before, after = text.index("\nlasts:"), text.index("\n# A link weaker")
    (home / NAME).write_text(text[:before] + text[after:], "utf-8")
    (note,) = advice(home)
    assert "desil, pregnant" in note
    (home / NAME).write_text("version: 2", "utf-8")
    assert len(advice(home)) == 1
