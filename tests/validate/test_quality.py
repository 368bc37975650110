"""Findings: each rule speaks where it should, names row, column and value, and never hides a
person.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mdm.compose import Hub
from mdm.contracts import CONTRACTS
from mdm.validation.quality import load_quality
from tests.land.deliveries import accepted, findings, land_one, write
from tests.templates import Template

PEOPLE = {
    "fine": ({}, None),
    "scientific": ({"NIK": "3.20711E+15"}, ("NIK", "nik_scientific")),
    "short": ({"NIK": "320711"}, ("NIK", "nik_malformed")),
    "letters": ({"NIK": "32071102O1800001"}, ("NIK", "nik_malformed")),
    "serial zero": ({"NIK": "3207110201800000"}, ("NIK", "nik_malformed")),
    "filler": ({"NIK": "0000000000000000"}, ("NIK", "nik_placeholder")),
    "other day": ({"NIK": "3207110301800001"}, ("NIK", "nik_birth_date_disagrees")),
    "a woman's number": ({"NIK": "3207114201800001"}, ("NIK", "nik_sex_disagrees")),
    "no such district": ({"NIK": "9907110201800001"}, ("NIK", "nik_region_unknown")),
    "no such day": ({"NIK": "3207113501800001"}, ("NIK", "nik_date_impossible")),
    "short KK": ({"NOKK": "123456"}, None),
    "KK of 15": ({"NOKK": "320711010110001"}, ("NOKK", "kk_malformed")),
    "KK filler": ({"NOKK": "-"}, ("NOKK", "kk_placeholder")),
    "NIK as KK": ({"NOKK": "3207110201800001"}, ("NOKK", "kk_is_nik")),
    "KK as NIK": ({"NIK": "3207111503120001", "NOKK": "3207111503120001"}, ("NIK", "nik_is_kk")),
    "KK in E": ({"NOKK": "3.20711E+15"}, ("NOKK", "kk_scientific")),
    "Balinese caste name": ({"Nama": "ANAK AGUNG AYU"}, None),
    "baby": ({"Nama": "BAYI NY SITI"}, ("Nama", "name_placeholder")),
    "figures": ({"Nama": "SIT1"}, ("Nama", "name_has_digits")),
    "unreadable": ({"Tanggal_Lahir": "kemarin"}, ("Tanggal_Lahir", "birth_date_unreadable")),
    "unborn": ({"Tanggal_Lahir": "02/01/2999"}, ("Tanggal_Lahir", "birth_date_future")),
    "too old": ({"Tanggal_Lahir": "02/01/1780"}, ("Tanggal_Lahir", "birth_date_implausible")),
    "default day": ({"Tanggal_Lahir": "01/07/1980"}, ("Tanggal_Lahir", "birth_date_default")),
    "two figures": ({"Tanggal_Lahir": "02/01/80"}, ("Tanggal_Lahir", "birth_date_short_year")),
    "relation": ({"Hubungan": "99"}, ("Hubungan", "code_unknown")),
    "sex": ({"Jenis_Kelamin": "X"}, ("Jenis_Kelamin", "code_unknown")),
    "yes or no": ({"PKH": "MUNGKIN"}, ("PKH", "code_unknown")),
    "nine digits": ({"id_desa": "320711200"}, ("id_desa", "region_malformed")),
    "no such village": ({"id_desa": "9999999999"}, ("id_desa", "region_unknown")),
    "no name": ({"Nama": " - "}, ("Nama", "name_missing")),
    "nobody": ({"NIK": "", "NOKK": "0", "Tanggal_Lahir": ""}, (None, "no_identifying_value")),
}


@pytest.fixture
def hub(empty_on_sqlite: Template, home: Path) -> Iterator[Hub]:
    with empty_on_sqlite.copy(home) as hub:
        yield hub


def test_every_rule_finds_its_own(hub: Hub, tmp_path: Path) -> None:
    # The base row's NIK stands once per line, so each line gets a serial of its own.
    rows = []
    for place, (change, _) in enumerate(PEOPLE.values(), start=1):
        own = {"IDSEMESTA": f"KS{place}", "NIK": f"320711020180{place:04d}"}
        rows.append(own | change)
    rows[list(PEOPLE).index("NIK as KK")]["NIK"] = "3207110201800001"
    rows[0]["NIK"] = "3207110201800099"
    land_one(hub, write(tmp_path / "a.csv", "siksng_individu", *rows), "kemensos")
    counts, people = accepted(hub)
    found = findings(hub)
    for place, (name, (_, expected)) in enumerate(PEOPLE.items(), start=1):
        own = [(column, rule) for row, column, rule in found if row == place]
        if expected is None:
            assert own in ([], [("NOKK", "kk_placeholder")]), name
        else:
            assert expected in own, name
    assert counts.quarantined == 2
    assert len(people) == len(PEOPLE) - 2


def test_a_number_that_stands_for_somebody_else_than_in_the_delivery_before(
    hub: Hub, tmp_path: Path
) -> None:
    """Both count, and the provider is told."""
    before = {"NAMA_LGKP": "BUDI SANTOSO", "TGL_LHR": "1980-01-02"}
    now = {
        "3207110101800001": before | {"NAMA_LGKP": "NI WAYAN SARI", "TGL_LHR": "1955-11-23"},
        "3207110101800002": before | {"NAMA_LGKP": "BOEDI SANTOSO", "TGL_LHR": "1955-11-23"},
        "3207110101800003": before | {"NAMA_LGKP": "NI WAYAN SARI"},
        "3207110101800004": before,
        "3207110101800005": before | {"TGL_LHR": ""},
    }
    for name, rows in (("a", dict.fromkeys(now, before)), ("b", now), ("c", now)):
        changes = [{"NIK": nik, **row} for nik, row in rows.items()]
        land_one(hub, write(tmp_path / name / "k.csv", "biodata_wni", *changes), "kemendagri")
        accepted(hub)
    found = [f for f in findings(hub) if f[2] == "record_of_somebody_else"]
    assert found == [(1, "NAMA_LGKP", "record_of_somebody_else")]  # once, when it came


def test_a_list_that_is_counted_anew_is_told_of_as_a_file(hub: Hub, tmp_path: Path) -> None:
    people = [
        {"NIK": f"320711{n:02d}0180000{n}", "Nama": f"ORANG {n}", "Tanggal_Lahir": f"{n:02d}/01/1980"}
        for n in range(1, 8)
    ]  # fmt: skip
    for name, listed in (("a", people[1:]), ("b", people), ("c", people)):
        rows = [{"IDSEMESTA": f"{no}", **one} for no, one in enumerate(listed, 1)]
        land_one(hub, write(tmp_path / name / "k.csv", "siksng_individu", *rows), "kemensos")
        accepted(hub)
    reader = hub.lake.reader("findings")
    assert reader is not None
    rules = {"record_of_somebody_else", "keys_counted_anew"}
    found = [row for row in reader.read_all().to_pylist() if row["rule"] in rules]
    assert [row["value"] for row in found if row["row"] == 0] == ["6 / 7"]
    assert sorted(row["row"] for row in found) == [0, 1, 2, 3, 4, 5, 6]
    assert {row["column_name"] for row in found} == {"Nama"}


def test_a_column_of_rounded_numbers_is_told_of_the_file(hub: Hub, tmp_path: Path) -> None:
    """A spreadsheet keeps 15 figures: 0011 to 0019 come as 0010, which looks like any other number."""
    rows = [{"Nama Lengkap": f"ORANG {n}", "NIK": f"32071102018{n:04d}0"} for n in range(1, 26)]
    rows += [{"Nama Lengkap": f"LAIN {n}", "NIK": f"32071102018{n:04d}7"} for n in range(1, 20)]
    land_one(hub, write(tmp_path / "rounded.csv", "warga", *rows), "pemda")
    land_one(hub, write(tmp_path / "chance.csv", "warga", *rows[15:]), "pemda")
    accepted(hub)
    assert [f for f in findings(hub) if f[0] == 0] == [(0, "NIK", "numbers_rounded")]


def test_a_file_that_writes_the_month_first_is_told_of(hub: Hub, tmp_path: Path) -> None:
    """A spreadsheet of another country's form: 6/28/1980 is one date only, but 6/7/1980 would be in July."""
    days = [(day, month) for month in range(1, 13) for day in (3, 15, 28)]
    for name, form in (("other", "{1}/{0}/1980"), ("agreed", "{0}/{1}/1980")):
        rows = [
            {"Nama Lengkap": f"ORANG {place}", "NIK": "", "Tgl Lahir": form.format(*one)}
            for place, one in enumerate(days)
        ]
        land_one(hub, write(tmp_path / f"{name}.csv", "warga", *rows), "pemda")
    accepted(hub)
    reader = hub.lake.reader("findings")
    assert reader is not None
    found = [row for row in reader.read_all().to_pylist() if row["rule"] == "day_and_month_turned"]
    assert [(row["file"], row["row"], row["value"]) for row in found] == [
        ("other.csv", 0, "24 / 24")
    ]


