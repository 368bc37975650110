"""Every operator acts, as often as the scenario says, and does what its sentence says."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from synthetic.generate import generate
from synthetic.operators import spelling
from synthetic.operators.addresses import abbreviate_address
from synthetic.operators.niks import scientific, slip
from synthetic.operators.registry import IDS, REGISTER
from synthetic.scenario import load
from tests.synthetic.deliveries import Delivery

# Operators that cannot change every row they are given: nothing in the row to change.
PARTLY = {"D05", "D10", "D15", "D16", "D19", "D20", "D23", "D24", "D29", "N01"}


@pytest.mark.parametrize("name", [n for n, stage in REGISTER if stage == "record"])
def test_rate_of_a_record_operator_is_the_scenario_s(country: Delivery, name: str) -> None:
    scenario = load("default")
    for source, (able, acted) in country.summary.errors.get(name, {}).items():
        rate = scenario.errors[name][source]
        spread = 4.5 * math.sqrt(able * rate * (1 - rate)) + 1
        assert acted <= able * rate + spread
        if name not in PARTLY:
            assert acted >= able * rate - spread
        elif name == "D29":  # only where the village had another code before
            assert acted > 0
        elif able * rate > 50:
            assert acted > 0.15 * able * rate


def files_of(folder: Path, errors: dict[str, dict[str, float]]) -> dict[str, bytes]:
    """The providers' files about some hundred people, with these errors alone."""
    folder.mkdir()
    document = load("default").model_dump(mode="json") | {"errors": errors}
    scenario = folder / "alone.yaml"
    scenario.write_text(yaml.safe_dump(document), encoding="utf-8")
    generate(folder / "out", people=700, seed=5, scenario=scenario)
    files = (folder / "out").glob("[kp]*/*.csv")
    return {path.name: path.read_bytes() for path in files}


def test_every_operator_alters_files_by_its_rate_alone(tmp_path: Path) -> None:
    untouched = files_of(tmp_path / "none", {})
    for name, rates in load("default").errors.items():
        alone = {where: max(rate, 0.4) for where, rate in rates.items()}
        assert files_of(tmp_path / name, {name: alone}) != untouched, name


def test_every_operator_is_seen_acting(hard: Delivery, country: Delivery) -> None:
    seen: Counter[str] = Counter()
    for delivery in (hard, country):
        for kind in ("person", "family", "household"):
            for fact in delivery.truth(kind):
                seen.update(e for e in fact["errors"].split(";") if e)
    assert set(IDS) == set(seen)


def test_family_cards_are_renumbered_at_the_rate_asked_for(country: Delivery) -> None:
    facts = [t for t in country.truth("family") if t["source"] == "kemensos"]
    share = sum("D11" in t["errors"].split(";") for t in facts) / len(facts)
    assert share == pytest.approx(load("default").rate("D11", "kemensos"), abs=0.035)


def test_errors_are_written_where_they_happened(country: Delivery) -> None:
    for row, fact in country.with_truth("kemensos", "siksng_individu", "person"):
        errors = set(fact["errors"].split(";"))
        if not re.fullmatch(r"\d{16}", row["NIK"]):
            assert errors & {"D01", "D02"}
        if "D01" in errors:
            assert row["NIK"] in {"", "0", "-", "TIDAK ADA", "0" * 16, "9" * 16}
        if "D12" not in errors:
            assert len(row["NOKK"]) == 16
    short = Counter(
        ("D23" in fact["errors"], len(row["Tgl Lahir"]) == 8)
        for row, fact in country.with_truth("pemda", "warga", "person")
    )
    assert short[True, True] > 20
    assert short[False, True] == 0


def test_places_are_told_by_village_and_addresses_by_what_stands_beside_them(
    country: Delivery,
) -> None:
    born, lives = Counter[str](), Counter[str]()
    for row, fact in country.with_truth("pemda", "warga", "person"):
        errors = set(fact["errors"].split(";"))
        village = row["Desa/Kelurahan"].upper().removeprefix("DESA ").removeprefix("DS. ")
        if row["Tempat Lahir"].upper() == village:
            born["D26" in errors] += 1
        if row["Alamat"].split(" ")[0] in {"Belakang", "Depan", "Samping", "Dekat", "Sebelah"}:
            lives["D27" in errors] += 1
    assert born[True] > 3 * born[False]
    assert lives[True]
    assert not lives[False]


