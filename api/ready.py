"""Answers that are bytes already, sent as they are: no copy, no header object, no second class."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.types import Receive, Scope, Send

JSON = "application/json"


class Ready(Response[bytes]):
    """A whole answer, ready to be sent."""

    def __init__(
        self,
        content: bytes,
        *,
        status_code: int = 200,
        media_type: str = JSON,
        headers: dict[str, str] | None = None,
    ) -> None:
        # Nothing of the base class is made use of: what it prepares takes as long as a route.
        self.content, self.status_code, self.media_type = content, status_code, media_type
        self._headers = [
            (b"content-type", media_type.encode()),
            (b"content-length", b"%d" % len(content)),
        ]
        for name, value in (headers or {}).items():
            self._headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))

    def to_asgi_response(self, *_: Any, **__: Any) -> Ready:  # type: ignore[override]
        """Itself."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        start: Any = {
            "type": "http.response.start", "status": self.status_code, "headers": self._headers,
        }  # fmt: skip
        await send(start)
        await send({"type": "http.response.body", "body": self.content, "more_body": False})
