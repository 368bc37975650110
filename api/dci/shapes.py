"""The wire shapes of what goes out, for the description of the service."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Status = Literal["rcvd", "pdng", "succ", "rjct"]


class ReplyHeader(Struct):
    """Header of an answer."""

    version: str
    message_id: str
    message_ts: str
    action: str
    status: Status
    total_count: int
    completed_count: int
    sender_id: str
    receiver_id: str
    is_msg_encrypted: bool
    status_reason_code: str | UnsetType = UNSET
    status_reason_message: str | UnsetType = UNSET


class Data(Struct):
    """Records found: Members or Groups, as docs/dci.md maps them."""

    version: str
    reg_type: str
    reg_record_type: str
    reg_records: list[dict[str, Any]]


class PagingReply(Struct):
    """Which page this is."""

    page_size: int
    page_number: int
    total_count: int


class SearchItemReply(Struct):
    """What became of one request."""

    reference_id: str
    timestamp: str
    status: Status
    status_reason_code: str | UnsetType = UNSET
    status_reason_message: str | UnsetType = UNSET
    data: Data | UnsetType = UNSET
    pagination: PagingReply | UnsetType = UNSET
    locale: str | UnsetType = UNSET


class SearchReplyMessage(Struct):
    """What became of every request of a message."""

    transaction_id: str
    correlation_id: str
    search_response: list[SearchItemReply]


class SearchReply(Struct):
    """A signed answer to a search."""

    signature: Annotated[str, Meta(description="Made with a key of /.well-known/jwks.json.")]
    header: ReplyHeader
    message: SearchReplyMessage | UnsetType = UNSET


class TransactionStatus(Struct):
    """The requests of a transaction as they stand, without records."""

    txn_type: Literal["search", "subscribe", "receipt"]
    txn_status: SearchReplyMessage


class StatusReplyMessage(Struct):
    """What is known of a transaction."""

    transaction_id: str
    correlation_id: str
    txnstatus_response: TransactionStatus


class StatusReply(Struct):
    """A signed answer about a transaction."""

    signature: str
    header: ReplyHeader
    message: StatusReplyMessage | UnsetType = UNSET


class DciError(Struct):
    """An error of the transport."""

    code: str
    message: str


class Ack(Struct):
    """Whether a message was taken."""

    ack_status: Literal["ACK", "NACK", "ERR"]
    timestamp: str
    correlation_id: str
    error: DciError | UnsetType = UNSET


class Acknowledged(Struct):
    """The message was taken; the answer comes to the callback."""

    message: Ack


class Refused(Struct):
    """The message was not taken; nothing was changed."""

    errors: list[DciError]
    message: Ack


class KeySet(Struct):
    """Public keys (RFC 7517)."""

    keys: list[dict[str, Any]]


class LocationList(Struct):
    """Provinces and regencies."""

    locations: list[dict[str, Any]]
