"""Small deliveries for tests: rows as dictionaries in, files in the providers' layouts out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from mdm.compose import Hub
from mdm.contracts import Layout, load_contracts
from mdm.homes import create_home
from mdm.landing import land
from mdm.landing.results import BatchResult
from mdm.validation import validate
from mdm.validation.counts import Counts
from mdm.work.progress import Silent

CONTRACTS = load_contracts()


def layout_of(source: str, name: str) -> Layout:
    return CONTRACTS[source].layout(name)


BIODATA = {
    "NIK": "3207110101800001", "NO_KK": "3207110101100001", "NAMA_LGKP": "BUDI SANTOSO",
    "JENIS_KLMIN": "1", "TMPT_LHR": "CIAMIS", "TGL_LHR": "1980-01-02", "STAT_HBKEL": "1",
    "NO_PROP": "32", "NO_KAB": "07", "NO_KEC": "11", "NO_KEL": "2008", "TGL_ENTRI": "2024-05-01",
}  # fmt: skip
INDIVIDU = {
    "IDSEMESTA": "KS1", "NIK": "3207110201800001", "NOKK": "3207110101100001", "Nama": "BUDI",
    "Tanggal_Lahir": "02/01/1980", "Jenis_Kelamin": "L", "Hubungan": "1", "id_desa": "3207112008",
    "diperbarui_at": "2025-06-15 08:00:00", "masih_hidup_label": "HIDUP",
}  # fmt: skip
WARGA = {
    "No": "1", "NIK": "3207110201800001", "No KK": "3207110101100001", "Nama Lengkap": "Budi",
    "Tgl Lahir": "02-01-1980", "L/P": "L", "SHDK": "KEPALA KELUARGA", "RT/RW": "003/005",
    "Kode Kec BPS": "3207250", "Desa/Kelurahan": "Mekarsari", "Tgl Pendataan": "01-06-2025",
    "ID Rumah": "R1",
}  # fmt: skip
KELUARGA = {
    "IDSEMESTA_KELUARGA": "KF1", "NOKK": "3207110101100001", "Nama_Kepala": "BUDI", "Alamat": "JL. X",
    "id_desa": "3207112008", "desil_nasional": "2", "periode_desil": "2026Q3", "diperbarui_at": "2025-06-15 08:00:00",
}  # fmt: skip
KARTU = {
    "NO_KK": "3207110101100001", "NAMA_KEP": "BUDI SANTOSO", "ALAMAT": "JL. X", "NO_PROP": "32", "NO_KAB": "07",
    "NO_KEC": "11", "NO_KEL": "2008", "TGL_ENTRI": "2024-05-01",
}  # fmt: skip
RUMAH = {
    "ID Rumah": "R1", "Kode Kec BPS": "3207250", "Alamat": "Jl. X", "Daftar No KK": "3207110101100001",
    "Tgl Pendataan": "01-06-2025",
}  # fmt: skip
BASE = {
    "biodata_wni": BIODATA, "siksng_individu": INDIVIDU, "warga": WARGA, "siksng_keluarga": KELUARGA,
    "data_keluarga": KARTU, "rumah_tangga": RUMAH,
}  # fmt: skip
SOURCE = {
    "biodata_wni": "kemendagri", "siksng_individu": "kemensos", "warga": "pemda", "siksng_keluarga": "kemensos",
    "data_keluarga": "kemendagri", "rumah_tangga": "pemda",
}  # fmt: skip


def rows_of(layout: str, *changes: dict[str, str]) -> list[list[str]]:
    """The layout's base row, once per set of changes, in column order."""
    columns = layout_of(SOURCE[layout], layout).columns
    return [[{**BASE[layout], **change}.get(c, "") for c in columns] for change in changes]


def csv_text(layout: str, rows: Sequence[Sequence[str]], end: str = "\n") -> str:
    """A file in the provider's form, as text."""
    contract = CONTRACTS[SOURCE[layout]]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=contract.file.delimiter, lineterminator=end)
    writer.writerow(contract.layout(layout).columns)
    writer.writerows(rows)
    return out.getvalue()


def write(path: Path, layout: str, *changes: dict[str, str]) -> Path:
    """A file of base rows with changes, in the provider's encoding."""
    encoding = CONTRACTS[SOURCE[layout]].file.encoding
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(csv_text(layout, rows_of(layout, *changes)).encode(encoding))
    return path


def new_hub(path: Path) -> Hub:
    return create_home(path / "home")


def land_one(hub: Hub, path: Path, source: str, **options: object) -> BatchResult:
    return land(hub, source, [path], progress=Silent(), **options)[0]  # type: ignore[arg-type]


def landed(hub: Hub, source: str, layout: str) -> list[dict[str, object]]:
    """All landed rows of a layout, by row number."""
    reader = hub.lake.reader(f"landed/{source}/{layout}")
    rows = reader.read_all().to_pylist() if reader else []
    return sorted(rows, key=lambda row: row["row"])


def accepted(hub: Hub, kind: str = "person") -> tuple[Counts, list[dict[str, object]]]:
    """Validate everything; the counts and the accepted rows by rid."""
    engine = hub.engine()
    try:
        counts = validate(hub, engine, Silent())
        return counts, engine.fetch(f"SELECT * FROM {kind}_accepted ORDER BY rid").to_pylist()
    finally:
        engine.close()


def findings(hub: Hub) -> list[tuple[int, str | None, str]]:
    """(row, column, rule) of every finding."""
    reader = hub.lake.reader("findings")
    rows = reader.read_all().to_pylist() if reader else []
    return sorted(
        ((r["row"], r["column_name"], r["rule"]) for r in rows),
        key=lambda f: (f[0], f[2], f[1] or ""),
    )
