"""Training without labels: what agrees among the same people weighs for, what they never show weighs against."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from matching.blocking import block
from matching.chance import pairs_drawn
from matching.engines.duckdb import DuckDBEngine
from matching.model import Model
from matching.rules import LinkageRules, load_linkage
from matching.scoring import score
from matching.training import train
from tests.linkage_rules import small_rules

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def _rules() -> LinkageRules:
    """Three columns; a pair agrees on each, or not."""
    comparisons = [
        {
            "name": name,
            "sentence": f"Whether {name} agrees.",
            "levels": [
                {
                    "name": "none",
                    "sentence": "Missing.",
                    "sql": f"{name}_l IS NULL OR {name}_r IS NULL",
                    "missing": True,
                },
                {"name": "same", "sentence": "Same.", "sql": f"{name}_l = {name}_r"},
                {"name": "different", "sentence": "Different.", "sql": "ELSE"},
            ],
        }
        for name in "abc"
    ]
    training = {
        "u_pairs": 1e5,
        "em_pairs": 1e5,
        "em_blocks": [["a"], ["b"]],
        "certain": [{"keys": ["a", "b"], "recall": 0.8}],
    }
    return small_rules(
        columns={name: name for name in "abc"}, comparisons=comparisons, training=training
    )


def _people(engine: DuckDBEngine, people: int, seed: int = 3) -> None:
    """Each person twice; the second time one value in ten is another's."""
    dice = random.Random(seed)
    rows = []
    for _ in range(people):
        values = [str(dice.randrange(people)) for _ in "abc"]
        rows.append(values)
        rows.append([v if dice.random() < 0.9 else str(dice.randrange(people)) for v in values])
    columns = {name: [row[i] for row in rows] for i, name in enumerate("abc")}
    rids = pa.array(range(1, len(rows) + 1), pa.int32())
    engine.register("person_linkable", pa.table({"rid": rids, **columns}))


@pytest.fixture(scope="module")
def trained() -> tuple[DuckDBEngine, Model]:
    engine = DuckDBEngine()
    _people(engine, 400)
    return engine, train(engine, _rules(), now=NOW)


def _model_of(engine: DuckDBEngine, rules: LinkageRules) -> Model:
    """A model of the records, and their candidate pairs."""
    block(engine, rules)
    return train(engine, rules, now=NOW)


def test_agreement_weighs_for_and_disagreement_against(trained: tuple[DuckDBEngine, Model]) -> None:
    _, model = trained
    for name in "abc":
        same, different = model.weight(name, "same"), model.weight(name, "different")
        assert same is not None
        assert different is not None
        assert same.bits > 4
        assert different.bits < 0
        assert same.m == pytest.approx(0.9, abs=0.06)
        assert same.u == pytest.approx(1 / 400, rel=0.8)


def test_training_again_on_the_same_records_gives_the_same_model(
    trained: tuple[DuckDBEngine, Model],
) -> None:
    _, model = trained
    engine = DuckDBEngine()
    _people(engine, 400)
    engine.run("CREATE TABLE turned AS SELECT * FROM person_linkable ORDER BY rid DESC")
    engine.table("person_linkable", "SELECT * FROM turned")
    again = train(engine, _rules(), now=NOW)
    assert again.fingerprint == model.fingerprint
    assert again.name == model.name
    assert [w.m for w in again.levels] == pytest.approx([w.m for w in model.levels], abs=0.03)


def test_other_records_have_another_fingerprint(trained: tuple[DuckDBEngine, Model]) -> None:
    _, model = trained
    engine = DuckDBEngine()
    _people(engine, 400, seed=4)
    assert train(engine, _rules(), now=NOW).fingerprint != model.fingerprint


def test_a_short_file_draws_fewer_random_pairs_and_a_long_one_as_many_as_the_rules_ask_for() -> (
    None
):
    rules = load_linkage("person")
    drawn = [pairs_drawn(rules, records) for records in (2, 300, 3_000, 10_000, 30_000, 10_000_000)]
    assert drawn == sorted(drawn)
    assert drawn[:2] == [1, 300 * 299 / 2]
    assert drawn[3] < drawn[4] == drawn[5] == rules.training.u_pairs


@pytest.mark.parametrize("people", [0, 1, 3])
def test_a_handful_of_records_still_gives_a_model(people: int) -> None:
    engine = DuckDBEngine()
    engine.run("CREATE TABLE person_linkable (rid INTEGER, a VARCHAR, b VARCHAR, c VARCHAR)")
    if people:
        _people(engine, people)
    model = train(engine, _rules(), now=NOW)
    for name in "abc":
        same, different = model.weight(name, "same"), model.weight(name, "different")
        assert same is not None
        assert different is not None
        assert same.bits > different.bits


