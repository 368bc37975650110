"""Files that commands write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from mdm.errors import InputError


class NewFile(click.Path):
    """A file that a command writes. That its folder is there, and takes it, is looked before anything is done: what a
    command records (as told, as shown) it shall also have handed out.
    """

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path. InputError where its folder is not there."""
        path = Path(str(super().convert(value, param, ctx)))
        if not path.parent.is_dir():
            raise InputError("The folder for the file to write does not exist.", "Make it first.")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise InputError(
                "The file to write may not be written here.",
                "Check the rights, or name another place.",
            )
        return path
