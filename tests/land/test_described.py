"""docs/files.md is true: its handover record is read, its contract is a source whose rows are accepted."""

from __future__ import annotations

import re
from pathlib import Path

from mdm.compose import Hub
from mdm.landing import land
from mdm.work.progress import Silent
from tests.land.deliveries import accepted
from tests.templates import Template

DESCRIBED = Path(__file__).parents[2] / "docs" / "files.md"


def test_the_documents_of_the_description_work(
    empty_on_sqlite: Template, home: Path, tmp_path: Path
) -> None:
    handover, contract = re.findall(r"```yaml\n(.*?)```", DESCRIBED.read_text("utf-8"), re.DOTALL)
    with empty_on_sqlite.copy(home) as hub:
        row = {
            "No RM": "R1", "Nama Pasien": "Budi", "Tgl Lahir": "02-01-1980", "L/P": "L", "RT/RW": "003/",
            "Kode Desa": "32.07.11.2008", "Tgl Kunjungan": "01-06-2026", "NIK": "3207110201800001",
        }  # fmt: skip
        result, people = _landed(hub, tmp_path, handover, contract, row)
    assert result == (2, 2)
    assert [(p["name"], p["nik"], p["rt"], p["region_code"], p["local_id"]) for p in people] == [
        ("BUDI", "3207110201800001", "3", "3207112008", "R1"),
        ("ANI", "3207110201800001", "3", "3207112008", "R2"),
    ]


def _landed(
    hub: Hub, folder: Path, handover: str, contract: str, row: dict[str, str]
) -> tuple[tuple[int, int | None], list[dict[str, object]]]:
    own = hub.settings.home / "contracts"
    own.mkdir()
    (own / "puskesmas.yaml").write_text(contract, "utf-8")
    rows = (row, row | {"No RM": "R2", "Nama Pasien": "Ani"})
    lines = [";".join(row), *(";".join(one.values()) for one in rows)]
    (folder / "kunjungan.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "bast.yaml").write_text(handover, "utf-8")
    (result,) = land(hub, "puskesmas", [folder], progress=Silent())
    return (result.rows, result.declared), accepted(hub)[1]
