"""Verifications of the audit log as jobs: made beside the service, with a word on how far they are.

What one came to names nobody: it stays to be read again until the job's time is over.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from mdm import audit
from mdm.access.terms import Principal
from mdm.audit.verified import Verified
from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.tables import Job
from mdm.jobs import RESULT, file_of, once
from mdm.jobs.exports import Tell
from mdm.work.progress import Advance

KIND = "audit-verify"
EVERY = 0.5  # seconds between two words on how far it is
#: The tasks of a verification, in their order, as its page calls them.
STEPS = {
    "verify events": "events",
    "verify the index of events": "index",
    "verify records": "records",
    "verify sealed profiles": "profiles",
    "verify the index of numbers": "numbers",
    "verify the lake": "lake",
}


@dataclass(frozen=True)
class Checked:
    """What a verification came to, and how long it took."""

    verified: Verified
    profiles: bool
    seconds: float


class _GivenUpError(Exception):
    """Nobody wants it any more, or the service stops."""


def submit(hub: Hub, principal: Principal, *, profiles: bool) -> Job:
    """Ask for a verification, with every sealed profile or without; the one under way already, if there is one."""
    return once.submit(hub, principal, KIND, profiles=profiles)


def result(hub: Hub, job: Job) -> Checked:
    """What a finished verification came to. IntegrityError when its file does not open."""
    return msgspec.json.decode(b"".join(file_of(hub, job, RESULT).parts()), type=Checked)


def work_off(hub: Hub, job: Job, tell: Tell) -> bool:
    """Verify, and keep what it came to; whether it went to its end."""
    begun, profiles = time.perf_counter(), bool(job.asked["profiles"])
    try:
        found = verify(hub, _Telling(hub, job, tell), profiles=profiles)
    except _GivenUpError:
        return False
    checked = Checked(found, profiles, time.perf_counter() - begun)
    end = file_of(hub, job, RESULT).append(0, msgspec.json.encode(checked), 0)
    with hub.sessions.begin() as session:
        audit.record(
            session, job.owner, KIND, count=found.events, root=found.root, found=found.holds
        )
    return tell(found.events, end)


class _Telling:
    """Progress that is written to the job: which step, how much of it, since when."""

    def __init__(self, hub: Hub, job: Job, tell: Tell) -> None:
        self._hub, self._job, self._tell = hub, job, tell

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Advance]:
        step = {"step": STEPS[label], "since": now().isoformat()}
        with self._hub.sessions.begin() as session:
            held = session.get_one(Job, self._job.id, with_for_update=True)
            held.asked, held.total = {**held.asked, **step}, total or 0
        done, said = 0, time.monotonic()
        self._say(done)

        def advance(more: int) -> None:
            nonlocal done, said
            done += more
            if time.monotonic() - said > EVERY:
                self._say(done)
                said = time.monotonic()

        yield advance

    def note(self, message: str) -> None:
        return None

    def _say(self, done: int) -> None:
        if not self._tell(done, 0):
            raise _GivenUpError
