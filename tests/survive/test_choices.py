"""What a steward would expect to see chosen, and the reason given for what was not."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from matching.engines.duckdb import DuckDBEngine
from mdm.survivorship import Choice, Explanation, explain, survive
from tests.survive.tables import golden, load, record

NIK = "3201010101800001"
OTHER_NIK = "3201014101800002"


def profile(engine: DuckDBEngine, *rows: dict[str, Any], kind: Any = "person") -> Explanation:
    load(engine, kind, rows)
    survive(engine, kind)
    return explain(golden(engine, kind)["E"])


def choice(found: Explanation, attribute: str) -> Choice:
    return next(c for c in found.choices if c.attribute == attribute)


def test_the_registry_names_a_person_against_two_agreeing_field_sources(
    engine: DuckDBEngine,
) -> None:
    found = profile(
        engine,
        record("kemendagri", "1", name="SITI NURHALIZA", value_date=date(2015, 1, 1)),
        record("kemensos", "1", name="SITI NURHALISA", value_date=date(2026, 1, 1)),
        record("pemda", "1", name="SITI NURHALISA", value_date=date(2026, 1, 1)),
    )
    name = choice(found, "name")
    assert (name.value, name.record.source, name.sources) == ("SITI NURHALIZA", "kemendagri", 1)
    (loser,) = name.losers
    assert (loser.value, loser.sources, loser.reason) == ("SITI NURHALISA", 2, "lower_priority")
    assert "Dukcapil" in name.sentence.id


def test_without_the_registry_more_voices_win(engine: DuckDBEngine) -> None:
    found = profile(
        engine,
        record("kemensos", "1", birth_place="BANDUNG"),
        record("pemda", "1", birth_place="CIMAHI"),
        record("febrl", "1", birth_place="CIMAHI"),
        record("other_office", "1", birth_place="CIMAHI"),
    )
    place = choice(found, "birth_place")
    assert (place.value, place.sources) == ("CIMAHI", 3)
    assert place.losers[0].reason == "less_agreement"


def test_nobody_died_before_they_were_born(engine: DuckDBEngine) -> None:
    """1900-01-01 stands in the registry's column of deaths where a system wrote that for no date."""
    born, told = date(1980, 1, 2), date(2026, 1, 1)
    died = {"alive": False, "death_date": date(1900, 1, 1)}
    registry = record("kemendagri", "1", birth_date=born, value_date=told, **died)
    alone = choice(profile(engine, registry), "life")
    assert not alone.valid
    field = record("kemensos", "1", alive=True, value_date=told)
    life = choice(profile(engine, registry, field), "life")
    assert (life.value, life.losers[0].reason) == ({"alive": True}, "invalid")


def test_an_invalid_nik_never_beats_a_valid_one(engine: DuckDBEngine) -> None:
    found = profile(
        engine,
        record("kemendagri", "1", nik="3201013913800001"),
        record("pemda", "1", nik=NIK),
    )
    nik = choice(found, "nik")
    assert (nik.value, nik.record.source) == (NIK, "pemda")
    assert nik.losers[0].reason == "invalid"


def test_an_invalid_value_alone_is_held_and_marked(engine: DuckDBEngine) -> None:
    found = profile(engine, record("pemda", "1", nik="3201013913800001", name="TONO"))
    assert choice(found, "nik").valid is False
    assert choice(found, "name").valid is True
    assert engine.fetch("SELECT niks FROM person_golden").to_pylist() == [{"niks": []}]


def test_the_field_knows_where_people_live_and_the_card_stays_beside_it(
    engine: DuckDBEngine,
) -> None:
    found = profile(
        engine,
        record(
            "kemendagri", "1", address="JL MERDEKA 1", rt="1", region_today="3201012001",
            value_date=date(2026, 1, 1),
        ),
        record(
            "kemensos", "1", address="JL KENANGA 9", rw="5", region_today="3273101001",
            value_date=date(2025, 1, 1),
        ),
    )  # fmt: skip
    assert choice(found, "domicile").value == {
        "address": "JL KENANGA 9",
        "region_today": "3273101001",
        "rw": "5",
    }
    assert choice(found, "card_address").value == {
        "address": "JL MERDEKA 1",
        "region_today": "3201012001",
        "rt": "1",
    }


