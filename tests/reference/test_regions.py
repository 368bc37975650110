"""Where old codes, BPS codes and village names lead today."""

from __future__ import annotations

import csv
from collections import Counter
from typing import Any

import duckdb
import pytest

from reference import region_build
from reference.files import DATA, read_rows, read_table
from reference.regions import children, find_village, full_name, lookup, place_name, region_tables


@pytest.fixture(scope="module")
def places() -> list[dict[str, Any]]:
    return region_tables()["ref_place"].to_pylist()


@pytest.mark.parametrize(
    ("code", "system", "today"),
    [
        ("91.01", "kemendagri", "9301"),  # Merauke went to Papua Selatan
        ("91.04", "kemendagri", "9401"),  # Nabire to Papua Tengah
        ("91.02", "kemendagri", "9501"),  # Jayawijaya to Papua Pegunungan
        ("92.71", "kemendagri", "9671"),  # Kota Sorong to Papua Barat Daya
        ("91.01.01", "kemendagri", "930101"),
        ("91.71", "kemendagri", "9171"),  # Kota Jayapura stayed
        ("1101", "bps", "1109"),  # Simeulue
        ("1101", "kemendagri", "1101"),  # Aceh Selatan: same digits, another place
        ("94", "bps", "91"),
        ("91", "bps", "92"),
        ("1101010", "bps", "110907"),
        ("32", "kemendagri", "32"),
    ],
)
def test_a_code_leads_to_its_place_of_today(code: str, system: str, today: str) -> None:
    place = lookup(code, system)
    assert place is not None
    assert place.today == today


def test_same_digits_mean_different_places_in_the_two_systems() -> None:
    kemendagri, bps = lookup("1101", "kemendagri"), lookup("1101", "bps")
    assert kemendagri is not None
    assert bps is not None
    assert "Aceh Selatan" in kemendagri.name
    assert bps.name == "SIMEULUE"


def test_an_edition_must_know_the_code() -> None:
    assert lookup("9101", "kemendagri", 2022) is not None
    assert lookup("9101", "kemendagri", 2025) is None
    assert lookup("96", "kemendagri", 2023) is None
    assert lookup("9999", "kemendagri") is None
    assert lookup("1101", "elsewhere") is None


def test_a_renamed_place_is_called_what_it_was_called_then() -> None:
    then, now = lookup("1212", "kemendagri", 2016), lookup("1212", "kemendagri", 2025)
    assert then is not None
    assert now is not None
    assert then.name == "KAB. TOBA SAMOSIR"
    assert now.name == "Kabupaten Toba"
    assert {name.name for name in now.names} == {"KAB. TOBA SAMOSIR", "Kabupaten Toba"} | {
        name.name for name in then.names
    }
    assert place_name("12.12") == "Kabupaten Toba"


def test_a_village_is_found_by_todays_name_and_by_its_old_name() -> None:
    new, old = (
        find_village("11.01.01", "Ujong Mangki"),
        find_village("110101", "DESA UJUNG  MANGKI"),
    )
    assert new is not None
    assert old is not None
    assert new.code == old.code == "1101012002"


def test_a_village_is_found_in_a_district_of_the_past() -> None:
    old = lookup("9101012013", "kemendagri")
    assert old is not None
    village = find_village("91.01.01", old.name)
    assert village is not None
    assert village.code == old.today == "9301012008"
    assert find_village("110101", "NOWHERE AT ALL") is None
    assert find_village("000000", "Ujong Mangki") is None


def test_every_edition_has_as_many_codes_as_its_decree() -> None:
    with (DATA / "regions" / "edition_counts.csv").open(encoding="utf-8") as stream:
        decrees = {int(row["edition_file"]): row for row in csv.DictReader(stream)}
    history = region_build.read_history()
    for edition, row in decrees.items():
        standing = Counter(
            len(code)
            for code, entry in history.items()
            if any(first <= edition <= last for _, first, last in entry.names)
        )
        expected = [row["provinsi"], row["kabkota"], row["kecamatan"], row["desa_kelurahan"]]
        assert [standing[n] for n in (2, 4, 6, 10)] == [int(count) for count in expected]


