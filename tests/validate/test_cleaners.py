"""Values as typed → values that can be trusted: one table per reading, each line a thing seen in
files.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import cleaners, dates
from matching.engines.duckdb import DuckDBEngine
from reference import nik
from tests.validate.typed import value

DELIVERED = "DATE '2026-06-01'"


@pytest.fixture(scope="module")
def engine() -> DuckDBEngine:
    return DuckDBEngine(memory_limit="1GB")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("  Jl.\xa0Kenanga \t No 5 ", "JL. KENANGA NO 5"),
        ("a\x00b\x85c\u200bd\ufeff", "A B C D"),
        ("", None),
        (" \xa0 ", None),
        ("-", None),
        ("...", None),
        ("tidak ada", None),
        ("N/A", None),
        ("josé", "JOSÉ"),
        ("É", "É"),
        ("-----", None),
        ("0", None),
        ("000", None),
        ("0265", "0265"),
        ("(null)", None),
        ("\\N", None),
        ("Belum", None),
        ("n.a.", None),
        ("5", "5"),
        (None, None),
    ],
)
def test_text(engine: DuckDBEngine, typed: str | None, expected: str | None) -> None:
    assert value(engine, typed, cleaners.text) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Y", "Y"),
        ("i wayan  x", "I WAYAN X"),
        ("-", None),
        ("123", None),
        ("Tidak ada", None),
        ("#REF!", None),
        ("(NULL)", None),
        ("belum diisi", None),
    ],
)
def test_name(engine: DuckDBEngine, typed: str, expected: str | None) -> None:
    assert value(engine, typed, cleaners.name) == expected


@pytest.mark.parametrize(
    ("typed", "raw", "number"),
    [
        ("3207112806730001", "3207112806730001", "3207112806730001"),
        (" '3207112806730001\xa0", "3207112806730001", "3207112806730001"),
        ("3207.1128.0673.0001", "3207112806730001", "3207112806730001"),
        ("3207112806730001.0", "3207112806730001", "3207112806730001"),
        ("320711280673000", "320711280673000", None),
        ("32O7112806730OO1", "32O7112806730OO1", None),
        ("3.20711E+15", "320711E15", None),
        ("3207112806730000", "3207112806730000", None),
        ("0", None, None),
        ("-", None, None),
        ("9999999999999999", None, None),
        ("1234567890123456", None, None),
        ("3207110000000000", None, None),
        ("belum punya", None, None),
        ("hilang", None, None),
        ("", None, None),
    ],
)
def test_registry_number(
    engine: DuckDBEngine, typed: str, raw: str | None, number: str | None
) -> None:
    assert value(engine, typed, cleaners.number_raw) == raw
    assert value(engine, typed, cleaners.number_raw, cleaners.registry_number) == number


@pytest.mark.parametrize(
    ("typed", "order", "expected"),
    [
        ("1980-02-01", "ymd", "1980-02-01"),
        ("01/02/1980", "dmy", "1980-02-01"),
        ("01-02-1980", "dmy", "1980-02-01"),
        ("1.2.1980", "dmy", "1980-02-01"),
        ("1980-02-01", "dmy", "1980-02-01"),
        ("1980-02-01 08:00:00", "ymd", "1980-02-01"),
        ("1980-02-01T08:00:00", "dmy", "1980-02-01"),
        ("1/2/1980 0:00", "dmy", "1980-02-01"),
        ("01-02-80", "dmy", "1980-02-01"),
        ("01-06-26", "dmy", "2026-06-01"),
        ("02-06-26", "dmy", "1926-06-02"),
        ("02-01-80", "mdy", "1980-02-01"),
        ("19800201", "ymd", "1980-02-01"),
        ("01021980", "dmy", "1980-02-01"),
        ("29252", "dmy", "1980-02-01"),
        ("29252.0", "dmy", "1980-02-01"),
        ("29252.3541666667", "dmy", "1980-02-01"),
        ("1 Februari 1980", "dmy", "1980-02-01"),
        ("17 AGUSTUS 1945", "dmy", "1945-08-17"),
        ("01-Peb-1980", "dmy", "1980-02-01"),
        ("28-JUN-73", "dmy", "1973-06-28"),
        ("28 Juli 73", "dmy", "1973-07-28"),
        ("02-JUN-26", "dmy", "1926-06-02"),
        ("1-Feb-80 12.00.00 AM", "dmy", "1980-02-01"),
        ("31-FEB-80", "dmy", None),
        ("02/25/1980", "dmy", "1980-02-25"),
        ("31-02-1980", "dmy", None),
        ("00-00-0000", "dmy", None),
        ("0000-00-00", "ymd", None),
        ("kemarin", "dmy", None),
        ("1 Sept 1980", "dmy", "1980-09-01"),
        ("12 Agt 1980", "dmy", "1980-08-12"),
        ("01 02 1980", "dmy", "1980-02-01"),
        ("25 02 1980", "dmy", "1980-02-25"),
        ("02 25 1980", "dmy", "1980-02-25"),
        ("'01-02-1980", "dmy", "1980-02-01"),
        ("1/2/1980 0:00:00", "dmy", "1980-02-01"),
        ("1/2/1980 1:02:03 PM", "dmy", "1980-02-01"),
        ("2/1/1980 1:02:03", "ymd", "1980-01-02"),
        ("1980-02-01+07:00", "ymd", "1980-02-01"),
        ("12", "dmy", None),
        ("1-2-3-4", "dmy", None),
        (None, "dmy", None),
    ],
)
def test_date(engine: DuckDBEngine, typed: str | None, order: str, expected: str | None) -> None:
    found = value(engine, typed, dates.day, lambda c: dates.date(c, order, DELIVERED))
    assert found == (dt.date.fromisoformat(expected) if expected else None)


@pytest.mark.parametrize(
    ("typed", "short"),
    [
        ("01-02-80", True),
        ("1.2.80", True),
        ("28-JUN-73", True),
        ("8 Juli 73", True),
        ("28-September-73", True),
        ("01-02-1980", False),
        ("1980-02-01", False),
        ("8 Juli 1973", False),
        ("8 Mei", False),
    ],
)
def test_a_year_of_two_figures_is_known_as_such(
    engine: DuckDBEngine, typed: str, short: bool
) -> None:
    assert value(engine, typed, dates.is_short_year) is short


@pytest.mark.parametrize(
    ("parts", "system", "expected"),
    [
        (["32", "07", "11", "2008"], "kemendagri", "3207112008"),
        (["32", "7", "11", "2008"], "kemendagri", "3207112008"),
        (["32", "7.0", "11", None], "kemendagri", "320711"),
        (["32", None, "11", "2008"], "kemendagri", "32"),
        (["32.07.11.2008"], "kemendagri", "3207112008"),
        (["32", "07", "11", "0000"], "kemendagri", "320711"),
        (["32", "07", "0", "2008"], "kemendagri", "3207"),
        (["32", "07", "11", "2008,0"], "kemendagri", "3207112008"),
        (["320711200"], "kemendagri", None),
        (["3.2E+09"], "kemendagri", None),
        (["Desa Suka RT 32"], "kemendagri", None),
        (["3207112008 Mekarsari"], "kemendagri", "3207112008"),
        (["3.2E+06"], "bps", None),
        (["3207250,0"], "bps", "3207250"),
        (["3207250"], "bps", "3207250"),
        (["3207250.0"], "bps", "3207250"),
        ([None], "bps", None),
    ],
)
def test_region(
    engine: DuckDBEngine, parts: list[str | None], system: str, expected: str | None
) -> None:
    columns = {f"p{i}": pa.array([part], pa.string()) for i, part in enumerate(parts)}
    engine.register("v", pa.table(columns))
    assert engine.scalar(f"SELECT {cleaners.region(list(columns), system)} FROM v") == expected


@pytest.mark.parametrize(
    ("parts", "lost"),
    [
        (["32", "07", "11", "2008"], False),
        (["32", "07", "11", ""], False),
        (["32", "07", "11", "0000"], False),
        (["32", "3207", "11", "2008"], True),
        (["32", "07", "32.07.11", "2008"], True),
        (["32", "07", "", "2008"], True),
        (["", "", "", ""], False),
    ],
)
def test_parts_of_a_region_that_are_not_read_are_told_of(
    engine: DuckDBEngine, parts: list[str], lost: bool
) -> None:
    columns = {f"p{i}": pa.array([part or None], pa.string()) for i, part in enumerate(parts)}
    engine.register("v", pa.table(columns))
    code = cleaners.region(list(columns), "kemendagri")
    told = cleaners.region_lost(list(columns), "code", "kemendagri")
    assert engine.scalar(f"SELECT {told} FROM (SELECT *, {code} AS code FROM v)") is lost


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("537311234567", "537311234567"),
        ("5373 1123 4567", "537311234567"),
        ("IDPEL 537311234567", "537311234567"),
        ("537311234567.0", "537311234567"),
        ("537311234567,00", "537311234567"),
        ("0812.3456.7800", "081234567800"),
        ("081234560000", "081234560000"),
        ("5.3731123456E+11", None),
        ("5.37311E+11", None),
        ("537311234567/14012345678", None),
        ("111111111111", None),
        ("00000000000", None),
        ("1234567", None),
        ("-", None),
    ],
)
def test_a_number_is_one_number_whole(
    engine: DuckDBEngine, typed: str, expected: str | None
) -> None:
    assert value(engine, typed, lambda c: cleaners.digits(c, 8, 16)) == expected


@pytest.mark.parametrize(
    ("typed", "numbers", "lost"),
    [
        ("3207112806730001", ["3207112806730001"], False),
        ("3207112806730001.0", ["3207112806730001"], False),
        ("3207112806730001, 12", ["3207112806730001"], False),
        ("3207112806730001 (Budi)", ["3207112806730001"], False),
        ("3207112806730001,3207112806730001", ["3207112806730001"], False),
        ("3207112806730001,320711280673", ["3207112806730001"], True),
        ("3207112806730001,9999999999999999", ["3207112806730001"], True),
        ("3207112806731111", ["3207112806731111"], False),
        ("9999999999999999", None, False),
        ("1234567890123456", None, False),
        ("3.20711E+15", None, True),
    ],
)
def test_a_filler_is_no_card_and_a_card_lost_from_a_list_is_told_of(
    engine: DuckDBEngine, typed: str, numbers: list[str] | None, lost: bool
) -> None:
    assert value(engine, typed, lambda c: cleaners.kk_list(c, ",")) == numbers
    assert value(engine, typed, lambda c: cleaners.kk_list_lost(c, ",")) is lost


def test_lists_sexes_words_codes(engine: DuckDBEngine) -> None:
    numbers = "3207112806730002, 3207112806730001;3207112806730001, 12"
    listed = value(engine, numbers, lambda c: cleaners.kk_list(c, ","))
    assert listed == ["3207112806730001", "3207112806730002"]
    assert value(engine, "x", lambda c: cleaners.kk_list(c, ",")) is None
    sexes = [value(engine, t, cleaners.sex) for t in ("1", "P", "Laki-laki", "perempuan", "3")]
    assert sexes == ["M", "F", "M", "F", None]
    words = [
        value(engine, t, lambda c: cleaners.boolean(c, ["YA"], ["TIDAK"], None, None))
        for t in ("ya", "Tidak", "", "mungkin")
    ]
    assert words == [True, False, None, None]
    codes = [value(engine, t, cleaners.code) for t in ("01", "1.0", "10", "0", "Istri", "KK")]
    assert codes == ["1", "1", "10", "0", "ISTRI", "KK"]
    assert value(engine, "(0812) 345-678", cleaners.digits) == "0812345678"
    assert value(engine, "000", cleaners.digits) is None


def test_a_digest_tells_absent_from_empty_and_borders(engine: DuckDBEngine) -> None:
    table = pa.table(
        {"a": pa.array(["x", "xy", None, "", "x"]), "b": pa.array(["yz", "z", "x", "x", None])}
    )
    engine.register("v", table)
    sql = f"SELECT count(DISTINCT {cleaners.digest(['a', 'b'])}) FROM v"
    assert engine.scalar(sql) == 5


ODD = st.text(alphabet="a|1 \t\xa0\u200b\x1f\xe9", max_size=5)


def rows_of(engine: DuckDBEngine, columns: dict[str, list[str]], **made: str) -> list[Any]:
    """SQL over columns of text; a dictionary per row."""
    engine.register("v", pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()}))
    select = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    return engine.fetch(f"SELECT *, {select} FROM v").to_pylist()


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.tuples(ODD, ODD, ODD), min_size=1, max_size=40))
def test_one_look_at_the_row_misses_no_value_that_needs_tidying(
    engine: DuckDBEngine, rows: list[tuple[str, str, str]]
) -> None:
    columns = {
        name: list(cells) for name, cells in zip("xyz", zip(*rows, strict=True), strict=True)
    }
    each = {f"{c}_tidy": cleaners.tidy(c) for c in "xyz"}
    for row in rows_of(engine, columns, **each, all=cleaners.tidied(list("xyz"))):
        quick = row["all"] or [row[c] or None for c in "xyz"]
        assert quick == [row[f"{c}_tidy"] for c in "xyz"]


@settings(max_examples=30, deadline=None)
@given(
    typed=st.lists(
        st.one_of(
            st.from_regex(r"[0-9]{4}[0-9eEx.+ ]{10,13}", fullmatch=True),
            st.sampled_from("0123456789").map(lambda figure: figure * 16),
            st.from_regex(r"[0-9]{4,6}0{10,12}", fullmatch=True),
            st.sampled_from(["1234567890123456", "0123456789012345", "3207110101807777"]),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_the_first_look_at_numbers_clears_only_numbers(
    engine: DuckDBEngine, typed: list[str]
) -> None:
    plain, filler = cleaners.is_plain_number("x"), cleaners.is_placeholder("x")
    for row in rows_of(engine, {"x": typed}, plain=plain, filler=filler):
        if row["plain"]:
            assert re.fullmatch("[0-9]{16}", row["x"])
            assert not row["x"].endswith("0000")
            assert not row["filler"]


@settings(max_examples=30, deadline=None)
@given(
    typed=st.lists(
        st.one_of([st.from_regex(one, fullmatch=True) for one in nik.FILLERS]),
        min_size=1,
        max_size=20,
    )
)
def test_what_fills_a_field_of_a_file_is_taken_from_no_officer_either(
    engine: DuckDBEngine, typed: list[str]
) -> None:
    typed = [one for one in typed if one.isascii()]
    for row in rows_of(engine, {"x": typed}, read=cleaners.number_raw("x")):
        assert row["read"] is None
        assert len(row["x"]) != 16 or nik.is_placeholder(row["x"])


def test_a_word_of_a_list_is_the_whole_word(engine: DuckDBEngine) -> None:
    words = ["YA", "Y", "O'K"]
    typed = ["YA", "Y", "O'K", "A", "", "YAY", "O", "YA Y"]
    found = rows_of(engine, {"x": typed}, found=cleaners.one_of("x", words))
    assert [row["found"] for row in found] == [word in words for word in typed]
