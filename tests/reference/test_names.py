"""Names: what folds together, what stays apart, what is cut off, what names nobody."""

from __future__ import annotations

import pytest

from reference import addresses
from reference.files import read_rows
from reference.names import (
    is_missing_name,
    phonetic,
    strip_titles,
    token_canonical,
    token_table,
)


@pytest.mark.parametrize(
    "family",
    [
        "DJOKO JOKO",
        "SOERJADI SURJADI SURYADI",
        "WIDJAJA WIJAYA",
        "ACHMAD AKHMAD AHMAD AHMAT",
        "JULIANA YULIANA",
        "SYAIFUL SAIFUL SAEFUL SJAIFUL SAEPUL",
        "RIZKY RIZKI RIZQI RIJKI",
        "NJOMAN NYOMAN",
        "TJAHJONO CAHJONO CAHYONO",
        "CHAIRUL KHAIRUL HAIRUL",
        "CHRISTINA KRISTINA",
        "CHANDRA CANDRA",
        "HASANAH HASANA",
        "MUHAMMAD MUHAMAD MUCHAMAD",
        "SUPRIYANTO SUPRIANTO SUPRIJANTO",
        "DZIKRI ZIKRI JIKRI",
        "FITRI PITRI",
        "SOEKARNO SUKARNO",
        "ARIEF ARIF ARIP",
        "NOERHAJATI NURHAJATI NURHAYATI",
        "SULAIMAN SULEIMAN SULAEMAN",
        "RAHARDJO RAHARJO",
        "UTSMAN USMAN",
        "YUDHA YUDA",
        "AZIZ AZIS",
        "RIZAL RIJAL",
        "AZIZAH AJIJAH",
        "SETYAWATI SETJAWATI",
        "SULISTYO SULISTJO",
        "SOEHARJO SUHARJO SUHARDJO",
        "WAGIYEM WAGIJEM",
        "SUYATNO SUJATNO SOEJATNO",
        "RAHAYU RAHAJU",
        "HANDAYANI HANDAJANI",
        "HARYANTO HARJANTO",
        "YOHANES JOHANES",
        "BUNYAMIN BOENJAMIN",
        "CECEP TJETJEP",
        "FIRMANSYAH FIRMANSJAH FIRMANSAH",
    ],
)
def test_spellings_of_one_name_share_a_phonetic_key(family: str) -> None:
    assert len({phonetic(token) for token in family.split()}) == 1


@pytest.mark.parametrize(
    "pair", read_rows("names/do_not_merge.csv"), ids=lambda pair: pair["token_l"]
)
def test_different_names_stay_apart(pair: dict[str, str]) -> None:
    left, right = pair["token_l"], pair["token_r"]
    assert phonetic(left) != phonetic(right)
    assert token_canonical(left) != token_canonical(right)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("MOCH", "MUHAMMAD"),
        ("MHD", "MUHAMMAD"),
        ("ST", "SITI"),
        ("ABD", "ABDUL"),
        ("WYN", "WAYAN"),
        ("IB", "IDA BAGUS"),
        ("SELAMET", "SLAMET"),
        ("SUTRISNA", "SUTRISNA"),  # another name in West Java: only ever the weaker kind o_a
        ("SUHARTINI", "SUHARTINI"),
    ],
)
def test_short_forms_are_written_out(typed: str, canonical: str) -> None:
    assert token_canonical(typed) == canonical


def test_only_ambiguous_tokens_have_several_meanings() -> None:
    rows = token_table().to_pylist()
    plain = [row["token"] for row in rows if row["kind"] != "ambiguous"]
    assert len(plain) == len(set(plain))
    assert not set(plain) & {row["token"] for row in rows if row["kind"] == "ambiguous"}
    meanings = {row["canonical"] for row in rows if row["token"] == "MD"}
    assert meanings == {"MUHAMMAD", "MADE"}


def test_a_canonical_form_is_its_own_canonical_form() -> None:
    for row in token_table().to_pylist():
        if row["kind"] in {"variant", "abbreviation"}:
            for word in row["canonical"].split():
                assert token_canonical(word) == word


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("H. MUHAMMAD ABD.", "MUHAMMAD ABD."),
        ("HJ SITI AMINAH, S.PD.I", "SITI AMINAH"),
        ("DRS. H. AHMAD SUDIRMAN, M.SI", "AHMAD SUDIRMAN"),
        ("BUDI SANTOSO SH", "BUDI SANTOSO"),
        ("BUDI SANTOSO, S.T.", "BUDI SANTOSO"),
        ("ST. AISYAH", "ST. AISYAH"),  # SITI, not Sarjana Teknik
        ("NURHAYATI ST", "NURHAYATI ST"),
        ("NURHAYATI, ST", "NURHAYATI"),
        ("AGUS S. PD", "AGUS"),
        ("R. ACHMAD", "ACHMAD"),
        ("R ACHMAD", "R ACHMAD"),
        ("(ALM) SUKARNO", "SUKARNO"),
        ("SUKARNO (ALM)", "SUKARNO"),
        ("PROF. DR. IR. BAMBANG, M.ENG., PH.D.", "BAMBANG"),
        ("RADEN AJENG KARTINI", "KARTINI"),
        ("HENDRA", "HENDRA"),
        ("HAJI", "HAJI"),
        ("H", "H"),
        ("DRAJAT", "DRAJAT"),
    ],
)
def test_titles_go_and_names_stay(typed: str, name: str) -> None:
    assert strip_titles(typed) == name


@pytest.mark.parametrize(
    "typed", ["-", ".", "TIDAK ADA", "BY. NY. SITI", "BAYI", "NN", "XXX", "ANAK", ""]
)
def test_some_texts_name_nobody(typed: str) -> None:
    assert is_missing_name(typed)


@pytest.mark.parametrize("typed", ["SITI", "ANAK AGUNG PUTRA", "O", "BAYU", "NANA"])
def test_short_and_odd_names_are_names(typed: str) -> None:
    assert not is_missing_name(typed)


def test_birth_order_words_share_a_slot() -> None:
    slots = {row["token"]: row["slot"] for row in read_rows("names/birth_order.csv")}
    assert slots["WAYAN"] == slots["PUTU"] == slots["GEDE"] == "1"
    assert slots["MADE"] == slots["KADEK"] == "2"


def test_lists_of_names_say_each_thing_once() -> None:
    for name, column in (("marga_batak", "marga"), ("birth_order", "token")):
        said = [row[column] for row in read_rows(f"names/{name}.csv")]
        assert len(said) == len(set(said)), name


def test_address_tokens_are_unique() -> None:
    tokens = addresses.token_table().column("token").to_pylist()
    assert len(tokens) == len(set(tokens))
