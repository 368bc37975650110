"""How long a body may take to come: who sends a request's head and then little or nothing holds a connection, and there
are so many and no more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from litestar.types import Receive

from api.problems import Problem

SECONDS = 20.0  # for a body, and
BYTES_A_SECOND = 4_096  # for each so many bytes of it that came, a second more
REFUSED_SECONDS = 2.0  # for what is left of a small body, when its request is refused already


class Body:
    """A request's body as it comes. `received`: so many bytes of it; `whole`: all of it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._until = 0.0
        self.received = 0
        self.whole = False

    async def receive(self) -> Any:
        """The next part; Problem 408 when the body takes too long."""
        if self.whole:
            # What comes now is the end of the connection: that may take as long as it likes.
            return await self._receive()
        loop = asyncio.get_running_loop()
        self._until = self._until or loop.time() + SECONDS
        try:
            async with asyncio.timeout_at(self._until):
                event: Any = await self._receive()
        except TimeoutError:
            raise Problem(
                408,
                "too-slow",
                "The request took too long to come.",
                "Send it again, over a better line.",
            ) from None
        self._until += self._note(event) / BYTES_A_SECOND
        return event

    async def pass_over(self, length: int) -> None:
        """Receive what is left of so many bytes, for a moment: the server ends a connection on which some were not
        read. Where all came there is nothing to do, and it must cost nothing: nobody who is refused may be told apart
        from those who are answered by how long it took."""
        if self.whole or self.received >= length:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(REFUSED_SECONDS):
                while not self.whole and self.received < length:
                    self._note(await self._receive())

    def _note(self, event: Any) -> int:
        """How many bytes of the body came with a part of it."""
        size = len(event.get("body", b""))
        self.received += size
        self.whole = not event.get("more_body")
        return size
