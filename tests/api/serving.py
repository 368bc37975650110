"""The service on a real granian server, on a port of its own, in a thread of the test process."""

from __future__ import annotations

import asyncio
import io
import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar
from litestar.connection import ASGIConnection

from api.actions import declared
from api.app import create_app
from api.auth.identify import not_identified
from api.guard import Identify
from api.logs import Log
from mdm.access import Principal
from mdm.access.errors import NotIdentifiedError
from mdm.compose import Hub

WHO = "x-test-who"


@dataclass
class Served:
    """A running service. `principals` are those whom `WHO` may name; `lines` what it logged."""

    hub: Hub
    url: str
    principals: dict[str, Principal] = field(default_factory=dict)
    out: io.StringIO = field(default_factory=io.StringIO)
    app: Litestar = field(init=False)

    @property
    def routes(self) -> list[tuple[str, str, str]]:
        """Method, path and action of every route."""
        return list(declared(self.app))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.getvalue().splitlines()]

    def line_of(self, answer: httpx.Response) -> dict[str, Any]:
        """The log's line on an answered request, which may come a moment after the answer."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            for line in self.lines:
                if line.get("id") == answer.headers["x-request-id"]:
                    return line
            time.sleep(0.01)
        raise AssertionError("the log says nothing of this request")

    def client(self, principal: Principal | None = None, **headers: str) -> httpx.Client:
        """A client that comes as `principal`; as nobody without one."""
        if principal is not None:
            headers[WHO] = str(len(self.principals))
            self.principals[headers[WHO]] = principal
        # A refusal that leaves a body unread ends its connection: none is used twice.
        once = httpx.Limits(max_keepalive_connections=0)
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=60, verify=False, limits=once
        )


def named(principals: Mapping[str, Principal]) -> Identify:
    """Take a principal at its word: what is tested then is what comes after identification."""

    async def identify(connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
        who = principals.get(connection.headers.get(WHO, ""))
        if who is None:
            raise not_identified(NotIdentifiedError("nobody"))
        return who

    return identify


@contextmanager
def served(hub: Hub, *, real_identity: bool = False, more: Any = ()) -> Iterator[Served]:
    """Serve a hub; with `real_identity` a request needs a token or a session, as outside tests."""
    port = free_port()
    service = Served(hub, f"http://127.0.0.1:{port}")
    identify = None if real_identity else named(service.principals)
    service.app = create_app(hub, identify=identify, log=Log(service.out), more=more)
    server = Server(
        service.app, port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve(),), daemon=True)
    thread.start()
    _wait(service.url)
    try:
        yield service
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(30)
        loop.close()


def some_address(path: str) -> str:
    """An address that a path template fits: a 1 for a number, an x for anything else."""
    return re.sub(r"\{[^}]*\}", "x", re.sub(r"\{[^}]*:int\}", "1", path))


def free_port() -> int:
    """A port that nobody listens at, from below those that outgoing connections are given."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as listening, suppress(OSError):
            listening.bind(("127.0.0.1", port))
            return port


def _wait(url: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    with httpx.Client(verify=False) as client:  # certificates are slow to load, and not needed
        while time.monotonic() < until:
            try:
                client.get(f"{url}/health/live")
                return
            except httpx.TransportError:
                time.sleep(0.02)
    raise TimeoutError("the service does not start")
