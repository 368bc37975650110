"""What goes back: signed envelopes, acknowledgements, errors."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from api.dci.canonical import canonical
from api.dci.keys import hub_id, signing_key
from api.dci.refusals import HeaderError, MessageError, RequestError
from api.dci.searching import Answer
from api.dci.signature import sign
from mdm.compose import Hub

SUCCEEDED, REJECTED, PENDING = "succ", "rjct", "pdng"
REG_TYPE = "ns:org:RegistryType:Social"
LONGEST = 999  # letters of a reason's message
NOT_ANSWERED = "The answer was interrupted; search again."
Item = dict[str, Any]  # of `search_response`


def now_text() -> str:
    """This moment, as messages write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def answered(reference_id: str, answer: Answer, locale: str | None) -> Item:
    """A request that was answered, with its records."""
    return {
        **_item(reference_id, SUCCEEDED, locale),
        "data": {
            "version": "1.0.0",
            "reg_type": REG_TYPE,
            "reg_record_type": answer.reg_record_type,
            "reg_records": list(answer.records),
        },
        "pagination": {
            "page_size": answer.page_size,
            "page_number": answer.page_number,
            "total_count": answer.total,
        },
    }


def rejected(reference_id: str, error: RequestError, locale: str | None) -> Item:
    """A request that was not answered, and why."""
    return {
        **_item(reference_id, REJECTED, locale),
        "status_reason_code": error.reason.value,
        "status_reason_message": error.message[:LONGEST],
    }


def unanswered(reference_id: str, status: str = REJECTED) -> Item:
    """A request without an answer, yet or for ever."""
    item = _item(reference_id, status, None)
    return item if status == PENDING else {**item, "status_reason_message": NOT_ANSWERED}


def without_records(items: Sequence[Item]) -> list[Item]:
    """What became of each request, without anybody's data."""
    left_out = ("data", "pagination")
    return [{k: v for k, v in item.items() if k not in left_out} for item in items]


def status_of(items: Sequence[Item]) -> str:
    """Of a whole message: rejected only when every request was."""
    states = {item["status"] for item in items}
    if PENDING in states:
        return PENDING
    return REJECTED if states == {REJECTED} else SUCCEEDED


def envelope(
    hub: Hub,
    receiver: str,
    action: str,
    status: str,
    *,
    message: Mapping[str, Any] | None = None,
    total: int = 0,
    completed: int = 0,
    reason: HeaderError | None = None,
) -> bytes:
    """A signed envelope, written canonically: what is signed is what is sent."""
    header: dict[str, Any] = {
        "version": "1.0.0",
        "message_id": str(uuid.uuid4()),
        "message_ts": now_text(),
        "action": action,
        "status": status,
        "total_count": total,
        "completed_count": completed,
        "sender_id": hub_id(hub),
        "receiver_id": receiver,
        "is_msg_encrypted": False,
    }
    if reason is not None:
        header["status_reason_code"] = reason.reason.value
        header["status_reason_message"] = reason.message[:LONGEST]
    body: dict[str, Any] = {"header": header}
    if message is not None:
        body["message"] = message
    key_id, key = signing_key(hub)
    body["signature"] = sign(key, hub_id(hub), key_id, body, int(time.time()))
    return canonical(body)


def acknowledgement(correlation_id: str) -> bytes:
    """The message was taken; its answer follows."""
    said = {"ack_status": "ACK", "timestamp": now_text(), "correlation_id": correlation_id}
    return canonical({"message": said})


def refusal(error: MessageError) -> bytes:
    """The message was not taken: in the form of the transport's errors and of ERR at once."""
    said = {"code": error.code.value, "message": error.message[:LONGEST]}
    err = {"ack_status": "ERR", "timestamp": now_text(), "correlation_id": "", "error": said}
    return canonical({"errors": [said], "message": err})


def _item(reference_id: str, status: str, locale: str | None) -> Item:
    item: Item = {"reference_id": reference_id, "timestamp": now_text(), "status": status}
    return {**item, "locale": locale} if locale else item
