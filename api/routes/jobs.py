"""Jobs: `POST /v1/jobs` asks, `GET /v1/jobs/{id}` says how far it is, its result is fetched once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated

from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, Parameter
from litestar.response import Stream

from api.actions import declares
from api.auth.refused import refusal
from api.forms import form
from api.guard import require
from api.problems import Problem
from api.schemas.jobs import JobQuestion, JobTold, told
from mdm import jobs
from mdm.access import Principal
from mdm.access.decide import decide
from mdm.access.terms import Resource
from mdm.audit.exporting import FILE
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.tables import Job
from mdm.jobs import exports
from mdm.jobs.asking import Wish
from mdm.jobs.asking import submit as submit_job

ASK, READ, EXPORT = "eligibility.batch", "job.read", "audit.export"
BODY_BYTES = 8 << 20
LINES, ZIP = "application/x-ndjson", "application/zip"
JobId = Annotated[
    str,
    Parameter(
        pattern=form(r"^[0-9a-f]{32}\Z", "is an id as it was given: 32 digits and letters a to f"),
        description="The id the job was given.",
    ),
]

NO_RESULT = refusal("The job is not done, or its answers were fetched before.")
NO_JOB = Problem(
    404, "no-job", "There is no such job of yours.", "Ask for one by the id it was given."
)


@declares(ASK)
@post(
    "/v1/jobs",
    summary="Ask about very many persons",
    status_code=202,
    request_max_body_size=BODY_BYTES,
    responses={409: refusal("Somebody was erased while the job was being taken.")},
    tags=["jobs"],
)
async def submit(
    data: JSONBody[JobQuestion], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> JobTold:
    """Ask for the eligibility of up to 200,000 NIKs. The run, the rules and the day are fixed now;
    the answers can be fetched when the job is done, once, by who asked, within seven days."""
    require(principal, ASK, data.purpose, data.programmes)
    wish = Wish(
        principal, data.purpose, data.programmes, data.niks, data.case, data.snapshot, data.on
    )
    return told(await asyncio.to_thread(submit_job, hub, wish))


@declares(READ)
@get("/v1/jobs/{job_id:str}", summary="How far a job is", tags=["jobs"])
async def look(
    job_id: JobId, principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> JobTold:
    """How far one's own job is."""

    def find() -> Job:
        with hub.sessions.read() as session:
            return jobs.look(session, job_id, principal.id)

    return told(await _own(principal, find))


@declares(READ)
@delete("/v1/jobs/{job_id:str}", summary="Give a job up", status_code=200, tags=["jobs"])
async def cancel(
    job_id: JobId, principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> JobTold:
    """End a job that is not done; nothing of it is kept. One that has ended stays as it is."""
    return told(await _own(principal, lambda: jobs.cancel(hub, job_id, principal.id)))


@declares(READ)
@post(
    "/v1/jobs/{job_id:str}/result",
    summary="Fetch a job's answers, once",
    status_code=200,
    media_type=LINES,
    responses={409: NO_RESULT},
    tags=["jobs"],
)
async def result(
    job_id: JobId, principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Stream:
    """The answers as lines of JSON: the first says as of when, with the sentences; then each NIK
    has a line, in the order asked. They can be fetched once; then nothing of them is kept."""
    return Stream(await fetched(hub, principal, job_id, jobs.KIND), media_type=LINES)


@declares(EXPORT)
@post(
    "/v1/audit/export", summary="Ask for a copy of the audit log", status_code=202, tags=["audit"]
)
async def ask_export(principal: NamedDependency[Principal], hub: NamedDependency[Hub]) -> JobTold:
    """The whole log up to a new checkpoint, with proofs, keys and a verifier that needs no hub: made as a
    job, to be fetched when it is done, once, by who asked, within seven days. While one is being made,
    asking again gives the same."""
    return told(await asyncio.to_thread(exports.submit, hub, principal))


@declares(EXPORT)
@post(
    "/v1/audit/export/{job_id:str}",
    summary="Fetch the copy of the audit log, once",
    status_code=200,
    media_type=ZIP,
    responses={409: NO_RESULT},
    tags=["audit"],
)
async def fetch_export(
    job_id: JobId, principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Stream:
    """A .zip that `python verifier.py audit-log.zip --key KEY` checks offline. It names who did what, and
    holds nobody's personal data. It can be fetched once; then nothing of it is kept."""
    parts = await fetched(hub, principal, job_id, exports.KIND)
    headers = {"Content-Disposition": f'attachment; filename="{FILE}"'}
    return Stream(parts, media_type=ZIP, headers=headers)


async def fetched(hub: Hub, principal: Principal, job_id: str, kind: str) -> AsyncIterator[bytes]:
    """The result of one's own finished job of a kind."""

    def find() -> Job:
        with hub.sessions.read() as session:
            return jobs.look(session, job_id, principal.id)

    job = await _own(principal, find)
    if job.kind != kind:
        raise NO_JOB
    try:
        parts = await asyncio.to_thread(jobs.collect, hub, job_id, principal.id)
    except InputError as error:  # not yet, not any more, or another of one's own fetched it first
        raise Problem(409, "no-result", error.message, error.hint) from None
    return _stream(parts)


async def _stream(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (part := await asyncio.to_thread(next, parts, None)) is not None:
        yield part


async def _own(principal: Principal, find: Callable[[], Job]) -> Job:
    """A job that `find` finds and that is the principal's; else the same problem for all."""
    try:
        job = await asyncio.to_thread(find)
    except InputError:
        raise NO_JOB from None
    if not decide(principal, READ, Resource("job", owner=job.owner)).allowed:
        raise NO_JOB
    return job


router = Router("/", route_handlers=[submit, look, cancel, result, ask_export, fetch_export])
