"""Parts that questions and answers share."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from api.forms import form
from mdm.seal.masking import load_rules

Nik = Annotated[
    str,
    Meta(
        pattern=form(r"^[0-9]{16}\Z", "has 16 digits"),
        description="National identity number, 16 digits.",
        examples=["3201154503880002"],
    ),
]
Purpose = Annotated[
    str,
    Meta(
        pattern=form(r"^[a-z_]{3,40}\Z", "is one of the purposes that the schema lists"),
        max_length=40,
        description="Why: one of the purposes of use.",
        examples=["assistance"],
        extra_json_schema={"enum": sorted(load_rules().purposes)},
    ),
]
CaseNumber = Annotated[
    str,
    Meta(
        pattern=form(
            r"^(?!.*(?:[0-9][.-]?){15}[0-9])[A-Za-z0-9/._-]{1,40}\Z",
            "has 1 to 40 of the letters, digits and / . _ -, and no number of 16 digits",
        ),
        max_length=40,
        description="The case the purpose belongs to; never a NIK or KK number.",
        examples=["PKH/2026/0815"],
    ),
]

SnapshotName = Annotated[
    str,
    Meta(
        pattern=form(
            r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z",
            "begins with a letter or digit and has up to 40 letters, digits and . _ -",
        ),
        description="Name of a snapshot; without one the newest published data answer.",
        examples=["2026Q4"],
    ),
]
