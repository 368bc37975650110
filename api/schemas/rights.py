"""Rights of data subjects: what a supervisor sends, and what came of it."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from api.forms import form
from api.schemas.admin import ApprovalId
from api.schemas.common import CaseNumber, Nik, Purpose
from mdm.rights.handed import HandedOut

Subject = Annotated[
    str,
    Meta(
        pattern=form(r"^[0-9a-z-]{1,64}\Z", "is an entity id as a lookup names it"),
        description="Entity id, as a lookup names it.",
        examples=["5b0e6c1f9a7d4e22"],
    ),
]
Basis = Annotated[
    str,
    Meta(
        pattern=form(
            r"^(?!.*(?:[0-9][.-]?){15}[0-9])[a-z][a-z0-9.-]{2,60}\Z",
            "begins with a small letter, has 3 to 61 small letters, digits and . -, and no number of 16 digits",
        ),
        description="Code of the legal basis; never personal data.",
        examples=["uu27-2022-art41"],
    ),
]


class RightQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Whose data, why, and on which legal basis. Either `nik` or `subject`."""

    either: ClassVar = ("nik", "subject")

    purpose: Purpose
    basis: Basis
    nik: Nik | None = None
    subject: Subject | None = None
    case: CaseNumber | None = None


class ErasureQuestion(RightQuestion, forbid_unknown_fields=True):
    """The same; with `approval`, the request that another person has approved."""

    approval: ApprovalId | None = None


class Restricted(msgspec.Struct):
    """The restriction that stands now."""

    subject: str
    restriction: str


class Lifted(msgspec.Struct):
    """How many restrictions were lifted."""

    subject: str
    lifted: int


class ErasedView(msgspec.Struct):
    """What was erased: entities whose key is gone, source records that stay out from now on, landed
    rows taken out of the lake, jobs ended that asked about the person. `handed_out` is what nobody
    can take back: who was told has to be asked to delete it."""

    entities: list[str]
    records: int
    rows: int
    jobs: int
    handed_out: list[HandedOut]