def test_a_pair_weighs_the_prior_and_its_parts(trained: tuple[DuckDBEngine, Model]) -> None:
    from math import log2  # noqa: PLC0415

    engine, model = trained
    rules = _rules()
    block(engine, rules)
    score(engine, rules, model)
    rows = engine.fetch("SELECT * FROM person_scored").to_pylist()
    assert rows
    for row in rows:
        parts = sum(row[f"mw_{name}"] for name in "abc")
        assert row["match_weight"] == pytest.approx(
            log2(model.prior / (1 - model.prior)) + parts, abs=1e-9
        )
        for name in "abc":
            weight = model.weight(name, "same" if row[f"gamma_{name}"] == 1 else "different")
            assert weight is not None
            assert row[f"mw_{name}"] == pytest.approx(weight.bits, abs=1e-9)


def test_agreeing_on_a_rare_value_says_more_than_on_a_common_one() -> None:
    document = _rules().model_dump()
    document["comparisons"][0]["levels"][1] |= {"tf": "a", "tf_floor": 1e-5}
    document["blocking"][0]["keys"] = ["b"]
    rules = LinkageRules.model_validate(document)
    engine = DuckDBEngine()
    _people(engine, 400)
    common = "rid % 3 = 0 OR (rid + 1) // 2 % 3 = 0"
    engine.table(
        "person_linkable",
        f"SELECT * REPLACE (CASE WHEN {common} THEN 'SUTRISNO' ELSE a END AS a) FROM person_linkable",
    )
    score(engine, rules, _model_of(engine, rules))
    rows = engine.fetch(
        """
        SELECT l.a = 'SUTRISNO' AS common, min(mw_tf_adj_a) AS least, max(mw_tf_adj_a) AS most,
               max(abs(mw_a + mw_b + mw_c + mw_tf_adj_a - match_weight)) - min(abs(mw_a + mw_b + mw_c + mw_tf_adj_a
               - match_weight)) AS spread
        FROM person_scored JOIN person_linkable l ON l.rid = rid_l JOIN person_linkable r ON r.rid = rid_r
        WHERE l.a = r.a GROUP BY 1 ORDER BY 1
        """
    ).to_pylist()
    rare, usual = rows
    assert usual["most"] < 0 < rare["least"]
    assert rare["least"] - usual["most"] > 5  # bits
    assert [row["spread"] for row in rows] == pytest.approx([0, 0], abs=1e-9)


def test_a_name_and_a_birth_place_weigh_by_how_rare_they_are() -> None:
    weighed = {
        (comparison.name, level.tf)
        for comparison in load_linkage("person").comparisons
        for level in comparison.levels
        if level.tf
    }
    assert weighed == {("name", "name_key"), ("birth_place", "birth_regency")}


def test_a_level_that_nobody_is_on_is_not_taken_for_a_missing_value() -> None:
    """Both weigh nothing, and a pair's weight tells its level."""
    document = _rules().model_dump()
    never = {"name": "never", "sentence": "On no pair.", "sql": "a_l = 'x' AND a_r = 'y'"}
    document["comparisons"][0]["levels"].insert(1, never)
    document["blocking"][0]["keys"] = ["b"]
    rules = LinkageRules.model_validate(document)
    engine = DuckDBEngine()
    _people(engine, 200)
    engine.table(
        "person_linkable",
        "SELECT * REPLACE (CASE WHEN rid > 20 THEN a END AS a) FROM person_linkable",
    )
    score(engine, rules, _model_of(engine, rules))
    missing = "(SELECT rid FROM person_linkable WHERE a IS NULL)"
    found = f"rid_l IN {missing} OR rid_r IN {missing}"
    assert engine.scalar(f"SELECT count(*) FROM person_scored WHERE {found}") >= 10
    assert (
        engine.scalar(f"SELECT count(*) FROM person_scored WHERE ({found}) <> (gamma_a = -1)") == 0
    )


def test_where_nobody_has_a_number_other_agreement_says_how_many_match() -> None:
    document = _rules().model_dump()
    document["training"]["certain"].append({"keys": ["b", "c"], "recall": 0.8})
    rules = LinkageRules.model_validate(document)
    engine = DuckDBEngine()
    _people(engine, 200)
    engine.table("person_linkable", "SELECT * REPLACE (NULL::VARCHAR AS a) FROM person_linkable")
    assert train(engine, rules, now=NOW).prior == pytest.approx(200 / (400 * 399 / 2), rel=0.2)


def test_a_model_is_added_and_never_edited(
    trained: tuple[DuckDBEngine, Model], tmp_path: Path
) -> None:
    _, model = trained
    path = model.save(tmp_path)
    assert Model.from_json(path.read_text("utf-8")) == model
    path.write_text(path.read_text("utf-8") + " ", "utf-8")
    before = path.read_bytes()
    assert model.save(tmp_path) == path
    assert path.read_bytes() == before


@pytest.mark.parametrize("people", [100, 400])
def test_what_is_so_by_chance_is_set_per_record(people: int) -> None:
    """Twice the records, half the share of pairs: a record meets as many strangers in a longer file."""
    document = _rules().model_dump()
    document["comparisons"][0]["levels"][1]["by_chance"] = 0.5
    engine = DuckDBEngine()
    _people(engine, people)
    weight = train(engine, LinkageRules.model_validate(document), now=NOW).weight("a", "same")
    assert weight is not None
    assert weight.u * (2 * people - 1) == pytest.approx(0.5)
