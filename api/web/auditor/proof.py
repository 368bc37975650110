"""Downloads for an examination without the hub: proofs of events, and the verifier that checks them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.actions import declares
from api.web.auditor.sight import ACTION, find, looked, searched
from api.web.errors import Told
from api.web.forms import Number
from api.web.pages import AnyRequest
from mdm.audit import verifier
from mdm.audit.handout import handout
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.tracing.outline import outline

LOG = "audit.verify"


@declares(ACTION)
@get("/telusur/{entity_id:str}/bukti", sync_to_thread=True)
def profile_proof(
    request: AnyRequest, entity_id: FromPath[str], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """Proof of every event behind a profile: landed, judged, published, restricted."""
    with hub.sessions.read() as session:
        sight = find(hub, session, request, entity_id=entity_id)
        found = outline(hub, session, sight.target)
    looked(hub, request, sight)
    return _handed(hub, found.events, f"bukti-{sight.entity_id[:8]}.txt")


@declares(LOG)
@get("/log/{seq:int}/bukti", sync_to_thread=True)
def event_proof(request: AnyRequest, seq: Number, hub: NamedDependency[Hub]) -> Response[bytes]:
    """Proof of one event; that it was taken away is in the log as a look into it is."""
    proof = _handed(hub, [seq], f"bukti-peristiwa-{seq}.txt")
    searched(hub, request, 1)
    return proof


@declares(LOG)
@get("/verifikasi/verifier.py", sync_to_thread=True)
def the_verifier() -> Response[bytes]:
    """The verifier, one file."""
    return _download(Path(verifier.__file__).read_text("utf-8"), "verifier.py", "text/x-python")


def _handed(hub: Hub, events: Iterable[int], name: str) -> Response[bytes]:
    try:
        return _download(handout(hub, events), name, "text/plain; charset=utf-8")
    except InputError:
        raise Told(404, "auditor.no-event") from None


def _download(text: str, name: str, media: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode(), media_type=media, headers=headers)


HANDLERS: list[ControllerRouterHandler] = [profile_proof, event_proof, the_verifier]
