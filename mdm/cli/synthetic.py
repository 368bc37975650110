"""Calling the generator of people nobody is, with our progress."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mdm.documents import read
from mdm.errors import InputError
from mdm.work.progress import Progress
from synthetic.shipped import shipped

if TYPE_CHECKING:
    from synthetic.generate import Summary


def make_files(
    progress: Progress,
    out: Path,
    *,
    people: int | None,
    records: int | None,
    seed: int,
    scenario: str = "default",
    fmt: str = "csv",
) -> Summary:
    """Write files and truth into the new folder `out`."""
    from synthetic.generate import generate
    from synthetic.scenario import Scenario, find
    from synthetic.writing import ImpossibleError

    if out.exists() and any(out.iterdir()):
        raise InputError("The folder for the files is not empty.", "Name a new folder.")
    try:
        read(Scenario, find(scenario))
    except FileNotFoundError:
        known = ", ".join(shipped())
        raise InputError(
            "There is no such scenario.", f"Try one of {known}, or name a YAML file of yours."
        ) from None
    done = 0
    with progress.task("make people and their files", total=people or records) as advance:

        def on_progress(_what: str, made: int, _total: int) -> None:
            nonlocal done
            advance(made - done)
            done = made

        try:
            return generate(
                out,
                people=people,
                records=records,
                seed=seed,
                scenario=scenario,
                fmt=fmt,
                on_progress=on_progress,
            )
        except BaseException as error:
            # Half the files would be in the way of all of them.
            shutil.rmtree(out.resolve(), ignore_errors=True)
            if isinstance(error, ImpossibleError):
                raise InputError(f"{error}.", "Ask for fewer, or in another form.") from None
            raise
