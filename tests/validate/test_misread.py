"""What real offices write in the columns of each layout: read as it says, or left empty and told of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mdm.compose import Hub
from tests.land.deliveries import SOURCE, accepted, land_one, layout_of, write
from tests.templates import Template

#: By layout: the provider's column, the attribute, and what each text in it means.
READ = {
    "siksng_individu": (
        ("PKH", "pkh", {"YA": True, "1.0": True, "TIDAK": False, "0.0": False, "f": False}),
        (
            "keterangan_disabilitas",
            "disability",
            {
                "Tuna netra": "TUNA NETRA",
                "TIDAK": None,
                "Tidak cacat": None,
                "Normal": None,
                "0": None,
            },
        ),
        (
            "masih_hidup_label",
            "alive",
            {"Masih hidup": True, "HIDUP": True, "Meninggal dunia": False, "WAFAT": False},
        ),
        ("RW", "rw", {"RT 1 RW 2": "2", "001/002": "2", "V": "5"}),
    ),
    "siksng_keluarga": (
        ("periode_desil", "desil_period", {"2026Q3": "2026Q3", "TW III 2026": "2026Q3"}),
        ("daya_terpasang", "power_va", {"1": 450, "1.300 VA": 1300, "2200": 2200, "0": 0}),
        ("emas_gram", "gold_grams", {"10 gr": 10.0, "1 kg": 1000.0}),
        ("lahan_ha", "land_ha", {"1,5 hektar": 1.5, "2500 m2": 0.25, "1.250": 1.25}),
        ("id_pelanggan_pln", "pln_id", {"537311234567.0": "537311234567", "menumpang": None}),
    ),
    "rumah_tangga": (
        ("Lintang", "latitude", {"2.5 LS": -2.5, "-7,3266": -7.3266, "2.5 LU": 2.5}),
        ("Luas Lantai", "floor_area", {"54 m2": 54.0, "54 meter persegi": 54.0}),
        ("RT/RW", "rw", {"RT 3 RW 5": "5", "003-005": "5", "003005": "5"}),
    ),
    "warga": (
        ("No HP", "phone", {"081234567890.0": "081234567890", "tidak ada": None}),
        ("ID Rumah", "dwelling_ref", {"0": None, "(null)": None}),
    ),
}
#: By layout: the provider's column, the attribute, texts that nobody can read, and the rule that says so.
UNREAD = {
    "biodata_wni": (("TGL_ENTRI", None, ("kemarin", "2999-01-01", "-"), "value_date_unreadable"),),
    "siksng_individu": (
        # In PostgreSQL's own form `t` is true; elsewhere T is TIDAK.
        ("PKH", "pkh", ("t", "T"), "code_unknown"),
        ("id_desa", "region_code", ("3.2E+09", "Desa Suka RT 32"), "region_malformed"),
        ("RT", "rt", ("1001", "2.5", "satu"), "rt_rw_unreadable"),
    ),
    "siksng_keluarga": (
        (
            "periode_desil",
            "desil_period",
            ("2026", "2026-09", "2026Q5", "BELUM"),
            "quarter_unreadable",
        ),
        ("daya_terpasang", "power_va", ("5", "4 A", "450/900"), "number_unreadable"),
        ("lahan_ha", "land_ha", ("2500", "100 tumbak"), "number_unreadable"),
        ("id_pelanggan_pln", "pln_id", ("5.3731123456E+11", "1234567"), "digits_unreadable"),
    ),
    "rumah_tangga": (
        ("Luas Lantai", "floor_area", ("1.200", "6x9", "0,5 ha"), "number_unreadable"),
        ("Bujur", "longitude", ("108.3533 W",), "number_unreadable"),
        ("Daftar No KK", "kk_list", ("9999999999999999",), "kk_list_unreadable"),
        ("RT/RW", "rt", ("03-Mei", "2025-05-03", "45780"), "rt_rw_unreadable"),
    ),
    "warga": (
        ("No HP", "phone", ("8.12346E+10", "081234567890/085611112222"), "digits_unreadable"),
        ("Kode Kec BPS", "region_code", ("3.2E+06",), "region_malformed"),
    ),
}
KEY = {
    "biodata_wni": "NIK",
    "siksng_individu": "IDSEMESTA",
    "siksng_keluarga": "IDSEMESTA_KELUARGA",
    "warga": "Nama Lengkap",
    "rumah_tangga": "ID Rumah",
}


@pytest.fixture
def hub(empty_on_sqlite: Template, home: Path) -> Iterator[Hub]:
    with empty_on_sqlite.copy(home) as hub:
        yield hub


def test_what_offices_write_is_read_as_it_says(hub: Hub, tmp_path: Path) -> None:
    cases = {
        layout: [(column, text) for column, _, said in columns for text in said]
        for layout, columns in READ.items()
    }
    found = deliver(hub, tmp_path, cases)
    for layout, columns in READ.items():
        for column, attribute, said in columns:
            rows = {text: found[layout, column, text] for text in said}
            assert {text: row[attribute] for text, (row, _) in rows.items()} == said, column
            assert not any(told for _, told in rows.values()), column


def test_what_cannot_be_read_stays_empty_and_is_told_of(hub: Hub, tmp_path: Path) -> None:
    cases = {
        layout: [(column, text) for column, _, texts, _ in columns for text in texts]
        for layout, columns in UNREAD.items()
    }
    found = deliver(hub, tmp_path, cases)
    for layout, columns in UNREAD.items():
        for column, attribute, texts, rule in columns:
            for text in texts:
                row, told = found[layout, column, text]
                assert rule in told, (column, text)
                assert attribute is None or row[attribute] is None, (column, text)


def test_a_region_is_read_as_far_as_its_parts_go(hub: Hub, tmp_path: Path) -> None:
    texts = ("32.07.11", "320711", "0", "")
    found = deliver(hub, tmp_path, {"biodata_wni": [("NO_KEC", text) for text in texts]})
    for row, told in found.values():
        assert (row["region_code"], told) == ("3207", {"region_malformed"})


def test_a_mark_is_nobodys_number(hub: Hub, tmp_path: Path) -> None:
    """Two dwellings without a number, delivered one after the other, are two."""
    for place, (number, street) in enumerate((("-", "JL. A"), ("-", "JL. B"), ("NULL", "JL. C"))):
        row = {"ID Rumah": number, "Alamat": street}
        land_one(hub, write(tmp_path / f"{place}.csv", "rumah_tangga", row), "pemda")
    _, dwellings = accepted(hub, "household")
    assert sorted(str(one["address"]) for one in dwellings) == ["JL. A", "JL. B", "JL. C"]


def deliver(
    hub: Hub, tmp_path: Path, cases: dict[str, list[tuple[str, str]]]
) -> dict[tuple[str, str, str], tuple[dict[str, Any], set[str]]]:
    """A row for each column and text: as accepted, and the rules that speak of the column."""
    for layout, texts in cases.items():
        rows = [
            {KEY[layout]: _key(layout, place), column: text}
            for place, (column, text) in enumerate(texts, start=1)
        ]
        land_one(hub, write(tmp_path / f"{layout}.csv", layout, *rows), SOURCE[layout])
    kinds = {layout_of(SOURCE[layout], layout).kind for layout in cases}
    people = [row for kind in kinds for row in accepted(hub, kind)[1]]
    reader = hub.lake.reader("findings")
    findings = reader.read_all().to_pylist() if reader else []
    found = {}
    for layout, texts in cases.items():
        own = {row["row"]: row for row in people if row["layout"] == layout}
        for place, (column, text) in enumerate(texts, start=1):
            told = {
                str(one["rule"])
                for one in findings
                if (one["layout"], one["row"]) == (layout, place)
                and column in str(one["column_name"]).split("+")
            }
            found[layout, column, text] = own[place], told
    return found


def _key(layout: str, place: int) -> str:
    return {"NIK": f"321801010180{place:04}", "Nama Lengkap": "ORANG " + "A" * place}.get(
        KEY[layout], f"K{place}"
    )
