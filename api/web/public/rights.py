"""What a citizen may want to know: how the hub works, and which rights there are."""

from __future__ import annotations

from litestar import Response, get

from api.actions import declares
from api.web.pages import AnyRequest, page


@declares("page.open")
@get("/publik/hak-anda", sync_to_thread=True)
def rights(request: AnyRequest) -> Response[bytes]:
    """How it works, in plain words."""
    return page(request, "public/rights.html")
