"""The worker: takes up jobs one at a time and works them off in parts.

A claim holds for a lease that every part renews. The job of a worker that was killed is taken up by
another when its lease has run out, after its last durable part.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Self

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from mdm import audit
from mdm.compose import Hub
from mdm.eligibility.asking import Asked, fixed
from mdm.eligibility.batch import Batch, answer
from mdm.eligibility.helper import Helper
from mdm.errors import DiskFullError, HubError
from mdm.hub.columns import now
from mdm.hub.tables import Job
from mdm.ids import short_id
from mdm.jobs import (
    DONE,
    FAILED,
    LIVE,
    REQUEST,
    RESULT,
    RUNNING,
    WAITING,
    checks,
    exports,
    file_of,
    not_whole,
    remove_files,
    said_of,
    sweep,
    tidy,
)
from mdm.jobs.asking import PART, asker

LEASE = timedelta(seconds=30)  # how long a worker that says nothing is believed to live
LONGEST = timedelta(hours=1)  # of a lease
LOOK = 1.0  # seconds between two looks for work
INTERNAL = "internal"  # the problem of a job that ended by a fault of ours
SWEEP = 600.0  # between two looks for files that no job needs
#: Kind → what makes a job of it in one go.
_WHOLE = {exports.KIND: exports.work_off, checks.KIND: checks.work_off}
_line = msgspec.json.Encoder().encode


class Worker:
    """Works jobs off, one at a time, in a thread: `with Worker(hub): …`. `failed` hears of faults of ours."""

    def __init__(
        self,
        hub: Hub,
        helper: Helper | None = None,
        failed: Callable[[Exception], None] = lambda _: None,
        *,
        lease: timedelta = LEASE,
        pause: float = LOOK,
    ) -> None:
        self._hub, self._helper, self._failed = hub, helper, failed
        self._lease = lease
        self._pause = pause
        self._name = short_id()
        self._sweep = 0.0  # when to look for files that no job needs
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop after the part under way; its job waits for another worker."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def round(self) -> bool:
        """Take up one job and work it off; whether there was one."""
        self._tidy()
        job = self._claim()
        if job is None:
            return False
        try:
            if job.kind in _WHOLE:
                self._make(job, _WHOLE[job.kind])
            else:
                self._work_off(job)
        except DiskFullError:
            raise  # as below: who asked is not told of a disk that somebody clears
        except HubError as error:
            self._end(job, FAILED, problem=type(error).__name__.removesuffix("Error").lower())
        except (SQLAlchemyError, OSError):
            raise  # the database or the disk is away: the lease runs out, the job waits
        except Exception as error:
            # A fault of ours would come again at every attempt, and who asked would wait for ever.
            self._failed(error)
            self._end(job, FAILED, problem=INTERNAL)
        return True

    def _work(self) -> None:
        while not self._stop.is_set():
            worked = False
            # A database that is away: the lease runs out, the job waits.
            with suppress(Exception):
                worked = self.round()
            if not worked:
                self._stop.wait(self._pause)

    def _tidy(self) -> None:
        tidy(self._hub)
        if time.monotonic() >= self._sweep:
            self._sweep = time.monotonic() + SWEEP
            with self._hub.sessions.read() as session:
                sweep(self._hub, session)

    def _claim(self) -> Job | None:
        """The oldest job that waits, or whose worker is not heard of any more."""
        with self._hub.sessions.read() as session:
            if session.exec(_open().limit(1)).first() is None:
                return None
        with self._hub.sessions.begin() as session:
            self._hub.dialect.exclusive(session.connection(), "jobs")
            job = session.exec(_open().order_by(col(Job.created), col(Job.id)).limit(1)).first()
            if job is not None:
                job.state, job.worker = RUNNING, self._name
                job.alive_until = now() + self._lease
        return job

    def _make(self, job: Job, work_off: Callable[[Hub, Job, exports.Tell], bool]) -> None:
        """Work off a job that begins anew when it is taken up again."""

        def tell(done: int, end: int) -> bool:
            return self._tell(job, done, 0, end) and not self._stop.is_set()

        if work_off(self._hub, job, tell):
            self._end(job, DONE)
        else:
            self._leave(job)
            self._end(job, WAITING)

    def _work_off(self, job: Job) -> None:
        batch = _batch(self._hub, job)
        request, result = file_of(self._hub, job, REQUEST), file_of(self._hub, job, RESULT)
        done, end = job.done, job.result_bytes
        for number, part in enumerate(request.parts(done // PART), done // PART):
            if self._stop.is_set():
                self._end(job, WAITING)
                return
            niks = part.decode().split("\n")
            some = replace(batch, niks=niks, first=done)
            told = answer(self._hub, some, self._helper)
            end = result.append(number, _lines(batch.asked, told.items, done), end)
            done += len(niks)
            if not self._tell(job, done, told.found, end):
                self._leave(job)
                return
        if done != job.total:
            raise not_whole()
        self._end(job, DONE)

    def _leave(self, job: Job) -> None:
        """Take back what was written for a job that somebody ended meanwhile."""
        with self._hub.sessions.read() as session:
            ended = session.get_one(Job, job.id).state not in LIVE
        if ended:
            remove_files(self._hub, job)

    def _tell(self, job: Job, done: int, found: int, end: int) -> bool:
        """Say how far the job is; whether it is still this worker's."""
        with self._hub.sessions.begin() as session:
            held = session.get_one(Job, job.id, with_for_update=True)
            if held.state != RUNNING or held.worker != self._name:
                return False
            held.done, held.result_bytes, held.found = done, end, held.found + found
            held.alive_until = now() + self._lease
        return True

    def _end(self, job: Job, state: str, problem: str | None = None) -> None:
        with self._hub.sessions.begin() as session:
            held = session.get_one(Job, job.id, with_for_update=True)
            if held.state != RUNNING or held.worker != self._name:
                return
            held.state, held.problem, held.worker = state, problem, None
            held.finished = None if state == WAITING else now()
            if state != WAITING:
                audit.record(session, "system", f"job.{state}", **said_of(held), reason=problem)
        if state == FAILED:
            remove_files(self._hub, job)


def _open() -> SelectOfScalar[Job]:
    """The query for jobs that somebody should work on. A lease that ends long from now was given by a clock that was
    set back since."""
    at, until = now(), col(Job.alive_until)
    lost = sa.and_(col(Job.state) == RUNNING, or_(until < at, until > at + LONGEST))
    return select(Job).where(or_(col(Job.state) == WAITING, lost))


def _batch(hub: Hub, job: Job) -> Batch:
    """The question of a job, as of its moment: without NIKs yet."""
    said = job.asked
    with hub.sessions.read() as session:
        asked = fixed(
            session,
            said["programmes"],
            snapshot=said["snapshot"],
            run_seq=said["run_seq"],
            rules=said["rules"],
            on=date.fromisoformat(said["on"]),
        )
    principal = asker(hub, said["principal"])
    return Batch(principal, said["purpose"], (), asked, said["case"], job.id)


def _lines(asked: Asked, items: Sequence[msgspec.Raw], first: int) -> bytes:
    """The lines of a part. The first line of a result says as of when it speaks, with the sentences
    behind the names; then each NIK has its line."""
    head = [_line({"as_of": asked.told(), "words": asked.words()})] if first == 0 else []
    return b"\n".join([*head, *map(bytes, items), b""])