def test_an_address_is_never_put_together_from_two_records(engine: DuckDBEngine) -> None:
    """The winning record has no RW: the profile has none either, though a loser has one."""
    found = profile(
        engine,
        record("pemda", "1", address="JL A", rt="1", value_date=date(2026, 1, 1)),
        record("kemensos", "1", address="JL B", rt="2", rw="3", value_date=date(2020, 1, 1)),
    )
    home = choice(found, "domicile")
    assert home.value == {"address": "JL A", "rt": "1"}
    assert home.losers[0].value == {"address": "JL B", "rt": "2", "rw": "3"}
    assert home.parts == {"address": "JL A", "rt": "1"}


def test_an_old_visit_fades(engine: DuckDBEngine) -> None:
    rows = [
        record("pemda", "1", address="JL LAMA", value_date=date(2018, 1, 1)),
        record("kemensos", "1", address="JL BARU", value_date=date(2026, 1, 1)),
    ]
    assert choice(profile(engine, *rows), "domicile").value == {"address": "JL BARU"}
    fresh = [rows[0] | {"value_date": date(2025, 12, 1)}, rows[1]]
    assert choice(profile(engine, *fresh), "domicile").value == {"address": "JL LAMA"}


def test_a_place_known_to_the_village_beats_one_known_to_the_district(
    engine: DuckDBEngine,
) -> None:
    found = profile(
        engine,
        record("pemda", "1", address="JL A", region_today="320101", value_date=date(2026, 1, 1)),
        record(
            "kemensos", "1", address="JL A", region_today="3201012001", value_date=date(2020, 1, 1)
        ),
    )
    home = choice(found, "domicile")
    assert home.value["region_today"] == "3201012001"
    assert home.losers[0].reason == "less_informative"


def test_a_coarse_code_supports_the_finer_one_it_may_stand_for(engine: DuckDBEngine) -> None:
    """Kemensos knows only "husband or wife": that speaks for WIFE, not against it."""
    found = profile(
        engine,
        record("kemensos", "1", relationship="SPOUSE"),
        record("pemda", "1", relationship="WIFE"),
        record("pemda", "2", relationship="CHILD"),
    )
    relation = choice(found, "relationship")
    assert relation.value == "WIFE"
    assert {loser.value: loser.reason for loser in relation.losers} == {
        "SPOUSE": "less_informative",
        "CHILD": "lower_priority",
    }


def test_at_equal_support_the_fuller_name_wins(engine: DuckDBEngine) -> None:
    found = profile(
        engine,
        record("kemensos", "1", name="SRI", value_date=date(2026, 1, 1)),
        record("kemensos", "2", name="SRI WAHYUNI", value_date=date(2020, 1, 1)),
    )
    assert choice(found, "name").value == "SRI WAHYUNI"
    assert choice(found, "name").losers[0].reason == "less_complete"


def test_a_programme_flag_follows_the_newest_record_with_its_date(engine: DuckDBEngine) -> None:
    found = profile(
        engine,
        record("kemensos", "1", pkh=True, value_date=date(2022, 1, 1)),
        record("kemensos", "2", pkh=False, value_date=date(2026, 1, 1)),
    )
    flag = choice(found, "pkh")
    assert (flag.value, flag.record.date) == (False, "2026-01-01")
    assert flag.losers[0].reason == "older"


def test_a_desil_is_held_by_its_latest_period(engine: DuckDBEngine) -> None:
    found = profile(
        engine,
        record("kemensos", "1", desil=4, desil_period="2026Q1", value_date=date(2026, 7, 1)),
        record("kemensos", "2", desil=2, desil_period="2026Q3", value_date=date(2026, 1, 1)),
        record("kemensos", "3", desil=11, desil_period="2026Q4", value_date=date(2026, 1, 1)),
        kind="family",
    )
    ranking = choice(found, "ranking")
    assert ranking.value == {"desil": 2, "desil_period": "2026Q3"}
    assert {loser.value["desil"]: loser.reason for loser in ranking.losers} == {
        4: "older_period",
        11: "invalid",
    }


