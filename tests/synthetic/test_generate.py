"""Sizes, repeatability and refusals of `generate`."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from synthetic import writing
from synthetic.generate import generate


def _digest(home: Path) -> dict[str, str]:
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


def test_same_seed_scenario_and_size_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        generate(tmp_path / name, people=600, seed=9, scenario="hard")
    assert _digest(tmp_path / "a") == _digest(tmp_path / "b")


def test_workbooks_are_the_same_bytes_at_another_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        generate(tmp_path / name, people=60, seed=9, fmt="xlsx")
        time.sleep(2.1)  # archives count in two seconds
    assert _digest(tmp_path / "a") == _digest(tmp_path / "b")


def test_a_workbook_too_long_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "XLSX_ROWS", 40)
    with pytest.raises(writing.ImpossibleError, match="holds at most 40 rows"):
        generate(tmp_path, people=60, fmt="xlsx")


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    for seed in (1, 2):
        generate(tmp_path / str(seed), people=600, seed=seed)
    one, two = _digest(tmp_path / "1"), _digest(tmp_path / "2")
    assert all(one[name] != two[name] for name in one if name.endswith("biodata_wni.csv"))


@pytest.mark.parametrize("scenario", ["default", "light", "hard", "other_hand"])
def test_number_of_records_is_met(tmp_path: Path, scenario: str) -> None:
    summary = generate(tmp_path, records=9000, seed=4, scenario=scenario)
    assert summary.records == pytest.approx(9000, rel=0.05)


def test_number_of_people_is_met_and_progress_ends_at_the_end(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    summary = generate(tmp_path, people=4000, on_progress=lambda *step: seen.append(step))
    assert summary.people == pytest.approx(4000, rel=0.05)
    assert summary.families * 2.4 < summary.people < summary.families * 4.0
    assert summary.dwellings < summary.families
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert seen[-1][1] == pytest.approx(4000, rel=0.05)


def test_one_person_can_be_asked_for(tmp_path: Path) -> None:
    assert generate(tmp_path, people=1).people >= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either people or records"),
        ({"people": 10, "records": 10}, "either people or records"),
        ({"people": 0}, "at least 1"),
        ({"people": 10, "fmt": "ods"}, "unknown format"),
    ],
)
def test_impossible_wishes_are_refused(tmp_path: Path, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generate(tmp_path, **arguments)


def test_an_unknown_scenario_names_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="default, hard, light, other_hand"):
        generate(tmp_path, people=10, scenario="nightmare")
