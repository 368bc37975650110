"""Truth beside the files: which entity every row is, with the groups that evaluations break down
by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthetic import tokens
from synthetic.columns import Ints, Objects, calendar, objects, texts
from synthetic.operators.registry import spelled
from synthetic.population import Part
from synthetic.writing import Layout, Sheet, open_sheet

_ROW = ("source", "file", "row", "entity")
PERSON = Layout(
    "person",
    (
        *_ROW,
        "name_type",
        "sex",
        "birth_cohort",
        "ethnic_group",
        "province",
        "region",
        "provider",
        "errors",
    ),
)
FAMILY = Layout("family", (*_ROW, "province", "region", "members", "errors"))
HOUSEHOLD = Layout("household", (*_ROW, "province", "region", "families", "errors"))


@dataclass(frozen=True)
class Rows:
    """A block of rows just written: source, file, number of its first row (1 = first data row)."""

    part: Part
    source: str
    file: str
    first: int


def cohort(born: Ints) -> Objects:
    """Ten-year birth cohorts; everyone born before 1950 together."""
    year = np.maximum(calendar(born)[0], 1940)
    first = year // 10 * 10
    text = texts(first) + "-" + texts(first + 9)
    return np.where(first < 1950, "before 1950", text)


class TruthBook:
    """The three truth files of one country."""

    def __init__(self, folder: Path) -> None:
        self._sheets: dict[str, Sheet] = {
            layout.name: open_sheet(folder, layout, "csv") for layout in (PERSON, FAMILY, HOUSEHOLD)
        }

    def persons(self, rows: Rows, who: Ints, errors: Ints) -> None:
        """Rows of persons; `who` are positions in the part."""
        part, n = rows.part, len(who)
        cells = _common(rows, n, errors) | {
            "entity": "P" + texts(part.first_person + who),
            "name_type": part.name_type[who],
            "sex": np.where(part.kin.female[who], "F", "M").astype(object),
            "birth_cohort": cohort(part.kin.born[who]),
            "ethnic_group": objects(tokens.people_names())[part.people[who]],
            "provider": _same(rows.source, n),
        }
        self._sheets["person"].add(cells)

    def families(self, rows: Rows, family: Ints, errors: Ints) -> None:
        """Rows of families; each of them also is a row of its dwelling."""
        homes = rows.part.homes
        living = homes.family[(homes.family >= 0) & rows.part.alive]
        members = np.bincount(living, minlength=len(homes.head))
        cells = _common(rows, len(family), errors)
        entity = "F" + texts(rows.part.first_family + family)
        self._sheets["family"].add({**cells, "entity": entity, "members": texts(members[family])})
        self.dwellings(rows, homes.dwelling[family], errors)

    def dwellings(self, rows: Rows, dwelling: Ints, errors: Ints) -> None:
        """Rows of dwellings, or of families by their dwelling."""
        homes = rows.part.homes
        families = np.bincount(homes.dwelling, minlength=len(homes.spot))
        cells = _common(rows, len(dwelling), errors) | {
            "entity": "H" + texts(rows.part.first_dwelling + dwelling),
            "families": texts(families[dwelling]),
        }
        self._sheets["household"].add(cells)

    def close(self) -> None:
        """Finish the files."""
        for sheet in self._sheets.values():
            sheet.close()


def _common(rows: Rows, n: int, errors: Ints) -> dict[str, Objects]:
    region = rows.part.regency
    return {
        "source": _same(rows.source, n),
        "file": _same(rows.file, n),
        "row": texts(np.arange(rows.first, rows.first + n)),
        "province": _same(region[:2], n),
        "region": _same(region, n),
        "errors": spelled(errors),
    }


def _same(value: str, rows: int) -> Objects:
    return np.full(rows, value, dtype=object)
