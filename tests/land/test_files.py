"""Files as providers really send them: every form lands, every broken one is refused in words."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mdm.compose import Hub
from mdm.errors import HubError, InputError, UsageError
from mdm.landing import land
from tests.land.deliveries import (
    accepted,
    csv_text,
    findings,
    land_one,
    landed,
    layout_of,
    rows_of,
    write,
)
from tests.progress import Heard
from tests.templates import Template


@pytest.fixture
def hub(empty_on_sqlite: Template, home: Path) -> Iterator[Hub]:
    with empty_on_sqlite.copy(home) as hub:
        yield hub


NAMES = ({"NAMA_LGKP": "ANI"}, {"NAMA_LGKP": "JOSÉ", "NIK": "3207110101800002"})


def names(hub: Hub) -> list[object]:
    return [row["NAMA_LGKP"] for row in landed(hub, "kemendagri", "biodata_wni")]


@pytest.mark.parametrize(
    ("encoding", "finding"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("utf-16", ["encoding_other"]),
        ("cp1252", ["encoding_other"]),
    ],
)
def test_any_encoding_reads_the_same(
    hub: Hub, tmp_path: Path, encoding: str, finding: list[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_text("biodata_wni", rows_of("biodata_wni", *NAMES)).encode(encoding))
    assert land_one(hub, path, "kemendagri").rows == 2
    assert names(hub) == ["ANI", "JOSÉ"]
    assert [rule for row, _, rule in findings(hub) if row == 0] == finding


def test_utf8_that_says_so_needs_no_agreement(hub: Hub, tmp_path: Path) -> None:
    """As the rows kept out come back from a provider whose files are in another encoding."""
    text = csv_text("warga", rows_of("warga", {"Nama Lengkap": "JOSÉ"}))
    for name, encoding in {"told": "utf-8-sig", "silent": "utf-8"}.items():
        path = tmp_path / f"{name}.csv"
        path.write_bytes(text.encode(encoding))
        land_one(hub, path, "pemda")
        assert [rule for _, _, rule in findings(hub)] == ["encoding_other"] * (name == "silent")


def test_stray_windows_bytes_in_utf8_lose_nothing(hub: Hub, tmp_path: Path) -> None:
    text = csv_text("biodata_wni", rows_of("biodata_wni", *NAMES)).encode()
    path = tmp_path / "a.csv"
    path.write_bytes(text.replace(b"ANI", b"AN\xcd\x81"))
    land_one(hub, path, "kemendagri")
    assert names(hub) == ["AN\u0341", "JOSÉ"] or names(hub)[1] == "JOSÉ"
    path.write_bytes(text.replace(b"ANI", b"AN\xd1 \x81"))
    land_one(hub, path, "kemendagri")
    assert "ANÑ \x81" in names(hub)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(hub: Hub, tmp_path: Path, end: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(csv_text("biodata_wni", rows_of("biodata_wni", *NAMES), end), newline="")
    land_one(hub, path, "kemendagri")
    assert names(hub) == ["ANI", "JOSÉ"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_is_recognised(hub: Hub, tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(csv_text("biodata_wni", rows_of("biodata_wni", *NAMES)).replace(",", delimiter))
    land_one(hub, path, "kemendagri")
    assert names(hub) == ["ANI", "JOSÉ"]


def test_row_numbers_stay_exact_past_blank_quoted_and_broken_lines(
    hub: Hub, tmp_path: Path
) -> None:
    header, one, two = csv_text("biodata_wni", rows_of("biodata_wni", *NAMES)).splitlines()
    quoted = one.replace("CIAMIS", '"CIA\nMIS"').replace("ANI", "INA")
    path = tmp_path / "a.csv"
    path.write_text(
        "\n".join([header, "", one, "only,three,cells", "", quoted, two + ",extra", two + ",", ""])
    )
    result = land_one(hub, path, "kemendagri")
    rows = landed(hub, "kemendagri", "biodata_wni")
    assert (result.rows, result.bad) == (5, 2)
    assert [(r["row"], r["NAMA_LGKP"], r["_problem"]) for r in rows] == [
        (1, "ANI", None),
        (2, None, "row_columns"),
        (3, "INA", None),
        (4, None, "row_columns"),
        (5, "JOSÉ", None),
    ]
    assert rows[1]["_text"] == "only,three,cells"
    counts, people = accepted(hub)
    assert (counts.landed, counts.accepted, counts.quarantined) == (5, 3, 2)
    assert {row["row"] for row in people} == {1, 3, 5}


@pytest.mark.parametrize("closed", [True, False])
def test_rows_swallowed_by_a_quotation_mark_come_back(
    hub: Hub, tmp_path: Path, closed: bool
) -> None:
    header, one, two = csv_text("biodata_wni", rows_of("biodata_wni", *NAMES)).splitlines()
    opened, shut = (row.replace(name, '"' + name) for row, name in ((one, "ANI"), (two, "JOSÉ")))
    lines = [header, two, opened, one, one, shut if closed else two, *([one] if closed else []), ""]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines))
    told = Heard()
    land(hub, "kemendagri", [path], progress=told)
    assert [said for said in told.notes if "quotation mark opened in row 2" in said]
    rows = landed(hub, "kemendagri", "biodata_wni")
    assert [row["_problem"] for row in rows] == [
        None,
        "rows_in_a_value",
        *([None] if closed else []),
    ]
    assert str(rows[1]["_text"]).replace('"', "").splitlines()[:4] == [one, one, one, two]
    counts, _ = accepted(hub)
    assert (counts.landed, counts.quarantined) == (len(rows), 1)
    assert (2, None, "rows_in_a_value") in findings(hub)
    reader = hub.lake.reader("findings")
    assert reader is not None
    values = {row["rule"]: row["value"] for row in reader.read_all().to_pylist()}
    assert values["rows_in_a_value"] == "2–5"


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_rows_swallowed_in_a_file_of_few_columns_come_back(
    hub: Hub, tmp_path: Path, delimiter: str
) -> None:
    """Seven columns, and a value of two lines that may have as many commas as a row and is no other row. One mark is
    closed where columns count right, one where they do not.
    """
    layout = layout_of("pemda", "warga")
    places = [layout.columns.index(name) for name in layout.required]

    def line(number: int, name: str) -> str:
        (row,) = rows_of("warga", {"NIK": f"320711020180000{number}", "Nama Lengkap": name})
        return delimiter.join(row[place] for place in places)

    address = delimiter.join(["Jl. Mawar 1", "RT 3", "RW 5\nDesa A", "Kec. B", "Kab. C", "12", "x"])
    lines = [
        delimiter.join(layout.required),
        line(1, f'"{address}"') if delimiter == "," else line(1, '"A\nB"'),
        line(2, '"BUDI'),
        line(3, "ANI"),
        line(4, '"SITI'),
        line(5, '"EKO'),
        '"' + line(6, "TUTI"),
        line(7, "IDA"),
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join([*lines, ""]))
    told = Heard()
    (result,) = land(hub, "pemda", [path], progress=told, office="3207")
    assert (list(result.joined), result.bad) == ([2, 3], 2)
    counts, people = accepted(hub)
    assert (counts.landed, counts.accepted, counts.quarantined) == (4, 2, 2)
    assert {p["row"] for p in people} == {1, 4}
    texts = [str(row["_text"]) for row in landed(hub, "pemda", "warga") if row["_problem"]]
    assert "ANI" in texts[0]


def test_a_file_cut_off_in_a_row_says_so(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    whole, told = csv_text("biodata_wni", rows_of("biodata_wni", *NAMES)), Heard()
    path.write_text(whole[:-60])
    (cut,) = land(hub, "kemendagri", [path], progress=told)
    assert (cut.rows, cut.bad, cut.cut_off) == (2, 1, 2)
    assert "a.csv: 1 row does not fit the header (quarantined)." in told.notes
    (line,) = (line for line in told.notes if "cut off" in line)
    assert "a.csv is cut off in row 2" in line
    assert "whole file" in line
    accepted(hub)
    assert (2, None, "row_truncated") in findings(hub)
    path.write_text(whole)  # as the line says
    again = land_one(hub, path, "kemendagri")
    assert (again.rows, again.unchanged, again.cut_off) == (2, 1, None)


def test_a_packed_table_that_is_cut_off_is_refused_whole(hub: Hub, tmp_path: Path) -> None:
    rows = rows_of("biodata_wni", *NAMES)
    columns = layout_of("kemendagri", "biodata_wni").columns
    book = openpyxl.Workbook()
    for row in ([*columns], *rows):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    pq.write_table(
        pa.table(list(map(pa.array, zip(*rows, strict=True))), list(columns)),
        tmp_path / "a.parquet",
    )
    for name in ("a.xlsx", "a.parquet"):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(InputError, match=f"{name} is damaged"):
            land_one(hub, path, "kemendagri")
    assert landed(hub, "kemendagri", "biodata_wni") == []


def test_gzip_lands_and_cut_off_gzip_is_refused(hub: Hub, tmp_path: Path) -> None:
    text = csv_text("biodata_wni", rows_of("biodata_wni", *NAMES)).encode()
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(text))
    land_one(hub, path, "kemendagri")
    assert names(hub) == ["ANI", "JOSÉ"]
    path.write_bytes(gzip.compress(text * 50)[:-20])
    with pytest.raises(InputError, match="cut off"):
        land_one(hub, path, "kemendagri")
    assert len(names(hub)) == 2


def test_parquet_with_typed_columns(hub: Hub, tmp_path: Path) -> None:
    columns = layout_of("kemendagri", "biodata_wni").columns
    data = {
        c: list(v)
        for c, v in zip(columns, zip(*rows_of("biodata_wni", *NAMES), strict=True), strict=True)
    }
    typed: dict[str, object] = dict(data)
    typed["NO_KEC"] = pa.array([11.0, None])
    typed["TGL_LHR"] = pa.array(["1980-01-02", "1981-02-03"]).cast(pa.date32())
    typed["NIK"] = pa.array([3207110101800001, 3207110101800002])
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(typed), path)
    land_one(hub, path, "kemendagri")
    _, people = accepted(hub)
    assert [p["nik"] for p in people] == ["3207110101800001", "3207110101800002"]
    assert [str(p["birth_date"]) for p in people] == ["1980-01-02", "1981-02-03"]
    assert [p["region_code"] for p in people] == ["3207112008", "3207"]


def test_spreadsheet_habits(hub: Hub, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    columns = list(layout_of("pemda", "warga").columns)
    sheet.append(columns)
    (row,) = rows_of("warga", {})
    cells: list[object] = list(row)
    cells[columns.index("NIK")] = 3207110201800001  # a number cell
    cells[columns.index("Tgl Lahir")] = 29222  # a serial that lost its date format
    cells[columns.index("RT/RW")] = "3/"
    cells[columns.index("Kode Kec BPS")] = 3207250
    sheet.append([None] * len(columns))
    sheet.append(cells)
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert land_one(hub, path, "pemda").rows == 1
    _, (person,) = accepted(hub)
    assert (person["nik"], str(person["birth_date"])) == ("3207110201800001", "1980-01-02")
    assert (person["rt"], person["rw"], person["office"]) == ("3", None, "3207")


def test_errors_of_a_spreadsheet_are_no_values_and_are_told(hub: Hub, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(list(layout_of("pemda", "warga").columns))
    lost = {"NIK": "#N/A", "Tgl Lahir": "#VALUE!"}
    for row in rows_of("warga", lost, {"Nama Lengkap": "#REF!"}):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    land_one(hub, tmp_path / "a.xlsx", "pemda", office="3207")
    counts, (person,) = accepted(hub)
    assert (person["nik"], person["birth_date"], counts.quarantined) == (None, None, 1)
    assert {
        (1, "NIK", "nik_placeholder"),
        (1, "Tgl Lahir", "birth_date_unreadable"),
        (2, "Nama Lengkap", "name_missing"),
    } == set(findings(hub))
    assert landed(hub, "pemda", "warga")[0]["NIK"] == "#N/A"


def test_a_merged_cell_speaks_for_every_row_it_reaches_over(hub: Hub, tmp_path: Path) -> None:
    """A card's number beside all its members, and a header of two rows."""
    columns = list(layout_of("pemda", "warga").columns)
    place = columns.index("No KK")
    rows = rows_of("warga", *({"Nama Lengkap": name, "NIK": "", "No KK": ""} for name in "ABC"))
    rows[0][place], rows[2][place] = "3207110101100001", "3207110101100002"
    book = openpyxl.Workbook()
    sheet = book.active
    below = {"RT/RW", "Alamat"}
    sheet.append([name if name not in below else "Tempat tinggal" for name in columns])
    sheet.append([name if name in below else None for name in columns])
    for row in rows:
        sheet.append(row)
    for number, name in enumerate(columns, start=1):
        if name not in below:
            sheet.merge_cells(start_row=1, end_row=2, start_column=number, end_column=number)
    sheet.merge_cells(start_row=3, end_row=4, start_column=place + 1, end_column=place + 1)
    sheet.merge_cells("AZ1:BA9")  # beside the table, empty
    book.save(tmp_path / "a.xlsx")
    result = land_one(hub, tmp_path / "a.xlsx", "pemda")
    assert (result.rows, result.header_row) == (3, 2)
    _, people = accepted(hub)
    cards = {p["name"]: p["kk"] for p in people}
    assert cards == {"A": "3207110101100001", "B": "3207110101100001", "C": "3207110101100002"}
    assert {p["rt"] for p in people} == {"3"}


