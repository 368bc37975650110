"""Evaluation against a slow oracle that makes every pair, and against recordlinkage's measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import recordlinkage
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.engines.duckdb import DuckDBEngine
from matching.evaluation import Evaluation, EvaluationError, evaluate, rounded, wilson
from matching.mistakes import FALSE, MISSED, mistakes

Row = tuple[int, int | None, str]  # true entity, cluster (None: no link names the row), sex

rows_of_truth = st.lists(
    st.tuples(
        st.integers(0, 5), st.one_of(st.none(), st.integers(0, 5)), st.sampled_from(["F", "M"])
    ),
    min_size=1,
    max_size=14,
)


def tables(engine: DuckDBEngine, rows: list[Row], extra_links: int = 0) -> None:
    """The rows as a truth and as links, in two files, with links that the truth does not know."""
    at, more, text = range(len(rows)), range(extra_links), pa.string()
    files = [f"file{i % 2}.csv" for i in at]
    truth = {
        "source": ["kemensos" for _ in at],
        "file": files,
        "row": [i + 1 for i in at],
        "entity": [f"p{entity}" for entity, _, _ in rows],
        "sex": [sex for _, _, sex in rows],
    }
    linked = [i for i in at if rows[i][1] is not None]
    links = {
        "source": [*("kemensos" for _ in linked), *("pemda" for _ in more)],
        "file": [*(files[i] for i in linked), *("other.csv" for _ in more)],
        "row": [i + 1 for i in (*linked, *more)],
        "entity_id": [*(f"E{rows[i][1]}" for i in linked), *("E0" for _ in more)],
    }
    kinds = pa.schema([("source", text), ("file", text), ("row", pa.int32()), ("entity_id", text)])
    engine.register("truth", pa.table(truth))
    engine.register("links", pa.table(links, schema=kinds))


@cache
def engine() -> DuckDBEngine:
    """One for all evaluations: each makes all its tables anew."""
    return DuckDBEngine(threads=1)


def evaluated(rows: list[Row], by: list[str] | None = None, extra_links: int = 0) -> Evaluation:
    tables(engine(), rows, extra_links)
    return evaluate(engine(), "links", "truth", by)


def pairs(labels: list[Any]) -> set[tuple[int, int]]:
    return {
        (i, j)
        for i, j in combinations(range(len(labels)), 2)
        if labels[i] is not None and labels[i] == labels[j]
    }


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def oracle_clusters(rows: list[Row]) -> tuple[int, int, int]:
    by_entity: dict[int, set[int]] = {}
    by_cluster: dict[int, set[int]] = {}
    for i, (entity, cluster, _) in enumerate(rows):
        by_entity.setdefault(entity, set()).add(i)
        if cluster is not None:
            by_cluster.setdefault(cluster, set()).add(i)
    exact = sum(1 for rows_in in by_cluster.values() if rows_in in by_entity.values())
    return len(by_entity), len(by_cluster), exact


@settings(max_examples=20, deadline=None)
@given(rows_of_truth)
def test_every_figure_equals_that_of_counting_all_pairs(rows: list[Row]) -> None:
    true, made = pairs([r[0] for r in rows]), pairs([r[1] for r in rows])
    found = true & made
    result = evaluated(rows, by=["sex"])

    assert (result.true_pairs, result.given_pairs, result.found_pairs) == tuple(
        map(len, (true, made, found))
    )
    assert result.pairs.precision.value == share(len(found), len(made))
    assert result.pairs.recall.value == share(len(found), len(true))
    assert result.pairs.f1.value == share(2 * len(found), len(true) + len(made))
    assert result.missing == sum(1 for r in rows if r[1] is None)
    counts = (result.true_entities, result.given_clusters, result.exact_clusters)
    assert counts == oracle_clusters(rows)
    for group in result.groups:

        def weight(chosen: set[tuple[int, int]], sex: str = group.value) -> float:
            return sum((rows[i][2] == sex) + (rows[j][2] == sex) for i, j in chosen) / 2

        assert group.true_pairs == weight(true)
        assert group.scores.recall.value == share(weight(found), weight(true))
        assert group.scores.precision.value == share(weight(found), weight(made))
    assert sum(group.true_pairs for group in result.groups) == result.true_pairs


@settings(max_examples=12, deadline=None)
@given(rows_of_truth)
def test_b_cubed_is_the_mean_over_records(rows: list[Row]) -> None:
    def together(i: int, column: int) -> set[int]:
        label = rows[i][column]
        return {j for j in range(len(rows)) if label is not None and rows[j][column] == label}

    landed = [i for i in range(len(rows)) if rows[i][1] is not None]
    precision = [len(together(i, 0) & together(i, 1)) / len(together(i, 1)) for i in landed]
    recall = [len(together(i, 0) & together(i, 1)) / len(together(i, 0)) for i in range(len(rows))]
    result = evaluated(rows).b_cubed
    if landed:
        assert result.precision.value == pytest.approx(sum(precision) / len(precision))
    assert result.recall.value == pytest.approx(sum(recall) / len(recall))


@settings(max_examples=12, deadline=None)
@given(rows_of_truth)
def test_recordlinkage_measures_agree(rows: list[Row]) -> None:
    true, made = pairs([r[0] for r in rows]), pairs([r[1] for r in rows])
    if not true or not made or not true & made:
        return
    index = [pd.MultiIndex.from_tuples(sorted(chosen)) for chosen in (true, made)]
    result = evaluated(rows).pairs
    assert result.precision.value == pytest.approx(recordlinkage.precision(*index))
    assert result.recall.value == pytest.approx(recordlinkage.recall(*index))
    assert result.f1.value == pytest.approx(recordlinkage.fscore(*index))


@settings(max_examples=8, deadline=None)
@given(rows_of_truth, st.randoms(use_true_random=False))
def test_order_and_names_of_clusters_do_not_matter(rows: list[Row], random: Any) -> None:
    names = list(range(6))
    random.shuffle(names)
    renamed = [(e, None if c is None else names[c], s) for e, c, s in rows]
    assert evaluated(renamed, ["sex"]) == evaluated(rows, ["sex"])


def test_perfect_links_score_one_and_an_interval_that_admits_doubt() -> None:
    result = evaluated([(i // 2, i // 2, "F") for i in range(40)])
    assert result.pairs.f1.value == 1
    assert result.pairs.recall.high == 1
    assert 0.8 < (result.pairs.recall.low or 0) < 1
    assert result.exact_clusters == 20


def test_a_row_that_was_quarantined_counts_as_missed() -> None:
    result = evaluated([(0, 0, "F"), (0, None, "F"), (1, 1, "M"), (1, 1, "M")])
    assert result.missing == 1
    assert result.pairs.recall.value == 0.5
    assert result.pairs.precision.value == 1


def test_links_outside_the_truth_are_counted_and_change_nothing() -> None:
    rows: list[Row] = [(0, 0, "F"), (0, 0, "F"), (1, 1, "M")]
    with_others, alone = evaluated(rows, extra_links=3), evaluated(rows)
    assert with_others.outside == 3
    assert with_others.pairs == alone.pairs


def test_intervals_widen_when_mistakes_come_in_clumps() -> None:
    """Ten entities of ten rows, one wholly missed, say less than a hundred pairs, ten missed."""
    clumped = evaluated([(i // 10, None if i < 10 else i // 10, "F") for i in range(100)])
    spread = evaluated([(i // 2, (i if i < 20 else i // 2 + 100), "F") for i in range(200)])
    assert clumped.pairs.recall.value == pytest.approx(0.9)
    assert spread.pairs.recall.value == pytest.approx(0.9)
    assert width(clumped) > 2 * width(spread)


def test_entities_of_one_row_say_nothing_of_pairs() -> None:
    """One entity of ten rows among a thousand of one: one thing was seen to be right, not 45 or a thousand."""
    result = evaluated([(0, 0, "F")] * 10 + [(i, i, "F") for i in range(1, 1_000)])
    for measure in (result.pairs.recall, result.pairs.precision, result.pairs.f1):
        assert measure.value == 1
        assert measure.low == pytest.approx(wilson(1, 1).low)


@pytest.mark.parametrize("sizes", [[1] * 9 + [4], [1, 2, 3, 8]])
def test_an_interval_holds_the_true_share_nineteen_times_of_twenty(sizes: list[int]) -> None:
    """Of three hundred entities some lose a record."""
    draw, often, lost = Random(3), 40, 0.03
    whole = sum(n * (n - 1) for n in sizes)
    true = 1 - lost * sum(2 * (n - 1) for n in sizes) / whole

    def rows() -> list[Row]:
        drawn = [(e, draw.choice(sizes), draw.random() < lost) for e in range(300)]
        alone = {e: -e - 1 for e, _, loses in drawn if loses}
        return [(e, e if n else alone.get(e, e), "F") for e, size, _ in drawn for n in range(size)]

    seen = [evaluated(rows()).pairs.recall for _ in range(often)]
    assert sum((one.low or 0) <= true <= (one.high or 0) for one in seen) >= 0.92 * often


@pytest.mark.parametrize(("merged", "often"), [(5, 0.01), (9, 0.02)])
def test_entities_joined_wrongly_are_one_mistake(merged: int, often: float) -> None:
    """Some runs of entities stand in one cluster: the interval of precision holds the true share all the same."""
    draw, tries, sizes = Random(5), 40, (1, 2, 3, 4)

    def rows(entities: int) -> list[Row]:
        made: list[Row] = []
        entity = 0
        while entity < entities:
            together = merged if draw.random() < often else 1
            for one in range(entity, entity + together):
                made += [(one, entity, "F")] * draw.choice(sizes)
            entity += together
        return made

    many = rows(30_000)
    true = pairs_within(row[:2] for row in many) / pairs_within(row[1] for row in many)
    seen = [evaluated(rows(600)).pairs for _ in range(tries)]
    held = sum((p.precision.low or 0) <= true <= (p.precision.high or 0) for p in seen)
    assert held >= 0.85 * tries


def pairs_within(groups: Iterable[object]) -> int:
    """How many pairs stand in the same group."""
    return sum(n * (n - 1) // 2 for n in Counter(groups).values())


def width(result: Evaluation) -> float:
    recall = result.pairs.recall
    assert recall.low is not None
    assert recall.high is not None
    return recall.high - recall.low


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1, "1.0000"),
        (0.99999, "0.9999"),
        (0.99994, "0.9999"),
        (0.5, "0.5000"),
        (0.00001, "0.0001"),
        (0, "0.0000"),
    ],
)
def test_a_share_is_not_rounded_to_all_or_nothing(share: float, said: str) -> None:
    assert rounded(share, 4) == said


def test_wilson_is_the_textbook_interval() -> None:
    measure = wilson(0.9, 100)
    assert measure.low == pytest.approx(0.8256, abs=1e-4)
    assert measure.high == pytest.approx(0.9448, abs=1e-4)


def test_a_missing_grouping_value_is_a_group_of_its_own() -> None:
    groups = evaluated([(0, 0, ""), (0, 0, "F")], by=["sex", "file"]).groups
    assert {(g.column, g.value) for g in groups} == {
        ("sex", "(none)"),
        ("sex", "F"),
        ("file", "file0.csv"),
        ("file", "file1.csv"),
    }


def test_an_unknown_grouping_column_is_refused_with_what_there_is() -> None:
    with pytest.raises(EvaluationError, match=r"no column hair; there are .*sex"):
        evaluated([(0, 0, "F")], by=["hair"])


def test_a_row_named_twice_is_refused() -> None:
    tables(engine(), [(0, 0, "F"), (1, 1, "F")])
    engine().run("INSERT INTO links SELECT * FROM links LIMIT 1")
    with pytest.raises(EvaluationError, match="1 rows of the links are named more than once"):
        evaluate(engine(), "links", "truth")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("entity", "''", "2 rows of the truth name no entity"),
        ("entity", "' '", "2 rows of the truth name no entity"),
        ("entity", "NULL", "2 rows of the truth name no entity"),
        ("file", "''", "2 rows of the truth lack source, file or row"),
        ("row", "NULL", "2 rows of the truth lack source, file or row"),
    ],
)
def test_rows_of_a_truth_that_name_nobody_are_not_one_entity(
    column: str, value: str, said: str
) -> None:
    tables(engine(), [(0, 0, "F"), (1, 1, "F"), (2, 2, "F")])
    engine().table(
        "gaps",
        f"SELECT * REPLACE (CASE WHEN row < 3 THEN {value} ELSE {column} END AS {column}) FROM truth",
    )
    with pytest.raises(EvaluationError, match=said):
        evaluate(engine(), "links", "gaps")


def test_a_truth_without_a_header_is_refused_without_its_first_record() -> None:
    tables(engine(), [(0, 0, "F")])
    engine().table("headless", 'SELECT source AS "SITI AMINAH", file, row, entity FROM truth')
    with pytest.raises(EvaluationError, match=r"^no column source$"):
        evaluate(engine(), "links", "headless")


@settings(max_examples=12, deadline=None)
@given(rows_of_truth)
def test_mistakes_lists_exactly_the_pairs_that_are_wrong(rows: list[Row]) -> None:
    tables(engine(), rows)
    evaluate(engine(), "links", "truth")
    counts = mistakes(engine())
    true, made = pairs([r[0] for r in rows]), pairs([r[1] for r in rows])
    for table, count, expected in zip(
        (MISSED, FALSE), counts, (true - made, made - true), strict=True
    ):
        listed = engine().fetch(f"SELECT row_l, row_r FROM {table}").to_pylist()
        assert count == len(listed)
        wrong = {tuple(sorted((r["row_l"] - 1, r["row_r"] - 1))) for r in listed}
        assert wrong == expected
