"""What auditors ask, and what the audit log answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from api.forms import form
from api.schemas.common import CaseNumber, Nik, Purpose
from api.schemas.rights import Subject

Seq = Annotated[int, Meta(ge=0, le=1 << 53, description="Number of an event, from 0.")]
Size = Annotated[int, Meta(ge=1, le=1 << 53, description="How many events a checkpoint covers.")]
Moment = Annotated[datetime, Meta(tz=True, examples=["2026-11-01T00:00:00Z"])]
Name = Annotated[
    str,
    Meta(
        pattern=form(
            r"^(?!.*(?:[0-9][ .-]?){15}[0-9])[\w:@./ -]{1,120}\Z",
            "has 1 to 120 letters, digits, blanks and : @ . / _ -, and no number of 16 digits",
        ),
        description="A client's or a member of staff's id, as events name it; never a NIK.",
        examples=["client:pkh"],
    ),
]
Code = Annotated[
    str,
    Meta(
        pattern=form(
            r"^[a-z][a-z.-]{1,40}\Z",
            "begins with a small letter and has 2 to 41 small letters, . and -",
        ),
        examples=["reveal", "dci.search"],
    ),
]
Attribute = Annotated[
    str,
    Meta(
        pattern=form(
            r"^[a-z][a-z_]{1,40}\Z",
            "begins with a small letter and has 2 to 41 small letters and _",
        ),
        examples=["name"],
    ),
]
KeyName = Annotated[
    str,
    Meta(
        pattern=form(
            r"^[a-z]{3,20}:[0-9]{1,6}\Z", "is a kind of key and a number, such as profile:1"
        ),
        examples=["profile:1"],
    ),
]


class TraceQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Which values to trace, of whom, as of when. Either `nik` or `subject`.

    With `nik`, `kind` names the person's family or household instead. Without `attributes`: all.
    `evidence` makes the pairs' evidence again, which takes seconds; `whole_records` shows all
    columns of the source records, not only those behind the values.
    """

    either: ClassVar = ("nik", "subject")

    purpose: Purpose
    nik: Nik | None = None
    subject: Subject | None = None
    attributes: Annotated[list[Attribute], Meta(max_length=60)] = []
    kind: Literal["person", "family", "household"] | None = None
    as_of: Moment | None = None
    evidence: bool = True
    whole_records: bool = False
    case: CaseNumber | None = None


class SubjectQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Who asks what is held about them. Either `nik` or `subject`."""

    either: ClassVar = ("nik", "subject")

    purpose: Purpose
    nik: Nik | None = None
    subject: Subject | None = None
    case: CaseNumber | None = None


class BreachQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Whose breach (either `actor` or `key`), and when."""

    either: ClassVar = ("actor", "key")

    purpose: Purpose
    since: Moment
    until: Moment
    actor: Name | None = None
    key: KeyName | None = None
    case: CaseNumber | None = None


class EventsQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Which events; all that is given must hold. `before`: only events below this number."""

    actor: Name | None = None
    subject: Subject | None = None
    action: Code | None = None
    purpose: Purpose | None = None
    since: Moment | None = None
    until: Moment | None = None
    before: Seq | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class EventView(msgspec.Struct):
    """One event; `says` is what it holds beside time, actor and action."""

    seq: int
    at: datetime
    actor: str
    action: str
    says: dict[str, Any]


class EventsPage(msgspec.Struct):
    """Events, the newest first. `before`: what to ask for next; null at the end."""

    events: Sequence[EventView]
    before: int | None


class CheckpointView(msgspec.Struct):
    """A signed state of the log; `note` is the C2SP signed note to be handed to witnesses."""

    size: int
    root: str
    at: datetime
    note: str


class Checkpoints(msgspec.Struct):
    """Checkpoints, the newest first, and the verifier keys of all times."""

    checkpoints: Sequence[CheckpointView]
    keys: Sequence[str]


class ProofQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """The event to prove."""

    event: Seq


class ProofView(msgspec.Struct):
    """An inclusion proof (RFC 9162; hashes in hex). `proof` is the same as a C2SP tlog-proof."""

    seq: int
    event: str
    leaf_hash: str
    path: Sequence[str]
    checkpoint: CheckpointView
    proof: str


class ConsistencyQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Two checkpoints by their sizes."""

    old: Size
    new: Size


class ConsistencyView(msgspec.Struct):
    """A consistency proof (RFC 9162; hashes in hex)."""

    old: CheckpointView
    new: CheckpointView
    path: Sequence[str]


class VerifyQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Whether to hold every sealed profile against the log too, which takes longer."""

    profiles: bool = False


class FaultView(msgspec.Struct):
    """Something that does not hold."""

    what: str
    sentence: str
    seq: int | None


class VerifiedView(msgspec.Struct):
    """What a verification came to."""

    holds: bool
    events: int
    checkpoints: int
    profiles: int
    unsigned: int
    root: str
    faults: Sequence[FaultView]
