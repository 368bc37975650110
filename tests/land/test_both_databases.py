"""Landing and validation mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from mdm.compose import Hub
from tests.land.deliveries import accepted, findings, land_one, write


def test_land_validate_find(hub: Hub, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "biodata_wni", {}, {"NIK": "32", "NAMA_LGKP": ""})
    first = land_one(hub, path, "kemendagri")
    assert land_one(hub, path, "kemendagri").batch == first.batch
    counts, people = accepted(hub)
    assert (counts.landed, counts.accepted, counts.quarantined) == (2, 1, 1)
    assert [p["name"] for p in people] == ["BUDI SANTOSO"]
    assert (2, "NAMA_LGKP", "name_missing") in findings(hub)
    again, _ = accepted(hub)
    assert again == counts
