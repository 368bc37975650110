"""What passes between the hub and other registries: messages seen, exchanges, callbacks agreed on.

Ids that clients choose may hold anything, a NIK too: they stand here as keyed tokens, or sealed.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, now


class AgreedCallback(SQLModel, table=True):
    """An address that answers to a client may be sent to: exactly this one."""

    __tablename__ = "agreed_callback"

    client_id: str = Field(primary_key=True)
    uri: str = Field(primary_key=True)
    added_by: str
    added: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class SeenMessage(SQLModel, table=True):
    """A message that was taken once and will not be taken again while its signature is valid."""

    __tablename__ = "seen_message"

    client_id: str = Field(primary_key=True)
    token: bytes = Field(primary_key=True)  # of the message id
    expires: datetime = Field(index=True, sa_type=UtcDateTime)


class Exchange(SQLModel, table=True):
    """One message being answered, or answered: what its sender may ask about later."""

    __tablename__ = "exchange"

    id: str = Field(primary_key=True)  # the correlation id; random
    client_id: str = Field(index=True)
    transaction_token: bytes = Field(index=True)  # token of the transaction id
    state: str  # waiting, answered, delivered, undelivered
    sealed: bytes  # what was asked while it waits; what became of each request afterwards
    revision: int = 0  # of the sealed content
    key_id: int  # version of the export domain key
    attempts: int = 0
    due: datetime | None = Field(default=None, index=True, sa_type=UtcDateTime)  # nothing: done
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    expires: datetime = Field(index=True, sa_type=UtcDateTime)


class ExchangeReference(SQLModel, table=True):
    """Which exchange a request of a batch belongs to."""

    __tablename__ = "exchange_reference"

    client_id: str = Field(primary_key=True)
    token: bytes = Field(primary_key=True)  # of the reference id
    exchange_id: str = Field(primary_key=True)
