"""Verification: the whole log made again from its bytes, and what it takes to do so elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.types import ControllerRouterHandler

from api.actions import declares
from api.web.auditor.proof import LOG
from api.web.auditor.sight import principal_of
from api.web.forms import field
from api.web.pages import AnyRequest, page
from mdm import audit
from mdm.audit.checkpoints import Checkpoint, checkpoints, verifier_keys
from mdm.audit.verifying import Verified, verify
from mdm.compose import Hub
from mdm.progress import Silent

PATH = "/verifikasi"
SHOWN = 20  # checkpoints


@dataclass(frozen=True)
class VerifyPage:
    """The log's size and signatures, and what a verification came to, if one was just made."""

    size: int
    checkpoints: list[Checkpoint]
    keys: list[str]
    verified: Verified | None
    profiles: bool
    seconds: float


@declares(LOG)
@get(PATH, sync_to_thread=True)
def verify_page(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """What there is to verify."""
    return page(request, "auditor/verify.html", _context(hub))


@declares(LOG)
@post(PATH, status_code=200, request_max_body_size=2048, sync_to_thread=True)
def verify_now(
    request: AnyRequest, data: URLEncodedBody[dict[str, Any]], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """Verify: every event and signature; with `profil`, every sealed profile too."""
    profiles, begun = field(data, "profil", 8) == "ya", time.perf_counter()
    found = verify(hub, Silent(), profiles=profiles)
    seconds = time.perf_counter() - begun
    with hub.sessions.begin() as session:
        audit.record(
            session,
            principal_of(request).id,
            "audit-verify",
            count=found.events,
            root=found.root,
            found=found.holds,
        )
    return page(
        request, "auditor/verify.html", _context(hub, found, profiles=profiles, seconds=seconds)
    )


def _context(
    hub: Hub, found: Verified | None = None, *, profiles: bool = False, seconds: float = 0.0
) -> VerifyPage:
    with hub.sessions.read() as session:
        return VerifyPage(
            audit.size(session),
            checkpoints(session, limit=SHOWN),
            verifier_keys(session),
            found,
            profiles,
            seconds,
        )


HANDLERS: list[ControllerRouterHandler] = [verify_page, verify_now]
