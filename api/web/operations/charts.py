"""Charts as pictures of their own: a page does not wait for them, and a browser keeps them.

Each is drawn once per run and language (some 200 ms) and kept in memory; a table stands beside it.
"""

from __future__ import annotations

import threading
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlmodel import Session, select

from api.actions import declares
from api.web.assets import FOR_EVER
from api.web.forms import Number
from api.web.languages import LANGUAGES
from api.web.wording import IN, Wording
from mdm.compose import Hub
from mdm.hub.runs import PUBLISHED
from mdm.hub.tables import Run

_DRAWING = threading.Lock()  # one at a time: drawing takes a core, and others want to be served
_KEPT = 200  # pictures


@declares("operations.read")
@get("/operasi/grafik/{seq:int}/{language:str}/{file:str}", sync_to_thread=True)
def chart(
    request: Request[Any, Any, State],
    hub: NamedDependency[Hub],
    seq: Number,
    language: FromPath[str],
    file: FromPath[str],
) -> Response[bytes]:
    """One chart of one run."""
    name, _, kind = file.removesuffix(".svg").partition("-")
    wanted = next((one for one in LANGUAGES if one == language), None)
    if wanted is None or not file.endswith(".svg"):
        raise NotFoundException
    kept = request.app.state.setdefault("charts", {})
    if (seq, wanted, file) not in kept:
        drawn = _draw(hub, name, kind, seq, IN[wanted])
        if len(kept) >= _KEPT:
            kept.clear()
        kept[seq, wanted, file] = drawn
    headers = {"Cache-Control": FOR_EVER.replace("public", "private"), "Vary": "Cookie"}
    return Response(kept[seq, wanted, file], media_type="image/svg+xml", headers=headers)


def _draw(hub: Hub, name: str, kind: str, seq: int, words: Wording) -> bytes:
    # Altair and its drawer take a second to load: only who looks at a chart pays.
    from api.web.operations.drawing import DRAWERS  # noqa: PLC0415

    if name not in DRAWERS:
        raise NotFoundException
    with hub.sessions.read() as session:
        if not _published(session, seq):
            raise NotFoundException
        with _DRAWING:
            drawn = DRAWERS[name](session, seq, kind, words)
    if drawn is None:
        raise NotFoundException
    return drawn.encode()


def _published(session: Session, seq: int) -> bool:
    query = select(Run.id).where(Run.seq == seq, Run.status == PUBLISHED)
    return session.exec(query).first() is not None