def test_shared_numbers_and_dwellings_across_rows(hub: Hub, tmp_path: Path) -> None:
    rows = [{"Nama Lengkap": "A"}, {"Nama Lengkap": "B"}, {"NIK": "", "ID Rumah": "R9"}]
    land_one(hub, write(tmp_path / "w.csv", "warga", *rows), "pemda")
    house = tmp_path / "r.csv"
    house.write_text(
        "ID Rumah;Kode Kec BPS;Alamat;Daftar No KK;Tgl Pendataan;Daya\n"
        "R1;3207250;Jl. X;3207110101100001, 3207110101100002;01-06-2025;1.300 VA\n"
    )
    land_one(hub, house, "pemda")
    accepted(hub)
    found = findings(hub)
    assert [f for f in found if f[2] == "nik_shared_in_file"] == [
        (1, "NIK", "nik_shared_in_file"),
        (2, "NIK", "nik_shared_in_file"),
    ]
    assert [f for f in found if f[2] == "dwelling_unknown"] == [(3, "ID Rumah", "dwelling_unknown")]
    _, (dwelling,) = accepted(hub, "household")
    assert dwelling["kk_list"] == ["3207110101100001", "3207110101100002"]
    assert (dwelling["power_va"], dwelling["office"]) == (1300, "3207")


