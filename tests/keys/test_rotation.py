"""Every key is replaced while others look people up: nobody is missed, nothing fails, nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from sqlmodel import select

from mdm import rotation
from mdm.access.errors import SecondPersonError
from mdm.compose import Hub
from mdm.errors import AccessError, IntegrityError, UsageError
from mdm.homes import open_home
from mdm.hub.columns import now
from mdm.hub.runs import published_seq
from mdm.hub.tables import AuditEvent, DomainKeyRow, NikToken
from mdm.keys import PURPOSES
from mdm.lookup import open_profile, profile_by_nik
from mdm.opening import carriers
from mdm.rotation.tokens import refile
from mdm.rotation.wrapping import rewrap_entity_keys
from mdm.seal.tokens import tokens_for
from mdm.work.progress import Advance, Silent
from tests.keys.approving import approve
from tests.publish.golden import AGUS, BUDI, SITI, Golden, content, publish_golden

QUIET = Silent()
OLD = "3201154503880999"


def person(nik: str, *others: str, **values: Any) -> tuple[str, list[str]]:
    """Content and NIKs of a person, told in the content as survivorship tells them."""
    body = json.loads(content(**values))
    if others:
        losers = [[other, 0, 1, "older"] for other in others]
        body["contested"]["nik"] = [nik, 0, 1, losers]
    else:
        body["agreed"]["nik"] = [nik, 0, 1]
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return text, [nik, *others]


def numbers(count: int) -> list[str]:
    return [f"32010101019{n:05d}" for n in range(count)]


def destroy(hub: Hub, purpose: str, version: int) -> None:
    """Destroy a version, with the approval of a second person."""
    with pytest.raises(SecondPersonError) as waits:
        rotation.destroy(hub, purpose, version, actor="first@hub")
    approval = approve(hub, waits.value.approval)
    rotation.destroy(hub, purpose, version, actor="first@hub", approval=approval)


def holders(hub: Hub, nik: str, seq: int | None = None) -> list[str]:
    tokens = tokens_for(hub, nik)
    with hub.sessions.read() as session:
        found = carriers(session, tokens, published_seq(session) if seq is None else seq)
    return sorted({one for some in found.values() for one in some})


@contextmanager
def reader(hub: Hub, niks: list[str]) -> Iterator[list[dict[str, Any]]]:
    """A process that looks the numbers up all the while; its report is there at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.keys.reader", str(hub.settings.home), *niks],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    report: list[dict[str, Any]] = []
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield report
        answer, _ = process.communicate("", timeout=60)
        report.append(json.loads(answer))
    finally:
        process.kill()
        process.wait()


