"""Whether the service lives, and whether it can answer."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency

from api.actions import declares
from mdm.compose import Hub
from mdm.readiness import readiness


class Alive(msgspec.Struct):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(msgspec.Struct):
    """What the service needs, each `ok` or what is wrong with it, in one word."""

    status: Literal["ready", "not ready"]
    checks: dict[str, str]


@declares("health.read")
@get("/live", sync_to_thread=False, summary="Is the process alive?")
def live() -> Alive:
    """Answers as long as the process does; touches nothing."""
    return Alive()


@declares("health.read")
@get("/ready", summary="Can the service answer?")
async def ready(hub: NamedDependency[Hub]) -> Response[Ready]:
    """Looks at the database, the keys, the published run, and whether the audit log takes entries."""
    checks = await asyncio.to_thread(readiness, hub)
    fine = all(state == "ok" for state in checks.values())
    body = Ready("ready" if fine else "not ready", checks)
    return Response(body, status_code=200 if fine else 503)


router = Router("/health", route_handlers=[live, ready], tags=["health"])
