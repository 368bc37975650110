"""Agreements on the use of data: what a client may ask, about whom, for what, until when.

An amendment is another version, dated, that speaks from the moment it is made; the versions before it are
kept as they stood, for whoever asks later what a client could see then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from sqlmodel import Session, col, select

from mdm import audit
from mdm.access.document import load_rules
from mdm.access.places import check_region
from mdm.access.terms import Limits
from mdm.errors import ConflictError, InputError
from mdm.hub.columns import now
from mdm.hub.tables import Client, FormerAgreement
from mdm.seal.masking import load_rules as load_sealing
from reference.documents import faults

YEARS = (2000, 2200)  # that an agreement may lie in


class Agreement(BaseModel):
    """What a programme and the ministry agreed on: number, time, purposes, regions, fields.

    A monitor's agreement has number and time only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: str = Field(min_length=3, max_length=80)
    valid_from: datetime
    valid_to: datetime
    programmes: tuple[str, ...]
    purposes: tuple[str, ...]
    regions: tuple[str, ...]
    fields: dict[str, tuple[str, ...]] | None = None
    limits: Limits | None = None

    @field_validator("regions")
    @classmethod
    def _regions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for region in value:
            try:
                check_region(region)
            except InputError as error:
                raise ValueError(f"{error.message} {error.hint}".removesuffix(".")) from None
        return value

    @field_validator("purposes")
    @classmethod
    def _purposes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = load_sealing().purposes
        if unknown := set(value) - known.keys():
            raise ValueError(
                f"no purpose is called {', '.join(sorted(unknown))}; there are: {', '.join(known)}"
            )
        return value

    @model_validator(mode="after")
    def _sound(self) -> Agreement:
        if len({bool(self.programmes), bool(self.purposes), bool(self.regions)}) > 1:
            raise ValueError(
                "programmes, purposes and regions: all are named, or, for a monitor, none"
            )
        if self.valid_from.tzinfo is None or self.valid_to.tzinfo is None:
            raise ValueError("the times need their time zone")
        if self.valid_to <= self.valid_from:
            raise ValueError("it ends before it begins")
        if not all(YEARS[0] <= at.year < YEARS[1] for at in (self.valid_from, self.valid_to)):
            raise ValueError("the times lie in another age")
        known = load_rules().shown["whole"]
        for kind, names in (self.fields or {}).items():
            if kind not in known:
                raise ValueError(f"fields: no kind is called {kind}; there are: {', '.join(known)}")
            if unknown := set(names) - set(known[kind]):
                raise ValueError(
                    f"fields: no attribute of a {kind} is called {', '.join(sorted(unknown))}"
                )
        return self


def read_agreement(values: Mapping[str, Any], programmes: Collection[str]) -> Agreement:
    """An agreement from plain values; `programmes` are those that there are rules for. InputError names
    what is wrong, and what there is instead."""
    try:
        agreement = Agreement.model_validate(values)
    except ValidationError as error:
        raise InputError(f"The agreement does not hold: {faults(error)}.", "Mend it.") from None
    if unknown := sorted(set(agreement.programmes) - set(programmes)):
        raise InputError(
            f"The agreement does not hold: programmes: there are no rules for {', '.join(unknown)}.",
            f"Name one of: {', '.join(sorted(programmes))}; or add its document first.",
        )
    return agreement


def kept(agreement: Agreement) -> dict[str, Any]:
    """An agreement as the columns of a client, or of a former agreement."""
    fields = agreement.fields
    return {
        "agreement": agreement.number,
        "valid_from": agreement.valid_from,
        "valid_to": agreement.valid_to,
        "programmes": sorted(set(agreement.programmes)),
        "purposes": sorted(set(agreement.purposes)),
        "regions": sorted(set(agreement.regions)),
        "fields": fields and {kind: sorted(set(names)) for kind, names in fields.items()},
        "limits": agreement.limits.model_dump() if agreement.limits else None,
    }


def amend(
    session: Session, client: Client, agreement: Agreement, *, actor: str, approved_by: str
) -> int:
    """Put an agreement in the place of the client's, which is kept; the number of the new version.

    Tokens given before end when what they tell changes. InputError when it would shut the client out
    until later, or make a monitor of a programme; ConflictError when nothing would change.
    """
    session.refresh(client, with_for_update=True)
    must_amend(client, agreement)
    said = kept(agreement)
    before = {name: getattr(client, name) for name in said}
    versions = former(session, client.id)
    since = versions[-1].until if versions else client.created
    session.add(
        FormerAgreement(
            client_id=client.id,
            version=len(versions) + 1,
            since=since,
            until=now(),
            amended_by=actor,
            approved_by=approved_by,
            **before,
        )
    )
    for name, value in said.items():
        setattr(client, name, value)
    version = len(versions) + 2
    audit.record(
        session,
        actor,
        "client.amend",
        id=client.id,
        agreement=agreement.number,
        count=version,
        fields=said["fields"],
        approved_by=approved_by,
    )
    return version


def must_amend(client: Client, agreement: Agreement) -> None:
    """Errors as in `amend`, for an agreement that cannot take the place of the client's."""
    if agreement.valid_from > now():
        raise InputError(
            "The amendment would begin later, and shut the client out until then.",
            "Amend on the day; or let it begin when the agreement itself began.",
            code="agreement-later",
        )
    if bool(client.programmes) != bool(agreement.programmes):
        raise InputError(
            "A programme's client stays one, and a monitor stays one.",
            "Register another client.",
            code="agreement-kind",
        )
    if all(getattr(client, name) == value for name, value in kept(agreement).items()):
        raise ConflictError(
            "The agreement says this already.",
            "See `dtsen admin client list`.",
            code="agreement-same",
        )


def former(session: Session, client_id: str) -> Sequence[FormerAgreement]:
    """What a client's agreement said before, the oldest first."""
    query = select(FormerAgreement).where(FormerAgreement.client_id == client_id)
    return session.exec(query.order_by(col(FormerAgreement.version))).all()
