"""How long a body may take to come: who sends a request's head and then little or nothing holds a connection, and there
are so many and no more."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar.types import Receive

from api.problems import Problem

SECONDS = 20.0  # for a body, and
BYTES_A_SECOND = 4_096  # for each so many bytes of it that came, a second more


def patient(receive: Receive) -> Receive:
    """The same, until the body is there; Problem 408 when it takes too long."""
    until, whole = 0.0, False

    async def receiving() -> Any:
        nonlocal until, whole
        if whole:  # what comes now is the end of the connection: that may take as long as it likes
            return await receive()
        loop = asyncio.get_running_loop()
        until = until or loop.time() + SECONDS
        try:
            async with asyncio.timeout_at(until):
                event: Any = await receive()
        except TimeoutError:
            raise Problem(
                408,
                "too-slow",
                "The request took too long to come.",
                "Send it again, over a better line.",
            ) from None
        until += len(event.get("body", b"")) / BYTES_A_SECOND
        whole = not event.get("more_body")
        return event

    return receiving
