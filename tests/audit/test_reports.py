"""Reports to people and authorities: what is held, who read it, whom a breach could have touched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mdm import audit, subjects
from mdm.audit.search import Wanted, entries
from mdm.compose import Hub
from mdm.errors import AccessError, InputError, UnknownError
from mdm.hub.columns import now
from mdm.hub.tables import Job
from mdm.lookup import profile_by_id, profile_by_nik
from mdm.rotation import rotate
from mdm.subjects import breach
from mdm.subjects.page import WORDS, render
from mdm.tracing import TraceRequest
from mdm.validation.findings import write_findings
from mdm.work.progress import Silent
from tests.publish.golden import AGUS, BUDI, SITI, Golden, content, publish_golden
from tests.templates import Fill, Template

PERSON = content(
    links={"family": "f1"},
    nik=SITI,
    name="SITI <NUR>",
    religion="ISLAM",
    birth={"birth_date": "1988-03-05", "birth_date_precision": "day"},
)
FAMILY = content("family", kk="3201150101010001", ranking={"desil": 2, "desil_period": "2026Q3"})
FIRST = Golden(
    persons={
        "e1": (PERSON, [SITI]),
        "e2": (content(nik=AGUS, name="AGUS"), [AGUS]),
        "e3": (content(nik=BUDI, name="BUDI"), [BUDI]),
    },
    families={"f1": FAMILY},
)
SECOND = Golden(
    persons={"e1": (PERSON, [SITI, AGUS]), "e3": FIRST.persons["e3"]},
    families={"f1": FAMILY},
    merged={"e2": "e1"},
)


def readings(hub: Hub) -> None:
    publish_golden(hub, FIRST)
    reveal = {"purpose": "verification", "reveal": True}
    profile_by_nik(hub, SITI, actor="officer", case="K-1", **reveal)
    profile_by_id(hub, "e2", actor="officer", case="K-2", **reveal)
    profile_by_nik(hub, BUDI, actor="another", **reveal)
    profile_by_nik(hub, BUDI, actor="officer")
    publish_golden(hub, SECOND)


@pytest.fixture(scope="module")
def read_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(readings)


@pytest.fixture
def read(read_once: Template, home: Path) -> Iterator[Hub]:
    """Somebody read Siti, and Agus before both were found to be one; somebody else read Budi."""
    with read_once.copy(home) as hub:
        yield hub


def report_on(hub: Hub, **whom: str) -> subjects.SubjectReport:
    with hub.sessions.read() as session:
        target = subjects.whom(hub, session, TraceRequest(**whom))
    return subjects.report(hub, target, Silent(), actor="desk", purpose="subject_access")


def test_a_report_has_every_value_with_source_and_reason(read: Hub) -> None:
    found = report_on(read, nik=SITI)
    person, family = found.profiles
    values = {value.attribute: value for value in person.values}
    assert set(values) == {"nik", "name", "religion", "birth"}
    assert all(value.sentence.id and value.sentence.en for value in values.values())
    assert person.records[values["name"].record].source == "kemendagri"
    assert {value.attribute for value in family.values} == {"kk", "ranking"}


def test_a_report_has_everyone_who_read_also_under_a_former_id(read: Hub) -> None:
    found = report_on(read, nik=SITI)
    cases = {one.case for one in found.readings if one.actor == "officer"}
    assert cases >= {"K-1", "K-2"}
    assert found.known_as == ("e2",)
    assert not [one for one in found.readings if one.actor == "another"]
    assert all(one.purpose == "verification" for one in found.readings if one.case)


def test_a_former_id_leads_to_the_same_report(read: Hub) -> None:
    assert report_on(read, entity_id="e2").entity_id == "e1"


def test_the_report_itself_is_the_next_reading(read: Hub) -> None:
    report_on(read, nik=SITI)
    assert report_on(read, nik=SITI).readings[0].action == "subject-report"


def test_a_report_needs_a_purpose_and_somebody(read: Hub) -> None:
    with pytest.raises(InputError):
        report_on(read, nik="9999990101900001")
    with read.sessions.read() as session:
        target = subjects.whom(read, session, TraceRequest(nik=SITI))
    with pytest.raises(AccessError):
        subjects.report(read, target, Silent(), actor="desk", purpose="curiosity")


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_page_says_it_all_in_words_and_nothing_unescaped(read: Hub, language: str) -> None:
    page = render(report_on(read, nik=SITI), language)  # type: ignore[arg-type]
    at = ("id", "en").index(language)
    for told in ("title", "readings", "versions", "rights"):
        assert WORDS[told][at] in page
    assert "SITI &lt;NUR&gt;" in page
    assert "<NUR>" not in page
    assert "K-1" in page
    assert "<script" not in page
    assert "True" not in page


SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def breach_of(
    hub: Hub, since: datetime = SINCE, until: datetime = UNTIL, **whose: str
) -> breach.BreachReport:
    question = breach.Question(since, until, **whose)
    return breach.report(hub, question, actor="auditor", purpose="breach", case="B-1")


def test_an_officer_touched_whom_the_log_says(read: Hub) -> None:
    # Nobody is told that a typing error touched no one.
    with pytest.raises(UnknownError, match="no client"):
        breach_of(read, actor="offizer")
    found = breach_of(read, actor="officer")
    touched = {one.entity_id: one for one in found.touched}
    assert set(touched) == {"e1", "e2", "e3", "f1"}
    assert touched["e1"].how == breach.REVEALING
    assert touched["e3"].how == breach.LOOKING
    assert "specific" in touched["e1"].classes or "general" in touched["e1"].classes
    assert touched["e3"].classes == ()
    assert found.subjects == {"person": 3, "family": 1}
    assert found.purposes["verification"] == 2


def test_only_the_time_asked_about_counts(read: Hub) -> None:
    moment = now()
    profile_by_nik(read, SITI, actor="officer", purpose="audit", reveal=True)
    assert {one.entity_id for one in breach_of(read, since=moment, actor="officer").touched} == {
        "e1",
        "f1",
    }
    assert breach_of(read, until=SINCE + timedelta(days=1), actor="officer").touched == ()


def test_a_key_could_open_what_stood_under_it(read: Hub) -> None:
    first = breach_of(read, key="profile:1")
    assert {"e1", "e3", "f1"} <= {one.entity_id for one in first.touched}
    assert first.classes["person"]["specific"] == first.subjects["person"]
    with read.sessions.begin() as session:
        read.keys.rotate(session, "profile")
    assert breach_of(read, key="profile:2").touched == ()
    assert {one.entity_id for one in breach_of(read, key="identifier:1").touched} >= {"e1", "e3"}
    assert breach_of(read, key="audit:1").touched == ()
    assert breach_of(read, until=SINCE + timedelta(days=1), key="profile:1").touched == ()


def test_under_the_root_key_stands_everything(read: Hub) -> None:
    first = breach_of(read, key="root:1")
    assert first.subjects == breach_of(read, key="lake:1").subjects != {}
    assert first.classes["person"]["specific"] == first.subjects["person"]
    rotate(read, "root", actor="keeper")
    before = breach_of(read, until=now() - timedelta(hours=1), key="root:2")
    assert before.touched == ()
    assert "It was made after the time asked about." in before.notes
    assert breach_of(read, key="root:2").subjects == first.subjects


def test_answers_that_waited_under_the_key_of_export_could_be_opened(read: Hub) -> None:
    assert breach_of(read, key="export:1").touched == ()
    with read.sessions.begin() as session:
        session.add(
            Job(
                id="0a" * 16, kind="eligibility", owner="pkh", state="done", asked={}, total=1,
                key_version=1,
            )
        )  # fmt: skip
        told: dict[str, Any] = {"purpose": "assistance", "fields": {"person": ["name"]}}
        audit.record(session, "pkh", "eligibility", job="0a" * 16, entity_id=["e1"], **told)
        audit.record(session, "pkh", "eligibility", entity_id=["e2"], **told)
        audit.record(session, "pkh", "dci.search", case="forgotten", entity_id=["e3"], **told)
        read.keys.rotate(session, "export")
    first = breach_of(read, key="export:1")
    assert {(one.entity_id, one.how) for one in first.touched} == {
        ("e1", breach.ABLE),
        ("e3", breach.ABLE),
    }
    assert first.classes == {"person": {"general": 2}}
    assert not any("no data about people" in note for note in first.notes)
    assert {one.entity_id for one in breach_of(read, key="export:2").touched} == {"e3"}
    assert breach_of(read, until=SINCE + timedelta(days=1), key="export:1").touched == ()


@pytest.mark.parametrize(
    "whose", [{"key": "profile:9"}, {"key": "root"}, {"key": "root:9"}, {"key": "name:1"}, {}]
)
def test_what_is_no_key_and_nobody_is_refused(read: Hub, whose: dict[str, str]) -> None:
    with pytest.raises(InputError):
        breach_of(read, **whose)


def test_a_breach_report_is_on_record(read: Hub) -> None:
    breach_of(read, actor="officer")
    with read.sessions.read() as session:
        event = next(entries(session, Wanted(action="breach-report")))
    assert (event.actor, event.details["user"]) == ("auditor", "officer")
    assert SITI not in json.dumps(event.details)


def test_files_about_many_at_once_are_told_of(read: Hub, tmp_path: Path) -> None:
    assert breach_of(read, actor="officer").notes == ()
    write_findings(read, tmp_path / "findings.csv", actor="officer")
    (note,) = breach_of(read, actor="officer").notes
    assert note == breach.MANY.format(1)


def test_a_page_is_written_for_its_reader_only(read: Hub, tmp_path: Path) -> None:
    from mdm.cli.app import call  # noqa: PLC0415

    out = tmp_path / "report.html"
    home = str(read.settings.home)
    code = call(["--home", home, "subject", "report", "--entity", "e1", "--out", str(out), "-q"])
    assert code == 0
    assert out.stat().st_mode & 0o077 == 0
    assert "SITI" in out.read_text("utf-8")
