"""One canonical code for every provider's code or word; the attribute dictionary holds together."""

from __future__ import annotations

import pytest

from reference.attributes import dictionary, dtsen_variables, parse
from reference.codes import canonical, coarser, code_table, implied, labels
from reference.files import read_rows, read_text


@pytest.mark.parametrize(
    ("concept", "system", "code", "expected"),
    [
        ("relationship", "dukcapil", "7", "PARENT"),
        ("relationship", "regsosek", "7", "DOMESTIC_WORKER"),  # the same number, another meaning
        ("relationship", "regsosek", "2", "SPOUSE"),
        ("relationship", "pemda", "Orang  Tua", "PARENT"),
        ("relationship", "dukcapil", "03", "WIFE"),
        ("sex", "pemda", "PEREMPUAN", "F"),
        ("sex", "kemensos", "L", "M"),
        ("marital_status", "dukcapil", "4", "WIDOWED"),
        ("occupation", "dukcapil", "2", "MENGURUS_RUMAH_TANGGA"),
        ("occupation", "pemda", "ibu rumah tangga", "MENGURUS_RUMAH_TANGGA"),
        ("occupation", "pemda", "BURUH HARIAN LEPAS", "BURUH_HARIAN_LEPAS"),
        ("floor", "regsosek", "2", "CERAMIC"),
        ("floor", "pemda", "KERAMIK", "CERAMIC"),
        ("wall", "pemda", "TEMBOK", "BRICK"),
        ("roof", "pemda", "GENTENG", "TILE"),
        ("toilet", "pemda", "SENDIRI", "OWN"),
        ("water", "pemda", "SUMUR", "WELL"),
        ("functional_difficulty", "regsosek", "1", "CANNOT"),  # the scale is reversed
        ("functional_difficulty", "wg_ss_dci", "1", "NONE"),
        ("relationship", "pemda", "KAPTEN KAPAL", None),
    ],
)
def test_codes_and_words_mean_one_thing(
    concept: str, system: str, code: str, expected: str | None
) -> None:
    assert canonical(concept, system, code) == expected


@pytest.mark.parametrize(
    ("concept", "system", "count"),
    [
        ("relationship", "dukcapil", 11),
        ("relationship", "regsosek", 8),
        ("marital_status", "dukcapil", 4),
        ("religion", "dukcapil", 7),
        ("education", "dukcapil", 10),
        ("occupation", "dukcapil", 89),
        ("disability", "dukcapil", 7),
    ],
)
def test_official_lists_are_whole(concept: str, system: str, count: int) -> None:
    rows = code_table().to_pylist()
    codes = {row["code"] for row in rows if (row["concept"], row["system"]) == (concept, system)}
    assert codes == {str(number) for number in range(1, count + 1)}


def test_regsosek_housing_codes_are_those_of_the_form() -> None:
    questions = {
        "floor": "jenis_lantai_terluas",
        "wall": "jenis_dinding_terluas",
        "roof": "jenis_atap_terluas",
        "water": "sumber_air_minum_utama",
        "lighting": "sumber_penerangan_utama",
        "cooking_fuel": "bahan_bakar_memasak",
        "toilet": "fasilitas_bab",
        "house_status": "status_kepemilikan_rumah",
    }
    form = read_rows("codes/regsosek2022k_codes.csv")
    rows = code_table().to_pylist()
    for concept, question in questions.items():
        ours = {
            row["code"] for row in rows if (row["concept"], row["system"]) == (concept, "regsosek")
        }
        assert ours == {row["kode"] for row in form if row["variabel"] == question}


def test_a_code_has_one_meaning_and_every_meaning_two_labels() -> None:
    rows = code_table().to_pylist()
    keys = [(row["concept"], row["system"], row["code"]) for row in rows]
    assert len(keys) == len(set(keys))
    for row in rows:
        label = labels(row["concept"])[row["canonical"]]
        assert label.id
        assert label.en
    for row in read_rows("codes/implies.csv"):
        assert {row["coarse"], row["fine"]} <= set(labels(row["concept"]))


def test_a_coarse_code_agrees_with_the_finer_ones() -> None:
    assert implied("relationship", "SPOUSE") == {"HUSBAND", "WIFE"}
    assert implied("relationship", "HUSBAND") == frozenset()
    assert "PLN_METERED" in implied("lighting", "PLN")
    assert coarser("relationship")["WIFE"] == "SPOUSE"
    assert coarser("sex") == {}


def test_every_dtsen_variable_has_one_attribute() -> None:
    mapped = [name for attribute in dictionary().attributes for name in attribute.dtsen]
    assert sorted(mapped) == sorted(dtsen_variables())


def test_health_and_poverty_are_specific_data() -> None:
    person, family = dictionary().of("person"), dictionary().of("family")
    for name in ("disability", "pregnant", "pkh", "chronic_illness"):
        assert person[name].data_class == "specific"
    assert family["desil"].data_class == "specific"
    assert person["nik"].data_class == "general"
    assert not person["chronic_illness"].collected


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("name: nik,", "name: kk,", "defined twice: person.kk"),
        ("dtsen: [individu.nama]", "dtsen: []", "without an attribute: individu.nama"),
        ("concept: sex", "concept: sexes", "no code list"),
        ("data_class: general, concept: sex", "data_class: secret", "data_class"),
        ("type: number16,", "type: number16, shown: true,", "shown"),
    ],
)
def test_a_dictionary_that_does_not_hold_together_is_refused(
    old: str, new: str, complaint: str
) -> None:
    text = read_text("attributes.yaml")
    assert old in text
    with pytest.raises(ValueError, match=complaint):
        parse(text.replace(old, new, 1))


def test_every_attribute_is_called_something_in_both_languages_and_so_are_its_codes() -> None:
    for one in dictionary().attributes:
        assert one.label_id, one.name
        assert one.label_en, one.name
        assert one.type != "code" or one.concept is not None or not one.collected, one.name
        for code, words in labels(one.concept).items() if one.concept else ():
            assert code not in {words.id, words.en}, (one.name, code)
            assert "_" not in words.id + words.en, (one.name, code)
