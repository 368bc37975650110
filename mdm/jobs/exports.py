"""Exports of the audit log as jobs: made beside the service, sealed, fetched once by the auditor who asked."""

from __future__ import annotations

from collections.abc import Callable

from mdm.access.terms import Principal
from mdm.audit.exporting import export_stream
from mdm.compose import Hub
from mdm.hub.tables import Job
from mdm.jobs import RESULT, file_of, once

KIND = "audit-export"
Tell = Callable[[int, int], bool]


def submit(hub: Hub, principal: Principal) -> Job:
    """Ask for the log up to a checkpoint of its own; the job that is under way already, if there is one."""
    return once.submit(hub, principal, KIND)


def work_off(hub: Hub, job: Job, tell: Tell) -> bool:
    """Write the export into the job's file, anew from its beginning; whether it is whole. `tell` is told how
    many events and bytes are written, and says whether to go on."""
    result, events, end = file_of(hub, job, RESULT), 0, 0
    for number, (more, piece) in enumerate(export_stream(hub, actor=job.owner)):
        end = result.append(number, piece, end)
        events += more
        if not tell(min(events, job.total), end):
            return False
    return True
