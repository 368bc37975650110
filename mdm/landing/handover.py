"""The handover record (BAST) of a delivery: agreement, date, period, declared rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    ValidationError,
    model_validator,
)

from mdm.errors import InputError, UsageError
from reference.documents import read_yaml, unreadable
from reference.regions import lookup

NAMES = ("bast.yaml", "bast.yml", "bast.json")


class Handover(BaseModel):
    """A BAST as data. What it says beyond these fields is the partners' business and is not read.

    `rows` declares a number for the whole delivery, `files` one per file name; `rows` may be written
    as such a list too.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    agreement: str | None = Field(None, validation_alias=AliasChoices("agreement", "agreement_id"))
    date_: date | None = Field(None, validation_alias=AliasChoices("date", "handover_date"))
    period: str | None = None
    office: str | None = None
    rows: NonNegativeInt | None = Field(
        None, validation_alias=AliasChoices("rows", "declared_rows")
    )
    files: dict[str, NonNegativeInt] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _rows_by_file(cls, document: Any) -> Any:
        """`rows: {file: number}` means the same as `files`."""
        if isinstance(document, dict) and isinstance(document.get("rows"), dict):
            rest = {key: value for key, value in document.items() if key != "rows"}
            return {"files": document["rows"], **rest}
        return document

    def declared(self, file: str, files: int) -> int | None:
        """The rows declared for one file; a number for the whole speaks for it when it is alone. Capitals in a
        file's name make no other file.
        """
        named = {name.casefold(): rows for name, rows in self.files.items()}
        return named.get(file.casefold(), self.rows if files == 1 else None)

    @property
    def declared_whole(self) -> int | None:
        """The rows declared for the delivery as a whole."""
        return self.rows if self.rows is not None else sum(self.files.values()) or None


def is_handover(path: Path) -> bool:
    """Whether a file is a handover record by its name."""
    return path.name.lower() in NAMES


def read_handover(given: Path | None, files: Sequence[Path]) -> Handover:
    """The handover record given, or the one beside the files; an empty one when there is none."""
    found = given or _beside(files)
    if found is None:
        return Handover()
    try:
        document = read_yaml(found.read_text("utf-8"))
        return Handover.model_validate(document or {})
    except OSError:
        raise InputError(f"{found.name} cannot be read.", "Check the path of the BAST.") from None
    except UnicodeDecodeError:
        raise InputError(f"{found.name} is not UTF-8.", _FORM) from None
    except yaml.YAMLError as error:
        raise InputError(f"{found.name} {unreadable(error)}.", _FORM) from None
    except ValidationError as error:
        said = (".".join(map(str, fault["loc"])) for fault in error.errors())
        places = ", ".join(place or "the document" for place in said)
        raise InputError(f"{found.name} is no handover record: see {places}.", _FORM) from None


def office_of(said: str | None) -> str | None:
    """Today's kab/kota code of the office that delivers, part of its records' keys. UsageError for no such code."""
    if said is None:
        return None
    code = said.replace(".", "").strip()
    place = lookup(code, "kemendagri") if len(code) == _REGENCY else None
    if place is None:
        raise UsageError(
            "There is no kab/kota of this code; the office that delivers is named by it.",
            "Write the Kemendagri code of four digits, such as 3207.",
        )
    return place.today[:_REGENCY]


_REGENCY = 4  # digits
_FORM = "It may have `agreement`, `date` (YYYY-MM-DD), `period`, `office`, `rows`, `files`."


def _beside(files: Sequence[Path]) -> Path | None:
    folders = dict.fromkeys(path.parent for path in files)
    return next((p for f in folders for p in sorted(f.glob("*")) if is_handover(p)), None)
