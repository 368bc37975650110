"""Settings of identity: what the service is called in tokens, sessions, OpenID Connect."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)


class GroupRole(BaseModel):
    """What membership in a group of the issuer gives: a role, for one region. `mdm/access/groups.py` asks for both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str
    region: str = ""


class OidcSettings(BaseModel):
    """Staff login at an OpenID Connect issuer: code flow with PKCE, as a confidential client.

    `secret_file` holds the client secret (0600); without one the hub is a public client. `ca_file`
    is for an issuer with a certificate of its own authority. `second_factors`: values of `amr` or
    `acr` in the ID token that say a second factor was shown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(pattern=r"^https://[^\s?#]+$")
    client_id: str = Field(min_length=1)
    secret_file: Path | None = None
    ca_file: Path | None = None
    groups_claim: str = "groups"
    groups: dict[str, tuple[GroupRole, ...]] = Field(default_factory=dict)
    second_factors: frozenset[str] = frozenset({"mfa", "otp", "hwk", "swk", "fpt"})


class AccessSettings(BaseModel):
    """Everything with its default. `issuer` is the address under which clients reach the service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = "http://127.0.0.1:8000"
    session_idle_minutes: int = Field(default=30, ge=1, le=480)
    session_hours: int = Field(default=10, ge=1, le=24)
    approval_hours: int = Field(default=72, ge=1, le=24 * 14)
    one_time_hours: int = Field(default=72, ge=1, le=24 * 14)
    setup_hours: int = Field(default=24, ge=1, le=24 * 14)
    oidc: OidcSettings | None = None

    @field_validator("issuer")
    @classmethod
    def _address(cls, value: str) -> str:
        if not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("write an https:// address; http:// only on this machine")
        return value.rstrip("/")

    @property
    def session_idle(self) -> timedelta:
        """How long a session lasts without a request."""
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def one_time_life(self) -> timedelta:
        """How long a password that an administrator handed over lets its owner in."""
        return timedelta(hours=self.one_time_hours)

    @property
    def setup_life(self) -> timedelta:
        """How long the token for the first account is taken."""
        return timedelta(hours=self.setup_hours)

    @property
    def session_life(self) -> timedelta:
        """How long a session lasts at most."""
        return timedelta(hours=self.session_hours)


def _from_text(value: Any) -> Any:
    """From the environment the whole block comes as one YAML or JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        raise ValueError("not YAML") from None


Access = Annotated[AccessSettings, BeforeValidator(_from_text)]