def test_nobody_is_missed_while_every_key_is_replaced(hub: Hub) -> None:
    niks = numbers(60)
    persons = {f"e{n:03d}": person(nik, name=f"N{n}") for n, nik in enumerate(niks)}
    publish_golden(hub, Golden(persons=persons))
    with reader(hub, niks) as report:
        for purpose in (rotation.ROOT, *PURPOSES):
            assert rotation.rotate(hub, purpose, actor="keeper") == 2
        assert rotation.rewrap(hub, "profile", actor="keeper", progress=QUIET) == {"keys": 60}
        done = rotation.rewrap(hub, "identifier", actor="keeper", progress=QUIET)
        assert done == {"tokens": 60, "left": 0}
        newcomer = {"new": person(SITI, name="SITI")}
        publish_golden(hub, Golden(persons=persons | newcomer))
        assert holders(hub, SITI) == ["new"]
        for purpose in ("profile", "identifier"):
            destroy(hub, purpose, 1)
    assert report[0]["failed"] == []
    assert report[0]["missed"] == 0
    assert report[0]["lookups"] > 20
    again = open_home(hub.settings.home)
    assert all(holders(again, nik) == [f"e{n:03d}"] for n, nik in enumerate(niks))
    assert again.keys.versions("identifier") == [2]
    again.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process is there that would have to learn of a rotation."""
    monkeypatch.setattr("mdm.keys.KNOWN_SECONDS", 0.0)


@pytest.mark.usefixtures("quick")
def test_refiled_tokens_keep_their_history(hub: Hub) -> None:
    before = {"e1": person(SITI, OLD, name="SITI"), "e2": person(BUDI, name="BUDI")}
    publish_golden(hub, Golden(persons=before))
    with hub.sessions.read() as session:
        first = published_seq(session)
    after = {"e1": person(SITI, name="SITI"), "e3": person(AGUS, OLD, name="AGUS")}
    publish_golden(hub, Golden(persons=after, absent=["e2"]))
    rotation.rotate(hub, "identifier", actor="keeper")
    done = refile(hub, actor="keeper")
    assert (done.version, done.tokens, done.left) == (2, 5, 0)
    assert refile(hub, actor="keeper").tokens == 0
    destroy(hub, "identifier", 1)
    assert holders(hub, OLD, first) == ["e1"]
    assert holders(hub, OLD) == ["e3"]
    assert holders(hub, BUDI, first) == ["e2"]
    assert holders(hub, BUDI) == []
    assert holders(hub, SITI) == holders(hub, SITI, first) == ["e1"]


@pytest.mark.usefixtures("quick")
def test_a_run_between_rotation_and_refiling_loses_nobody(hub: Hub) -> None:
    persons = {"e1": person(SITI, OLD, name="SITI"), "e2": person(BUDI, name="BUDI")}
    publish_golden(hub, Golden(persons=persons))
    rotation.rotate(hub, "identifier", actor="keeper")
    publish_golden(hub, Golden(persons=persons | {"e2": person(AGUS, name="BUDI")}))
    assert [holders(hub, nik) for nik in (SITI, OLD, AGUS, BUDI)] == [["e1"], ["e1"], ["e2"], []]
    assert refile(hub, actor="keeper").left == 0
    destroy(hub, "identifier", 1)
    assert [holders(hub, nik) for nik in (SITI, OLD, AGUS, BUDI)] == [["e1"], ["e1"], ["e2"], []]
    with hub.sessions.read() as session:
        assert set(session.exec(select(NikToken.key_id)).all()) == {2}


class _Killed(Silent):
    """Progress of a process that is killed after its first step."""

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Advance]:
        def advance(_done: int) -> None:
            raise KeyboardInterrupt

        yield advance


@pytest.mark.usefixtures("quick")
def test_killed_key_work_goes_on_where_it_stopped(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mdm.rotation.tokens.CHUNK", 3)
    monkeypatch.setattr("mdm.rotation.wrapping.CHUNK", 3)
    niks = numbers(10)
    persons = {f"e{n:03d}": person(nik, name=f"N{n}") for n, nik in enumerate(niks)}
    publish_golden(hub, Golden(persons=persons))
    for purpose in ("identifier", "profile"):
        rotation.rotate(hub, purpose, actor="keeper")
    with pytest.raises(KeyboardInterrupt):
        refile(hub, actor="keeper", progress=_Killed())
    with pytest.raises(KeyboardInterrupt):
        rewrap_entity_keys(hub, actor="keeper", progress=_Killed())
    assert all(holders(hub, nik) for nik in niks)
    assert (refile(hub, actor="keeper").tokens, refile(hub, actor="keeper").left) == (7, 0)
    assert rewrap_entity_keys(hub, actor="keeper") == 7
    assert all(profile_by_nik(hub, nik, actor="a") for nik in niks)


@pytest.mark.usefixtures("quick")
def test_a_number_that_no_profile_tells_keeps_the_old_key_alive(hub: Hub) -> None:
    publish_golden(hub, Golden(persons={"e1": (content(name="SITI"), [SITI])}))
    rotation.rotate(hub, "identifier", actor="keeper")
    assert refile(hub, actor="keeper").left == 1
    with pytest.raises(AccessError, match="still sealed"):
        rotation.destroy(hub, "identifier", 1, actor="keeper")
    assert holders(hub, SITI) == ["e1"]


@pytest.mark.usefixtures("quick")
def test_a_version_goes_when_nothing_needs_it_and_another_person_agrees(hub: Hub) -> None:
    text, niks = person(SITI, name="SITI")
    publish_golden(hub, Golden(persons={"e1": (text, niks)}))
    with pytest.raises(AccessError, match="decrypt-only"):
        rotation.destroy(hub, "profile", 1, actor="keeper")
    rotation.rotate(hub, "profile", actor="keeper")
    with pytest.raises(AccessError, match="still sealed"):
        rotation.destroy(hub, "profile", 1, actor="keeper")
    rotation.rewrap(hub, "profile", actor="keeper", progress=QUIET)
    with pytest.raises(SecondPersonError) as waits:
        rotation.destroy(hub, "profile", 1, actor="keeper")
    with pytest.raises(AccessError):
        rotation.destroy(hub, "profile", 1, actor="keeper", approval=waits.value.approval)
    approve(hub, waits.value.approval)
    rotation.destroy(hub, "profile", 1, actor="keeper", approval=waits.value.approval)
    with pytest.raises(IntegrityError):
        hub.keys.domain("profile", 1)
    again = open_home(hub.settings.home)
    with again.sessions.read() as session:
        assert open_profile(again, session, "e1") == (1, text)
    assert publish_golden(again, Golden(persons={"e1": (text, niks)}))["person"].sealed == 1
    again.close()
    with hub.sessions.read() as session:
        said = [json.loads(e) for e in session.exec(select(AuditEvent.event)).all()]
    told = [event for event in said if event["action"] == "destroy-key"]
    assert [(e["kind"], e["key_version"], e["approved_by"]) for e in told] == [
        ("profile", 1, "second@hub")
    ]


def test_lake_files_are_written_anew_under_the_new_key(hub: Hub) -> None:
    tables = [pa.table({"n": [n, n + 1]}) for n in (10, 20, 30)]
    for table in tables:
        file = hub.lake.write("landed/a/b", table, owner=f"batch{table['n'][0]}")
        with hub.sessions.begin() as session:
            hub.lake.adopt(session, [file])
    before = [file.owner for file in hub.lake.files()]
    rotation.rotate(hub, "lake", actor="keeper")
    with pytest.raises(AccessError, match="3 things"):
        rotation.destroy(hub, "lake", 1, actor="keeper")
    assert rotation.rewrap(hub, "lake", actor="keeper", progress=QUIET) == {"files": 3}
    assert rotation.rewrap(hub, "lake", actor="keeper", progress=QUIET) == {"files": 0}
    assert [file.owner for file in hub.lake.files()] == before
    assert {hub.lake.key_version(file) for file in hub.lake.files()} == {2}
    assert hub.lake.sweep() == 0
    for file in hub.lake.files():
        hub.lake.verify(file)
    destroy(hub, "lake", 1)
    again = open_home(hub.settings.home)
    found = again.lake.reader("landed/a/b")
    assert found is not None
    assert found.read_all() == pa.concat_tables(tables)
    again.close()


def test_a_rotation_elsewhere_is_noticed(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdm.keys.FRESH", 0.0)
    other = open_home(hub.settings.home)
    assert other.keys.domain("export").version == 1
    rotation.rotate(hub, "export", actor="keeper")
    assert other.keys.domain("export").version == 2
    rotation.rotate(hub, rotation.ROOT, actor="keeper")
    rotation.rotate(hub, "export", actor="keeper")
    assert other.keys.domain("export").version == 3
    assert rotation.rotate(other, "export", actor="keeper") == 4
    assert hub.keys.domain("export").version == 4
    other.close()


def test_a_new_index_key_is_announced_before_anything_is_filed_under_it(hub: Hub) -> None:
    rotation.rotate(hub, "identifier", actor="keeper")
    assert len(tokens_for(hub, SITI)) == 2
    publish_golden(hub, Golden(persons={"e1": person(SITI, name="SITI")}))
    with hub.sessions.read() as session:
        assert session.exec(select(NikToken.key_id)).all() == [1]
    assert holders(hub, SITI) == ["e1"]


def test_an_index_key_of_before_the_clock_was_set_back_is_used(hub: Hub) -> None:
    """It was announced long ago, though its time lies in the future: refiling had moved nothing and said so of none."""
    publish_golden(hub, Golden(persons={"e1": person(SITI, name="SITI")}))
    rotation.rotate(hub, "identifier", actor="keeper")
    ahead = now() + timedelta(days=365)
    with hub.sessions.begin() as session:
        session.get_one(DomainKeyRow, ("identifier", 2)).created = ahead
    done = refile(hub, actor="keeper")
    assert (done.version, done.tokens, done.left) == (2, 1, 0)


def test_the_list_of_keys_says_what_needs_each(hub: Hub) -> None:
    publish_golden(hub, Golden(persons={"e1": person(SITI, name="SITI")}))
    rotation.rotate(hub, "profile", actor="keeper")
    lines = {(one.purpose, one.version): one for one in rotation.key_lines(hub)}
    assert (lines["profile", 1].state, lines["profile", 1].needed) == ("decrypt-only", 1)
    assert (lines["profile", 2].state, lines["profile", 2].needed) == ("active", 0)
    assert lines["identifier", 1].needed == 1
    assert lines[rotation.ROOT, 1].needed == len(PURPOSES) + 1
    with pytest.raises(UsageError, match="no key for"):
        rotation.rotate(hub, "everything", actor="keeper")
