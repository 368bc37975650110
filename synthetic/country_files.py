"""The open files of one country: takes parts, lets every provider look at them, writes rows and
truth together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml

from synthetic import layouts
from synthetic.columns import Ints, Objects, padded
from synthetic.operators.registry import bit
from synthetic.population import Part, World
from synthetic.providers import kemendagri, kemensos, pemda
from synthetic.registration import Numbers
from synthetic.scenario import Provider
from synthetic.spoiling import Tally, spoil
from synthetic.truth import Rows, TruthBook
from synthetic.view import Look, View, look_at, open_view
from synthetic.writing import Layout, Sheet, open_sheet

PROVIDERS: tuple[Provider, ...] = ("kemendagri", "kemensos", "pemda")


@dataclass
class CountryFiles:
    """Everything open while one country is written."""

    out: Path
    world: World
    fmt: str
    truth: TruthBook
    tally: Tally = field(default_factory=Tally)
    sheets: dict[str, Sheet] = field(default_factory=dict)
    _next: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Source rows written so far, over all files."""
        return sum(sheet.rows for sheet in self.sheets.values())

    def write(self, part: Part, numbers: Numbers, rng: np.random.Generator) -> None:
        """Write one part as all three providers see it."""
        scenario, today = self.world.scenario, self.world.today
        for source in PROVIDERS:
            look = look_at(part, numbers, scenario, source=source, today=today, rng=rng)
            view = open_view(look, rng)
            spoil(view, rng, self.tally)
            {"kemendagri": self._kemendagri, "kemensos": self._kemensos, "pemda": self._pemda}[
                source
            ](look, view, rng)

    def _kemendagri(self, look: Look, view: View, rng: np.random.Generator) -> None:
        self._persons(view, layouts.BIODATA, kemendagri.biodata(view, rng))
        family = np.flatnonzero(look.listed)
        cells, errors = kemendagri.keluarga(look, family, rng)
        self._families(look, layouts.KELUARGA, cells, family, errors)

    def _kemensos(self, look: Look, view: View, rng: np.random.Generator) -> None:
        first = self._take("KS", len(view))
        self._persons(view, layouts.INDIVIDU, kemensos.individu(view, first, rng))
        listed = np.flatnonzero(look.listed)
        again = listed[rng.random(len(listed)) < look.rate("D33")]
        family = rng.permutation(np.concatenate([listed, again]))
        first = self._take("KF", len(family))
        cells, errors = kemensos.keluarga(look, family, first, rng)
        self._families(look, layouts.SIKSNG_KELUARGA, cells, family, errors)

    def _pemda(self, look: Look, view: View, rng: np.random.Generator) -> None:
        per_office = self.world.scenario.pemda_files == "per_office"
        office = look.part.regency if per_office else ""
        dwellings = len(look.part.homes.spot)
        ids = "R" + padded(self._take(f"R{office}", dwellings) + np.arange(dwellings), 6)
        cells = pemda.warga(view, self._take(f"No{office}", len(view)), ids, rng)
        self._persons(view, layouts.WARGA, cells, office)
        cells, dwelling, errors = pemda.rumah_tangga(look, ids, rng)
        sheet = self._sheet("pemda", layouts.RUMAH_TANGGA, office)
        rows = Rows(look.part, "pemda", sheet.file, sheet.rows + 1)
        self.truth.dwellings(rows, dwelling, errors)
        sheet.add(cells)

    def _persons(
        self, view: View, layout: Layout, cells: dict[str, Objects], office: str = ""
    ) -> None:
        sheet = self._sheet(view.source, layout, office)
        rows = Rows(view.part, view.source, sheet.file, sheet.rows + 1)
        self.truth.persons(rows, view.who, view.errors)
        sheet.add(cells)

    def _families(
        self, look: Look, layout: Layout, cells: dict[str, Objects], family: Ints, errors: Ints
    ) -> None:
        errors = errors | np.where(look.renumbered[family], bit("D11"), 0)
        sheet = self._sheet(look.source, layout)
        rows = Rows(look.part, look.source, sheet.file, sheet.rows + 1)
        self.truth.families(rows, family, errors)
        sheet.add(cells)

    def _sheet(self, source: str, layout: Layout, office: str = "") -> Sheet:
        suffix = f"_{office}" if office else ""
        key = f"{source}/{layout.name}{suffix}"
        if key not in self.sheets:
            self.sheets[key] = open_sheet(self.out / source, layout, self.fmt, suffix)
        return self.sheets[key]

    def _take(self, what: str, rows: int) -> int:
        """Reserve `rows` running numbers of a kind; the first of them."""
        first = self._next.get(what, 1)
        self._next[what] = first + rows
        return first

    def close(self) -> None:
        """Finish all files."""
        self.truth.close()
        for sheet in self.sheets.values():
            sheet.close()

    def hand_over(self) -> dict[str, int]:
        """Write one handover record (BAST) per provider; rows per `source/file`."""
        day = self.world.scenario.today
        counts = {
            f"{key.split('/')[0]}/{sheet.file}": sheet.rows
            for key, sheet in sorted(self.sheets.items())
        }
        for source in PROVIDERS:
            record = {
                "agreement": f"PKS/{source.upper()}/SYN/{day.year}",
                "date": day.isoformat(),
                "period": f"{day.year}Q{(day.month + 2) // 3}",
                "files": {
                    name.split("/")[1]: rows
                    for name, rows in counts.items()
                    if name.startswith(f"{source}/")
                },
            }
            text = yaml.safe_dump(record, sort_keys=False, allow_unicode=True)
            (self.out / source / "bast.yaml").write_text(text, encoding="utf-8")
        return counts
