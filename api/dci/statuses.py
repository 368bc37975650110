"""What became of earlier messages: of each request its state, never its records again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session

from api.dci import replies
from api.dci.messages import StatusItem, StatusMessage
from api.dci.refusals import HeaderError, HeaderReason
from mdm.exchanges import UNDELIVERED, WAITING, Exchanges, Taken

LOST = timedelta(minutes=2)  # an answer at once that is not there by then never comes
NOT_DELIVERED = "The answer could not be delivered to the callback; search again."


@dataclass(frozen=True)
class Known:
    """The status of the whole, and the message that says it."""

    status: str
    message: dict[str, Any]


def known_status(
    session: Session, exchanges: Exchanges, client_id: str, message: StatusMessage
) -> Known:
    """What this client's own earlier messages came to. Those of others are as if never sent."""
    asked = message.txnstatus_request
    if asked.txn_type != "search":
        raise HeaderError(HeaderReason.ACTION_NOT_SUPPORTED, "Only searches have a status here.")
    found = [one for one in _found(session, exchanges, client_id, asked) if _is_search(one)]
    items = [item for one in found for item in _items(one) if _wanted(asked, item)]
    correlation = found[-1].id if found else ""
    transaction = str(found[-1].content.get("transaction_id", "")) if found else ""
    return Known(
        replies.status_of(items) if items else replies.REJECTED,
        {
            "transaction_id": message.transaction_id,
            "correlation_id": correlation,
            "txnstatus_response": {
                "txn_type": asked.txn_type,
                "txn_status": {
                    "transaction_id": transaction or message.transaction_id,
                    "correlation_id": correlation,
                    "search_response": items,
                },
            },
        },
    )


def _found(
    session: Session, exchanges: Exchanges, client_id: str, asked: StatusItem
) -> list[Taken]:
    value = asked.attribute_value
    if asked.attribute_type == "reference_id_list":
        references = value if isinstance(value, list) else [value]
        return exchanges.by_references(session, client_id, references)
    if isinstance(value, list):
        raise HeaderError(HeaderReason.ACTION, "One id is asked about, not a list.")
    if asked.attribute_type == "transaction_id":
        return exchanges.by_transaction(session, client_id, value)
    return exchanges.by_id(session, client_id, value)


def _items(taken: Taken) -> Sequence[replies.Item]:
    """The requests of an exchange as they stand."""
    items: list[replies.Item] = taken.content.get("items", [])
    if taken.state == WAITING and not items:
        lost = "uri" not in taken.content and datetime.now(UTC) - taken.created > LOST
        state = replies.REJECTED if lost else replies.PENDING
        return [replies.unanswered(one, state) for one in taken.content["references"]]
    if taken.state == UNDELIVERED:
        return [{"status_reason_message": NOT_DELIVERED, **item} for item in items]
    return replies.without_records(items)


def _is_search(taken: Taken) -> bool:
    """Questions about a transaction belong to it too, and are not asked about."""
    return bool(taken.content.get("kind", "search") == "search")


def _wanted(asked: StatusItem, item: replies.Item) -> bool:
    if asked.attribute_type != "reference_id_list":
        return True
    value = asked.attribute_value
    return item["reference_id"] in (value if isinstance(value, list) else [value])
