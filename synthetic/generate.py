"""Make a population nobody is and write it as the three providers' files, with the truth beside
them.

Memory holds one piece of a regency at a time. The same seed, scenario and size give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from synthetic.country import choose_regencies, settle
from synthetic.country_files import CountryFiles
from synthetic.population import World, make_part
from synthetic.registration import register
from synthetic.scenario import Places, load
from synthetic.truth import TruthBook
from synthetic.writing import FORMATS

Progress = Callable[[str, int, int], None]
ROWS_PER_PERSON = 2.7  # first guess of source rows per living person; corrected while writing
PEOPLE_AT_ONCE = 20_000


@dataclass
class Summary:
    """What was made: living people, families, dwellings, rows per file, how often operators acted.

    `errors` maps operator and provider to (rows it could act on, rows it changed), for record
    operators.
    """

    people: int = 0
    families: int = 0
    dwellings: int = 0
    files: dict[str, int] = field(default_factory=dict)
    errors: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """Source rows over all files."""
        return sum(self.files.values())


@dataclass
class _Goal:
    """How much is wanted: living people, or source rows; and how much is made."""

    people: int
    records: int | None
    made_people: int = 0
    made_rows: int = 0

    def people_left(self) -> int:
        if self.records is None:
            return self.people - self.made_people
        known = self.made_people > 500
        per_person = self.made_rows / self.made_people if known else ROWS_PER_PERSON
        return round((self.records - self.made_rows) / per_person)

    def progress(self) -> tuple[int, int]:
        if self.records is None:
            return min(self.made_people, self.people), self.people
        return min(self.made_rows, self.records), self.records


def generate(
    out: Path,
    *,
    people: int | None = None,
    records: int | None = None,
    seed: int = 1,
    scenario: str | Path = "default",
    fmt: str = "csv",
    on_progress: Progress | None = None,
) -> Summary:
    """Write `out/<source>/<file>.<fmt>`, `out/<source>/bast.yaml` and `out/truth/*.csv`.

    Give either `people` (living population) or `records` (source rows over all files); both
    are met to about two percent. `on_progress` is called with ("synth", done, total). Raises
    ValueError for impossible sizes or formats, FileNotFoundError for an unknown scenario.
    """
    if (people is None) == (records is None):
        raise ValueError("give either people or records")
    if (people or records or 0) < 1:
        raise ValueError("the size must be at least 1")
    if fmt not in FORMATS:
        raise ValueError(f"unknown format {fmt!r}; known: {', '.join(FORMATS)}")
    setting = load(scenario)
    world = World(setting, (setting.today - date(1970, 1, 1)).days)
    out = Path(out)
    files = CountryFiles(out, world, fmt, TruthBook(out / "truth"))
    wanted = people if people is not None else max(1, int((records or 0) / ROWS_PER_PERSON))
    goal = _Goal(wanted, records)
    try:
        _populate(files, goal, seed, on_progress)
    finally:
        files.close()
    summary = Summary(goal.made_people, world.families, world.dwellings, files.hand_over())
    for (name, source), (able, acted) in sorted(files.tally.counts.items()):
        summary.errors.setdefault(name, {})[source] = (able, acted)
    return summary


def plan(places: Places, people: int, seed: int) -> tuple[list[str], int]:
    """Regencies to populate, and villages in each, for so many people."""
    villages = max(1, round(people / places.people_per_village))
    how_many = max(places.least_regencies, -(-villages // places.villages_per_regency))
    how_many = min(how_many, max(1, people // 150))
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0]))
    regencies = choose_regencies(places, how_many, rng)
    return regencies, max(1, round(villages / len(regencies)))


def _populate(files: CountryFiles, goal: _Goal, seed: int, on_progress: Progress | None) -> None:
    world = files.world
    regencies, villages = plan(world.scenario.places, goal.people, seed)
    for number, regency in enumerate(regencies):
        left = goal.people_left()
        if left < 5 and number:
            break
        share = max(5, round(left / (len(regencies) - number)))
        rng = np.random.default_rng(np.random.SeedSequence([seed, 1, number]))
        home = settle(regency, villages, rng)
        for start in range(0, share, PEOPLE_AT_ONCE):
            part = make_part(home, min(PEOPLE_AT_ONCE, share - start), world, rng)
            files.write(part, register(part, world, rng), rng)
            goal.made_people += int((part.alive & (part.homes.family >= 0)).sum())
            goal.made_rows = files.rows
            if on_progress:
                on_progress("synth", *goal.progress())
