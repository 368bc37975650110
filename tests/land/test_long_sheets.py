"""A long sheet is read a few rows at a time, and says what it would say if it were opened as a whole."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from mdm.errors import InputError
from mdm.files.sheets import write_xlsx
from mdm.files.spreadsheet import Spreadsheet
from mdm.files.survey import survey
from mdm.files.workbook import BOMB, PIECE, Workbook

ROWS = 1_500
SMALL = 4_000  # bytes: some tens of rows


def known(names: Sequence[str]) -> int:
    return len({"NIK", "Nama", "Lahir"} & set(names))


def read(path: Path, piece: int) -> tuple[int, list[str], list[list[object]]]:
    sheet = Spreadsheet(survey(path), known, piece)
    rows = [
        [int(number), *row.values()]
        for chunk in sheet.chunks()
        for number, row in zip(chunk.rows, chunk.table.to_pylist(), strict=True)
    ]
    return sheet.header_row, sheet.header, rows


def rich(path: Path) -> Path:
    """A workbook with what offices write: a sheet of notes, titles, dates, merged cells, gaps, a cell at the side."""
    book = openpyxl.Workbook()
    book.active.append(["Petunjuk"])
    sheet = book.create_sheet("Data")
    sheet.append([])
    sheet.append([None, "DATA WARGA & <KELUARGA>"])
    sheet.append([None, "NIK", "Nama", "Lahir", "Angka", "Kartu"])
    for number in range(ROWS):
        born = datetime(1980, 1, 1 + number % 28, 7 * (number % 2))
        name = f"NAMA {number % 400} é\n“x”" if number % 7 else ""
        sheet.append([None, f"{number:016d}", name, born, number / 4, None])
        if number % 50 == 0:
            row = sheet.max_row
            sheet.cell(row, 6, f"KARTU {number}")
            sheet.merge_cells(start_row=row, end_row=row + 40, start_column=6, end_column=6)
    sheet.cell(ROWS + 500, 2, "9" * 16)
    sheet.cell(ROWS + 501, 3, True)
    sheet.cell(ROWS + 502, 9, "periksa")
    sheet.cell(ROWS + 503, 4, date(2020, 2, 29))
    sheet.cell(ROWS + 504, 4, time(7, 30))
    sheet.cell(ROWS + 505, 2, "#N/A")
    book.save(path)
    return path


def in_other_words(path: Path, to: Path) -> Path:
    """The same workbook, its names with a prefix, as some programs write them."""
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(to, "w") as made:
        for part in book.namelist():
            xml = book.read(part)
            if part.startswith("xl/worksheets/") or part == "xl/sharedStrings.xml":
                xml = re.sub(rb"<(/?)([a-zA-Z])", rb"<\1x:\2", xml).replace(
                    b" xmlns=", b" xmlns:x="
                )
            made.writestr(part, xml)
    return to


def with_blanks(path: Path, to: Path) -> Path:
    """The same workbook, its numbers between blanks, as programs write them that indent their XML."""
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(to, "w") as made:
        for part in book.namelist():
            xml = book.read(part)
            made.writestr(part, re.sub(rb"<v>([-\d.]+)</v>", rb"<v>\n  \1 </v>", xml))
    return to


def unnumbered(path: Path) -> Path:
    """As the hub writes itself what providers are to mend: texts in their cells, rows without numbers."""
    rows = ([f"{number:016d}", f"NAMA {number}", "1980-01-02"] for number in range(ROWS))
    write_xlsx(path, [("Data", ["NIK", "Nama", "Lahir"], rows)])
    return path


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    at = tmp_path_factory.mktemp("sheets")
    made = rich(at / "rich.xlsx")
    return {
        "rich": made,
        "prefixed": in_other_words(made, at / "prefixed.xlsx"),
        "blanks": with_blanks(made, at / "blanks.xlsx"),
        "unnumbered": unnumbered(at / "unnumbered.xlsx"),
    }


@pytest.mark.parametrize("form", ["rich", "prefixed", "unnumbered"])
def test_a_long_sheet_says_piece_by_piece_what_it_says_as_a_whole(
    books: dict[str, Path], form: str
) -> None:
    whole = read(books[form], PIECE)
    assert read(books[form], SMALL) == whole
    assert len(whole[2]) == ROWS + (6 if form != "unnumbered" else 0)


def test_an_error_is_read_as_one_sees_it(books: dict[str, Path]) -> None:
    assert [read(books["rich"], piece)[2][-1][1] for piece in (PIECE, SMALL)] == ["#N/A", "#N/A"]


def test_a_number_between_blanks_is_that_number(books: dict[str, Path]) -> None:
    as_usual = read(books["rich"], PIECE)
    assert read(books["blanks"], PIECE) == as_usual
    assert read(books["blanks"], SMALL) == as_usual


#: Ways to write a text that sheets share, and a cell that names it, which programs may use.
TEXTS = {
    "plain": "<si><t>{}</t></si>",
    "spaces": '<si><t xml:space="preserve"> {} </t></si>',
    "rich": '<si><r><rPr><b/></rPr><t>{}</t></r><r><t xml:space="preserve"> dua</t></r></si>',
    "reading": '<si><t>{}</t><rPh sb="0" eb="1"><t>ph</t></rPh></si>',
    "entities": "<si><t>{} &#233; &amp;lt;si&gt;</t></si>",
    "CDATA": "<si><t>{}<![CDATA[ <si> </sst>]]></t></si>",
    "comment": "<si><!-- <si> --><t>{}</t></si>",
}
CELLS = {
    "usual": '<c r="B{}" t="s"><v>{}</v></c>',
    "single": "<c t='s' r='B{}'><v>{}</v></c>",
    "spread": '<c r="B{}"\n t = "s"\n><v\n>{}</v\n></c>',
    "space": '<c r="B{}" t="s"><v xml:space="preserve">{}</v></c>',
    "blanks": '<c r="B{}" t="s"><v> {}\n</v></c>',
    "comment": '<c r="B{}" t="s"><!-- </row> --><v>{}</v></c>',
    "inline": '<c r="B{}" t="s"><v>{}</v></c><c t="inlineStr"><is><t><![CDATA[</row> t="s"><v>1]]></t></is></c>',
}


def written(path: Path, text: str, cell: str) -> Path:
    """A workbook in which texts and cells are written so: 200 rows that name few texts, and now and then a new one."""
    book = openpyxl.Workbook()
    book.active.title = "Data"
    for row in (["NIK", "Nama", "Lahir"], ["1", "x", "y"]):
        book.active.append(row)
    book.save(path.with_suffix(".made"))
    names = [*("NIK", "Nama", "Lahir"), *(f"NAMA {n}" for n in range(120))]
    shared = "".join((TEXTS["plain"] if n < 3 else text).format(one) for n, one in enumerate(names))
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>'
    for n in range(2, 200):
        usual = CELLS["usual"].replace("B", "A").format(n, 4 + n % 3)
        rows += f'<row r="{n}">{usual}{(cell if n % 3 else CELLS["usual"]).format(n, 3 + n % 120)}</row>'
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    parts = {
        "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{rows}</sheetData></worksheet>",
        "xl/sharedStrings.xml": f"<sst {main}>{shared}</sst>",
    }
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    frame = {  # what names the part with the texts, which openpyxl leaves out
        "xl/_rels/workbook.xml.rels": '<Relationship Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/sharedStrings" Target="sharedStrings.xml" Id="rId9"/></Relationships>',
        "[Content_Types].xml": f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>',
    }
    with zipfile.ZipFile(path.with_suffix(".made")) as made, zipfile.ZipFile(path, "w") as to:
        for part in made.namelist():
            text = made.read(part).decode()
            if part in frame:
                end = frame[part].rpartition("<")[2]
                text = text.replace(f"<{end}", frame[part])
            if part not in parts:
                to.writestr(part, text)
        for part, text in parts.items():
            to.writestr(part, text)
    return path


@pytest.mark.parametrize(
    ("text", "cell"),
    [*((text, "usual") for text in TEXTS), *(("plain", cell) for cell in CELLS)],
)
def test_however_it_is_written_each_cell_keeps_its_own_text(
    tmp_path: Path, text: str, cell: str
) -> None:
    path = written(tmp_path / "a.xlsx", TEXTS[text], CELLS[cell])
    _, _, rows = read(path, 60)
    table = openpyxl.load_workbook(path)["Data"].iter_rows(min_row=2, values_only=True)
    assert [row[1:3] for row in rows] == [[value or "" for value in row[:2]] for row in table]
    assert len(rows) == 198
    assert read(path, PIECE)[2] == rows


@pytest.mark.parametrize("form", ["rich", "prefixed", "unnumbered"])
def test_few_rows_of_a_long_sheet_are_open_at_once(books: dict[str, Path], form: str) -> None:
    heights = [piece.sheet.height for piece in Workbook(books[form], SMALL).pieces("Data")]
    assert sum(heights) >= ROWS
    assert max(heights[:-1]) < ROWS / 10


FAR = (
    b"<row r='1048576'><c r = 'xfd1048576'><v>1</v></c></row>",
    b"<row><c r='XFD1'><v>1</v></c></row>" + b"<row/>" * 5_000 + b"<row><c><v>1</v></c></row>",
)


@pytest.mark.parametrize("piece", [1, PIECE])
@pytest.mark.parametrize("first", [b"<row>", b'<row r="1">'])
@pytest.mark.parametrize("far_away", FAR)
def test_cells_far_from_each_other_are_refused_in_words(
    tmp_path: Path, piece: int, first: bytes, far_away: bytes
) -> None:
    """Two kilobytes had ended the process: the reader makes room for all that lies between two cells."""
    path, far = tmp_path / "made.xlsx", tmp_path / "far.xlsx"
    write_xlsx(path, [("Data", ["NIK"], [])])
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(far, "w") as to:
        for part in book.namelist():
            xml = book.read(part).replace(b"<row>", first)
            to.writestr(part, xml.replace(b"</sheetData>", far_away + b"</sheetData>"))
    with pytest.raises(InputError, match="too far from each other"):
        read(far, piece)


def test_what_unpacks_to_all_memory_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    write_xlsx(path, [("Data", ["NIK"], [])])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", b"<sst>" + b" " * (BOMB + 1) + b"</sst>")
    with pytest.raises(InputError, match="unpacks to far more"):
        read(path, PIECE)
