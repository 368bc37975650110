"""What administrators send and read beside accounts and clients: approvals, honey NIKs, alarms."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from api.forms import form
from api.schemas.common import Nik

Region = Annotated[
    str,
    Meta(
        pattern=form(
            r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{10})?\Z", "has 2, 4, 6 or 10 digits, or none"
        ),
        description="First digits of a Kemendagri code of 2025; empty: the whole country.",
        examples=["3201"],
    ),
]
ApprovalId = Annotated[
    str,
    Meta(
        pattern=form(
            r"^approval-[0-9a-f]{12}\Z", "is the id of an approval, such as approval-0a1b2c3d4e5f"
        ),
        description="The approval of another person.",
        examples=["approval-0a1b2c3d4e5f"],
    ),
]
Moment = Annotated[
    datetime,
    Meta(
        tz=True,
        description="A moment with its time zone.",
        examples=["2026-01-01T00:00:00+07:00"],
    ),
]


class ApprovalView(msgspec.Struct):
    """A request that waits for another person."""

    id: str
    action: str
    summary: str
    state: str
    requested_by: str
    requested: str
    expires: str


class Approvals(msgspec.Struct):
    """What waits, oldest first."""

    approvals: list[ApprovalView]


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """Yes or no to another person's request."""

    approval: ApprovalId
    approve: bool


class OwnRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which request of one's own."""

    approval: ApprovalId


class HoneyQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """A NIK that nobody has."""

    nik: Nik


class AlarmView(msgspec.Struct):
    """Something to look at."""

    id: str
    kind: str
    sentence: str
    principal: str
    at: str


class Alarms(msgspec.Struct):
    """The latest alarms, newest first."""

    alarms: list[AlarmView]


class Done(msgspec.Struct):
    """It is done."""

    done: bool = True
