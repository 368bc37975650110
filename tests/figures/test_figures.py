"""Figures of a run: what is counted, for which run it counts, and that nobody sees it too early."""

from __future__ import annotations

import pytest

from matching.engine import Engine
from matching.rules import KINDS
from mdm import figures
from mdm.compose import Hub
from mdm.hub.runs import start_run
from tests.api.world import people
from tests.publish.golden import publish_golden

DEAD = '"life":[{"alive":false,"death_date":"2024-03-06"},0,1]'


INVALID = '"life":[{"alive":false,"death_date":"2034-03-06"},0,1,[],false]'


def tables(engine: Engine) -> None:
    """Three people and a dead one; a family of desil 2 in Bogor, one without a desil; of each kind a record that is
    away: no delivery holds it any more."""
    persons = [
        ("p1", "f1", "320115", ""),
        ("p2", "f1", "320115", f',"contested":{{{INVALID}}}'),  # a death to come
        ("p3", None, None, ""),
        ("p4", "f1", "320115", f',"contested":{{{DEAD}}}'),
    ]
    rows = ", ".join(
        f"""('{one}', '{{"agreed":{{"name":["X",0,1]}}{life}}}',
             {f"'{region}'" if region else "NULL"}, 'verified')"""
        for one, _, region, life in persons
    )
    engine.run(
        f"CREATE TABLE person_golden AS SELECT * FROM (VALUES {rows}) t(entity_id, content, region, status)"
    )
    engine.run(
        """CREATE TABLE family_golden AS SELECT * FROM (VALUES
        ('f1', '{"agreed":{"ranking":[{"desil":2},0,1]}}', '320115', 'verified'),
        ('f2', '{"contested":{"ranking":[{"desil":11},0,1,[],false]}}', '517101', 'conflict'))
        t(entity_id, content, region, status)"""
    )
    engine.run(
        """CREATE TABLE household_golden AS
        SELECT 'h1' AS entity_id, '{}' AS content, '320115' AS region, 'unverified' AS status"""
    )
    placed = ", ".join(f"('{one}', '{family}', true)" for one, family, _, _ in persons if family)
    engine.run(
        "CREATE TABLE person_in_family AS SELECT * FROM "
        f"(VALUES {placed}) t(person_entity, family_entity, chosen)"
    )
    for kind in KINDS:
        first = kind[0]
        engine.run(
            f"""CREATE TABLE {kind}_links AS SELECT * FROM (VALUES
            (1, '{first}1', 'kemendagri'), (2, '{first}1', 'kemensos'), (3, '{first}1', 'kemensos'),
            (4, '{first}2', 'pemda'), (NULL, '{first}2', 'kemendagri')) t(rid, entity_id, source)"""
        )
        engine.run(
            f"""CREATE TABLE {kind}_judged AS SELECT * FROM (VALUES
            (3.2, 'link', 'weight'), (3.4, 'link', 'weight'), (3.4, 'review', 'twins'),
            (-0.2, 'review', 'weight'), (NULL, 'link', 'human')) t(match_weight, judgement, reason)"""
        )
        engine.run(
            f"CREATE TABLE {kind}_standardised AS "
            "SELECT 'pemda' AS source, DATE '2026-08-01' AS value_date"
        )


def test_what_a_run_came_to(hub: Hub) -> None:
    publish_golden(hub, people())
    engine = hub.engine()
    with hub.sessions.begin() as session:
        run = start_run(session, "run", "f", "r")
        seq = run.seq
    try:
        tables(engine)
        first = figures.keep(hub, engine, seq)
        assert figures.keep(hub, engine, seq) == first  # a killed run's are made again
    finally:
        engine.close()
    with hub.sessions.read() as session:

        def of(figure: str, kind: str) -> dict[tuple[str, str], int]:
            return {(f.part, f.detail): f.count for f in figures.read(session, seq, figure, kind)}

        assert of("region", "person") == {("320115", ""): 2, ("", ""): 1}
        assert of("desil", "person") == {("3201", "2"): 2, ("", ""): 1}
        assert of("desil", "family") == {("3201", "2"): 1, ("5171", ""): 1}
        assert of("cluster_size", "person") == {("3", ""): 1, ("1", ""): 1}
        assert of("weight", "person") == {
            ("3.0", "link/weight"): 2,
            ("3.0", "review/guard"): 1,
            ("-0.5", "review/weight"): 1,
        }
        assert of("identity", "family") == {("verified", ""): 1, ("conflict", ""): 1}
        assert of("match", "person")[("kemensos", "joined")] == 2
        assert of("match", "person")[("pemda", "registry")] == 0
        assert of("freshness", "pemda") == {("2026Q3", kind): 1 for kind in KINDS}
        # The run is not published: readers are not led to it.
        assert figures.newest(session) is None
        assert figures.over_time(session, "match", "person") == []


@pytest.mark.parametrize("figure", ["precision", "recall", "f1"])
def test_quality_is_kept_where_a_truth_is_known(hub: Hub, figure: str) -> None:
    from matching.evaluation import Evaluation, GroupScores, Measure, Scores  # noqa: PLC0415

    shares = Scores(*(Measure(0.9, 0.8, 0.95) for _ in range(3)))
    nothing = Scores(*(Measure(None) for _ in range(3)))
    groups = (
        GroupScores("sex", "F", 4, 0, 2.0, shares),
        GroupScores("sex", "", 1, 0, 0.0, nothing),
    )
    found = Evaluation(5, 0, 0, 4, 4, 3, 2, 2, 1, shares, shares, shares, groups)
    for _ in range(2):
        figures.keep_quality(hub, 1, "person", found)
    with hub.sessions.read() as session:
        kept = figures.read(session, 1, figure, "person")
    assert [(one.part, one.detail, one.value, one.low) for one in kept] == [
        ("", "", 0.9, 0.8),
        ("sex", "F", 0.9, 0.8),
    ]
