"""Who may come in: staff, clients, what they hold, what they have used up, what waits for approval.

No password, token, session id or NIK stands here: only hashes, sealed secrets and keyed tokens.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, now


class Staff(SQLModel, table=True):
    """One member of staff. Never deleted: what they did names them."""

    __tablename__ = "staff"

    id: str = Field(primary_key=True)  # random
    login: str = Field(unique=True)
    state: str  # active, disabled
    password: str | None = None  # argon2id; nothing for who comes by OpenID Connect
    must_change: bool = False  # the password was set by somebody else
    one_time_until: datetime | None = Field(default=None, sa_type=UtcDateTime)  # such a one holds
    totp: bytes | None = None  # sealed secret of the second factor
    totp_key: int | None = None  # version of the key that sealed it
    totp_step: int = Field(default=0, sa_type=sa.BigInteger)  # the last one used: no code twice
    subject: str | None = Field(default=None, unique=True)  # digest of issuer and subject
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    entered: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the last session's begin
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class RoleGrant(SQLModel, table=True):
    """A role somebody holds, for one region. Taken away by a date, never deleted."""

    __tablename__ = "role_grant"

    id: str = Field(primary_key=True)
    staff_id: str = Field(index=True)
    role: str
    region: str  # Kemendagri prefix; '' is the whole country
    granted_by: str
    approved_by: str | None = None
    granted: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    revoked: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StaffSession(SQLModel, table=True):
    """One login that has not ended. Its id is known to the browser alone."""

    __tablename__ = "staff_session"

    id_hash: bytes = Field(primary_key=True)
    staff_id: str = Field(index=True)
    second_factor: bool
    roles: list[Any] | None = Field(
        default=None, sa_type=sa.JSON
    )  # from OpenID Connect: [role, region]
    mac: bytes | None = None  # over all that stands here but when it was seen
    started: datetime = Field(sa_type=UtcDateTime)
    seen: datetime = Field(sa_type=UtcDateTime)
    expires: datetime = Field(sa_type=UtcDateTime)


class LeftForm(SQLModel, table=True):
    """What somebody had typed when their session ended: for a quarter of an hour, one form of each account."""

    __tablename__ = "left_form"

    staff_id: str = Field(primary_key=True)
    key_id: int
    sealed: bytes  # under a key of which the browser has a part
    until: datetime = Field(sa_type=UtcDateTime)


class LoginFlow(SQLModel, table=True):
    """A login by OpenID Connect that has begun: used once, soon forgotten."""

    __tablename__ = "login_flow"

    id_hash: bytes = Field(primary_key=True)  # of a cookie of the browser that began it
    state_hash: bytes
    nonce: str
    verifier: bytes  # of PKCE, sealed
    key_id: int
    expires: datetime = Field(sa_type=UtcDateTime)


class SetupToken(SQLModel, table=True):
    """Lets one person make the first account. Used once."""

    __tablename__ = "setup_token"

    token_hash: bytes = Field(primary_key=True)
    expires: datetime = Field(sa_type=UtcDateTime)


class Client(SQLModel, table=True):
    """A machine of a programme, with what its agreement allows."""

    __tablename__ = "client"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    state: str  # active, disabled
    epoch: int = 0  # raised to end every token given before
    agreement: str
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime = Field(sa_type=UtcDateTime)
    programmes: list[Any] = Field(sa_type=sa.JSON)
    purposes: list[Any] = Field(sa_type=sa.JSON)
    regions: list[Any] = Field(sa_type=sa.JSON)
    fields: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)  # kind → attributes
    limits: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class FormerAgreement(SQLModel, table=True):
    """What a client's agreement said from `since` until it was amended. Never changed."""

    __tablename__ = "former_agreement"

    client_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)  # 1 is what it was registered under
    agreement: str
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime = Field(sa_type=UtcDateTime)
    programmes: list[Any] = Field(sa_type=sa.JSON)
    purposes: list[Any] = Field(sa_type=sa.JSON)
    regions: list[Any] = Field(sa_type=sa.JSON)
    fields: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    limits: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    amended_by: str
    approved_by: str


class ClientKey(SQLModel, table=True):
    """A public key by which a client proves who it is."""

    __tablename__ = "client_key"

    client_id: str = Field(primary_key=True, foreign_key="client.id")
    kid: str = Field(primary_key=True)
    jwk: dict[str, Any] = Field(sa_type=sa.JSON)
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    retired: datetime | None = Field(default=None, sa_type=UtcDateTime)


class UsedAssertion(SQLModel, table=True):
    """A client assertion that was taken once and will not be taken again."""

    __tablename__ = "used_assertion"

    id_hash: bytes = Field(primary_key=True)  # of client and jti
    expires: datetime = Field(index=True, sa_type=UtcDateTime)


class Budget(SQLModel, table=True):
    """What a principal has used up, this minute and this day."""

    __tablename__ = "budget"

    principal: str = Field(primary_key=True)
    minute: int = Field(sa_type=sa.BigInteger)  # since 1970
    requests: int  # of that minute
    day: int  # since 1970
    niks: int  # distinct, of that day
    asked: int  # of that day
    missed: int  # of that day


class BudgetAsked(SQLModel, table=True):
    """NIKs that a principal asked about on a day, as tokens that say nothing elsewhere, one behind another; the
    first is its `first`-th of that day."""

    __tablename__ = "budget_asked"

    day: int = Field(primary_key=True, sa_type=sa.Integer)
    principal: str = Field(primary_key=True)
    first: int = Field(primary_key=True, sa_type=sa.Integer)
    tokens: bytes


class HoneyNik(SQLModel, table=True):
    """A NIK nobody has: who asks for it is guessing, or uses a list from somewhere else."""

    __tablename__ = "honey_nik"

    token: bytes = Field(primary_key=True)
    key_id: int  # of token and sealed
    sealed: bytes  # the number itself, so that the list outlives a change of key
    added_by: str
    added: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Alarm(SQLModel, table=True):
    """Something somebody must look at."""

    __tablename__ = "alarm"

    id: str = Field(primary_key=True)
    kind: str  # honey, misses, lockout
    principal: str = Field(index=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Approval(SQLModel, table=True):
    """A request that waits for another person, bound to its exact content."""

    __tablename__ = "approval"

    id: str = Field(primary_key=True)
    action: str
    digest: bytes  # SHA-256 of the canonical request
    summary: str  # what the approver reads: no personal data
    content: dict[str, Any] | None = Field(
        default=None, sa_type=sa.JSON
    )  # what is asked, to be done
    about: str | None = Field(default=None, index=True)  # the account or client it is about
    state: str = Field(index=True)  # waiting, approved, refused, used, withdrawn
    requested_by: str
    requested: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    expires: datetime = Field(sa_type=UtcDateTime)
    decided_by: str | None = None
    decided: datetime | None = Field(default=None, sa_type=UtcDateTime)
