"""Whether the service lives, and whether it can answer."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Literal

import msgspec
from litestar import Response, Router, get
from litestar.datastructures import State

from api.actions import declares
from mdm.compose import Hub
from mdm.readiness import readiness

KEPT = 1.0  # seconds that an answer is given again


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


class Readiness:
    """What readiness came to, kept for a moment. Anybody may ask, and looking takes a turn at the
    database's pen: all who ask at once share one look, and nobody can ask for more than one a second.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._look: asyncio.Task[dict[str, str]] | None = None
        self._until = 0.0

    async def now(self) -> dict[str, str]:
        """What is needed → `ok`, or what is wrong with it, a second ago at most."""
        if self._look is None or (self._look.done() and monotonic() >= self._until):
            self._look = asyncio.create_task(self._looked())
        return await asyncio.shield(self._look)

    async def _looked(self) -> dict[str, str]:
        found = await asyncio.to_thread(readiness, self._hub)
        self._until = monotonic() + KEPT
        return found


@declares("health.read")
@get("/ready", summary="Can the service answer?")
async def ready(state: State) -> Response[Ready]:
    """Looks at the database, the keys, the published run, and whether the audit log takes entries; at
    most once a second, whoever asks."""
    checks = await state.readiness.now()
    fine = all(state == "ok" for state in checks.values())
    body = Ready("ready" if fine else "not ready", checks)
    return Response(body, status_code=200 if fine else 503)


router = Router("/health", route_handlers=[live, ready], tags=["health"])
