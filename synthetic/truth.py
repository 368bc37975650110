"""Truth beside the files: which entity every row is, with the groups that evaluations break down by."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from synthetic import naming
from synthetic.columns import Ints, Objects, objects, texts
from synthetic.kinship import YEAR
from synthetic.operators.registry import spelled
from synthetic.population import Part
from synthetic.writing import Layout, Sheet, open_sheet

PERSON = Layout(
    "person",
    ("source", "file", "row", "entity", "name_type", "sex", "birth_cohort", "ethnic_group", "province", "region",
     "provider", "errors"),
)  # fmt: skip
FAMILY = Layout("family", ("source", "file", "row", "entity", "province", "region", "members", "errors"))
HOUSEHOLD = Layout("household", ("source", "file", "row", "entity", "province", "region", "families", "errors"))


def cohort(born: Ints) -> Objects:
    """Ten-year birth cohorts; everyone born before 1950 together."""
    year = np.maximum((born / YEAR + 1970).astype(np.int64), 1940)
    first = year // 10 * 10
    text = texts(first) + "-" + texts(first + 9)
    return np.where(first < 1950, "before 1950", text)


class TruthBook:
    """The three truth files of one country."""

    def __init__(self, folder: Path) -> None:
        self._sheets: dict[str, Sheet] = {
            layout.name: open_sheet(folder, layout, "csv") for layout in (PERSON, FAMILY, HOUSEHOLD)
        }

    def persons(self, part: Part, source: str, file: str, first_row: int, who: Ints, errors: Ints) -> None:
        """Rows of persons in one file, `first_row` being the number of the first of them."""
        n = len(who)
        names = objects(naming.people_names())
        region = part.villages.code[0][:4]
        self._sheets["person"].add({
            "source": _same(source, n), "file": _same(file, n), "row": _numbers(first_row, n),
            "entity": "P" + texts(part.first_person + who),
            "name_type": part.name_type[who],
            "sex": np.where(part.kin.female[who], "F", "M").astype(object),
            "birth_cohort": cohort(part.kin.born[who]),
            "ethnic_group": names[part.people[who]],
            "province": _same(region[:2], n), "region": _same(region, n), "provider": _same(source, n),
            "errors": spelled(errors),
        })  # fmt: skip

    def families(
        self, part: Part, source: str, file: str, first_row: int, family: Ints, errors: Ints
    ) -> None:
        """Rows of families; each row also is a row of its dwelling."""
        n = len(family)
        region = part.villages.code[0][:4]
        members = np.bincount(part.homes.family[(part.homes.family >= 0) & part.alive], minlength=len(part.homes.head))
        common = {
            "source": _same(source, n), "file": _same(file, n), "row": _numbers(first_row, n),
            "province": _same(region[:2], n), "region": _same(region, n), "errors": spelled(errors),
        }  # fmt: skip
        entity = "F" + texts(part.first_family + family)
        self._sheets["family"].add({**common, "entity": entity, "members": texts(members[family])})
        self._dwelling_rows(part, common, part.homes.dwelling[family])

    def dwellings(
        self, part: Part, source: str, file: str, first_row: int, dwelling: Ints, errors: Ints
    ) -> None:
        """Rows of dwellings."""
        n = len(dwelling)
        region = part.villages.code[0][:4]
        common = {
            "source": _same(source, n), "file": _same(file, n), "row": _numbers(first_row, n),
            "province": _same(region[:2], n), "region": _same(region, n), "errors": spelled(errors),
        }  # fmt: skip
        self._dwelling_rows(part, common, dwelling)

    def _dwelling_rows(self, part: Part, common: dict[str, Objects], dwelling: Ints) -> None:
        families = np.bincount(part.homes.dwelling, minlength=len(part.homes.spot))
        entity = "H" + texts(part.first_dwelling + dwelling)
        self._sheets["household"].add({**common, "entity": entity, "families": texts(families[dwelling])})

    def close(self) -> None:
        for sheet in self._sheets.values():
            sheet.close()


def _same(value: str, rows: int) -> Objects:
    return np.full(rows, value, dtype=object)


def _numbers(first: int, rows: int) -> Objects:
    return texts(np.arange(first, first + rows))
