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