def test_the_table_is_found_on_whatever_sheet_it_stands(hub: Hub, tmp_path: Path) -> None:
    columns = list(layout_of("pemda", "warga").columns)
    (row,) = rows_of("warga", {})

    def book(name: str, **sheets: list[list[object]]) -> Path:
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, lines in sheets.items():
            sheet = made.create_sheet(title)
            for line in lines:
                sheet.append(line)
        made.save(tmp_path / name)
        return tmp_path / name

    notes: list[list[object]] = [["Petunjuk"], ["NIK: 16 angka"]]
    codes: list[list[object]] = [["Kode Kec BPS", "Nama Kecamatan"], [3207250, "Cijulang"]]
    table: list[list[object]] = [columns, list(row)]
    found = book("a.xlsx", Kosong=[], Petunjuk=notes, Kode=codes, Data=table)
    assert land_one(hub, found, "pemda").rows == 1
    with pytest.raises(InputError, match="Januari, Februari"):
        land_one(hub, book("b.xlsx", Petunjuk=notes, Januari=table, Februari=table), "pemda")
    with pytest.raises(InputError, match="none of its sheets"):
        land_one(hub, book("c.xlsx", Petunjuk=notes, Lain=[["a", "b"]]), "pemda")


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_titles_may_stand_above_the_header(hub: Hub, tmp_path: Path, form: str) -> None:
    """An office's sheet: a merged title, who made it, a blank row, the names, and notes at the side."""
    columns = list(layout_of("pemda", "warga").columns)
    good, nameless = rows_of("warga", {}, {"Nama Lengkap": "", "NIK": ""})
    lines: list[Sequence[str]] = [
        [],
        ["DATA WARGA, DESA MEKARSARI"],
        ["Sumber: pendataan NIK dan No KK", *[""] * 40, "halaman 1"],
        [],
        columns,
        good,
        [],
        [*nameless, "" if form == "csv" else "periksa lagi"],
    ]
    path = tmp_path / f"a.{form}"
    if form == "xlsx":
        book = openpyxl.Workbook()
        book.active.title = "Petunjuk"
        sheet = book.create_sheet("Data")
        for line in lines:
            sheet.append(line)
        sheet.merge_cells("A2:H2")
        book.save(path)
    else:
        width = len(columns)
        texts = [";".join([*line[:width], *[""] * (width - len(line))]) for line in lines]
        texts = ["" if not text.strip(";") else text for text in texts]
        path.write_text("\r\n".join(texts) + "\r\n", newline="")
    notes = Heard()
    (result,) = land(hub, "pemda", [path], progress=notes)
    assert (result.rows, result.header_row) == (2, 5)
    assert any("row 5 names the columns" in note for note in notes.notes)
    counts, (person,) = accepted(hub)
    assert (person["row"], person["name"], counts.quarantined) == (1, "BUDI", 1)
    assert [f for f in findings(hub) if f[0] != 1] == [
        (0, None, "header_below"),
        (2, "Nama Lengkap", "name_missing"),
    ]
    if form == "xlsx":
        extra = landed(hub, "pemda", "warga")[1]["_extra"]
        assert extra == f'{{"column {len(columns) + 1}":"periksa lagi"}}'


