"""Make a population nobody is and write it as the three providers' files, with the truth beside them.

Memory holds one regency at a time. The same seed, scenario and size give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from synthetic import layouts
from synthetic.columns import Bools, Ints, Objects, padded
from synthetic.country import choose_regencies, settle
from synthetic.numbers import SerialBook
from synthetic.operators.registry import bit
from synthetic.population import Books, Part, make_part
from synthetic.providers import kemendagri, kemensos, pemda
from synthetic.scenario import Scenario, Stage, load
from synthetic.truth import TruthBook
from synthetic.view import cards_seen, family_choice, open_view, spoil
from synthetic.writing import FORMATS, Layout, Sheet, open_sheet

Progress = Callable[[str, int, int], None]
ROWS_PER_PERSON = 2.45  # first guess of source rows per living person; corrected while writing
PEOPLE_AT_ONCE = 20_000


@dataclass
class Summary:
    """What was made: living people, families, dwellings, rows per file, and how often each operator acted."""

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
class _Country:
    """Everything open while one country is written."""

    out: Path
    scenario: Scenario
    fmt: str
    today: int
    truth: TruthBook
    books: Books
    sheets: dict[str, Sheet] = field(default_factory=dict)
    tally: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    def sheet(self, source: str, layout: Layout, office: str = "") -> Sheet:
        suffix = f"_{office}" if office else ""
        key = f"{source}/{layout.name}{suffix}"
        if key not in self.sheets:
            self.sheets[key] = open_sheet(self.out / source, layout, self.fmt, suffix)
        return self.sheets[key]

    def take(self, what: str, rows: int) -> int:
        first = self.ids.get(what, 1)
        self.ids[what] = first + rows
        return first


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

    Give either `people` (living population) or `records` (source rows over all files, met to about one percent).
    Raises ValueError for impossible sizes or formats, FileNotFoundError for an unknown scenario.
    """
    if (people is None) == (records is None):
        raise ValueError("give either people or records")
    if (people or records or 0) < 1:
        raise ValueError("the size must be at least 1")
    if fmt not in FORMATS:
        raise ValueError(f"unknown format {fmt!r}; known: {', '.join(FORMATS)}")
    setting = load(scenario)
    today = (setting.today - date(1970, 1, 1)).days
    out = Path(out)
    country = _Country(out, setting, fmt, today, TruthBook(out / "truth"), Books(SerialBook(), SerialBook()))
    summary = Summary()
    wanted = people if people is not None else int((records or 0) / ROWS_PER_PERSON)
    try:
        _write_country(country, summary, wanted, records, seed, on_progress)
    finally:
        country.truth.close()
        for sheet in country.sheets.values():
            sheet.close()
    _bast(country, summary)
    for (name, source), (able, done) in sorted(country.tally.items()):
        summary.errors.setdefault(name, {})[source] = (able, done)
    return summary


