"""The file that goes back: it opens, it says what to do, and what is mended in it lands again."""

from __future__ import annotations

import csv
import errno
import stat
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from mdm.audit.search import Wanted, entries
from mdm.compose import Hub
from mdm.errors import UsageError
from mdm.figures import sql
from mdm.files.sheets import write_csv, write_xlsx
from mdm.looks import count_findings
from mdm.validation.findings import write_findings
from mdm.validation.standing import hold_standing
from tests.land.deliveries import accepted, csv_text, findings, land_one, new_hub, rows_of, write
from tests.run.homes import copy_of


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which a file of a good row, a bad one and a torn one was checked."""
    folder = tmp_path_factory.mktemp("checked")
    hub = new_hub(folder)
    header, good, bad = csv_text(
        "siksng_individu",
        rows_of("siksng_individu", {"NIK": "=12+7"}, {"Nama": "", "IDSEMESTA": "KS2"}),
    ).splitlines()
    path = folder / "a.csv"
    path.write_text("\n".join([header, good, bad, "torn;row", ""]))
    land_one(hub, path, "kemensos")
    accepted(hub)
    hub.close()
    return hub.settings.home


@pytest.fixture
def hub(checked: Path, home: Path) -> Iterator[Hub]:
    """The same in a hub of one's own."""
    with copy_of(checked, home) as hub:
        yield hub


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_it_names_row_column_rule_and_remedy(hub: Hub, tmp_path: Path) -> None:
    written = write_findings(hub, tmp_path / "back.csv", source="kemensos")
    lines = read(tmp_path / "back.csv")
    assert written.findings == len(lines)
    (nik,) = [line for line in lines if line["rule"] == "nik_malformed"]
    assert (nik["file"], nik["row"], nik["column"]) == ("a.csv", "1", "NIK")
    assert nik["value"] == "'=12+7"  # no spreadsheet will calculate it
    assert all(nik[said] for said in ("alasan", "reason", "tindakan", "what_to_do"))
    for path in written.files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_log_has_the_file_before_it_is_there(hub: Hub, tmp_path: Path) -> None:
    write_findings(hub, tmp_path / "back.csv", source="kemensos", actor="officer")
    with hub.sessions.read() as session:
        event = next(entries(session, Wanted(action="export.findings")))
    assert (event.actor, event.details["source"]) == ("officer", "kemensos")
    assert event.details["batch"]


def test_quarantined_rows_come_back_in_their_layout_and_land_when_mended(
    hub: Hub, tmp_path: Path
) -> None:
    written = write_findings(hub, tmp_path / "back.csv")
    _, quarantine = written.files
    assert written.quarantined == 2
    text = quarantine.read_text("utf-8-sig")
    assert text.splitlines()[2] == "torn;row"
    mended = text.replace("KS2,3207110201800001,3207110101100001,,", "KS2,,3207110101100001,SITI,")
    quarantine.write_text(mended.replace("torn;row\n", ""))
    land_one(hub, quarantine, "kemensos")
    _, people = accepted(hub)
    assert [p["name"] for p in people] == ["BUDI", "SITI"]


def test_a_workbook_holds_the_same(hub: Hub, tmp_path: Path) -> None:
    write_findings(hub, tmp_path / "back.xlsx", fmt="xlsx")
    book = openpyxl.load_workbook(tmp_path / "back.xlsx")
    assert book.sheetnames == ["findings", "siksng_individu quarantine"]
    values = {row[7] for row in book["findings"].iter_rows(values_only=True)}
    assert "=12+7" in values
    assert [c.value for c in book.worksheets[1][1]][:2] == ["IDSEMESTA", "NIK"]
    assert book.worksheets[1]["A3"].value == "torn;row"


