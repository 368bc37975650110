"""Scenarios are documents that forbid what they do not know."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

import reference
from reference.documents import read_yaml
from synthetic.operators.registry import IDS, REGISTER
from synthetic.scenario import load
from synthetic.shipped import HOME
from synthetic.spoiling import ALL


@pytest.mark.parametrize("path", sorted(HOME.glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_scenarios_name_every_operator_they_set_at_a_stage_that_exists(path: Path) -> None:
    scenario = load(path)
    assert scenario.name == path.stem
    stages: dict[str, set[str]] = {}
    for name, stage in REGISTER:
        stages.setdefault(name, set()).add("population" if stage == "population" else "provider")
    for name, rates in scenario.errors.items():
        wanted = {"population" if where == "population" else "provider" for where in rates}
        assert wanted <= stages[name], name


def test_default_scenario_sets_every_operator() -> None:
    assert set(load("default").errors) == set(IDS)


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "blue"},
        {"errors": {"D01": {"kemensos": 1.5}}},
        {"errors": {"D99": {"kemensos": 0.1}}},
        {"errors": {"D01": {"bps": 0.1}}},
        {"coverage": {"kemendagri": {"families": 0.9, "persons": 0.9}}},
        {"places": {"provinces": {35: 1, 99: 1}}},
        {"places": {"provinces": {35: -1, 33: 2}}},
        {"places": {"provinces": {35: 0}}},
        {"places": {"provinces": {}}},
        {"places": {"provinces": {35: float("inf")}}},
    ],
)
def test_unknown_keys_and_impossible_rates_are_refused(tmp_path: Path, change: dict) -> None:
    document = read_yaml((HOME / "default.yaml").read_text(encoding="utf-8")) | change
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(ValidationError):
        load(path)


def test_every_error_of_the_catalogue_is_an_operator_with_a_sentence() -> None:
    path = Path(reference.__file__).parent / "data" / "dq_error_catalog.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        catalogue = {row["id"] for row in csv.DictReader(handle)}
    assert ALL
    assert catalogue <= {name for name, _ in REGISTER}
    for operator in REGISTER.values():
        assert operator.sentence.endswith("."), operator.id
        assert len(operator.sentence) > 20
