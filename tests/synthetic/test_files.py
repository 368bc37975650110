"""The files are exactly what the providers deliver."""

from __future__ import annotations

import gzip
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
import yaml

from synthetic.generate import generate
from synthetic.scenario import load
from tests.synthetic.deliveries import LAYOUTS, Delivery

SPECIFIED = {
    "biodata_wni": "NIK,NO_KK,NAMA_LGKP,JENIS_KLMIN,TMPT_LHR,TGL_LHR,STAT_HBKEL,STAT_KWN,AGAMA,"
    "PDDK_AKH,JENIS_PKRJN,NIK_IBU,NAMA_LGKP_IBU,NIK_AYAH,NAMA_LGKP_AYAH,NO_PROP,NO_KAB,NO_KEC,NO_KEL,"
    "TGL_MENINGGAL,TGL_ENTRI",
    "data_keluarga": "NO_KK,NAMA_KEP,ALAMAT,NO_RT,NO_RW,DUSUN,KODE_POS,NO_PROP,NO_KAB,NO_KEC,"
    "NO_KEL,TGL_ENTRI",
    "siksng_individu": "IDSEMESTA,NIK,NOKK,Nama,Tempat_Lahir,Tanggal_Lahir,Jenis_Kelamin,"
    "Nama_Ibu_Kandung,Hubungan,Alamat,RT,RW,id_desa,PKH,SEMBAKO,PBI,isAktifHamil,"
    "keterangan_disabilitas,masih_hidup_label,keterangan_meninggal,padankan_at,diperbarui_at",
    "siksng_keluarga": "IDSEMESTA_KELUARGA,NOKK,Nama_Kepala,Alamat,RT,RW,id_desa,desil_nasional,"
    "periode_desil,jenis_lantai,jenis_dinding,jenis_atap,sumber_air_minum,sumber_penerangan,"
    "daya_terpasang,bahan_bakar_memasak,fasilitas_bab,status_rumah,luas_lantai,lemari_es,ac,"
    "sepeda_motor,mobil,komputer,smartphone,tv_datar,emas_gram,lahan_ha,ternak_besar,ternak_kecil,"
    "id_pelanggan_pln,diperbarui_at",
    "warga": "No;NIK;No KK;Nama Lengkap;Tempat Lahir;Tgl Lahir;L/P;Nama Ibu;Nama Ayah;SHDK;Alamat;"
    "RT/RW;Kode Kec BPS;Desa/Kelurahan;Pekerjaan;No HP;Tgl Pendataan;ID Rumah",
    "rumah_tangga": "ID Rumah;Kode Kec BPS;Desa/Kelurahan;Alamat;RT/RW;Lintang;Bujur;"
    "ID Pelanggan PLN;Jumlah Keluarga;Daftar No KK;Lantai;Dinding;Atap;Air Minum;Penerangan;Daya;"
    "Jamban;Luas Lantai;Sepeda Motor;Mobil;Lemari Es;Tgl Pendataan",
}


@pytest.mark.parametrize(("source", "name"), LAYOUTS)
def test_first_line_is_the_agreed_header(country: Delivery, source: str, name: str) -> None:
    raw = (country.home / source / f"{name}.csv").read_bytes()
    header = raw.split(b"\r\n", 1)[0]
    assert header.startswith(b"\xef\xbb\xbf") == (source == "kemensos")
    assert header.decode("utf-8-sig") == SPECIFIED[name]


def test_pemda_files_are_windows_1252_with_hard_blanks(country: Delivery) -> None:
    raw = (country.home / "pemda" / "warga.csv").read_bytes()
    assert b"\xa0" in raw
    assert b"\xc2\xa0" not in raw


def test_codes_have_the_form_of_their_system(country: Delivery) -> None:
    for row in country.rows("kemendagri", "biodata_wni"):
        parts = [row[c] for c in ("NO_PROP", "NO_KAB", "NO_KEC", "NO_KEL")]
        assert [len(p) for p in parts] == [2, 2, 2, 4]
        assert row["JENIS_KLMIN"] in {"1", "2"}
        assert 1 <= int(row["STAT_HBKEL"]) <= 11
        assert 1 <= int(row["JENIS_PKRJN"]) <= 89
    for row in country.rows("kemensos", "siksng_individu"):
        assert len(row["id_desa"]) == 10
        assert row["Jenis_Kelamin"] in {"L", "P"}
        assert row["masih_hidup_label"] in {"HIDUP", "MENINGGAL"}
    assert {len(r["Kode Kec BPS"]) for r in country.rows("pemda", "warga")} == {7}


