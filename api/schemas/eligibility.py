"""What a question about eligibility asks. Its answers have their shapes in
mdm/eligibility/answers.py, for jobs write them too."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from api.forms import form
from api.schemas.common import CaseNumber, Nik, Purpose, SnapshotName
from mdm.eligibility.batch import MOST

ProgrammeName = Annotated[
    str,
    Meta(
        pattern=form(
            r"^[A-Z][A-Z0-9-]{1,19}\Z",
            "begins with a capital letter and has 2 to 20 capital letters, digits and -",
        ),
        description="A programme for which there are rules.",
        examples=["PKH", "SEMBAKO", "PBI-JK"],
    ),
]
Programmes = Annotated[list[ProgrammeName], Meta(min_length=1, max_length=20)]
Day = Annotated[
    date,
    Meta(
        description="The day on which ages are counted; the snapshot's day, or today.",
        examples=["2026-11-21"],
    ),
]


class WhoIsMeant(msgspec.Struct, forbid_unknown_fields=True):
    """Whom the asker means, as a check on the number."""

    name: Annotated[
        str, Meta(min_length=2, max_length=100, description="The name as the asker has it.")
    ]
    birth_date: date


class EligibilityQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """One person, one or more programmes."""

    nik: Nik
    programmes: Programmes
    purpose: Purpose
    case: CaseNumber | None = None
    snapshot: SnapshotName | None = None
    on: Day | None = None
    who: WhoIsMeant | None = None


class BatchQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Many persons, one or more programmes."""

    niks: Annotated[list[Nik], Meta(min_length=1, max_length=MOST)]
    programmes: Programmes
    purpose: Purpose
    case: CaseNumber | None = None
    snapshot: SnapshotName | None = None
    on: Day | None = None


_DESIL = {"id": "Desil keluarga 1 sampai 4.", "en": "The family's desil is 1 to 4."}
_ALIVE = {
    "id": "Masih ada anggota keluarga yang hidup.",
    "en": "At least one member of the family is alive.",
}
_ALIVE_SETTLES = {
    "id": "Status hidup anggota keluarga di Dukcapil.",
    "en": "Whether the members are alive, from the civil registry.",
}
_SAW_ALIVE = {"of": "member", "attribute": "alive", "value": True, "date": "2026-09-14"}
_SETTLES = {
    "id": "Desil keluarga dari BPS untuk periode berjalan.",
    "en": "The family's desil from BPS for the current period.",
}
# No value is None here: Litestar leaves such out, and the shape demands them.
_AS_OF = {
    "snapshot": "2026Q4",
    "run": 7,
    "published": "2026-10-01T02:00:00+00:00",
    "on": "2026-10-01",
    "rule_set": "9ef786e3983e457e",
    "desil_periods": {"2026Q3": 90125},
}
_IDENTITY = {
    "status": "verified",
    "confidence": "moderate",
    "weakest_link": 7.9,
    "under_review": False,
}
_NAME = {"id": "Program Sembako (BPNT)", "en": "Food assistance (Sembako)"}
_UNDETERMINED = {
    "id": "Belum dapat ditentukan menurut aturan SEMBAKO 2026.1 (9ef786e3983e457e) pada potret "
    "2026Q4; lihat apa yang akan memastikannya.",
    "en": "Not determined yet by rule set SEMBAKO 2026.1 (9ef786e3983e457e) on snapshot 2026Q4; see "
    "what would settle it.",
}
_AMOUNT = {"sure": 200000, "possible": 200000, "per": "month"}
_WEAK_LINK = {
    "suspends": False,
    "sentence": {
        "id": "Catatan di balik profil ini dipadankan dengan bukti yang lemah.",
        "en": "The records behind this profile are held together by weak evidence.",
    },
    "settles": {
        "id": "Putusan peninjau tentang padanan yang lemah.",
        "en": "A steward's judgement on the weak link.",
    },
}
_KEEPS = {
    "id": "Bantuan yang sedang diterima tetap berjalan sampai hal ini dipastikan.",
    "en": "A benefit now held is kept until this is settled.",
}
_STANDS = {
    "valid_from": "2025-06-10",
    "valid_to": "2026-12-31",
    "basis": ["Permensos 5/2021", "Permensos 3/2025"],
    "confidence": "medium",
    "numbers": [],
}
EXAMPLE = {
    "as_of": _AS_OF,
    "identity": _IDENTITY,
    "answers": [
        {
            "programme": "SEMBAKO",
            "name": _NAME,
            "unit": "family",
            "answer": "undetermined",
            "sentence": _UNDETERMINED,
            "rules": [
                {
                    "rule": "family_lives",
                    "kind": "requirement",
                    "sentence": _ALIVE,
                    "result": "pass",
                    "saw": [_SAW_ALIVE],
                },
                {
                    "rule": "desil",
                    "kind": "requirement",
                    "sentence": _DESIL,
                    "result": "unknown",
                    "saw": [{"of": "family", "attribute": "desil"}],
                    "settles": _SETTLES,
                },
            ],
            "components": [],
            "amount": _AMOUNT,
            "doubts": [{"doubt": "weak_link", "of": "person", "weight": 7.9, **_WEAK_LINK}],
            "settles": [_SETTLES],
            "listed": True,
            "keeps_benefit": True,
            "keeps_benefit_because": _KEEPS,
            "checked_elsewhere": [],
            "notes": [],
            "rule_set": {"edition": "2026.1", "digest": "9ef786e3983e457e", **_STANDS},
        }
    ],
}
BATCH_EXAMPLE = {
    "as_of": _AS_OF,
    "words": {
        "programmes": {
            "SEMBAKO": {
                "programme": "SEMBAKO",
                "edition": "2026.1",
                "name": _NAME,
                "unit": "family",
                **_STANDS,
                "rules": [
                    {
                        "rule": "family_lives",
                        "kind": "requirement",
                        "sentence": _ALIVE,
                        "settles": _ALIVE_SETTLES,
                    },
                    {
                        "rule": "desil",
                        "kind": "requirement",
                        "sentence": _DESIL,
                        "settles": _SETTLES,
                    },
                ],
                "components": [],
                "per": "month",
                "checked_elsewhere": [],
                "notes": [],
            }
        },
        "answers": {"SEMBAKO": {"undetermined": _UNDETERMINED}},
        "doubts": {"weak_link": _WEAK_LINK},
        "keeps_benefit": _KEEPS,
        "confidence": {
            "moderate": {
                "id": "Sedikitnya satu padanan berbukti lemah.",
                "en": "At least one link rests on weak evidence.",
            }
        },
    },
    "items": [
        {
            "index": 0,
            "identity": _IDENTITY,
            "answers": {
                "SEMBAKO": {
                    "answer": "undetermined",
                    "rules": [
                        {"rule": "family_lives", "result": "pass", "saw": [_SAW_ALIVE]},
                        {
                            "rule": "desil",
                            "result": "unknown",
                            "saw": [{"of": "family", "attribute": "desil"}],
                        },
                    ],
                    "listed": True,
                    "keeps_benefit": True,
                    "amount": _AMOUNT,
                    "doubts": [{"doubt": "weak_link", "of": "person", "weight": 7.9}],
                }
            },
        }
    ],
}
