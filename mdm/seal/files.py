"""Files of sealed parts, one after the other: what a job was asked, and what it answered.

A part is a length (four bytes) and a sealed value bound to its job, its file and its place; so
parts cannot be swapped, and a file that a crash cut in the middle of a part is cut back to the last
whole one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.keys.keyfile import sync_to_disk
from mdm.seal import Place, seal, unseal

LENGTH = 4


@dataclass(frozen=True)
class SealedFile:
    """One job's file of one name, under one version of the export key."""

    path: Path
    job: str
    name: str
    version: int
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, hub: Hub, job: str, name: str, version: int) -> SealedFile:
        """A job's file in the home. IntegrityError when its key is gone."""
        path = path_of(hub, job, name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        key = hub.keys.domain("export", version).subkey(f"job/{job}")
        return cls(path, job, name, version, key)

    def append(self, part: int, plain: bytes, at: int) -> int:
        """Write a part behind the first `at` bytes, durably; the file's new length. What a killed
        process wrote behind them is overwritten."""
        sealed = seal(self.key, self._place(part), plain)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            file.truncate(at)
            file.seek(at)
            file.write(len(sealed).to_bytes(LENGTH, "big") + sealed)
            file.flush()
            os.fsync(file.fileno())
            end = file.tell()
        if at == 0:
            sync_to_disk(self.path.parent)
        return end

    def parts(self, first: int = 0) -> Iterator[bytes]:
        """The plain parts in order, from a place on. IntegrityError when one does not open."""
        try:
            with self.path.open("rb") as file:
                number = 0
                while head := file.read(LENGTH):
                    size = int.from_bytes(head, "big")
                    if number < first:
                        file.seek(size, os.SEEK_CUR)
                    else:
                        yield unseal(self.key, self._place(number), file.read(size))
                    number += 1
        except FileNotFoundError:
            raise IntegrityError("A file of this job is missing.", "Ask again.") from None

    def _place(self, part: int) -> Place:
        return Place("job", self.name, self.job, part, self.version)


def path_of(hub: Hub, job: str, name: str) -> Path:
    """Where a job's file of one name lies."""
    return folder_of(hub) / f"{job}.{name}"


def folder_of(hub: Hub) -> Path:
    """Where the files of jobs lie."""
    return hub.settings.home / "jobs"
