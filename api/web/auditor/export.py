"""A copy of the whole audit log, for an examination elsewhere: asked for, made beside the service, fetched once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, Parameter
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from api.actions import declares
from api.routes.jobs import EXPORT, ZIP, fetched
from api.web.auditor.working import Working, working
from api.web.pages import AnyRequest, page, see_other
from mdm.access import Principal
from mdm.audit.events import size
from mdm.audit.exporting import FILE
from mdm.compose import Hub
from mdm.hub.tables import Job
from mdm.jobs import DELIVERED, DONE, FAILED, exports, once

PATH = "/log/salinan"
STATES = {DONE: "ready", DELIVERED: "fetched", FAILED: "failed"}


@dataclass(frozen=True)
class ExportPage:
    """The log's size, and one's own last copy: under way, ready, fetched."""

    size: int
    working: Working | None
    job: Job | None
    said: str  # key of what is said of it


@declares(EXPORT)
@get(PATH, sync_to_thread=True)
def export_page(
    request: AnyRequest, hub: NamedDependency[Hub], principal: NamedDependency[Principal]
) -> Response[bytes]:
    """What a copy holds, and where one's own is."""
    with hub.sessions.read() as session:
        job = once.newest(session, principal.id, exports.KIND)
        held = size(session)
    said = STATES.get(job.state, "") if job else ""
    context = ExportPage(held, working(job, "export"), job, said)
    return page(request, "auditor/export.html", context)


@declares(EXPORT)
@post(PATH, request_max_body_size=2048, sync_to_thread=True)
def ask_export(hub: NamedDependency[Hub], principal: NamedDependency[Principal]) -> Response[bytes]:
    """Have one made; the one under way, if there is one."""
    exports.submit(hub, principal)
    return see_other(PATH)


@declares(EXPORT)
@post(PATH + "/{job_id:str}", status_code=200, request_max_body_size=2048)
async def fetch_export(
    job_id: Annotated[FromPath[str], Parameter(pattern=r"^[0-9a-f]{32}\Z")],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Stream:
    """The .zip, once."""
    parts = await fetched(hub, principal, job_id, exports.KIND)
    headers = {"Content-Disposition": f'attachment; filename="{FILE}"'}
    return Stream(parts, media_type=ZIP, headers=headers)


HANDLERS: list[ControllerRouterHandler] = [export_page, ask_export, fetch_export]