def test_joins_give_at_most_one_row() -> None:
    tables = region_tables()
    for name, keys in (
        ("ref_place", ["system", "code"]),
        ("ref_village_name", ["district_today", "name_key"]),
        ("ref_regency_name", ["name_key", "regency_today"]),
    ):
        rows = tables[name].select(keys).to_pylist()
        assert len({tuple(row.values()) for row in rows}) == len(rows)


def test_today_is_always_a_code_of_the_newest_edition(places: list[dict[str, Any]]) -> None:
    newest = {
        row["code"]
        for row in places
        if row["system"] == "kemendagri" and row["last_edition"] == 2025
    }
    assert {row["today"] for row in places} <= newest
    assert all(row["today"] == row["code"] for row in places if row["basis"] == "same")
    villages = region_tables()["ref_village_name"].column("village_today").to_pylist()
    assert set(villages) <= newest


def test_every_code_of_every_edition_and_bridge_is_there(places: list[dict[str, Any]]) -> None:
    have = {(row["system"], row["code"]) for row in places}
    assert {("kemendagri", code) for code in region_build.read_history()} <= have
    for name in ("bps_kemendagri_kabkota_bridge.csv", "bps_kemendagri_kecamatan_bridge.csv.gz"):
        assert {("bps", row["kode_bps_2020s2"]) for row in read_rows(f"regions/{name}")} <= have


def test_most_codes_that_went_are_followed_to_their_own_level(
    places: list[dict[str, Any]],
) -> None:
    gone = [row for row in places if row["system"] == "kemendagri" and row["basis"] != "same"]
    kept = Counter(len(row["code"]) for row in gone if len(row["today"]) == len(row["code"]))
    total = Counter(len(row["code"]) for row in gone)
    assert kept[4] == total[4] == 26
    assert kept[6] >= 592
    assert kept[10] / total[10] > 0.96


def test_districts_of_a_regency_are_its_children() -> None:
    assert len(children("")) == 38
    assert children("34") == ["3401", "3402", "3403", "3404", "3471"]
    assert all(code.startswith("3471") for code in children("34.71"))


@pytest.mark.parametrize(
    ("name", "regency"),
    [
        ("UJUNGPANDANG", "7371"),
        ("SURABAYA", "3578"),
        ("SOERABAJA", "3578"),
        ("TOBASAMOSIR", "1212"),
        ("JAKARTA", "3171"),
        ("IRIANJAYA", "9301"),
        ("MERAUKE", "9301"),
        ("PURWOKERTO", "3302"),
        ("BANDUNG", "3204"),
        ("BANDUNG", "3273"),
    ],
)
def test_birth_places_name_regencies_of_today(name: str, regency: str) -> None:
    rows = region_tables()["ref_regency_name"].to_pylist()
    assert regency in {row["regency_today"] for row in rows if row["name_key"] == name}


def test_the_ready_made_tables_are_what_the_files_give() -> None:
    for name, (header, rows) in region_build.tables().items():
        shipped = read_table(f"regions/{name}")
        assert shipped.column_names == header
        made = [[value or None for value in row] for row in rows]
        assert list(map(list, zip(*shipped.to_pydict().values(), strict=True))) == made


def test_the_tables_join_in_the_engine(connection: duckdb.DuckDBPyConnection) -> None:
    connection.register("ref_place", region_tables()["ref_place"])
    found = connection.execute(
        "SELECT g.id, p.today FROM (VALUES (1, '9101012001'), (2, '3526090')) g(id, code)"
        " LEFT JOIN ref_place p ON p.code = g.code ORDER BY 1, 2"
    ).fetchall()
    connection.unregister("ref_place")
    assert [code for _, code in found] == ["9301012001", "352614"]


def test_a_place_reads_without_the_blanks_of_its_decree() -> None:
    assert full_name("3172") == "Kota Administrasi Jakarta Utara, Daerah Khusus Ibukota Jakarta"