def test_one_batch_only(hub: Hub, tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", "biodata_wni", {"NIK": "1"})
    batch = land_one(hub, path, "kemendagri").batch
    accepted(hub)
    write_findings(hub, tmp_path / "one.csv", batch=batch)
    assert {line["file"] for line in read(tmp_path / "one.csv")} == {"b.csv"}
    with pytest.raises(UsageError):
        write_findings(hub, tmp_path / "none.csv", batch="nothing")


def told(hub: Hub, out: Path) -> set[tuple[str, str, str]]:
    """(file, row, rule) of what goes back."""
    write_findings(hub, out)
    return {(line["file"], line["row"], line["rule"]) for line in read(out)}


def test_a_row_mended_and_delivered_again_is_asked_for_no_more(hub: Hub, tmp_path: Path) -> None:
    """Neither its own line nor the row; nor a warning that the later version no longer deserves. A torn row has no
    key, so that nobody can know its later version."""
    land_one(hub, write(tmp_path / "old.csv", "siksng_individu", {"IDSEMESTA": "KS2"}), "kemensos",
             delivered_on=date(2020, 1, 1))  # fmt: skip
    accepted(hub)
    kept_out = {("a.csv", "1", "nik_malformed"), ("a.csv", "2", "name_missing")}
    assert kept_out <= told(hub, tmp_path / "back.csv")  # an earlier delivery mends nothing
    land_one(hub, write(tmp_path / "b.csv", "siksng_individu",
                        {"NIK": "1"}, {"IDSEMESTA": "KS2", "NIK": ""}), "kemensos")  # fmt: skip
    assert kept_out <= told(hub, tmp_path / "back.csv")  # no rule has spoken of it yet
    accepted(hub)
    standing = told(hub, tmp_path / "back.csv")
    assert not kept_out & standing
    assert {("a.csv", "3", "row_columns"), ("b.csv", "1", "nik_placeholder")} <= standing
    assert write_findings(hub, tmp_path / "back.csv").quarantined == 1
    counted = {c.rule: c.findings for c in count_findings(hub)}
    assert counted["nik_placeholder"] == 1
    assert not {"nik_malformed", "name_missing"} & counted.keys()
    engine = hub.engine()
    try:
        assert hold_standing(hub, engine, sql.FINDINGS)
        assert engine.fetch(sql.quarantine())["value"].to_pylist() == [1.0]  # what pages say waits
    finally:
        engine.close()
    assert (2, "Nama", "name_missing") in findings(hub)  # for whoever traces the old row


def test_a_dwelling_that_comes_later_is_asked_for_no_more(hub: Hub, tmp_path: Path) -> None:
    """The rows that name it stand as they are; a number of another office is another dwelling."""
    columns = "ID Rumah;Kode Kec BPS;Alamat;Daftar No KK;Tgl Pendataan;Daya"

    def deliver(name: str, *dwellings: str, office: str = "3207") -> None:
        house, row = tmp_path / name, ";{};Jl. X;3207110101100001;01-06-2025;900"
        lines = [columns, *(one + row.format(f"{office}250") for one in dwellings)]
        house.write_text("\n".join([*lines, ""]))
        land_one(hub, house, "pemda", office=office)
        accepted(hub)

    people = [{"Nama Lengkap": name, "NIK": "", "ID Rumah": home} for name, home in
              {"A": "R1", "B": "r 8", "C": "R9"}.items()]  # fmt: skip
    land_one(hub, write(tmp_path / "w.csv", "warga", *people), "pemda", office="3207")
    deliver("first.csv", "R1")
    unknown = {("w.csv", row, "dwelling_unknown") for row in "23"}
    assert unknown <= told(hub, tmp_path / "back.csv")
    deliver("elsewhere.csv", "R 8", "R9", office="3208")
    assert unknown <= told(hub, tmp_path / "back.csv")
    deliver("later.csv", "R 8")
    assert unknown & told(hub, tmp_path / "back.csv") == {("w.csv", "3", "dwelling_unknown")}
    assert {c.rule: c.findings for c in count_findings(hub)}["dwelling_unknown"] == 1
    assert (2, "ID Rumah", "dwelling_unknown") in findings(hub)  # for whoever traces the row


def test_a_row_kept_out_again_comes_back_once_and_settles_nothing_that_counts(
    hub: Hub, tmp_path: Path
) -> None:
    """KS2 was kept out before; of KS1 the earlier version counts still, and so does what was said of it."""
    rows = ({"Nama": ""}, {"Nama": "", "IDSEMESTA": "KS2"})
    land_one(hub, write(tmp_path / "b.csv", "siksng_individu", *rows), "kemensos")
    accepted(hub)
    standing = told(hub, tmp_path / "back.csv")
    named = {(file, row) for file, row, rule in standing if rule == "name_missing"}
    assert named == {("b.csv", "1"), ("b.csv", "2")}
    assert ("a.csv", "1", "nik_malformed") in standing


@pytest.mark.parametrize(
    "make",
    [
        lambda path, rows: write_csv(path, ["word"], rows),
        lambda path, rows: write_xlsx(path, [("Data", ["word"], rows)]),
    ],
    ids=["csv", "xlsx"],
)
def test_a_file_that_cannot_be_finished_leaves_the_one_before_as_it_was(
    tmp_path: Path, make: Callable[[Path, Iterator[list[str]]], object]
) -> None:
    def rows() -> Iterator[list[str]]:
        yield ["one"]
        raise OSError(errno.ENOSPC, "the disk is full")

    with pytest.raises(OSError, match="full"):
        make(tmp_path / "new", rows())
    (tmp_path / "old").write_bytes(b"as it was")
    with pytest.raises(OSError, match="full"):
        make(tmp_path / "old", rows())
    assert (tmp_path / "old").read_bytes() == b"as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_file_delivered_again_is_asked_for_no_more(hub: Hub, tmp_path: Path) -> None:
    """What is said of the file, of torn rows, of rows whose key was mended. A few rows alone settle nothing."""
    good = ({"NIK": "3207110201800002"}, {"NIK": "3207110201800003", "Nama Lengkap": "Ani"})
    text = csv_text(
        "warga", rows_of("warga", *good, {"NIK": "3207110201800004", "Nama Lengkap": ""})
    )
    path = tmp_path / "old.csv"
    path.write_text(text.replace(";ID Rumah", "").replace(";R1", "") + "torn;row\n")
    bast = tmp_path / "bast.yaml"
    for office, rows in {"3208": "empty", "3207": "nothing"}.items():  # a header, and no row
        bast.write_text(f'office: "{office}"\nrows: 9\n')
        header = write(tmp_path / f"{rows}.csv", "warga")
        header.write_text(header.read_text("cp1252") + "\n" * (office == "3207"))
        land_one(hub, header, "pemda", delivered_on=date(2019, 1, 1), bast=bast)
    torn = tmp_path / "torn.csv"  # of which no row can be read
    torn.write_text(header.read_text("cp1252").strip() + "\ntorn;row\n")
    land_one(hub, torn, "pemda", delivered_on=date(2019, 1, 2), office="3207")
    land_one(hub, path, "pemda", delivered_on=date(2020, 1, 1), bast=bast)
    mended = {"NIK": "3207110201800004", "Nama Lengkap": "Eko"}
    few = write(tmp_path / "few.csv", "warga", mended)
    land_one(hub, few, "pemda", delivered_on=date(2020, 1, 2), office="3207")
    accepted(hub)
    said = {line for line in told(hub, tmp_path / "back.csv") if line[0] == "old.csv"}
    assert {
        ("0", "column_missing"),
        ("0", "declared_rows_differ"),
        ("3", "name_missing"),
        ("4", "row_columns"),
    } <= {line[1:] for line in said}
    whole = write(tmp_path / "new.csv", "warga", *good, mended, {"NIK": "3207110201800005"})
    batch = land_one(hub, whole, "pemda", office="3207").batch
    accepted(hub)
    left = {file for file, _, _ in told(hub, tmp_path / "back.csv")}
    assert left == {"a.csv", "new.csv", "empty.csv"}  # office 3208 sent nothing else
    assert {c.rule for c in count_findings(hub, batch=batch)} == {
        c.rule for c in count_findings(hub, source="pemda")
    }


def test_a_workbook_holds_the_rows_of_every_layout(hub: Hub, tmp_path: Path) -> None:
    land_one(hub, write(tmp_path / "b.csv", "biodata_wni", {"NAMA_LGKP": ""}), "kemendagri")
    accepted(hub)
    write_findings(hub, tmp_path / "back.xlsx", fmt="xlsx")
    book = openpyxl.load_workbook(tmp_path / "back.xlsx")
    first = {sheet.title: sheet["A2"].value for sheet in book.worksheets[1:]}
    assert first == {
        "siksng_individu quarantine": "KS2",
        "biodata_wni quarantine": "3207110101800001",
    }


def test_torn_rows_come_back_under_the_header_of_their_file(hub: Hub, tmp_path: Path) -> None:
    """Its columns in another order, another delimiter: mended, they land as what they are."""
    columns, row = csv_text(
        "siksng_individu", rows_of("siksng_individu", {"IDSEMESTA": "KS7", "Nama": "SITI"})
    ).splitlines()
    header, line = (";".join(reversed(text.split(","))) for text in (columns, row))
    path = tmp_path / "turned.csv"
    path.write_text(f"{header}\n{line};too much\n")
    land_one(hub, path, "kemensos")
    accepted(hub)
    written = write_findings(hub, tmp_path / "back.csv")
    assert written.quarantined == 3
    usual, turned = written.files[1:]
    assert usual.read_text("utf-8-sig").splitlines()[-1] == "torn;row"
    text = turned.read_text("utf-8-sig")
    assert text.splitlines() == [header, f"{line};too much"]
    turned.write_text(text.replace(";too much", ""))
    land_one(hub, turned, "kemensos")
    _, people = accepted(hub)
    assert "SITI" in {person["name"] for person in people}
    write_findings(hub, tmp_path / "back.xlsx", fmt="xlsx")
    book = openpyxl.load_workbook(tmp_path / "back.xlsx")
    assert [c.value for c in book["siksng_individu quarantine 2"][1]] == header.split(";")
