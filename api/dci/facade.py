"""The façade: what happens with an envelope, from its bytes to the bytes that go back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET

from api.dci import replies
from api.dci.envelopes import Envelope, Message, admit, check_header, moment
from api.dci.messages import SearchItem, SearchMessage, StatusMessage
from api.dci.refusals import (
    ErrorCode,
    HeaderError,
    HeaderReason,
    MessageError,
    RequestError,
    SearchReason,
)
from api.dci.searching import Search, Searcher, read_search
from api.dci.statuses import known_status
from mdm.access import Principal
from mdm.compose import Hub
from mdm.days import today
from mdm.desk import Desk
from mdm.exchanges import ANSWERED, Exchanges, callbacks
from mdm.seal.pseudonyms import Pseudonyms

MAX_IDENTIFIERS = 1_000  # in one message
MAX_WAITING = 1_000  # messages of one client
SEARCH, ON_SEARCH = "search", "on-search"
STATUS, ON_STATUS = "txn-status", "txn-on-status"


class Facade:
    """Answers the envelopes of one principal."""

    def __init__(self, hub: Hub, desk: Desk, principal: Principal) -> None:
        self._hub = hub
        self._desk = desk
        self._principal = principal
        self._exchanges = Exchanges(hub.keys)

    async def search(self, body: bytes) -> bytes:
        """A search answered at once."""
        envelope = await asyncio.to_thread(self._admit, body, SearchMessage)
        requests = envelope.message.search_request
        try:
            exchange_id = await asyncio.to_thread(self._begin_search, envelope)
        except HeaderError as error:
            return self._rejected(envelope, ON_SEARCH, error, len(requests))
        items = await self.answer(envelope.message, exchange_id)
        await asyncio.to_thread(self._write_answered, exchange_id, envelope.message, items)
        return replies.envelope(
            self._hub,
            envelope.header.sender_id,
            ON_SEARCH,
            replies.status_of(items),
            message=search_response(envelope.message.transaction_id, exchange_id, items),
            total=len(items),
            completed=len(items),
        )

    async def status(self, body: bytes) -> bytes:
        """A question about earlier messages, answered at once."""
        envelope = await asyncio.to_thread(self._admit, body, StatusMessage)
        try:
            return await asyncio.to_thread(self._status, envelope)
        except HeaderError as error:
            return self._rejected(envelope, ON_STATUS, error, 1)

    async def later(self, body: bytes, kind: type[Message]) -> bytes:
        """A message acknowledged; a worker answers it at the sender's callback."""
        envelope = await asyncio.to_thread(self._admit, body, kind)
        try:
            return replies.acknowledgement(await asyncio.to_thread(self._queue, envelope))
        except HeaderError as error:
            raise MessageError(ErrorCode.BAD, f"{error.reason}: {error.message}") from None

    async def answer(self, message: SearchMessage, exchange_id: str) -> list[replies.Item]:
        """What becomes of every request of a message, in its order."""
        names = Pseudonyms(self._hub.keys, self._principal.id)
        searcher = Searcher(self._desk, self._principal, names, exchange_id, today())
        read = [self._read(place, message.search_request) for place in _places(message)]
        return list(
            await asyncio.gather(
                *(
                    _answer(searcher, item, search)
                    for item, search in zip(message.search_request, read, strict=True)
                )
            )
        )

    def _admit(self, body: bytes, kind: type[Message]) -> Envelope[Message]:
        return admit(self._hub, self._principal, body, kind)

    def _read(self, place: int, items: Sequence[SearchItem]) -> Search | RequestError:
        item = items[place]
        try:
            if item.reference_id in {one.reference_id for one in items[:place]}:
                raise RequestError(SearchReason.DUPLICATE, "This reference_id stands twice.")
            if moment(item.timestamp) is None:
                raise RequestError(SearchReason.TIME, "timestamp is ISO 8601 with a time zone.")
            return read_search(item.search_criteria, self._principal)
        except RequestError as error:
            return error

    def _begin_search(self, envelope: Envelope[SearchMessage], **queued: Any) -> str:
        message = envelope.message
        check_header(envelope.header, SEARCH, len(message.search_request))
        read = [self._read(place, message.search_request) for place in _places(message)]
        if sum(one.names for one in read if isinstance(one, Search)) > MAX_IDENTIFIERS:
            raise HeaderError(
                HeaderReason.COUNT_LIMIT, f"A message names at most {MAX_IDENTIFIERS} identifiers."
            )
        references = [item.reference_id for item in message.search_request]
        return self._begin(envelope, references, queued)

    def _begin(
        self, envelope: Envelope[Any], references: Sequence[str], queued: Mapping[str, Any]
    ) -> str:
        """Remember the message and file its exchange, in one unit of work."""
        sender, exchanges = self._principal.id, self._exchanges
        with self._hub.sessions.begin() as session:
            if not exchanges.first_time(
                session, sender, envelope.header.message_id, envelope.expires
            ):
                raise HeaderError(
                    HeaderReason.DUPLICATE, "A message of this message_id was taken before."
                )
            exchanges.forget_old(session)
            content: dict[str, Any] = {
                "sender_id": envelope.header.sender_id,
                "transaction_id": envelope.message.transaction_id,
                "references": list(references),
            }
            if queued:  # what a worker answers, it must read again
                content |= {"message": dict(envelope.raw), **queued}
            return exchanges.begin(
                session,
                sender,
                envelope.message.transaction_id,
                references,
                content,
                due=datetime.now(UTC) if queued else None,
            )

    def _write_answered(
        self, exchange_id: str, message: SearchMessage, items: Sequence[replies.Item]
    ) -> None:
        content = {
            "transaction_id": message.transaction_id,
            "items": replies.without_records(items),
        }
        with self._hub.sessions.begin() as session:
            self._exchanges.write_state(session, exchange_id, ANSWERED, content)

    def _status(self, envelope: Envelope[StatusMessage]) -> bytes:
        check_header(envelope.header, STATUS, 1)
        self._remember(envelope)
        return status_reply(
            self._hub, self._principal.id, envelope.header.sender_id, envelope.message
        )

    def _remember(self, envelope: Envelope[Any]) -> None:
        with self._hub.sessions.begin() as session:
            if not self._exchanges.first_time(
                session, self._principal.id, envelope.header.message_id, envelope.expires
            ):
                raise HeaderError(
                    HeaderReason.DUPLICATE, "A message of this message_id was taken before."
                )

    def _queue(self, envelope: Envelope[Any]) -> str:
        """File a message for the workers. The address was agreed on, or nothing is taken."""
        uri = self._callback(envelope)
        if isinstance(envelope.message, SearchMessage):
            return self._begin_search(envelope, kind=SEARCH, uri=uri)
        check_header(envelope.header, STATUS, 1)
        return self._begin(envelope, (), {"kind": STATUS, "uri": uri})

    def _callback(self, envelope: Envelope[Any]) -> str:
        with self._hub.sessions.read() as session:
            agreed = callbacks(session, self._principal.id)
            waiting = self._exchanges.waiting(session, self._principal.id)
        if waiting >= MAX_WAITING:
            raise MessageError(
                ErrorCode.TOO_MANY, "Too many messages of this client wait for their answers."
            )
        asked = envelope.header.sender_uri
        if asked is UNSET and len(agreed) == 1:
            return agreed[0]
        if asked in agreed:
            return str(asked)
        if not agreed:
            said = "No address for answers is agreed on with this client."
        elif asked is UNSET:
            said = "Several addresses are agreed on: name one of them as sender_uri."
        else:
            said = "sender_uri is not an address that was agreed on."
        raise MessageError(ErrorCode.SENDER_URI, said)

    def _rejected(
        self, envelope: Envelope[Any], action: str, error: HeaderError, total: int
    ) -> bytes:
        return replies.envelope(
            self._hub,
            envelope.header.sender_id,
            action,
            replies.REJECTED,
            total=total,
            reason=error,
        )


async def _answer(
    searcher: Searcher, item: SearchItem, search: Search | RequestError
) -> replies.Item:
    locale = item.locale if isinstance(item.locale, str) else None
    if isinstance(search, RequestError):
        return replies.rejected(item.reference_id, search, locale)
    return replies.answered(item.reference_id, await searcher.answer(search), locale)


def _places(message: SearchMessage) -> range:
    return range(len(message.search_request))


def search_response(
    transaction_id: str, exchange_id: str, items: Sequence[replies.Item]
) -> dict[str, Any]:
    """The message that answers a search."""
    return {
        "transaction_id": transaction_id,
        "correlation_id": exchange_id,
        "search_response": list(items),
    }


def status_reply(hub: Hub, client_id: str, sender_id: str, message: StatusMessage) -> bytes:
    """The envelope that answers a question about earlier messages."""
    with hub.sessions.read() as session:
        known = known_status(session, Exchanges(hub.keys), client_id, message)
    return replies.envelope(
        hub, sender_id, ON_STATUS, known.status, message=known.message, total=1, completed=1
    )
