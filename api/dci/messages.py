"""The wire shapes of what comes in, as the corrected specification has them.

Extra members are let pass in header and message (the specification calls them extensions), never
inside search criteria: a criterion nobody reads would widen the answer.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from api.forms import form

Id = Annotated[str, Meta(min_length=1, max_length=99)]
Timestamp = Annotated[
    str,
    Meta(
        max_length=40, description="ISO 8601 with time zone", examples=["2026-11-21T09:00:00+07:00"]
    ),
]
Language = Annotated[
    str,
    Meta(
        pattern=form(r"^[a-z]{3}\Z", "has three small letters"),
        description="ISO 639-3",
        examples=["ind"],
    ),
]
Attribute = Annotated[str, Meta(min_length=1, max_length=60)]


class Header(Struct):
    """Who sends what. `sender_id` is the client id; `sender_uri` one of its registered callbacks."""

    message_id: Id
    message_ts: Timestamp
    action: Annotated[str, Meta(max_length=40, examples=["search"])]
    sender_id: Id
    total_count: int
    version: Annotated[str, Meta(max_length=20)] = "1.0.0"
    sender_uri: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET
    receiver_id: Annotated[str, Meta(max_length=99)] | UnsetType = UNSET
    is_msg_encrypted: Annotated[bool, Meta(extra_json_schema={"const": False})] = False
    meta: dict[str, Any] | UnsetType = UNSET


class Expression(Struct, forbid_unknown_fields=True):
    """One comparison."""

    attribute_name: Attribute
    operator: Literal["gt", "lt", "eq", "ge", "le", "in"]
    attribute_value: Any


class Predicate(Struct, forbid_unknown_fields=True):
    """One or two comparisons; the predicates of a list must all hold."""

    expression1: Expression
    seq_num: float | UnsetType = UNSET
    condition: Literal["and", "or", "not"] | UnsetType = UNSET
    expression2: Expression | UnsetType = UNSET


class Named(Struct, forbid_unknown_fields=True):
    """`idtype-value`: kind and value of an identifier. `expression`: `value.expression`."""

    type: Annotated[str, Meta(max_length=99, examples=["UIN"])]
    value: Any


class Sort(Struct, forbid_unknown_fields=True):
    """One attribute to order records by."""

    attribute_name: Attribute
    sort_order: Literal["asc", "desc"] = "asc"


class Paging(Struct, forbid_unknown_fields=True):
    """Pages count from 1."""

    page_size: float
    page_number: float = 1


class Criteria(Struct, forbid_unknown_fields=True):
    """What is searched for, in which form, and for which purpose."""

    query_type: Literal["idtype-value", "expression", "predicate"]
    query: Named | list[Predicate]
    version: Annotated[str, Meta(max_length=20)] = "1.0.0"
    reg_type: Annotated[str, Meta(max_length=99)] | UnsetType = UNSET
    reg_record_type: Annotated[str, Meta(max_length=99)] | UnsetType = UNSET
    response_entity: Literal["Group", "Member"] | UnsetType = UNSET
    sort: Annotated[list[Sort], Meta(max_length=5)] | UnsetType = UNSET
    pagination: Paging | UnsetType = UNSET
    consent: dict[str, Any] | UnsetType = UNSET
    authorize: dict[str, Any] | UnsetType = UNSET


class SearchItem(Struct):
    """One request of a batch."""

    reference_id: Id
    timestamp: Timestamp
    search_criteria: Criteria
    locale: Language | UnsetType = UNSET


class SearchMessage(Struct):
    """A batch of searches of one transaction."""

    transaction_id: Id
    search_request: Annotated[list[SearchItem], Meta(min_length=1)]


class StatusItem(Struct):
    """Which transaction, references or correlation is asked about."""

    reference_id: Id
    txn_type: Literal["search", "subscribe", "receipt"]
    attribute_type: Literal["transaction_id", "reference_id_list", "correlation_id"]
    attribute_value: Id | Annotated[list[Id], Meta(min_length=1, max_length=100)]
    locale: Language | UnsetType = UNSET


class StatusMessage(Struct):
    """A question about what became of earlier requests."""

    transaction_id: Id
    txnstatus_request: StatusItem


class SearchEnvelope(Struct):
    """A signed search."""

    header: Header
    message: SearchMessage
    signature: str | UnsetType = UNSET


class StatusEnvelope(Struct):
    """A signed question about a transaction."""

    header: Header
    message: StatusMessage
    signature: str | UnsetType = UNSET
