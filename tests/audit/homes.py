"""A small home whose path was run twice, for traces and reports; made once for all tests of a process."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.landing import land
from mdm.pipeline import run
from mdm.run import RunResult
from tests.run.homes import QUIET, FirstRun, copy_of

BIODATA = "kemendagri/biodata_wni.csv"


@dataclass(frozen=True)
class World:
    """The home after two runs, what was delivered, whom the second delivery mended, and the moment
    between the runs."""

    home: Path
    delivery: Path
    mended: Path
    nik: str
    runs: tuple[RunResult, RunResult]
    between: object


def make_world(first: FirstRun, root: Path, meanwhile: Callable[[Hub], None]) -> World:
    """After a first run: mend one row of the registry, land, do what else is done, run again."""
    with copy_of(first.home, root / "home") as hub:
        between = now()
        meanwhile(hub)
        mended, nik = mend(first.delivery, root / "mended")
        land(hub, "kemendagri", [mended], progress=QUIET)
        second = run(hub, QUIET)
    return World(root / "home", first.delivery, mended, nik, (first.result, second), between)


def rows_of(file: Path) -> list[dict[str, str]]:
    """A provider's file, row by row."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def mend(delivery: Path, folder: Path) -> tuple[Path, str]:
    """A later registry file of one row that says another occupation; and its NIK."""
    (row, *_) = rows_of(delivery / BIODATA)
    row |= {"PDDK_AKH": "9" if row["PDDK_AKH"] != "9" else "8", "TGL_ENTRI": "2026-01-15"}
    folder.mkdir()
    with (folder / "biodata_wni.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(row))
        writer.writeheader()
        writer.writerow(row)
    return folder, row["NIK"]
