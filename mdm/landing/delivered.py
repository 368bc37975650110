"""What of the paths a user names is a data file, what the handover record, what neither."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mdm.errors import InputError
from mdm.landing.handover import is_handover
from mdm.work.progress import Progress
from reference.nik import parse_nik, region_known

SUFFIXES = (".csv", ".csv.gz", ".txt", ".parquet", ".xlsx")
_FORMS = "Name CSV (also gzip), Parquet or XLSX files."


def expand(paths: Sequence[Path], progress: Progress) -> tuple[list[Path], Path | None]:
    """Data files (as given; of a directory, by name; each once) and the handover record, if named.

    Other files of a directory are left out, and the user is told. InputError when no data file is
    left, or one is called by a NIK or KK number.
    """
    found: list[Path] = []
    records: list[Path] = []
    for path in paths:
        inside = _inside(path, progress) if path.is_dir() else [path]
        records += [one for one in inside if is_handover(one)]
        found += [one for one in inside if not is_handover(one)]
    if not found:
        raise InputError("Only a handover record was named, and no data file.", _FORMS)
    files = list(dict.fromkeys(found))
    _refuse_called_by_number(files)
    return files, records[0] if records else None


def _refuse_called_by_number(files: Sequence[Path]) -> None:
    """Names of files stand in the open: in the hub's database, in findings, on pages. Days and hours, as systems put
    them into names, begin with no province."""
    for place, path in enumerate(files, 1):
        for number in re.findall(r"(?<!\d)\d{16}(?!\d)", path.name):
            parts = parse_nik(number)
            if parts is not None and region_known(parts.region):
                raise InputError(
                    f"The name of a file holds a number as NIK and KK numbers are: file {place} of {len(files)}.",
                    "Give it another name. Names of files stand in the open.",
                )


def _inside(folder: Path, progress: Progress) -> list[Path]:
    """The files of a directory that can be taken. What the system hides there is nobody's data."""
    files = [p for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith(".")]
    taken = [p for p in files if is_handover(p) or p.name.lower().endswith(SUFFIXES)]
    if all(map(is_handover, taken)):
        within = [
            p.name for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith(".")
        ]
        hint = (
            f"Name the folder that holds the files itself, such as {folder.name}/{within[0]}."
            if within
            else _FORMS
        )
        raise InputError(f"There is no data file in {folder.name}.", hint)
    for path in files:
        if path not in taken:
            progress.note(f"{path.name} was left out: it is not CSV, Parquet or XLSX.")
    return taken
