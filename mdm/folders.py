"""Folders that are made where somebody named a place for them."""

from __future__ import annotations

from pathlib import Path

from mdm.errors import InputError


def make_folder(path: Path, mode: int = 0o777) -> None:
    """The folder, with those above it, unless it is there. InputError where the file system takes none."""
    try:
        path.mkdir(mode, parents=True, exist_ok=True)
    except FileNotFoundError:  # though those above it would have been made: such as below /proc
        raise InputError("No folder can be made here.", "Name another place.") from None


def private_folder(where: Path) -> Path:
    """A folder of the hub's own in `where`, which nobody else may look into. InputError where there can be none."""
    own = where / "dtsen"
    try:
        own.mkdir(0o700, parents=True, exist_ok=True)
        own.chmod(0o700)
    except OSError as error:
        raise InputError(
            f"What does not fit into memory cannot be put aside: {error.strerror}.",
            "`spill` in dtsen.yaml names a folder on an encrypted disk that may be written to.",
        ) from None
    return own