def test_unknown_columns_are_kept(hub: Hub, tmp_path: Path) -> None:
    header, one = csv_text("biodata_wni", rows_of("biodata_wni", {})).splitlines()
    path = tmp_path / "a.csv"
    path.write_text(f'Catatan,{header}\n"a ""b""",{one}\n')
    land_one(hub, path, "kemendagri")
    (row,) = landed(hub, "kemendagri", "biodata_wni")
    assert row["_extra"] == '{"Catatan":"a \\"b\\""}'


def test_a_line_of_ten_megabytes_lands(hub: Hub, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "biodata_wni", {"TMPT_LHR": "X" * 10_000_000}, {"NIK": "1"})
    assert land_one(hub, path, "kemendagri").rows == 2
    assert len(str(landed(hub, "kemendagri", "biodata_wni")[0]["TMPT_LHR"])) == 10_000_000


def test_header_only_lands_nothing_and_harms_nothing(hub: Hub, tmp_path: Path) -> None:
    assert land_one(hub, write(tmp_path / "a.csv", "biodata_wni"), "kemendagri").rows == 0
    counts, people = accepted(hub)
    assert (counts.landed, people) == (0, [])


def _without(column: str) -> str:
    lines = csv_text("biodata_wni", rows_of("biodata_wni", {})).splitlines()
    at = lines[0].split(",").index(column)
    return "\n".join(",".join(c for i, c in enumerate(x.split(",")) if i != at) for x in lines)


