"""Read a generated delivery back as plain dictionaries."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from synthetic.generate import Summary
from synthetic.layouts import BIODATA, INDIVIDU, KELUARGA, RUMAH_TANGGA, SIKSNG_KELUARGA, WARGA
from synthetic.writing import Layout

Row = dict[str, str]
LAYOUTS: dict[tuple[str, str], Layout] = {
    ("kemendagri", "biodata_wni"): BIODATA,
    ("kemendagri", "data_keluarga"): KELUARGA,
    ("kemensos", "siksng_individu"): INDIVIDU,
    ("kemensos", "siksng_keluarga"): SIKSNG_KELUARGA,
    ("pemda", "warga"): WARGA,
    ("pemda", "rumah_tangga"): RUMAH_TANGGA,
}


def read(path: Path, delimiter: str = ",", encoding: str = "utf-8") -> list[Row]:
    """Rows of a CSV file."""
    with path.open(encoding=encoding, newline="") as handle:
        return list(csv.DictReader(handle, delimiter=delimiter))


@dataclass
class Delivery:
    """One generated country."""

    home: Path
    summary: Summary

    def rows(self, source: str, name: str) -> list[Row]:
        layout = LAYOUTS[source, name]
        path = self.home / source / f"{name}.csv"
        return read(path, layout.delimiter, layout.encoding)

    def truth(self, kind: str) -> list[Row]:
        return read(self.home / "truth" / f"{kind}.csv")

    def with_truth(self, source: str, name: str, kind: str) -> list[tuple[Row, Row]]:
        """(row of the file, its truth row), joined by file and row number."""
        rows = self.rows(source, name)
        facts = [t for t in self.truth(kind) if (t["source"], t["file"]) == (source, f"{name}.csv")]
        return [(rows[int(fact["row"]) - 1], fact) for fact in facts]

    @cached_property
    def persons(self) -> list[tuple[Row, Row]]:
        """Registry rows with their truth."""
        return self.with_truth("kemendagri", "biodata_wni", "person")
