"""Jobs: asked, worked off in sealed parts, taken up after a kill, fetched once by who asked."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from api.logs import Log
from mdm import jobs
from mdm.access.terms import Limits
from mdm.compose import Hub
from mdm.errors import ConflictError, InputError, IntegrityError
from mdm.hub.columns import now
from mdm.hub.tables import Job
from mdm.jobs import asking
from mdm.jobs import work as jobwork
from mdm.jobs.work import Worker
from mdm.rights import restriction
from mdm.rights.whom import entity_of
from mdm.rotation import key_lines
from mdm.seal.files import SealedFile
from tests.decide.asked import many
from tests.decide.world import NOBODY, Country, Household, adult, client, pupil
from tests.keys.approving import erase
from tests.templates import Fill, Template

FAMILIES = [Household(n, [adult(10 * n), pupil(10 * n + 1)], desil=n) for n in range(1, 9)]
NIKS = [m.nik for f in FAMILIES for m in f.members] + [NOBODY]
OWNER = client().id


@pytest.fixture(scope="module")
def published_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(Country(FAMILIES).publish)


@pytest.fixture
def hub(published_once: Template, home: Path) -> Iterator[Hub]:
    """A copy of a hub with these families."""
    with published_once.copy(home) as hub:
        yield hub


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PART", 4)
    monkeypatch.setattr(jobwork, "PART", 4)


def wish(niks: list[str] = NIKS) -> asking.Wish:
    return asking.Wish(client(), "assistance", ["SEMBAKO", "PKH"], niks)


def job_of(hub: Hub, job_id: str) -> Job:
    with hub.sessions.read() as session:
        return jobs.look(session, job_id, OWNER)


def lines_of(hub: Hub, job_id: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in b"".join(jobs.collect(hub, job_id, OWNER)).splitlines()]


def files(hub: Hub) -> list[Path]:
    return sorted((hub.settings.home / "jobs").glob("*"))


@pytest.mark.usefixtures("small_parts")
def test_a_job_answers_as_a_batch_does(hub: Hub) -> None:
    job = asking.submit(hub, wish())
    # What is published after the question does not change the answer.
    Country([Household(1, [adult(10)], desil=10)]).publish(hub)
    assert Worker(hub).round()
    done = job_of(hub, job.id)
    assert (done.state, done.done, done.total, done.found) == ("done", 17, 17, 16)
    head, *items = lines_of(hub, job.id)
    assert head["as_of"]["run"] == 1  # type: ignore[index]
    assert [item["index"] for item in items] == list(range(17))
    Country(FAMILIES).publish(hub)
    batch = many(hub, NIKS, ["SEMBAKO", "PKH"])
    assert [i["answers"]["PKH"]["answer"] for i in items] == [  # type: ignore[index]
        item.answers["PKH"].answer for item in batch.items
    ]


@pytest.mark.usefixtures("small_parts")
def test_a_result_is_fetched_once_and_by_its_owner_alone(hub: Hub) -> None:
    job = asking.submit(hub, wish())
    with pytest.raises(InputError, match="waiting"):
        jobs.collect(hub, job.id, OWNER)
    Worker(hub).round()
    for other in ("client:other", ""):
        with pytest.raises(InputError, match="no such job"):
            jobs.collect(hub, job.id, other)
    assert len(lines_of(hub, job.id)) == 18
    with pytest.raises(InputError, match="delivered"):
        jobs.collect(hub, job.id, OWNER)
    assert files(hub) == []


def test_a_fault_of_ours_ends_a_job_and_is_not_tried_for_ever(hub: Hub) -> None:
    job = asking.submit(hub, wish())
    with hub.sessions.begin() as session:
        session.get_one(Job, job.id).asked = {}
    out = StringIO()
    failed = partial(Log(out).failed, "job")
    assert Worker(hub, failed=failed).round()
    assert (job_of(hub, job.id).state, job_of(hub, job.id).problem) == ("failed", "internal")
    assert not Worker(hub, failed=failed).round()
    (line,) = map(json.loads, out.getvalue().splitlines())
    assert line["event"] == "job"
    assert re.fullmatch(r"internal error \w{8}: \w+ at mdm/[\w/]+\.py:\d+", line["fault"])


def test_a_key_is_needed_by_jobs_until_they_have_ended(hub: Hub) -> None:
    def needed() -> int:
        return sum(one.needed for one in key_lines(hub) if one.purpose == "export")

    fetched, cancelled = asking.submit(hub, wish()), asking.submit(hub, wish())
    Worker(hub).round()
    assert needed() == 2
    lines_of(hub, fetched.id)
    jobs.cancel(hub, cancelled.id, OWNER)
    assert needed() == 0


@pytest.mark.usefixtures("small_parts")
def test_nothing_personal_stands_in_the_files_of_a_job(hub: Hub) -> None:
    asking.submit(hub, wish())
    Worker(hub).round()
    stored = b"".join(path.read_bytes() for path in files(hub))
    assert len(files(hub)) == 2
    for marker in (NIKS[0].encode(), b"eligible", b"SEMBAKO", b"desil"):
        assert marker not in stored
    assert {path.stat().st_mode & 0o777 for path in files(hub)} == {0o600}


def altered(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def first_part(data: bytes) -> bytes:
    return data[: 4 + int.from_bytes(data[:4], "big")]


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("name", ["request", "result"])
@pytest.mark.parametrize("damage", [altered, first_part])
def test_a_file_that_was_altered_or_lost_whole_parts_is_found_out(
    hub: Hub, name: str, damage: Callable[[bytes], bytes]
) -> None:
    job = asking.submit(hub, wish())
    if name == "result":
        Worker(hub).round()
    path = hub.settings.home / "jobs" / f"{job.id}.{name}"
    path.write_bytes(damage(path.read_bytes()))
    if name == "result":
        with pytest.raises(IntegrityError):
            lines_of(hub, job.id)
        return
    Worker(hub).round()
    assert (job_of(hub, job.id).state, job_of(hub, job.id).problem) == ("failed", "integrity")


def test_a_result_that_is_gone_is_found_out(hub: Hub) -> None:
    job = asking.submit(hub, wish())
    Worker(hub).round()
    (hub.settings.home / "jobs" / f"{job.id}.result").unlink()
    with pytest.raises(IntegrityError):
        jobs.collect(hub, job.id, OWNER)


@pytest.mark.usefixtures("small_parts")
def test_a_part_cut_short_is_written_again(hub: Hub) -> None:
    job = asking.submit(hub, wish())
    file = jobs.file_of(hub, job, "result")
    file.append(0, b"half", 0)
    file.path.write_bytes(file.path.read_bytes()[:-3])
    Worker(hub).round()
    assert len(lines_of(hub, job.id)) == 18


@pytest.mark.usefixtures("small_parts")
def test_a_stopped_worker_leaves_its_job_to_the_next(hub: Hub) -> None:
    job = asking.submit(hub, wish())
    stopped = Worker(hub)
    stopped._stop.set()
    assert stopped.round()
    assert job_of(hub, job.id).state == "waiting"
    assert Worker(hub).round()
    assert job_of(hub, job.id).state == "done"


@pytest.mark.usefixtures("small_parts")
def test_a_cancelled_job_is_not_worked_on_and_nothing_is_kept(hub: Hub) -> None:
    job = asking.submit(hub, wish())
    jobs.cancel(hub, job.id, OWNER)
    assert not Worker(hub).round()
    assert job_of(hub, job.id).state == "cancelled"
    assert files(hub) == []


@pytest.mark.usefixtures("small_parts")
def test_a_result_that_nobody_fetches_goes_after_a_week(hub: Hub) -> None:
    job = asking.submit(hub, wish())
    Worker(hub).round()
    with hub.sessions.begin() as session:
        session.exec(select(Job)).one().finished = now() - timedelta(days=8)
    assert jobs.tidy(hub) == 1
    assert job_of(hub, job.id).state == "expired"
    assert files(hub) == []


def test_a_killed_workers_job_is_taken_up_where_it_stood(hub: Hub) -> None:
    job = asking.submit(hub, wish(NIKS * 250))
    command = [sys.executable, "-m", "tests.decide.job_worker", str(hub.settings.home)]
    process = subprocess.Popen(command)
    try:
        _wait(lambda: job_of(hub, job.id).done > 0)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    held = job_of(hub, job.id)
    assert held.state == "running"
    assert 0 < held.done < held.total
    again = Worker(hub)
    _wait(again.round)
    done = job_of(hub, job.id)
    assert (done.state, done.done) == ("done", 4_250)
    lines = b"".join(jobs.collect(hub, job.id, OWNER)).splitlines()
    assert [json.loads(line)["index"] for line in lines[1:]] == list(range(4_250))


def test_a_lease_of_before_the_clock_was_set_back_keeps_no_job(hub: Hub) -> None:
    job = asking.submit(hub, wish(NIKS))
    with hub.sessions.begin() as session:
        held = session.get_one(Job, job.id)
        held.state, held.worker = "running", "one that was killed"
        held.alive_until = now() + timedelta(days=365)
    assert Worker(hub).round()
    assert job_of(hub, job.id).state == "done"


def _wait(until: object) -> None:
    end = time.monotonic() + 120
    while not until():  # type: ignore[operator]
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def test_an_empty_job_is_refused(hub: Hub) -> None:
    with pytest.raises(InputError):
        asking.submit(hub, wish([]))


def test_a_job_that_no_day_of_the_agreement_has_room_for_is_refused_at_once(hub: Hub) -> None:
    limits = Limits(requests_per_minute=10, niks_per_day=5, miss_percent=100, miss_floor=1)
    few = replace(wish(), principal=client(limits=limits))
    with pytest.raises(InputError, match="names 17 NIKs; the agreement allows 5 a day"):
        asking.submit(hub, few)
    assert files(hub) == []
    # One number twice is one person.
    assert asking.submit(hub, replace(few, niks=[*NIKS[:5], *NIKS[:5]])).total == 10


def test_an_erasure_ends_the_jobs_that_ask_about_the_person_and_names_what_was_fetched(
    hub: Hub,
) -> None:
    gone = NIKS[0]
    fetched, done, other = (asking.submit(hub, wish(niks)) for niks in (NIKS, NIKS[:3], NIKS[4:]))
    worker = Worker(hub)
    while worker.round():
        pass
    lines_of(hub, fetched.id)
    waiting = asking.submit(hub, wish([gone]))
    erased = erase(hub, entity_of(hub, gone))
    assert erased.jobs == 2
    # The one answer that left the hub is named; the one that nobody fetched told nobody.
    (told,) = erased.handed_out
    assert (told.actor, told.purpose, told.job) == (OWNER, "assistance", fetched.id)
    for job in (done, waiting):
        now_ = job_of(hub, job.id)
        assert (now_.state, now_.problem) == ("failed", "void")
        with pytest.raises(InputError):
            jobs.collect(hub, job.id, OWNER)
    assert {path.stem for path in files(hub)} == {other.id}
    assert len(lines_of(hub, other.id)) == 1 + len(NIKS[4:])


def test_a_restriction_ends_the_jobs_that_ask_about_the_person_or_the_family(hub: Hub) -> None:
    """What had been answered before was handed out after: "eligible", by what nobody may decide by any more."""
    of_child, of_head, other = (
        asking.submit(hub, wish([nik])) for nik in (NIKS[1], NIKS[0], NIKS[4])
    )
    worker = Worker(hub)
    while worker.round():
        pass
    child = entity_of(hub, NIKS[1])
    restriction.restrict(hub, child, basis="uu27-2022-art41", actor="s@hub")
    assert [job_of(hub, job.id).problem for job in (of_child, of_head, other)] == [
        "void",
        "void",
        None,
    ]
    assert {path.stem for path in files(hub)} == {other.id}
    # A kill between the restriction and the jobs is made good by who restricts again.
    again = asking.submit(hub, wish([NIKS[0]]))
    restriction.restrict(hub, child, basis="uu27-2022-art41", actor="s@hub")
    assert job_of(hub, again.id).problem == "void"


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("when", ["first part", "last part"])
def test_a_request_whose_process_was_killed_is_swept_up_and_seen_by_an_erasure(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    append = SealedFile.append

    def killed(file: SealedFile, part: int, plain: bytes, at: int) -> int:
        end = append(file, part, plain, at)
        if part == (0 if when == "first part" else len(NIKS) // 4):
            raise KeyboardInterrupt
        return end

    for erased in (False, True):
        with monkeypatch.context() as patch:
            patch.setattr(SealedFile, "append", killed)
            with pytest.raises(KeyboardInterrupt):
                asking.submit(hub, wish())
        assert len(files(hub)) == 1
        if erased:
            erase(hub, entity_of(hub, NIKS[0]))
        else:
            with monkeypatch.context() as later:
                later.setattr(jobs, "LOST", timedelta())
                assert not Worker(hub).round()
        assert files(hub) == []


def test_files_without_a_job_are_swept_up_but_not_while_somebody_writes(hub: Hub) -> None:
    waits, fetched = asking.submit(hub, wish()), asking.submit(hub, wish(NIKS[4:]))
    delivered = [path for path in files(hub) if path.stem == fetched.id]
    orphan = delivered[0].with_name(f"{'0' * 32}.request")
    orphan.write_bytes(delivered[0].read_bytes())
    jobs.cancel(hub, fetched.id, OWNER)
    delivered[0].write_bytes(b"as a kill before the file went would leave it")
    with hub.sessions.read() as session:
        assert jobs.sweep(hub, session) == 0
        for path in files(hub):
            os.utime(path, (0, 0))
        assert jobs.sweep(hub, session) == 2
    assert {path.stem for path in files(hub)} == {waits.id}


def test_an_erasure_while_a_job_is_taken_ends_it(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    append = SealedFile.append

    def erase_meanwhile(file: SealedFile, part: int, plain: bytes, at: int) -> int:
        monkeypatch.undo()
        erase(hub, entity_of(hub, NIKS[0]))
        return append(file, part, plain, at)

    monkeypatch.setattr(SealedFile, "append", erase_meanwhile)
    with pytest.raises(ConflictError):
        asking.submit(hub, wish())
    assert files(hub) == []
    assert not Worker(hub).round()


def test_a_worker_that_is_overtaken_by_an_erasure_leaves_nothing_behind(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = asking.submit(hub, wish())
    answer = jobwork.answer

    def erase_meanwhile(*asked: Any) -> Any:
        told = answer(*asked)
        erase(hub, entity_of(hub, NIKS[0]))
        return told

    monkeypatch.setattr(jobwork, "answer", erase_meanwhile)
    assert Worker(hub).round()
    assert job_of(hub, job.id).problem == "void"
    assert files(hub) == []
