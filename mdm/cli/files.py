"""Files that commands write."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from mdm.errors import InputError


class NewFile(click.Path):
    """A file that a command writes; with `or_folder` it may be a folder, too. That its folder is there, and takes it,
    is tried before anything is done: what a command records (as told, as shown) it shall also have handed out.
    """

    def __init__(self, *, or_folder: bool = False) -> None:
        super().__init__(dir_okay=or_folder, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path. InputError where nothing can be written to it."""
        path = Path(str(super().convert(value, param, ctx)))
        if not path.parent.is_dir():
            raise InputError("The folder for the file to write does not exist.", "Make it first.")
        if path.exists() and not path.is_file() and not path.is_dir():
            raise InputError(
                "What stands there is a device or a pipe, and no file.", "Name another place."
            )
        if not _takes(path):
            raise InputError(
                "The file to write may not be written here.",
                "Check the rights, or name another place.",
            )
        return path


def _takes(path: Path) -> bool:
    """Whether a file can be written there. Rights alone do not say so: root has all of them, also where nothing can be
    made, such as below /proc."""
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        return False
    trial = path.with_name(f"{path.name}.new")  # as which it is written before it is whole
    try:
        with suppress(FileExistsError):
            os.close(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            trial.unlink()
    except OSError:
        return False
    return True
