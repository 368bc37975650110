"""Every SQL fragment answers as its Python twin, on any text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference.names import (
    MISSING_NAME_SQL,
    STRIP_TITLES_SQL,
    is_missing_name,
    read_rows,
    strip_titles,
    token_table,
)
from reference.phonetics import PHONETIC_SQL, phonetic
from reference.places import NAME_KEY_SQL, name_key
from reference.regions import region_tables
from tests.reference.conftest import Evaluate

SYLLABLES = [
    "DJ",
    "TJ",
    "SJ",
    "NJ",
    "OE",
    "CH",
    "KH",
    "SY",
    "SH",
    "DH",
    "TH",
    "DZ",
    "TS",
    "CK",
    "IY",
    "UW",
    "AE",
    "EI",
    "IE",
    "OO",
    "X",
    "Q",
    "Z",
    "F",
    "V",
    "Y",
    "J",
    "H",
    "D",
    "B",
    "A",
    "I",
    "O",
    "U",
    "E",
    "NG",
    "R",
    "M",
    "L",
    "S",
    "T",
    "K",
    "P",
    "W",
    "G",
    "C",
]
NAMELIKE = st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=8).map("".join)
ANY = st.text(max_size=30)
TITLE_FORMS = [row["form"] for row in read_rows("names/titles.csv")]
TITLED = st.lists(
    st.one_of(
        st.sampled_from(TITLE_FORMS), NAMELIKE, st.sampled_from([",", ".", " ", "(ALM)", "-"])
    ),
    max_size=6,
).map(" ".join)
PLACELIKE = st.lists(
    st.sampled_from(
        [
            "KAB.",
            "Kota",
            "KOTA",
            "desa",
            "KEL",
            "Kec.",
            "SEI",
            "Tj.",
            "Sungai",
            "BARU",
            "baru",
            "'",
            "-",
            "II",
        ]
    ),
    max_size=5,
).map(" ".join)
TWINS: list[tuple[str, Callable[[str], Any], str, st.SearchStrategy[str]]] = [
    ("phonetic", phonetic, PHONETIC_SQL("t"), st.one_of(NAMELIKE, ANY)),
    ("name_key", name_key, NAME_KEY_SQL("t"), st.one_of(PLACELIKE, ANY)),
    ("strip_titles", strip_titles, STRIP_TITLES_SQL("t"), st.one_of(TITLED, NAMELIKE, ANY)),
    ("is_missing_name", is_missing_name, MISSING_NAME_SQL("t"), st.one_of(TITLED, NAMELIKE, ANY)),
]


@pytest.mark.parametrize(
    ("twin", "sql", "texts"), [row[1:] for row in TWINS], ids=[row[0] for row in TWINS]
)
def test_sql_and_python_agree(
    evaluate: Evaluate, twin: Callable[[str], Any], sql: str, texts: st.SearchStrategy[str]
) -> None:
    @given(st.lists(texts.filter(lambda text: "\x00" not in text), min_size=20, max_size=60))
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    def agree(batch: list[str]) -> None:
        assert evaluate(sql, batch) == [twin(text) for text in batch]

    agree()


def test_they_agree_on_the_rooms_own_words(evaluate: Evaluate) -> None:
    tokens = token_table().column("token").to_pylist()
    assert evaluate(PHONETIC_SQL("t"), tokens) == [phonetic(token) for token in tokens]
    places = region_tables()["ref_place"].column("name").to_pylist()[::25]
    assert evaluate(NAME_KEY_SQL("t"), places) == [name_key(place) for place in places]


def test_null_stays_null(evaluate: Evaluate) -> None:
    for sql in (PHONETIC_SQL("t"), NAME_KEY_SQL("t"), STRIP_TITLES_SQL("t")):
        assert evaluate(sql, [None]) == [None]
