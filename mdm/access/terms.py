"""The terms of access: who asks, what for, about what, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

WHOLE_COUNTRY = ""  # the region prefix that every code starts with


class Limits(BaseModel):
    """How much somebody may ask. Refused beyond; `miss_percent` counts once `miss_floor` NIKs of a
    day were asked: who guesses numbers misses a lot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests_per_minute: int = Field(ge=1)
    niks_per_day: int = Field(ge=0)
    miss_percent: int = Field(ge=0, le=100)
    miss_floor: int = Field(ge=1)


@dataclass(frozen=True)
class Principal:
    """Who asks: a member of staff, a programme's machine client, or the system itself.

    `regions` are Kemendagri code prefixes (2025 edition, no dots); `purposes` the purposes of use
    that the agreement names; `fields` narrows what the role may see, per kind (None: does not);
    `limits` are its own (None: those of its roles). `waiting`: roles that do not count yet, with the
    reason that says what must be done first.
    """

    id: str
    kind: str  # staff, client, system
    roles: frozenset[str]
    regions: tuple[str, ...] = ()
    purposes: frozenset[str] = frozenset()
    programmes: frozenset[str] = frozenset()
    fields: Mapping[str, frozenset[str]] | None = None
    agreement: str | None = None
    limits: Limits | None = None
    waiting: Mapping[str, str] = field(default_factory=dict)

    def covers(self, region: str | None) -> bool:
        """Whether a region code lies in one of this principal's regions; an unknown region only
        in the whole country."""
        code = (region or "").replace(".", "")
        return any(code.startswith(prefix) for prefix in self.regions)


@dataclass(frozen=True)
class Resource:
    """What is asked about. `region` is its Kemendagri code, None when it is not of one place."""

    kind: str  # person, family, household, batch, audit, user, client, key, ...
    region: str | None = None
    owner: str | None = None  # the client or person it belongs to, where it belongs to one
    programmes: frozenset[str] = frozenset()  # that the question names


@dataclass(frozen=True)
class Decision:
    """The answer of `decide`. `fields`: kind → attributes that may be shown. `policy` is the
    version of the access document; `reason` a code that the document explains: when allowed, the
    name of the grant."""

    allowed: bool
    reason: str
    policy: str
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