def _write_country(
    country: _Country, summary: Summary, wanted: int, records: int | None, seed: int, on_progress: Progress | None
) -> None:
    places = country.scenario.places
    plan_rng = np.random.default_rng(np.random.SeedSequence([seed, 0]))
    villages = max(1, round(wanted / places.people_per_village))
    how_many = max(places.least_regencies, -(-villages // places.villages_per_regency))
    how_many = min(how_many, max(1, wanted // 150))
    regencies = choose_regencies(places, how_many, plan_rng)
    each = max(1, round(villages / len(regencies)))
    total = records or wanted
    made = 0
    for number, regency in enumerate(regencies):
        done = sum(sheet.rows for sheet in country.sheets.values())
        left = _people_left(wanted, records, summary.people, done)
        if left < 5 and number:
            break
        share = max(5, round(left / (len(regencies) - number)))
        rng = np.random.default_rng(np.random.SeedSequence([seed, 1, number]))
        home = settle(regency, each, rng)
        for piece in range(-(-share // PEOPLE_AT_ONCE)):
            size = min(PEOPLE_AT_ONCE, share - piece * PEOPLE_AT_ONCE)
            part = make_part(home, size, country.scenario, country.books, country.today, rng)
            _write_part(country, part, rng)
            summary.people += int((part.alive & (part.homes.family >= 0)).sum())
            made += size
            done = sum(sheet.rows for sheet in country.sheets.values())
            if on_progress:
                on_progress("synth", min(done if records else summary.people, total), total)
    summary.families = country.books.families
    summary.dwellings = country.books.dwellings


def _people_left(wanted: int, records: int | None, people: int, rows: int) -> int:
    if records is None:
        return wanted - people
    per_person = rows / people if people > 500 else ROWS_PER_PERSON
    return round((records - rows) / per_person)


def _write_part(country: _Country, part: Part, rng: np.random.Generator) -> None:
    sources: tuple[Stage, ...] = ("kemendagri", "kemensos", "pemda")
    for source in sources:
        listed = family_choice(part, country.scenario, source, rng)
        card, renumbered = cards_seen(part, country.scenario, source, rng)
        view = open_view(part, country.scenario, source, listed, card, renumbered, country.today, rng)
        spoil(view, country.scenario, rng, country.tally)
        writer = {"kemendagri": _kemendagri, "kemensos": _kemensos, "pemda": _pemda}[source]
        writer(country, part, view, listed, card, renumbered, rng)


def _kemendagri(
    country: _Country, part: Part, view: Any, listed: Bools, card: Objects, renumbered: Bools, rng: np.random.Generator
) -> None:
    cells = kemendagri.biodata(view, country.scenario, rng)
    _persons(country, view, layouts.BIODATA, cells)
    family = np.flatnonzero(listed)
    cells, errors = kemendagri.keluarga(part, family, card, country.scenario, country.today, rng)
    _families(country, part, "kemendagri", layouts.KELUARGA, cells, family, errors, renumbered)


def _kemensos(
    country: _Country, part: Part, view: Any, listed: Bools, card: Objects, renumbered: Bools, rng: np.random.Generator
) -> None:
    cells = kemensos.individu(view, country.take("KS", len(view)), country.scenario, rng)
    _persons(country, view, layouts.INDIVIDU, cells)
    family = rng.permutation(np.flatnonzero(listed))
    first = country.take("KF", len(family))
    cells, errors = kemensos.keluarga(part, family, card, first, country.scenario, country.today, rng)
    _families(country, part, "kemensos", layouts.SIKSNG_KELUARGA, cells, family, errors, renumbered)


def _pemda(
    country: _Country, part: Part, view: Any, listed: Bools, card: Objects, renumbered: Bools, rng: np.random.Generator
) -> None:
    office = part.villages.code[0][:4] if country.scenario.pemda_files == "per_office" else ""
    ids = "R" + padded(country.take(f"R{office}", len(part.homes.spot)) + np.arange(len(part.homes.spot)), 6)
    first = country.take(f"No{office}", len(view))
    cells = pemda.warga(view, first, ids, rng)
    _persons(country, view, layouts.WARGA, cells, office)
    cells, dwelling, errors = pemda.rumah_tangga(part, listed, card, ids, country.scenario, country.today, rng)
    sheet = country.sheet("pemda", layouts.RUMAH_TANGGA, office)
    country.truth.dwellings(part, "pemda", sheet.file, sheet.rows + 1, dwelling, errors)
    sheet.add(cells)


def _persons(country: _Country, view: Any, layout: Layout, cells: dict[str, Objects], office: str = "") -> None:
    sheet = country.sheet(view.source, layout, office)
    country.truth.persons(view.part, view.source, sheet.file, sheet.rows + 1, view.who, view.errors)
    sheet.add(cells)


def _families(
    country: _Country, part: Part, source: str, layout: Layout, cells: dict[str, Objects], family: Ints,
    errors: Ints, renumbered: Bools,
) -> None:  # fmt: skip
    errors = errors | np.where(renumbered[family], bit("D11"), 0)
    sheet = country.sheet(source, layout)
    country.truth.families(part, source, sheet.file, sheet.rows + 1, family, errors)
    sheet.add(cells)


def _bast(country: _Country, summary: Summary) -> None:
    """One handover record per provider."""
    for key, sheet in sorted(country.sheets.items()):
        source = key.split("/")[0]
        summary.files[f"{source}/{sheet.file}"] = sheet.rows
    for source in ("kemendagri", "kemensos", "pemda"):
        files = {
            name.split("/")[1]: rows for name, rows in summary.files.items() if name.startswith(source)
        }
        record = {
            "agreement": f"PKS/{source.upper()}/SYN/{country.scenario.today.year}",
            "date": country.scenario.today.isoformat(),
            "period": f"{country.scenario.today.year}Q{(country.scenario.today.month + 2) // 3}",
            "files": files,
        }
        text = yaml.safe_dump(record, sort_keys=False, allow_unicode=True)
        (country.out / source / "bast.yaml").write_text(text, encoding="utf-8")