def test_missing_required_column_is_refused_by_name(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(_without("TGL_LHR"))
    with pytest.raises(InputError, match=r"a\.csv: column TGL_LHR.*biodata_wni"):
        land_one(hub, path, "kemendagri")


def test_names_of_columns_may_differ_in_marks_and_blanks(hub: Hub, tmp_path: Path) -> None:
    """Who names a column twice, once with other marks, means the one that is named as agreed."""
    header, one = csv_text("warga", rows_of("warga", {})).splitlines()
    marked = header.replace("No KK", "No.KK").replace("Nama Lengkap", "NAMA_LENGKAP")
    marked = marked.replace("L/P", "L / P").replace("Kode Kec BPS", "Kode Kec. (BPS)")
    path = tmp_path / "a.csv"
    path.write_text(f"{marked};N.I.K\n{one};beside\n{marked};N.I.K\n")
    assert land_one(hub, path, "pemda", office="3207").repeated == [2]
    _, (person,) = accepted(hub)
    assert (person["name"], person["sex"]) == ("BUDI", "M")
    assert (person["nik"], person["kk"]) == ("3207110201800001", "3207110101100001")
    assert landed(hub, "pemda", "warga")[0]["_extra"] == '{"N.I.K":"beside"}'
    assert not [rule for row, _, rule in findings(hub) if row == 0]


def test_a_column_of_another_name_is_told_beside_the_one_that_lacks(
    hub: Hub, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    text = csv_text("warga", rows_of("warga", {}))
    path.write_text(text.replace("Nama Lengkap", "Nama").replace("Tgl Lahir", "Tanggal Lahir"))
    with pytest.raises(InputError, match="columns Nama Lengkap, Tgl Lahir are missing") as refusal:
        land_one(hub, path, "pemda")
    assert "(Nama, Tanggal Lahir)" in refusal.value.hint


def test_missing_optional_column_is_a_finding(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(_without("TMPT_LHR") + "\n")
    assert land_one(hub, path, "kemendagri").rows == 1
    assert (0, "TMPT_LHR", "column_missing") in findings(hub)


def zipped(name: str) -> bytes:
    """An archive that holds one file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, "NIK,NAMA_LGKP\n")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "no header"),
        (b"%PDF-1.4 x", "PDF"),
        (bytes(range(256)) * 40, "binary"),
        (b"PK\x03\x04 not a workbook", "damaged"),
        (b"PAR1 not parquet", "damaged"),
        (b"\x1f\x8bnot gzip", "damaged"),
        (b"a,b,c\n1,2,3\n", "no layout"),
        (zipped("biodata_wni.csv"), "ZIP archive"),
        (b"\xd0\xcf\x11\xe0 locked", "password"),
    ],
)
def test_what_is_no_table_is_refused_in_words(
    hub: Hub, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words) as refusal:
        land_one(hub, path, "kemendagri")
    assert "a.csv" in refusal.value.message
    assert refusal.value.hint


def test_a_file_without_a_header_is_refused_and_its_first_row_not_repeated(
    hub: Hub, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("3207110101800001,3207110101100001,BUDI SANTOSO,CIAMIS,BUDI SANTOSO\n" * 3)
    for layout in (None, "biodata_wni"):
        with pytest.raises(InputError) as refusal:
            land_one(hub, path, "kemendagri", layout=layout)
        said = refusal.value.message + refusal.value.hint
        assert "BUDI" not in said
        assert "more than once" not in said


def test_doubled_column_is_refused(hub: Hub, tmp_path: Path) -> None:
    header, one = csv_text("biodata_wni", rows_of("biodata_wni", {})).splitlines()
    path = tmp_path / "a.csv"
    path.write_text(f"{header},nik\n{one},1\n")
    with pytest.raises(InputError, match="more than once"):
        land_one(hub, path, "kemendagri")


def test_an_open_quotation_mark_does_not_swallow_the_file_in_silence(
    hub: Hub, tmp_path: Path
) -> None:
    header, one, two = csv_text("biodata_wni", rows_of("biodata_wni", *NAMES)).splitlines()
    path = tmp_path / "a.csv"
    path.write_text("\n".join([header, one, two.replace("CIAMIS", '"CIAMIS'), one, one, ""]))
    land_one(hub, path, "kemendagri")
    _, people = accepted(hub)
    assert len(people) == 1
    assert [f for f in findings(hub) if f[0] == 2]
    assert str(landed(hub, "kemendagri", "biodata_wni")[1]["_text"]).count("ANI") == 2


@pytest.mark.parametrize(("source", "layout"), [("nobody", None), ("kemendagri", "no_such_layout")])
def test_unknown_source_or_layout_lists_the_known_ones(
    hub: Hub, tmp_path: Path, source: str, layout: str | None
) -> None:
    path = write(tmp_path / "a.csv", "biodata_wni", {})
    with pytest.raises(UsageError) as refusal:
        land_one(hub, path, source, layout=layout)
    assert "kemensos" in refusal.value.hint or "biodata_wni" in refusal.value.hint


def test_errors_carry_no_value_of_the_file(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    broken = csv_text("biodata_wni", rows_of("biodata_wni", {"NAMA_LGKP": "RAHASIA SEKALI"}))
    path.write_text(broken.replace("NAMA_LGKP", "NAMA"))
    with pytest.raises(HubError) as refusal:
        land_one(hub, path, "kemendagri")
    assert "RAHASIA" not in refusal.value.message + refusal.value.hint


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_header_repeated_inside_the_table_is_nobody(hub: Hub, tmp_path: Path, form: str) -> None:
    """Tables of several villages put together. A person whose NIK is typed as "NIK" stays one."""
    columns = list(layout_of("pemda", "warga").columns)
    one, two, odd = rows_of(
        "warga", {}, {"NIK": "3207110201800002", "Nama Lengkap": "Ani"}, {"NIK": "NIK"}
    )
    again = [f" {name.upper()}" for name in columns]
    lines = [columns, one, again, two, odd, columns]
    path = tmp_path / f"a.{form}"
    if form == "xlsx":
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append(line)
        book.save(path)
    else:
        path.write_text("".join(";".join(line) + "\n" for line in lines))
    told = Heard()
    (result,) = land(hub, "pemda", [path], progress=told)
    assert (result.rows, result.bad, list(result.repeated)) == (5, 2, [2, 5])
    assert [said for said in told.notes if "rows 2, 5 name the columns again" in said]
    assert not [said for said in told.notes if "not fit" in said]
    counts, people = accepted(hub)
    assert (counts.accepted, counts.quarantined) == (3, 2)
    assert {(p["row"], p["name"]) for p in people} == {(1, "BUDI"), (3, "ANI"), (4, "BUDI")}
    assert [f for f in findings(hub) if f[0] in (2, 5)] == [
        (2, None, "header_repeated"),
        (5, None, "header_repeated"),
    ]
