"""A name's words: what a title, a spelling, an abbreviation or a slip of the keys leaves of them."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.engines.duckdb import DuckDBEngine
from matching.names import make_dictionary
from tests.standardise.tables import person, persons


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("HJ. SITI AMINAH", "SITI AMINAH"),
        ("DRS. H. BAMBANG SUTRISNO, M.PD", "BAMBANG SUTRISNO"),
        ("ST. AMINAH", "SITI AMINAH"),
        ("ST AMINAH", "SITI AMINAH"),
        ("MOH. FAUZI", "MUHAMMAD FAUZI"),
        ("MUCHAMMAD FAUZI", "MUHAMMAD FAUZI"),
        ("ABD. KARIM", "ABDUL KARIM"),
        ("SOEHARTO", "SUHARTO"),
        ("DJOKO SOETRISNO", "JOKO SUTRISNO"),
        ("TJAHJONO", "CAHYONO"),
        ("SULA1MAN", "SULAIMAN"),
        ("SIT1 AMINAH", "SITI AMINAH"),
        ("SLAMET BIN KARTO", "SLAMET"),
        ("AMINAH BINTI HASAN", "AMINAH"),
        ("SUTRISNO ALIAS TRIS", "SUTRISNO"),
        ("NYONYA SITI AMINAH", "SITI AMINAH"),
        ("JANDA SITI AMINAH", "SITI AMINAH"),
        ("I WAYAN SUDARMA", "WAYAN SUDARMA"),
        ("NI MADE ARIANI", "MADE ARIANI"),
        ("YUSUF AL HASAN", "YUSUF HASAN"),
        ("ANDRÉAS", "ANDREAS"),
        ("ANDRE\N{COMBINING ACUTE ACCENT}AS", "ANDREAS"),
        ("JOSÉ ÖZIL", "JOSE OZIL"),
        ("NUR’AINI", "NUR'AINI"),
    ],
)
def test_two_ways_to_write_one_name_have_the_same_words(typed: str, plain: str) -> None:
    one, other = persons({"name": typed}, {"name": plain})
    assert one["name_key"] == other["name_key"]


def test_fused_words_are_the_same_letters() -> None:
    one, other = persons({"name": "SITIAMINAH"}, {"name": "SITI AMINAH"})
    assert one["name_joined"] == other["name_joined"]
    assert one["name_key"] != other["name_key"]


@pytest.mark.parametrize("name", ["BAYI NY SUTINI", "BY. NY. SITI", "BAYI", "BLM BERNAMA", "XXX"])
def test_an_unnamed_child_has_no_words(name: str) -> None:
    features = person(name=name)
    assert features["name_key"] is None
    assert features["name_first"] is None


@pytest.mark.parametrize("mark", ["ALIAS", "ALS."])
def test_both_names_of_two_count_and_the_first_is_the_key(mark: str) -> None:
    typed = f"TAN GIOK LAN {mark} LANI TANUWIJAYA BINTI HASAN"
    both, first, other = persons(
        {"name": typed}, {"name": "TAN GIOK LAN"}, {"name": "LANI TANUWIJAYA"}
    )
    assert both["name_key"] == first["name_key"]
    assert set(both["name_phon"]) == {*first["name_phon"], *other["name_phon"]}


def test_a_diminutive_after_alias_says_nothing_new() -> None:
    """WINAYAH TARIRNI RARIATUN ALIAS ATUN has no fourth word that her twin lacks."""
    short, whole = persons({"name": "RARIATUN ALIAS ATUN"}, {"name": "RARIATUN"})
    assert short["name_phon"] == whole["name_phon"]


def test_a_particle_is_a_name_where_it_stands_alone() -> None:
    assert person(name="NI")["name_key"] is not None


def test_people_of_other_names_have_other_words() -> None:
    one, two, three = persons({"name": "HASAN"}, {"name": "HUSEIN"}, {"name": "HASANAH"})
    assert len({one["name_key"], two["name_key"], three["name_key"]}) == 3


def test_a_rare_name_says_more_than_a_common_one() -> None:
    rows = [{"name": "SUTRISNO"} for _ in range(20)] + [{"name": "WIRAATMAJA"}]
    features = persons(*rows)
    assert features[-1]["name_info"] > features[0]["name_info"] + 3


def test_what_a_name_says_does_not_hang_on_who_stands_before_whom() -> None:
    dice = random.Random(7)
    words = ["".join(dice.choices("BDGKLMNRST", k=6)) for _ in range(60)]
    names = [" ".join(dice.sample(words, dice.randint(3, 6))) for _ in range(40_000)]
    said = []
    for rows in (names, names[::-1], sorted(names)):
        engine = DuckDBEngine(threads=4)
        engine.register("people", pa.table({"name": rows}))
        make_dictionary(engine, [("people", "name")])
        said.append(engine.fetch("SELECT name, info FROM name_dictionary ORDER BY name"))
        engine.close()
    assert said[0] == said[1] == said[2]


def test_mothers_and_fathers_names_are_taken_apart_as_well() -> None:
    features = person(name="ANI", mother_name="HJ. ST. AMINAH", father_name="H. MOH. YUSUF")
    mother, father = persons({"name": "SITI AMINAH"}, {"name": "MUHAMMAD YUSUF"})
    assert features["mother_key"] == mother["name_key"]
    assert features["father_key"] == father["name_key"]


WORDS = ["SITI", "AMINAH", "SUTRISNO", "WAYAN", "SINAGA", "RAHAYU", "BAMBANG", "PUTRI"]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True), st.randoms())
def test_the_order_of_words_does_not_matter(words: list[str], dice: object) -> None:
    turned = list(words)
    dice.shuffle(turned)  # type: ignore[attr-defined]
    one, other = persons({"name": " ".join(words)}, {"name": " ".join(turned)})
    assert one["name_key"] == other["name_key"]
    assert one["name_info"] == pytest.approx(other["name_info"])


@settings(max_examples=8, deadline=None)
@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ .,'-01`", min_size=1, max_size=30))
def test_no_text_is_too_strange(name: str) -> None:
    key = person(name=name)["name_key"]
    assert key is None or (key == key.strip() and key)
