"""Who a provider's newest whole delivery no longer lists; a delivery of changed rows says nothing of the others."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from mdm.validation import validate
from mdm.work.progress import Silent
from tests.land.deliveries import land_one, new_hub, write

FIRST_DAY = date(2026, 1, 1)
SIX = "ABCDEF"


def _left_out(folder: Path, deliveries: list[str], layout: str = "siksng_individu") -> str:
    """Who of the people named by letters is left out after some deliveries."""
    hub = new_hub(folder)
    for day, letters in enumerate(deliveries):
        rows = [{"IDSEMESTA": f"KS{one}", "NIK": "", "Nama": f"{one} {day}"} for one in letters]
        path = write(folder / f"d{day}.csv", layout, *rows)
        land_one(hub, path, "kemensos", delivered_on=FIRST_DAY + timedelta(day))
    engine = hub.engine()
    validate(hub, engine, Silent())
    left_out = "SEMI JOIN person_left_out USING (rid)"
    found = engine.fetch(f"SELECT record_key FROM person_accepted {left_out} ORDER BY 1")
    engine.close()
    hub.close()
    return "".join(key.removeprefix("KS") for key in found.column(0).to_pylist())


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        ([SIX], ""),
        ([SIX, "ABCDE"], "F"),
        ([SIX, "ABCDEG"], "F"),
        ([SIX, "AB"], ""),  # changed rows only
        ([SIX, "GHIJKL"], ""),  # another part of the country
        ([SIX, "GHIJKL", "ABCDE", "GHIJKL"], ""),  # each part again
        ([SIX, "AF", "ABCDE"], "F"),
        ([SIX, "ABCDE", "F"], ""),  # told again since
        ([SIX, "ABCDE", SIX], ""),
    ],
)
def test_a_whole_delivery_leaves_out_whom_it_does_not_list(
    deliveries: list[str], expected: str, tmp_path: Path
) -> None:
    assert _left_out(tmp_path, deliveries) == expected


def test_an_office_leaves_out_nobody_of_another(tmp_path: Path) -> None:
    hub = new_hub(tmp_path)
    for day, (office, names) in enumerate([("3207", SIX), ("3208", "GHI"), ("3207", "ABCDE")]):
        rows = [{"NIK": "", "Nama Lengkap": f"{one} ORANG"} for one in names]
        path = write(tmp_path / f"d{day}.csv", "warga", *rows)
        land_one(hub, path, "pemda", office=office, anyway=True, delivered_on=FIRST_DAY + timedelta(day))  # fmt: skip
    engine = hub.engine()
    validate(hub, engine, Silent())
    found = engine.fetch("SELECT name FROM person_accepted SEMI JOIN person_left_out USING (rid)")
    engine.close()
    hub.close()
    assert found.column(0).to_pylist() == ["F ORANG"]
