"""The population is one that could be: ages, families, kin, names and numbers."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from synthetic import kinship, naming, tokens
from synthetic.columns import calendar, days
from synthetic.homes import HEAD, settle_down
from synthetic.numbers import FIRST_SERIAL, LAST_SERIAL, SerialBook
from synthetic.operators.population import birth_unknown
from synthetic.scenario import Families, Names
from synthetic.writing import ImpossibleError
from tests.synthetic.deliveries import Delivery

TODAY = 20_700


def _grown(seed: int = 3, founders: int = 400) -> tuple[kinship.Kin, np.random.Generator]:
    rng = np.random.default_rng(seed)
    people = np.zeros(founders * 14, dtype=np.int64)
    return kinship.grow(founders, people, Families(), twins=0.02, today=TODAY, rng=rng), rng


def test_parents_are_older_than_children_and_mothers_of_bearing_age() -> None:
    kin, _ = _grown()
    child = np.flatnonzero(kin.mother >= 0)
    age = (kin.born[child] - kin.born[kin.mother[child]]) / 365.25
    assert age.min() > 14
    assert age.max() < 47
    assert not kin.female[kin.father[child]].any()
    assert kin.female[kin.mother[child]].all()


@pytest.mark.parametrize("seed", [3, 4])
def test_nobody_marries_as_a_child_nor_is_born_of_the_dead(seed: int) -> None:
    kin, _ = _grown(seed, founders=4_000)
    for spouse in (kin.husband, kin.wife):
        assert ((kin.married - kin.born[spouse]) / 365.25).min() >= 15.4
    child = np.flatnonzero(kin.mother >= 0)
    assert (kin.born[child] <= kin.died[kin.mother[child]]).all()
    assert (kin.born[child] <= kin.died[kin.father[child]] + 280).all()


def test_an_unknown_birth_day_is_one_of_twins_and_never_to_come() -> None:
    kin, rng = _grown(founders=1_000)
    born = birth_unknown(kin, 1.0, TODAY, rng)
    younger = np.flatnonzero(kin.twin >= 0)
    assert (born != kin.born).mean() > 0.3
    assert (born[younger] == born[kin.twin[younger]]).all()
    assert born.max() <= TODAY


def test_twins_share_day_and_parents() -> None:
    kin, _ = _grown()
    younger = np.flatnonzero(kin.twin >= 0)
    elder = kin.twin[younger]
    assert len(younger) > 20
    assert (kin.born[younger] == kin.born[elder]).all()
    assert (kin.mother[younger] == kin.mother[elder]).all()


def test_nobody_marries_a_sibling() -> None:
    kin, _ = _grown(founders=60)
    husband, wife = kin.father[kin.husband], kin.father[kin.wife]
    assert not ((husband == wife) & (husband >= 0)).any()


def test_every_living_person_is_on_one_card_and_every_card_has_one_living_head() -> None:
    kin, rng = _grown()
    nobody = np.zeros(kin.persons, dtype=bool)
    homes = settle_down(kin, nobody, 10, families=Families(), today=TODAY, rng=rng)
    alive = kin.died > TODAY
    assert (homes.family[alive] >= 0).all()
    heads = np.flatnonzero((homes.relation == HEAD) & alive)
    assert len(heads) == len(homes.head)
    assert (np.sort(homes.family[heads]) == np.arange(len(homes.head))).all()
    size = np.bincount(homes.family[alive])
    assert 2.6 < size.mean() < 3.8
    generations = defaultdict(set)
    for family, relation in zip(homes.family[alive], homes.relation[alive], strict=True):
        generations[family].add(int(relation))
    three = sum(bool({6, 7, 8} & relations) for relations in generations.values())
    assert three > 0.02 * len(homes.head)
    shared = np.bincount(homes.dwelling)
    assert (shared > 1).sum() > 0.03 * len(shared)


def test_no_child_heads_a_family() -> None:
    kin, rng = _grown(founders=4_000)
    nobody = np.zeros(kin.persons, dtype=bool)
    homes = settle_down(kin, nobody, 10, families=Families(), today=TODAY, rng=rng)
    age = (TODAY - kin.born[homes.head]) / 365.25
    assert age.min() >= 15


def test_words_per_name_follow_the_reference_table() -> None:
    path = Path(reference.__file__).parent / "data" / "names"
    with (path / "javanese_name_length_by_cohort.csv").open(encoding="utf-8") as handle:
        table = [row for row in csv.DictReader(handle) if row["place"] == "rural"]
    code = tokens.people_names().index("javanese")
    rng = np.random.default_rng(1)
    n = 4000
    for row in table[::3]:
        year = np.full(n, int(row["birth_cohort"][:4]) + 2)
        female = np.full(n, row["sex"] == "female")
        drawn = naming.draw_given(
            np.full(n, code),
            female,
            year,
            urban=np.zeros(n, dtype=bool),
            names=Names(namesakes=0.0),
            rng=rng,
        )
        words = np.mean([sum(t != "" for t in parts) for parts in zip(*drawn.tokens, strict=True)])
        assert words == pytest.approx(float(row["mean_words"]), abs=0.08), row["birth_cohort"]


def test_most_frequent_full_names_keep_their_relative_rates() -> None:
    code = tokens.people_names().index("javanese")
    rng = np.random.default_rng(2)
    n = 200_000
    drawn = naming.draw_given(
        np.full(n, code),
        np.zeros(n, dtype=bool),
        np.full(n, 1970),
        urban=np.zeros(n, dtype=bool),
        names=Names(namesakes=10.0),
        rng=rng,
    )
    counts = Counter(drawn.tokens[0][drawn.tokens[1] == ""])
    listed, shares = tokens.top_names()["M"]
    base = counts["SUTRISNO"] / shares[list(listed).index("SUTRISNO")]
    for name, share in zip(listed, shares, strict=True):
        assert counts[name] / share == pytest.approx(base, rel=0.15), name
    assert counts.most_common(1)[0][0] == "SUTRISNO"


def test_names_are_diverse_and_alone_openers_are_rare(country: Delivery) -> None:
    names = [row["NAMA_LGKP"] for row, _ in country.persons]
    words = {word for name in names for word in name.split()}
    assert len(words) > 3000
    counts = Counter(names)
    assert counts.most_common(1)[0][1] < 0.004 * len(names)
    assert counts["SITI"] + counts["MUHAMMAD"] < 0.004 * len(names)


def test_balinese_names_open_with_rank_and_birth_order(country: Delivery) -> None:
    plain = [
        (row["NAMA_LGKP"].split(), fact["sex"])
        for row, fact in country.persons
        if fact["name_type"] == "balinese" and not fact["errors"]
    ]
    assert len(plain) > 100
    opened = [parts for parts, sex in plain if parts[0] == ("NI" if sex == "F" else "I")]
    assert len(opened) > 0.8 * len(plain)
    slots = {word for sex in "MF" for slot in naming.ORDER[sex] for word in slot}
    assert sum(parts[1] in slots for parts in opened) > 0.85 * len(opened)


def test_marga_comes_from_the_father(country: Delivery) -> None:
    same = [
        row["NAMA_LGKP"].split()[-1] == row["NAMA_LGKP_AYAH"].split()[-1]
        for row, fact in country.persons
        if fact["name_type"] == "marga" and row["NAMA_LGKP_AYAH"] and not fact["errors"]
    ]
    assert len(same) > 100
    assert sum(same) > 0.97 * len(same)


def test_names_of_twins_differ_by_a_word_or_two(country: Delivery) -> None:
    pairs: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row, fact in country.persons:
        errors = set(fact["errors"].split(";"))
        if "D38" in errors and not errors & {"D14", "D15", "D16", "D17", "D20", "D33", "N01"}:
            pairs[row["NO_KK"], row["TGL_LHR"], row["NAMA_LGKP_IBU"]].append(row["NAMA_LGKP"])
    twins = [names for names in pairs.values() if len(names) == 2]
    assert len(twins) > 20
    for one, two in twins:
        assert one != two
        assert len(set(one.split()) ^ set(two.split())) <= 6
    shared = sum(bool(set(a.split()) & set(b.split())) or a[:2] == b[:2] for a, b in twins)
    assert shared > 0.7 * len(twins)


def test_niks_follow_the_grammar_and_are_marked_as_synthetic(country: Delivery) -> None:
    agreeing = 0
    rows = [
        row
        for row, fact in country.persons
        if not {"D08", "D05", "D06"} & set(fact["errors"].split(";"))
    ]
    for row in rows:
        nik = row["NIK"]
        assert len(nik) == 16
        assert nik.isdigit()
        assert FIRST_SERIAL <= int(nik[12:]) <= LAST_SERIAL
        day = int(nik[6:8])
        born = f"{day - 40 if day > 40 else day:02d}{nik[8:12]}"
        iso = row["TGL_LHR"]
        agreeing += born == iso[8:10] + iso[5:7] + iso[2:4] and (day > 40) == (
            row["JENIS_KLMIN"] == "2"
        )
    assert agreeing > 0.99 * len(rows)


def test_registry_niks_repeat_only_where_an_operator_made_them(country: Delivery) -> None:
    holders: dict[str, list[str]] = defaultdict(list)
    for row, fact in country.persons:
        holders[row["NIK"]].append(fact["errors"])
    for errors in holders.values():
        if len(errors) > 1:
            assert any(mark in e for e in errors for mark in ("D05", "D13", "D33"))


def test_no_kk_number_is_somebody_s_nik(country: Delivery) -> None:
    niks = {row["NIK"] for row, _ in country.persons}
    cards = {row["NO_KK"] for row in country.rows("kemendagri", "data_keluarga")}
    assert not niks & cards


@given(st.lists(st.lists(st.integers(0, 5), max_size=20), max_size=5))
def test_a_serial_book_never_gives_a_number_twice(batches: list[list[int]]) -> None:
    book = SerialBook()
    stems = 320_101_010_190
    given_out: list[int] = []
    for batch in batches:
        given_out += book.number(np.array(batch, dtype=np.int64) + stems).tolist()
    assert len(set(given_out)) == len(given_out)
    assert all(FIRST_SERIAL <= n % 10_000 <= LAST_SERIAL for n in given_out)


def test_a_serial_book_says_when_a_stem_runs_out() -> None:
    book = SerialBook()
    with pytest.raises(ImpossibleError, match="no numbers in so few kecamatan"):
        book.number(np.full(LAST_SERIAL - FIRST_SERIAL + 2, 320_101_010_190))


@given(st.dates())
def test_calendar_and_days_are_inverse(day: object) -> None:
    number = np.array([np.datetime64(day, "D").astype(np.int64)])
    assert days(*calendar(number)) == number