def test_dwellings_of_all_who_deliver_some_are_known(hub: Hub, tmp_path: Path) -> None:
    own = hub.settings.home / "contracts"
    own.mkdir()
    shipped = (CONTRACTS / "pemda.yaml").read_text(encoding="utf-8")
    (own / "survei.yaml").write_text(shipped.replace("source: pemda", "source: survei"))
    for source, office in (("pemda", "3207250"), ("survei", "3507010")):
        house = tmp_path / f"{source}.csv"
        columns = "ID Rumah;Kode Kec BPS;Alamat;Daftar No KK;Tgl Pendataan;Daya"
        house.write_text(f"{columns}\nR1;{office};Jl. X;3207110101100001;01-06-2025;1.300 VA\n")
        land_one(hub, house, source)
    people = [{"Nama Lengkap": "A", "ID Rumah": "R1"}, {"Nama Lengkap": "B", "ID Rumah": "R9"}]
    land_one(hub, write(tmp_path / "w.csv", "warga", *people), "pemda")
    accepted(hub)
    assert [row for row, _, rule in findings(hub) if rule == "dwelling_unknown"] == [2]


def test_a_nik_as_card_number_is_found_on_its_own_card_only(hub: Hub, tmp_path: Path) -> None:
    head, child, other = (f"32071102018000{n}" for n in ("11", "12", "13"))
    rows = [
        {"NIK": head, "NOKK": head},
        {"NIK": child, "NOKK": head},
        # Card numbers and NIKs are of one form: a stranger's NIK may well be a card's number.
        {"NIK": other, "NOKK": child},
    ]
    own = [{"IDSEMESTA": f"KS{place}", **row} for place, row in enumerate(rows)]
    land_one(hub, write(tmp_path / "a.csv", "siksng_individu", *own), "kemensos")
    accepted(hub)
    assert [row for row, _, rule in findings(hub) if rule == "kk_is_nik"] == [1, 2]


