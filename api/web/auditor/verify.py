"""Verification: the whole log made again from its bytes, and what it takes to do so elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.types import ControllerRouterHandler

from api.actions import declares
from api.web.auditor.proof import LOG
from api.web.auditor.working import Working, working
from api.web.forms import text
from api.web.pages import AnyRequest, page, see_other
from mdm import audit
from mdm.access import Principal
from mdm.audit.checkpoints import Checkpoint, checkpoints, verifier_keys
from mdm.compose import Hub
from mdm.jobs import DONE, FAILED, checks, once
from mdm.jobs.checks import Checked

PATH = "/verifikasi"
SHOWN = 20  # checkpoints


@dataclass(frozen=True)
class VerifyPage:
    """The log's size and signatures; one's own last verification: under way, or what it came to and when."""

    size: int
    checkpoints: list[Checkpoint]
    keys: list[str]
    working: Working | None
    checked: Checked | None
    at: datetime | None
    failed: bool


@declares(LOG)
@get(PATH, sync_to_thread=True)
def verify_page(
    request: AnyRequest, hub: NamedDependency[Hub], principal: NamedDependency[Principal]
) -> Response[bytes]:
    """What there is to verify, and how far it is."""
    with hub.sessions.read() as session:
        job = once.newest(session, principal.id, checks.KIND)
        context = VerifyPage(
            audit.size(session),
            checkpoints(session, limit=SHOWN),
            verifier_keys(session),
            working(job),
            checks.result(hub, job) if job and job.state == DONE else None,
            job.finished if job else None,
            job is not None and job.state == FAILED,
        )
    return page(request, "auditor/verify.html", context)


@declares(LOG)
@post(PATH, request_max_body_size=2048, sync_to_thread=True)
def verify_now(
    data: URLEncodedBody[dict[str, Any]],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """Verify: every event and signature; with `profil`, every sealed profile too. It goes on beside the service."""
    checks.submit(hub, principal, profiles=text(data, "profil", 8) == "ya")
    return see_other(PATH)


HANDLERS: list[ControllerRouterHandler] = [verify_page, verify_now]
