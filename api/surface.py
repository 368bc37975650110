"""The surface: what every request passes on its way in and every answer on its way out.

Plain ASGI around the whole application, routing included, so that an unknown route or a refused
body gets the same headers, the same log line and the same metrics as an answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from api.context import PRINCIPAL
from api.headers import with_security
from api.logs import Log
from api.metrics import UNMATCHED, answered
from api.patience import Body
from api.problems import MEDIA_TYPE, problem_of
from mdm.ids import short_ids

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
REQUEST_ID = "request_id"
SMALL = 32 * 1024  # bytes of a body that is received even where its request is refused
TOO_SLOW = 408
_ONE_STREAM = ("1", "1.0", "1.1")  # later versions have a stream for each request
_BODY = (b"content-length", b"transfer-encoding")
_Header = tuple[bytes, bytes]


class Surface:
    """Wraps the application; `under_way` counts requests that have no answer yet.

    `methods`: path of a route → its methods.
    """

    def __init__(self, app: ASGIApp, log: Log, methods: Mapping[str, Iterable[str]]) -> None:
        self._app = app
        self._log = log
        self._methods = {path: _named(of) for path, of in methods.items()}
        self._ids = short_ids()
        self.under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        request_id = next(self._ids)
        scope["state"][REQUEST_ID] = request_id
        method, status, body = scope["method"], 0, Body(receive)
        bodiless = method == "HEAD"
        if bodiless:
            # Asked as GET: the same guard, the same reading, the same event in the audit log.
            scope = {**scope, "method": "GET"}

        async def out(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = with_security(list(message["headers"]), request_id)
                if method == "OPTIONS":
                    headers = self._with_methods(headers, scope.get("path_template"))
                elif status == 405:
                    headers = _with_head(headers)
                if status >= 400 and await _stays_unread(scope, body, status):
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            elif bodiless:
                message = {**message, "body": b""}
            await send(message)  # type: ignore[arg-type]

        self.under_way += 1
        try:
            await self._app(scope, body.receive, out)  # type: ignore[arg-type]
        except Exception as error:  # the last place where something may escape
            if not status:
                await _refuse(error, out, request_id)
        finally:
            self.under_way -= 1
            self._account(scope, method, status, time.perf_counter() - begun, request_id)

    async def all_answered(self, seconds: float) -> None:
        """Wait until every request has its answer, or so many seconds."""
        until = time.monotonic() + seconds
        while self.under_way and time.monotonic() < until:
            await asyncio.sleep(0.01)

    def _with_methods(self, headers: list[_Header], path: str | None) -> list[_Header]:
        """Litestar's answer to OPTIONS forgets routes that joined a path later."""
        allowed = self._methods.get(path or "")
        kept = [(name, value) for name, value in headers if name.lower() != b"allow"]
        return [*kept, (b"allow", allowed)] if allowed else headers

    def _account(
        self, scope: Scope, asked: str, status: int, seconds: float, request_id: str
    ) -> None:
        method = asked if asked in _METHODS else "other"
        route = scope.get("path_template") or UNMATCHED
        answered(method, route, status, seconds)
        if self._log.quiet:
            return
        principal = scope["state"].get(PRINCIPAL)
        self._log.write(
            "request",
            id=request_id,
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 2),
            principal=principal.id if principal else None,
            code=scope["state"].get("problem"),
            fault=scope["state"].get("fault"),
        )


async def _stays_unread(scope: Scope, body: Body, status: int) -> bool:
    """Whether part of a body is not read when its request is refused. The server ends such a connection, and who is not
    told so sends the next request, often with a new token, into nothing. A small body is received first.
    """
    if body.whole or scope["http_version"] not in _ONE_STREAM:
        return False
    sent = {name: value for name, value in scope["headers"] if name in _BODY}
    length = sent.get(b"content-length", b"0")
    if b"transfer-encoding" in sent or not length.isdigit():
        return True
    if int(length) <= SMALL and status != TOO_SLOW:
        await body.pass_over(int(length))
    return not body.whole and body.received < int(length)


def _with_head(headers: list[_Header]) -> list[_Header]:
    """The router's own Allow, which knows only what routes declare."""
    return [
        (name, _named(value.decode().split(", ")) if name == b"allow" else value)
        for name, value in headers
    ]


def _named(methods: Iterable[str]) -> bytes:
    """The methods of a path as Allow names them: where GET is one, HEAD is another."""
    named = {str(one) for one in methods}
    return ", ".join(sorted(named | ({"HEAD"} if "GET" in named else set()))).encode()


async def _refuse(error: Exception, send: Any, request_id: str) -> None:
    problem = problem_of(error)
    headers = [(b"content-type", MEDIA_TYPE.encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": problem.body(request_id)})