def test_a_card_number_in_the_column_of_niks_is_no_nik_for_its_members(
    hub: Hub, tmp_path: Path
) -> None:
    card, own = "3207111503120001", "3207110201800001"
    rows = [{"NIK": card, "NOKK": card}, {"NIK": own, "NOKK": card}]
    land_one(hub, write(tmp_path / "a.csv", "siksng_individu", *rows), "kemensos")
    accepted(hub)
    about_both = [f for f in findings(hub) if f[2] in ("nik_is_kk", "kk_is_nik")]
    assert about_both == [(1, "NIK", "nik_is_kk")]


def test_a_malformed_number_is_set_aside_and_shown_as_typed(hub: Hub, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "siksng_individu", {"NIK": " 3207-11 "})
    land_one(hub, path, "kemensos")
    _, (person,) = accepted(hub)
    assert (person["nik"], person["nik_raw"]) == (None, "320711")
    reader = hub.lake.reader("findings")
    assert reader is not None
    values = [row["value"] for row in reader.read_all().to_pylist()]
    assert " 3207-11 " in values


def test_codes_become_canonical_in_every_source(hub: Hub, tmp_path: Path) -> None:
    land_one(hub, write(tmp_path / "a.csv", "biodata_wni", {"STAT_HBKEL": "4"}), "kemendagri")
    land_one(hub, write(tmp_path / "b.csv", "siksng_individu", {"Hubungan": "3"}), "kemensos")
    land_one(hub, write(tmp_path / "c.csv", "warga", {"SHDK": " anak "}), "pemda")
    _, people = accepted(hub)
    assert [p["relationship"] for p in people] == ["CHILD"] * 3


def test_nobody_is_dead_by_what_is_no_date_of_death(hub: Hub, tmp_path: Path) -> None:
    """Systems write no date in many ways; what nobody can read says neither."""
    said = {
        **dict.fromkeys(("", "-", "0000-00-00", "00/00/0000 00:00:00", "NULL", "N/A", "0"), True),
        **dict.fromkeys(("TIDAK ADA", "Belum", "HIDUP", "tidak"), True),
        **dict.fromkeys(("2024-03-01", "2024-03-01 00:00:00", "01-03-2024"), False),
        **dict.fromkeys(("MENINGGAL", "Almarhum"), False),
        **dict.fromkeys(("9999-12-31", "0001-01-01", "2024", "1", "Maret", "YA"), None),
    }
    rows = [
        {"NIK": f"321801010180{n:04}", "TGL_MENINGGAL": text}
        for n, text in enumerate(said, start=1)
    ]
    land_one(hub, write(tmp_path / "a.csv", "biodata_wni", *rows), "kemendagri")
    _, people = accepted(hub)
    assert dict(zip(said, (one["alive"] for one in people), strict=True)) == said


def test_findings_are_written_once(hub: Hub, tmp_path: Path) -> None:
    land_one(hub, write(tmp_path / "a.csv", "siksng_individu", {"NIK": "1"}), "kemensos")
    accepted(hub)
    once = findings(hub)
    accepted(hub)
    assert findings(hub) == once


def test_every_rule_says_what_and_what_to_do_in_both_languages() -> None:
    for rule in load_quality().rules:
        for sentence in (rule.reason, rule.remedy):
            assert sentence.id[-1] + sentence.en[-1] == "..", rule.name
            assert sentence.id != sentence.en