def test_the_dead_stay_on_lists_as_living(country: Delivery) -> None:
    listed = [
        row["masih_hidup_label"]
        for row, fact in country.with_truth("kemensos", "siksng_individu", "person")
        if "D31" in fact["errors"]
    ]
    assert listed
    assert set(listed) == {"HIDUP"}


@pytest.mark.parametrize("kind", range(4))
def test_a_slip_changes_a_number_by_one_key(kind: int) -> None:
    number = "3201010101909000"
    for place in range(16):
        wrong = slip(number, place, kind, 3)
        assert wrong != number
        assert len(wrong) == len(number) + (0, 0, -1, 1)[kind]
        if kind == 1:
            assert (
                sorted(wrong) == sorted(number)
                or sum(a != b for a, b in zip(wrong, number, strict=True)) == 1
            )


def test_scientific_notation_keeps_six_digits() -> None:
    assert scientific("3402015604870001") == "3.40201E+15"


@pytest.mark.parametrize(
    ("change", "name", "allowed"),
    [
        (spelling.abbreviate, "MUHAMMAD YUSUF", {"MUH YUSUF", "MOH. YUSUF", "MOCHAMAD YUSUF"}),
        (spelling.abbreviate, "SITI AMINAH", {"ST AMINAH", "ST. AMINAH"}),
        (spelling.nickname, "BUDI HERMAWAN", {"WAWAN"}),
        (spelling.restructure, "NUR HAYATI", {"NURHAYATI", "HAYATI NUR"}),
        (
            spelling.restructure,
            "I KETUT BUDIASA",
            {"I BUDIASA KETUT", "I BUDIASA", "KETUT BUDIASA"},
        ),
        (spelling.respell, "SUTRISNO", {"SOETRISNO"}),
        (
            spelling.restructure,
            "BAMBANG SUTRISNO KUSUMO WIDODO PRAWIRODIRJO",
            {"BAMBANG SUTRISNO KUSUMO WIDODO PRAWIRODI"},  # forty characters
        ),
        (abbreviate_address, "JL. MELATI NO 4", {"JALAN MELATI NO 4", "JL. MELATI NO. 4"}),
    ],
)
def test_spelling_changes_reach_the_known_forms(change, name: str, allowed: set[str]) -> None:  # type: ignore[no-untyped-def]
    reached = {change(name, float(chance)) for chance in np.linspace(0, 0.999, 400)}
    assert allowed <= reached


TOKENS = [
    "I",
    "NI",
    "GUSTI",
    "KETUT",
    "WAYAN",
    "PUTU",
    "ANAK",
    "AGUNG",
    "SITI",
    "A",
    "AB",
    "SUTRISNO",
]


@given(
    words=st.lists(st.sampled_from(TOKENS), min_size=1, max_size=5),
    chances=st.lists(st.floats(0, 0.999999), min_size=1, max_size=5),
)
def test_a_spoiled_name_is_never_empty(words: list[str], chances: list[float]) -> None:
    """Whatever happens to a name, one after the other, a name remains."""
    changes = [
        spelling.respell,
        spelling.abbreviate,
        spelling.nickname,
        spelling.restructure,
        spelling.shorten,
        spelling.keys_slip,
    ]
    name = " ".join(words)
    for chance in chances:
        change = changes[int(chance * 6)]
        if " " in name or change not in {spelling.restructure, spelling.shorten}:
            name = change(name, chance)
        assert name
        assert name == " ".join(name.split())


def test_two_providers_tell_one_house_alike_unless_marked(country: Delivery) -> None:
    """Floor area and power of a dwelling, in both files: where neither row is marked they are the same."""
    dwellings = {
        fact["entity"]: (row, "N03" in fact["errors"].split(";"))
        for row, fact in country.with_truth("pemda", "rumah_tangga", "household")
    }
    alike: Counter[tuple[bool, bool]] = Counter()
    for row, fact in country.with_truth("kemensos", "siksng_keluarga", "household"):
        if met := dwellings.get(fact["entity"]):
            marked = met[1] or "N03" in fact["errors"].split(";")
            same = row["luas_lantai"] == met[0]["Luas Lantai"]
            alike[marked, same and row["daya_terpasang"] == met[0]["Daya"]] += 1
    assert alike[False, True] > 50
    assert alike[False, False] == 0
    assert alike[True, False] > alike[True, True]
