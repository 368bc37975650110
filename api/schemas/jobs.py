"""Jobs as they are asked for and told about."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.schemas.common import CaseNumber, Nik, Purpose, SnapshotName
from api.schemas.eligibility import Day, Programmes
from mdm.hub.tables import Job
from mdm.jobs.asking import MOST

State = Literal["waiting", "running", "done", "failed", "cancelled", "delivered", "expired"]


class JobQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Very many persons, one or more programmes: answered later."""

    niks: Annotated[list[Nik], Meta(min_length=1, max_length=MOST)]
    programmes: Programmes
    purpose: Purpose
    kind: Literal["eligibility"] = "eligibility"
    case: CaseNumber | None = None
    snapshot: SnapshotName | None = None
    on: Day | None = None


class JobTold(msgspec.Struct):
    """How far a job is. `problem` says why it failed (`budget`: a bound of the agreement was reached;
    `access`: client or agreement are not what they were; `void`: what it would tell may not be told
    any more, ask again; `internal`: a fault). A result is fetched once, when it is done."""

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    kind: str
    state: State
    total: int
    done: int
    created: datetime
    finished: datetime | None
    problem: str | None


def told(job: Job) -> JobTold:
    """A job as its owner may see it."""
    return JobTold(
        job.id,
        job.kind,
        job.state,  # type: ignore[arg-type]
        job.total,
        job.done,
        job.created,
        job.finished,
        job.problem,
    )
