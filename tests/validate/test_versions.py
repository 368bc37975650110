"""Which row of a record counts when a provider delivers its files whole, again and again."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.land.deliveries import accepted, land_one, new_hub, write

FIRST_DAY = date(2026, 1, 1)
KEYS = tuple(f"KS{n}" for n in range(1, 7))  # many, so that few homes say much

#: What one delivery says of one record: name and the day it was written down, "" for none.
SAID = st.tuples(st.sampled_from(["BUDI", "SITI"]), st.sampled_from(["", "2025-06-15 08:00:00"]))
#: What it says of the records; None where it holds a record not at all.
DELIVERY = st.fixed_dictionaries(dict.fromkeys(KEYS, st.none() | SAID))


def rows(delivery: dict[str, tuple[str, str] | None]) -> list[dict[str, str]]:
    return [
        {"IDSEMESTA": key, "NIK": f"320711020180000{key[-1]}", "Nama": said[0], "diperbarui_at": said[1]}
        for key, said in delivery.items()
        if said is not None
    ]  # fmt: skip


@settings(max_examples=4)
@given(
    deliveries=st.lists(DELIVERY, min_size=2, max_size=4),
    order=st.randoms(use_true_random=False),
)
def test_the_row_that_said_it_first_counts_until_another_says_something_else(
    deliveries: list[dict[str, tuple[str, str] | None]], order: object
) -> None:
    expected: dict[str, tuple[tuple[str, str], str]] = {}
    for number, delivery in enumerate(deliveries):
        for key, said in delivery.items():
            if said is None:
                continue
            dated = (said[0], said[1] or str(number))  # undated: of the day it was delivered
            if key not in expected or expected[key][0] != dated:
                expected[key] = (dated, f"d{number}.csv")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hub = new_hub(folder)
        numbers = list(range(len(deliveries)))
        order.shuffle(numbers)  # type: ignore[attr-defined]
        for number in numbers:
            # A row that stands in this file alone: a file that was landed before would be none.
            alone = {"IDSEMESTA": f"ALONE{number}", "NIK": ""}
            path = write(folder / f"d{number}.csv", "siksng_individu", alone, *rows(deliveries[number]))  # fmt: skip
            land_one(hub, path, "kemensos", delivered_on=FIRST_DAY + timedelta(number))
        _, people = accepted(hub)
        hub.close()
    found = {str(one["record_key"]): one["file"] for one in people}
    assert {key: found[key] for key in expected} == {
        key: file for key, (_, file) in expected.items()
    }
    assert len(found) == len(expected) + len(deliveries)


@pytest.mark.parametrize("again", [1, 2])
def test_two_rows_of_one_key_confirm_none(again: int, tmp_path: Path) -> None:
    hub = new_hub(tmp_path)
    for day, rows_of_key in enumerate((2, again)):
        alone = {"IDSEMESTA": f"ALONE{day}", "NIK": ""}
        path = write(tmp_path / f"d{day}.csv", "siksng_individu", alone, *[{}] * rows_of_key)
        land_one(hub, path, "kemensos", delivered_on=FIRST_DAY + timedelta(day))
    _, people = accepted(hub)
    hub.close()
    files = [one["file"] for one in people if str(one["record_key"]).startswith("KS1")]
    assert files == ["d1.csv"] * again


#: Deliveries, each of the names under one number, and under which keys those named last stand then.
NUMBERED = [
    ([["BUDI"], ["SITI", "BUDI"]], {"BUDI": "KS", "SITI": "KS#"}),
    ([["BUDI"], ["SITI", "BUDI"], ["BUDI"]], {"BUDI": "KS"}),
    ([["BUDI"], ["SITI", "BUDI"], ["SITI"]], {"SITI": "KS#"}),
    ([["SITI", "BUDI"]], {"BUDI": "KS#", "SITI": "KS#"}),
    ([["SITI", "BUDI"], ["BUDI"]], {"BUDI": "KS#"}),
    ([["BUDI"], ["BUDHI"]], {"BUDHI": "KS"}),
    ([["BUDI"], ["SITI", "BUDI"], ["BUDHI"]], {"BUDHI": "KS"}),
]


def test_a_record_keeps_its_key_when_others_get_its_number_or_lose_it(tmp_path: Path) -> None:
    hub = new_hub(tmp_path)
    ties: dict[tuple[int, str], str] = {}
    keys: dict[int, dict[str, str]] = {}
    for day in range(3):
        told = [case for case, (deliveries, _) in enumerate(NUMBERED) if day < len(deliveries)]
        rows = [numbered(case, name) for case in told for name in NUMBERED[case][0][day]]
        path = write(tmp_path / f"d{day}.csv", "siksng_individu", *rows)
        land_one(hub, path, "kemensos", delivered_on=FIRST_DAY + timedelta(day))
        people = [(str(one["record_key"]), str(one["name"])) for one in accepted(hub)[1]]
        for case in told:
            keys[case] = {name: key for key, name in people if key.startswith(f"KS{case}")}
            for name, key in keys[case].items():
                assert "#" not in key or ties.setdefault((case, name), key) == key, (
                    "a tie is its record's for good"
                )
    hub.close()
    found = [{name: f"KS{key[3:4]}" for name, key in keys[case].items()} for case in sorted(keys)]
    assert found == [expected for _, expected in NUMBERED]


def numbered(case: int, name: str) -> dict[str, str]:
    """Somebody under the number of a case, nobody like whom is in another."""
    born = {"NIK": f"32071102{case + 1:02}800001", "Tanggal_Lahir": f"{case + 2:02}/01/1980"}
    return {"IDSEMESTA": f"KS{case}", "NOKK": f"320711010110000{case}", "Nama": name, **born}


def test_of_a_row_that_is_suddenly_there_twice_one_keeps_its_key(tmp_path: Path) -> None:
    hub = new_hub(tmp_path)
    for day, rows_of_key in enumerate((1, 2)):
        alone = {"IDSEMESTA": f"ALONE{day}", "NIK": ""}
        path = write(tmp_path / f"d{day}.csv", "siksng_individu", alone, *[{}] * rows_of_key)
        land_one(hub, path, "kemensos", delivered_on=FIRST_DAY + timedelta(day))
    keys = sorted(str(one["record_key"]) for one in accepted(hub)[1])
    hub.close()
    assert [key for key in keys if key.startswith("KS1")] == ["KS1", keys[-1]]
    assert keys[-1].endswith(".2")
