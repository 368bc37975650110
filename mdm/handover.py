"""The handover record (BAST) of a delivery: agreement, date, period, declared rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from mdm.contracts import Document
from mdm.errors import InputError

NAMES = ("bast.yaml", "bast.yml", "bast.json")


class Handover(Document):
    """A BAST document. `rows` declares one number for the whole delivery, or one per file by its
    name.
    """

    agreement: str | None = None
    date_: date | None = Field(default=None, alias="date")
    period: str | None = None
    office: str | None = None
    rows: int | dict[str, int] | None = None

    def declared(self, file: str, files: int) -> int | None:
        """The rows declared for one file; a number for the delivery speaks for a file only when it
        is alone.
        """
        if isinstance(self.rows, dict):
            return self.rows.get(file)
        return self.rows if files == 1 else None

    @property
    def declared_whole(self) -> int | None:
        """The rows declared for the delivery as a whole."""
        return sum(self.rows.values()) if isinstance(self.rows, dict) else self.rows


def read_handover(given: Path | None, files: Sequence[Path]) -> Handover:
    """The handover record given, or the one beside the files; an empty one when there is none."""
    found = given or _beside(files)
    if found is None:
        return Handover()
    try:
        document = yaml.safe_load(found.read_text("utf-8"))
        return Handover.model_validate(document or {})
    except OSError:
        raise InputError(f"{found.name} cannot be read.", "Check the path of the BAST.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InputError(f"{found.name} is not YAML.", _FORM) from None
    except ValidationError as error:
        places = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors())
        raise InputError(f"{found.name} is no handover record: see {places}.", _FORM) from None


_FORM = "It may have `agreement`, `date` (YYYY-MM-DD), `period`, `office` and `rows`."


def _beside(files: Sequence[Path]) -> Path | None:
    folders = dict.fromkeys(path.parent for path in files)
    return next((f / name for f in folders for name in NAMES if (f / name).is_file()), None)