def test_kemensos_ids_are_unique_within_the_source(country: Delivery) -> None:
    for name, column in (
        ("siksng_individu", "IDSEMESTA"),
        ("siksng_keluarga", "IDSEMESTA_KELUARGA"),
    ):
        ids = [row[column] for row in country.rows("kemensos", name)]
        assert len(set(ids)) == len(ids)


def test_nothing_is_told_before_it_happened(tmp_path: Path) -> None:
    """Births and deaths of the very last days, and dates that are not known, included."""
    document = load("default").model_dump(mode="json")
    document["errors"] = {"D22": {"population": 0.9, "kemensos": 0.5}}
    document["coverage"]["kemensos"] = {"families": 1.0, "persons": 1.0, "deceased": 1.0}
    scenario = tmp_path / "dates.yaml"
    scenario.write_text(yaml.safe_dump(document), encoding="utf-8")
    made = Delivery(tmp_path, generate(tmp_path, people=12_000, seed=8, scenario=scenario))
    today = document["today"]
    died = {}
    for row, fact in made.persons:
        died[fact["entity"]] = row["TGL_MENINGGAL"]
        assert row["TGL_LHR"] <= row["TGL_ENTRI"] <= today
        assert row["TGL_MENINGGAL"] <= row["TGL_ENTRI"]
    told = 0
    for row, fact in made.with_truth("kemensos", "siksng_individu", "person"):
        day, month, year = row["Tanggal_Lahir"].split("/")
        assert f"{year}-{month}-{day}" <= today
        if row["masih_hidup_label"] == "MENINGGAL":
            told += bool(died.get(fact["entity"]))
            assert died.get(fact["entity"], "") <= row["diperbarui_at"][:10]
    assert told > 50


def test_handover_record_declares_the_rows_of_each_file(country: Delivery) -> None:
    for source in ("kemendagri", "kemensos", "pemda"):
        record = yaml.safe_load((country.home / source / "bast.yaml").read_text(encoding="utf-8"))
        assert set(record) == {"agreement", "date", "period", "files"}
        for file, rows in record["files"].items():
            assert rows == len(country.rows(source, file.removesuffix(".csv")))
            assert country.summary.files[f"{source}/{file}"] == rows


@pytest.mark.parametrize("fmt", ["csv.gz", "parquet", "xlsx"])
def test_other_formats_hold_the_same_rows(tmp_path: Path, fmt: str) -> None:
    plain = generate(tmp_path / "plain", people=200, seed=3)
    other = generate(tmp_path / "other", people=200, seed=3, fmt=fmt)
    assert other.records == plain.records
    want = Delivery(tmp_path / "plain", plain).rows("pemda", "warga")
    path = tmp_path / "other" / "pemda" / f"warga.{fmt}"
    if fmt == "csv.gz":
        raw = (tmp_path / "plain" / "pemda" / "warga.csv").read_bytes()
        assert gzip.decompress(path.read_bytes()) == raw
    elif fmt == "parquet":
        assert pq.read_table(path).to_pylist() == want
    else:
        sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
        rows = [[str(c) if c is not None else "" for c in row] for row in sheet.values]
        assert [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] == want


def test_a_scenario_can_ask_for_one_file_per_office(hard: Delivery) -> None:
    files = {p.name for p in (hard.home / "pemda").glob("warga_*.csv")}
    assert len(files) >= 5
    assert {f"pemda/{name}" for name in files} <= set(hard.summary.files)
    office = sorted(files)[0].removeprefix("warga_").removesuffix(".csv")
    facts = [t for t in hard.truth("person") if t["file"] == f"warga_{office}.csv"]
    assert {t["region"] for t in facts} == {office}
