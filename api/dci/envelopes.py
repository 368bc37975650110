"""Envelopes coming in: read strictly, their sender and signature believed only when they hold."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec

from api.dci.canonical import CanonicalError, read
from api.dci.keys import ClientKeys, hub_id
from api.dci.messages import Header, SearchMessage, StatusMessage
from api.dci.refusals import ErrorCode, HeaderError, HeaderReason, MessageError
from api.dci.signature import verify
from mdm.access import Principal
from mdm.compose import Hub

VERSION = "1.0.0"
MAX_REQUESTS = 100
OLD, AHEAD = timedelta(days=1), timedelta(minutes=5)  # how far a message's time may be from ours
ACTIONS = {
    "search",
    "on-search",
    "subscribe",
    "on-subscribe",
    "notify",
    "unsubscribe",
    "on-unsubscribe",
    "txn-status",
    "txn-on-status",
}

Message = TypeVar("Message", SearchMessage, StatusMessage)


@dataclass(frozen=True)
class Envelope(Generic[Message]):
    """A message that its sender signed. `raw` is the message as it came, for a worker to read."""

    header: Header
    message: Message
    expires: datetime  # of the signature
    raw: Mapping[str, Any] = field(repr=False)


def admit(hub: Hub, principal: Principal, body: bytes, kind: type[Message]) -> Envelope[Message]:
    """The envelope in a body; MessageError when it is not one that this principal signed."""
    raw = _read(body)
    header = convert(raw.get("header"), Header, "header")
    if header.is_msg_encrypted:
        raise MessageError(ErrorCode.ENCRYPTION, "Encrypted messages are not taken; TLS is used.")
    keys = ClientKeys.of(hub, principal.id)
    if header.sender_id not in keys.names:
        raise MessageError(ErrorCode.SENDER_ID, "sender_id is not the client of the access token.")
    if header.receiver_id not in (msgspec.UNSET, hub_id(hub)):
        raise MessageError(ErrorCode.RECEIVER_ID, f"receiver_id is {hub_id(hub)}.")
    try:
        signature = verify(raw, keys, int(time.time()))
    except CanonicalError as error:
        raise _unreadable(error) from None
    if signature.sender_id != header.sender_id:
        raise MessageError(ErrorCode.SIGNATURE_INVALID, "kidId names another sender.")
    message = convert(raw.get("message"), kind, "message")
    expires = datetime.fromtimestamp(signature.expires, UTC)
    return Envelope(header, message, expires, raw["message"])


def check_header(header: Header, action: str, count: int) -> None:
    """HeaderError when the header does not go with the message."""
    if header.version != VERSION:
        raise HeaderError(HeaderReason.VERSION, f"The version is {VERSION}.")
    if header.action != action:
        known = header.action in ACTIONS
        reason = HeaderReason.ACTION_NOT_SUPPORTED if known else HeaderReason.ACTION
        raise HeaderError(reason, f"The action here is {action}.")
    sent = moment(header.message_ts)
    if sent is None or not -AHEAD < datetime.now(UTC) - sent < OLD:
        raise HeaderError(
            HeaderReason.TIME, "message_ts is ISO 8601 with a time zone, at most a day old."
        )
    if header.total_count != count:
        raise HeaderError(HeaderReason.COUNT, f"The message holds {count} requests.")
    if count > MAX_REQUESTS:
        raise HeaderError(
            HeaderReason.COUNT_LIMIT, f"A message holds at most {MAX_REQUESTS} requests."
        )


def moment(text: str) -> datetime | None:
    """A time with its zone; None for what is none."""
    try:
        read_as = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read_as if read_as.tzinfo is not None else None


_T = TypeVar("_T")


def convert(value: Any, kind: type[_T], where: str) -> _T:
    """A part of an envelope in its shape; MessageError names the field, not what stands in it."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text = re.sub(r"'[^']*'", "…", str(error)).replace("`$", f"`{where}")
        raise MessageError(ErrorCode.BAD, f"The envelope is not of the form. {text}.") from None


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        raw = read(body)
    except CanonicalError as error:
        raise _unreadable(error) from None
    if not isinstance(raw, dict) or not isinstance(raw.get("signature"), str | None):
        raise MessageError(ErrorCode.BAD, "An envelope is {signature, header, message}.")
    return raw


def _unreadable(error: CanonicalError) -> MessageError:
    return MessageError(ErrorCode.BAD, f"The envelope cannot be read: {error}.")
