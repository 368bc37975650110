"""The courier: answers acknowledged messages and takes the answers to the callbacks agreed on.

The queue is a table of the hub, shared by every worker process: a claim holds for a minute, so
that what a dead worker left is taken up by another. An answer is made once, kept sealed until it is
delivered, and signed anew for every attempt.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from api.dci import replies
from api.dci.envelopes import convert
from api.dci.facade import (
    ON_SEARCH,
    STATUS,
    Facade,
    search_response,
    status_reply,
)
from api.dci.messages import SearchMessage, StatusMessage
from api.logs import Log
from api.problems import Problem
from mdm.access import Principal
from mdm.access.clients import standing
from mdm.compose import Hub
from mdm.desk import Desk
from mdm.errors import ConflictError, HubError
from mdm.exchanges import CLAIM, DELIVERED, UNDELIVERED, WAITING, Exchanges, Taken, callbacks
from mdm.hub.columns import now

AGAIN = [timedelta(seconds=s) for s in (2, 15, 60, 300, 1800)]  # between attempts
LOOK = 0.5  # seconds between two looks at the queue
TOGETHER = 8
TIMEOUT = httpx.Timeout(10.0)


class Courier:
    """One per process; `run` until cancelled."""

    def __init__(self, hub: Hub, desk: Desk, *, log: Log | None = None) -> None:
        self._hub = hub
        self._desk = desk
        self._exchanges = Exchanges(hub.keys)
        self._log = log or Log()

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Deliver in the background for as long as the block lasts."""
        task = asyncio.create_task(self.run(), name="dci courier")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def run(self) -> None:
        """Look, deliver, wait, for ever."""
        async with httpx.AsyncClient(
            timeout=TIMEOUT, follow_redirects=False, trust_env=False
        ) as client:
            while True:
                try:
                    while await self.round(client):
                        pass
                except Exception as error:  # the database is away, or a fault: look again
                    self._log.write("courier", fault=type(error).__name__)
                await asyncio.sleep(LOOK)

    async def round(self, client: httpx.AsyncClient) -> int:
        """Take up what is due now; how many exchanges that were."""
        due = await asyncio.to_thread(self._claim)
        ends = await asyncio.gather(
            *(self._deliver(client, taken) for taken in due), return_exceptions=True
        )
        for fault in filter(None, ends):
            self._log.write("courier", fault=type(fault).__name__)
        return len(due)

    def _claim(self) -> list[Taken]:
        with self._hub.sessions.read() as session:
            if not self._exchanges.any_due(session):
                return []
        with self._hub.sessions.begin() as session:
            return self._exchanges.claim(session, TOGETHER)

    async def _deliver(self, client: httpx.AsyncClient, taken: Taken) -> None:
        """Answer and send, or put it off; given up after the last attempt."""
        content = dict(taken.content)
        principal = await asyncio.to_thread(self._standing, taken.client_id, content["uri"])
        if principal is None:
            await self._end(taken, content, UNDELIVERED)
            return
        try:
            body, taken = await self._body(taken, content, principal)
            sent = await _sent(client, content["uri"], body)
        except (HubError, Problem):  # a budget is used up, or the desk is full
            sent = False
        except Exception as error:  # a fault of ours: tried again like the others, not for ever
            self._log.write("courier", fault=type(error).__name__)
            sent = False
        if sent:
            await self._end(taken, content, DELIVERED)
        elif taken.attempts > len(AGAIN):
            await self._end(taken, content, UNDELIVERED)
        else:
            await self._put_off(taken, content, now() + AGAIN[taken.attempts - 1])

    async def _body(
        self, taken: Taken, content: dict[str, Any], principal: Principal
    ) -> tuple[bytes, Taken]:
        """The signed answer; made at the first attempt, and kept in `content` for the next. The question is
        kept beside it: an erasure takes answers back that wait, and they are made anew."""
        if content["kind"] == STATUS:
            question = convert(content["message"], StatusMessage, "message")
            body = await asyncio.to_thread(
                status_reply, self._hub, taken.client_id, content["sender_id"], question
            )
            return body, taken
        if "items" not in content:
            message = convert(content["message"], SearchMessage, "message")
            facade = Facade(self._hub, self._desk, principal)
            content["items"] = await facade.answer(message, taken.id)
            if not await self._put_off(taken, content, now() + CLAIM):
                raise ConflictError("Somebody was erased while this was answered.")
            taken = replace(taken, revision=taken.revision + 1)
        items = content["items"]
        message_out = search_response(content["transaction_id"], taken.id, items)
        body = replies.envelope(
            self._hub,
            content["sender_id"],
            ON_SEARCH,
            replies.status_of(items),
            message=message_out,
            total=len(items),
            completed=len(items),
        )
        return body, taken

    def _standing(self, client_id: str, uri: str) -> Principal | None:
        """The client, if it may still be answered there."""
        with self._hub.sessions.read() as session:
            held = standing(session, client_id)
            agreed = uri in callbacks(session, client_id)
        return held.principal if held and held.holds(datetime.now(UTC)) and agreed else None

    async def _end(self, taken: Taken, content: Mapping[str, Any], state: str) -> None:
        kept = {
            "kind": content["kind"],
            "transaction_id": content["transaction_id"],
            "references": content["references"],
            "items": replies.without_records(content.get("items") or _none(content["references"])),
        }

        def write() -> None:
            with self._hub.sessions.begin() as session:
                self._exchanges.write_state(session, taken.id, state, kept)

        await asyncio.to_thread(write)

    async def _put_off(self, taken: Taken, content: Mapping[str, Any], due: datetime) -> bool:
        """Keep an exchange for another attempt; whether it stood as it was taken. One that did not is taken
        up as it stands when its claim has run out."""

        def write() -> bool:
            with self._hub.sessions.begin() as session:
                return self._exchanges.write_state(
                    session, taken.id, WAITING, dict(content), due=due, revision=taken.revision
                )

        return await asyncio.to_thread(write)


def _none(references: list[str]) -> list[replies.Item]:
    """Requests that were never answered."""
    return [replies.unanswered(reference) for reference in references]


async def _sent(client: httpx.AsyncClient, uri: str, body: bytes) -> bool:
    """Whether the callback took the answer. No redirect is followed and no body read: the address
    was agreed on, and what answers there decides nothing else."""
    headers = {"Content-Type": "application/json"}
    try:
        async with client.stream("POST", uri, content=body, headers=headers) as answer:
            return answer.is_success
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return False