def test_a_household_has_its_cards_and_place(engine: DuckDBEngine) -> None:
    found = profile(
        engine,
        record("pemda", "1", kk_list=["1", "2"], latitude=-6.5, longitude=107.25, floor="TILE"),
        record("pemda", "2", kk_list=["2"], latitude=48.0, longitude=2.0, floor="TILE"),
        kind="household",
    )
    assert choice(found, "kk_list").value == ["1", "2"]
    assert choice(found, "location").value == {"latitude": -6.5, "longitude": 107.25}
    assert choice(found, "location").losers[0].reason == "invalid"
    assert choice(found, "floor").losers == ()
    assert found.status == "unverified"


def registry(**values: Any) -> dict[str, Any]:
    key = str(values.get("nik"))
    return record(
        "kemendagri",
        key,
        **{"name": "TONO", "birth_date": date(1980, 1, 1), "sex": "M", "nik": NIK, **values},
    )


def test_identity_status(engine: DuckDBEngine) -> None:
    field = record("kemensos", "1", name="TONO", nik=NIK, sex="M", birth_date=date(1980, 1, 1))
    assert profile(engine, registry(), field).status == "verified"
    assert profile(engine, field).status == "unverified"
    assert profile(engine, registry(birth_date=None), field).status == "unverified"
    assert profile(engine, registry(nik=None), field).status == "unverified"
    assert profile(engine, registry(), registry(nik=OTHER_NIK)).status == "conflict"
    stranger = field | {"sex": "F", "birth_date": date(1955, 1, 1)}
    assert profile(engine, registry(), stranger).status == "conflict"
    typo = field | {"nik": OTHER_NIK}
    assert profile(engine, registry(), typo).status == "verified"


def test_all_valid_niks_find_the_person_the_chosen_one_first(engine: DuckDBEngine) -> None:
    profile(
        engine,
        record("pemda", "1", nik=OTHER_NIK),
        record("kemendagri", "1", nik=NIK),
        record("pemda", "2", nik="3201013913800001"),
    )
    assert engine.fetch("SELECT niks FROM person_golden").to_pylist() == [
        {"niks": [NIK, OTHER_NIK]}
    ]


def test_content_is_canonical_json(engine: DuckDBEngine) -> None:
    load(
        engine,
        "person",
        [
            record("kemendagri", "1", name='I "MADE" \\ É\t', nik=NIK, kk="3201010101800001"),
            record("pemda", "2", name="I MADE", phone="081234567", sex="M"),
        ],
    )
    survive(engine, "person")
    text = golden(engine, "person")["E"]
    again = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert text == again


def test_a_number_that_the_registry_replaced_gives_way_to_the_new_one(engine: DuckDBEngine) -> None:
    """The old row stays, and the field still has its number: together they had outvoted the registry's new one."""
    rows = [
        record("kemendagri", "1", nik=OTHER_NIK, kk="3201010101100001", value_date=date(2026, 2, 1)),
        record("kemendagri", "2", nik=NIK, kk="3201010101100002", value_date=date(2026, 1, 1)),
        record("kemensos", "1", nik=NIK, kk="3201010101100002", value_date=date(2026, 1, 1)),
        record("pemda", "1", nik=NIK, kk="3201010101100002", value_date=date(2026, 1, 1)),
    ]  # fmt: skip
    both = profile(engine, *rows)
    assert (choice(both, "nik").value, both.status) == (NIK, "conflict")
    rows[1]["left_out"] = True
    found = profile(engine, *rows)
    assert (choice(found, "nik").value, choice(found, "kk").value) == (OTHER_NIK, "3201010101100001")  # fmt: skip
    assert choice(found, "nik").losers[0].reason == "older"
    assert found.status != "conflict"


def test_who_is_left_out_alone_keeps_what_the_registry_said(engine: DuckDBEngine) -> None:
    rows = [
        record("kemendagri", "1", nik=NIK, name="SITI AMINAH", left_out=True),
        record("kemensos", "1", nik=OTHER_NIK, name="SITI"),
        record("pemda", "1", nik=OTHER_NIK, name="SITI"),
    ]
    found = profile(engine, *rows)
    assert (choice(found, "nik").value, choice(found, "name").value) == (NIK, "SITI AMINAH")
