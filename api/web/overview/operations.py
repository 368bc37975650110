"""Operations: how runs went and how good the data are."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get

from api.actions import declares
from api.web.pages import AnyRequest, page


@dataclass(frozen=True)
class OperationsPage:
    """Nothing yet."""


@declares("operations.read")
@get("/operasi", sync_to_thread=True)
def operations(request: AnyRequest) -> Response[bytes]:
    """Runs, sources, findings, quality."""
    return page(request, "overview/operations.html", OperationsPage())
