"""Entity ids outlive every re-clustering: they stay, redirect or split, and are never reused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.engines.duckdb import DuckDBEngine
from mdm import links
from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.hub.tables import Run
from mdm.identity import IdentityCounts, identify
from tests.identify.oracle import keepers

_KEY = "source, layout, record_key"
_PREVIOUS = f"{_KEY}, entity_id, since_run"


class World:
    """One hub's identity over several runs, each given as clusters of record keys."""

    def __init__(self, engine: DuckDBEngine) -> None:
        self.engine = engine
        self.run = 0
        engine.table(
            "person_previous",
            "SELECT '' AS source, '' AS layout, '' AS record_key, '' AS entity_id, 0 AS since_run"
            " WHERE false",
        )
        engine.table(
            "person_retired",
            "SELECT '' AS entity_id, '' AS merged_into, 0 AS since_run WHERE false",
        )
        engine.table("person_newcomers", f"SELECT {_KEY} FROM person_previous")
        engine.table("moves", f"SELECT {_KEY}, since_run FROM person_previous")

    def deliver(self, *clusters: str, dates: dict[str, date] | None = None) -> None:
        """What a run linked. A cluster is a word, each letter a record."""
        keys = sorted("".join(clusters))
        numbers = {key: n for n, key in enumerate(keys)}
        rows = [
            {
                "rid": numbers[key],
                "source": "s",
                "layout": "l",
                "record_key": key,
                "value_date": (dates or {}).get(key),
                "cluster": min(numbers[k] for k in word),
            }
            for word in clusters
            for key in word
        ]
        schema = pa.schema(
            {
                "rid": pa.int32(),
                "source": pa.string(),
                "layout": pa.string(),
                "record_key": pa.string(),
                "value_date": pa.date32(),
                "cluster": pa.int32(),
            }
        )
        self.engine.register("made", pa.Table.from_pylist(rows, schema))
        self.engine.table("person_standardised", "SELECT * EXCLUDE (cluster) FROM made")
        self.engine.table("person_clusters", "SELECT rid, cluster FROM made")

    def cluster(self, *clusters: str, dates: dict[str, date] | None = None) -> IdentityCounts:
        """Run once; what came out is then the past."""
        self.run += 1
        self.deliver(*clusters, dates=dates)
        counts = identify(self.engine, "person", self.run)
        self.engine.table("person_previous", f"SELECT {_PREVIOUS} FROM person_links")
        self.engine.table(
            "person_retired",
            f"""
            SELECT e.entity_id, e.merged_into, coalesce(r.since_run, {self.run}) AS since_run
            FROM person_entities e LEFT JOIN person_retired r USING (entity_id, merged_into)
            WHERE e.status = 'merged'
            """,
        )
        self.engine.run(f"INSERT INTO moves SELECT {_KEY}, run_seq FROM person_entity_moves")
        self.engine.table(
            "person_newcomers",
            f"SELECT {_KEY} FROM person_previous ANTI JOIN moves USING ({_KEY}, since_run)",
        )
        return counts

    def rows(self, sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.engine.fetch(sql).to_pylist()
        return rows

    @property
    def ids(self) -> dict[str, str]:
        """Record key → entity id."""
        rows = self.rows("FROM person_links WHERE rid IS NOT NULL")
        return {r["record_key"]: r["entity_id"] for r in rows}

    @property
    def links(self) -> dict[str, tuple[str, int]]:
        rows = self.rows("FROM person_links")
        return {r["record_key"]: (r["entity_id"], r["since_run"]) for r in rows}

    @property
    def entities(self) -> dict[str, str | None]:
        """Entity id → where it redirects to, None if active."""
        return {r["entity_id"]: r["merged_into"] for r in self.rows("FROM person_entities")}

    @property
    def events(self) -> set[tuple[str, str, str | None, int]]:
        rows = self.rows("FROM person_entity_events")
        return {(r["entity_id"], r["event"], r["other_entity_id"], r["records"]) for r in rows}


@pytest.fixture
def world() -> Iterator[World]:
    engine = DuckDBEngine(threads=1)
    yield World(engine)
    engine.close()


def test_first_run_gives_every_cluster_a_new_random_id(world: World) -> None:
    counts = world.cluster("ab", "c")
    ids = world.ids
    assert ids["a"] == ids["b"] != ids["c"]
    assert all(len(i) == 32 and int(i, 16) >= 0 for i in ids.values())
    assert (counts.created, counts.kept, counts.entities) == (2, 0, 2)
    assert {event for _, event, _, _ in world.events} == {"create"}


def test_a_record_without_a_cluster_stands_alone(world: World) -> None:
    world.cluster("a", "b")
    world.engine.table("person_clusters", "SELECT rid, cluster FROM person_clusters WHERE rid = 0")
    identify(world.engine, "person", 2)
    assert len(set(world.ids.values())) == 2


def test_the_same_clusters_again_change_nothing(world: World) -> None:
    world.cluster("abc", "de", "f")
    before = world.links
    counts = world.cluster("abc", "de", "f")
    assert world.links == before
    assert (counts.kept, counts.created, counts.changed, counts.moved) == (3, 0, 0, 0)
    assert world.events == set()


def test_a_new_record_joins_without_disturbing_the_id(world: World) -> None:
    world.cluster("ab")
    old = world.ids["a"]
    world.cluster("abc")
    assert set(world.ids.values()) == {old}
    assert world.links["c"] == (old, 2)
    assert world.links["a"] == (old, 1)
    assert world.events == {(old, "keep", None, 3)}


def test_merging_keeps_the_older_id_and_redirects_the_other(world: World) -> None:
    world.cluster("a")
    world.cluster("a", "bcd")
    old, young = world.ids["a"], world.ids["b"]
    counts = world.cluster("abcd")
    assert set(world.ids.values()) == {old}
    assert world.entities == {old: None, young: old}
    assert (young, "merge", old, 3) in world.events
    assert (counts.merged, counts.kept, counts.moved) == (1, 1, 3)


def test_a_redirect_follows_its_target(world: World) -> None:
    world.cluster("c")
    world.cluster("c", "b")
    world.cluster("c", "b", "a")
    first, second, third = (world.ids[key] for key in "cba")
    world.cluster("c", "ab")
    world.cluster("abc")
    assert world.entities == {first: None, second: first, third: first}


def test_a_split_leaves_the_id_with_most_of_the_oldest_records(world: World) -> None:
    world.cluster("ab")
    old = world.ids["a"]
    world.cluster("abcde")
    counts = world.cluster("ab", "cde")  # three younger records do not outweigh two older ones
    assert world.ids["a"] == world.ids["b"] == old
    assert world.ids["c"] != old
    assert (old, "split", world.ids["c"], 3) in world.events
    assert (counts.split, counts.created, counts.moved) == (1, 1, 3)
    moved = world.rows("SELECT record_key, from_entity, to_entity FROM person_entity_moves")
    assert {r["record_key"] for r in moved} == set("cde")
    assert {(r["from_entity"], r["to_entity"]) for r in moved} == {(old, world.ids["c"])}


def test_a_split_in_equal_halves_goes_by_the_older_record(world: World) -> None:
    dates = {"a": date(2026, 1, 1), "b": date(2020, 1, 1)}
    world.cluster("ab", dates=dates)
    old = world.ids["a"]
    world.cluster("a", "b", dates=dates)
    assert world.ids["b"] == old


@pytest.mark.parametrize("merging", [["abc", "abcd"], ["abcd"]], ids=["d later", "d with it"])
def test_a_merge_taken_back_does_not_revive_the_retired_id_and_leads_it_to_its_records(
    world: World, merging: list[str]
) -> None:
    world.cluster("a")
    world.cluster("a", "bc")
    kept, retired = world.ids["a"], world.ids["b"]
    for together in merging:
        world.cluster(together)
    counts = world.cluster("ad", "bc")
    assert world.ids["a"] == kept
    assert retired not in world.ids.values()
    assert world.entities[retired] == world.ids["b"] != kept
    assert (retired, "merge", world.ids["b"], 2) in world.events
    assert (counts.merged, counts.split) == (0, 1)
    world.cluster("adbc")
    assert world.entities[retired] == kept


def test_who_came_in_the_run_of_a_merge_without_a_merged_id_is_read_from_what_the_run_kept(
    hub: Hub, world: World
) -> None:
    def newcomers() -> list[str]:
        links.note_newcomers(hub, world.engine, "person")
        return [row["record_key"] for row in world.rows("FROM person_newcomers")]

    world.cluster("a")
    world.cluster("a", "bc")
    world.deliver("a", "b", "c")
    assert newcomers() == []  # nothing was merged
    world.cluster("abcd")
    moves = world.engine.fetch("FROM person_entity_moves")
    file = hub.lake.write("run/person_entity_moves", moves, owner="third")
    with hub.sessions.begin() as session:
        hub.lake.adopt(session, [file])
        session.add(Run(id="third", seq=3, kind="run", fingerprint="f", status="published"))
    world.deliver("abcd")
    assert newcomers() == []  # nobody is about to part
    world.deliver("ad", "bc")
    assert newcomers() == ["d"]


@pytest.mark.parametrize("parted", ["b", "bc", "d"])
def test_a_retired_id_stays_where_it_leads_while_a_record_that_came_with_it_stays(
    world: World, parted: str
) -> None:
    """Also where two ids were merged in one run: whose the records are is not known then."""
    world.cluster("a")
    world.cluster("a", "bc", "d")
    kept, retired = world.ids["a"], {world.ids["b"], world.ids["d"]}
    world.cluster("abcd")
    world.cluster("".join(sorted(set("abcd") - set(parted))), parted)
    assert {world.entities[one] for one in retired} == {kept}


def test_an_id_without_records_stays_active(world: World) -> None:
    world.cluster("a", "b")
    gone = world.ids["b"]
    world.cluster("a")
    assert world.entities[gone] is None


def test_a_record_that_comes_back_finds_its_id(world: World) -> None:
    world.cluster("a", "b")
    gone = world.ids["b"]
    world.cluster("a")
    world.cluster("a")
    world.cluster("a", "b")
    assert world.ids["b"] == gone


def test_a_record_away_follows_the_merge_of_its_entity(world: World) -> None:
    world.cluster("a", "bc")
    old = world.ids["a"]
    world.cluster("ab")
    world.cluster("ab", "c")
    assert world.ids["a"] == old
    assert (old, "split", world.ids["c"], 1) in world.events


@pytest.mark.parametrize("back", ["later", "at once"])
def test_a_record_away_follows_a_merge_that_was_decided_at_once(world: World, back: str) -> None:
    """Such a decision moves the records that are there, and knows of no other."""
    world.cluster("ab", "c")
    world.cluster("a", "c")
    into, gone = sorted({world.ids["a"], world.ids["c"]}, key=lambda one: one == world.ids["a"])
    world.engine.run(f"UPDATE person_previous SET entity_id = '{into}' WHERE record_key = 'a'")
    world.engine.run(f"INSERT INTO person_retired VALUES ('{gone}', '{into}', NULL)")
    if back == "later":
        world.cluster("ac")
    else:
        world.cluster("abc")
    assert world.entities == {into: None, gone: into}
    assert len(world.rows("FROM person_entities")) == 2
    assert world.links["b"][0] == into
    world.cluster("abc")
    assert set(world.ids.values()) == {into}


def test_machines_without_randomness_are_caught(world: World) -> None:
    world.cluster("a")
    world.engine.table("person_clusters", "SELECT * FROM (VALUES (0, 0), (1, 1)) t(rid, cluster)")
    world.engine.table(
        "person_standardised",
        "SELECT * FROM person_standardised UNION ALL SELECT 1, 's', 'l', 'z', NULL",
    )
    world.engine.table("person_previous", f"SELECT {_PREVIOUS} FROM person_links WHERE false")
    with pytest.raises(IntegrityError, match="equals an old one"):
        identify(world.engine, "person", 2, random_bytes=bytes)


def test_two_records_with_one_key_are_refused(world: World) -> None:
    world.cluster("ab")
    world.engine.table("person_previous", "FROM person_previous UNION ALL FROM person_previous")
    with pytest.raises(IntegrityError, match="record key"):
        identify(world.engine, "person", 2)


RUNS = st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=9), min_size=2, max_size=5)


@settings(max_examples=15, deadline=None)
@given(runs=RUNS)
def test_ids_through_any_history(runs: list[list[int]]) -> None:
    """Any sequence of clusterings: the oracle's keepers, no id reused, every redirect lands."""
    engine = DuckDBEngine(threads=1)
    world = World(engine)
    before: dict[str, tuple[str, int]] = {}
    known: set[str] = set()
    for groups in runs:
        numbers = {chr(97 + n): group for n, group in enumerate(groups)}
        words = ["".join(k for k in numbers if numbers[k] == g) for g in set(groups)]
        counts = world.cluster(*words)
        ids, entities = world.ids, world.entities
        kept = keepers(numbers, before)
        fresh = set()
        for word in words:
            own = {ids[key] for key in word}
            assert len(own) == 1, "one cluster, one id"
            expected = kept.get(numbers[word[0]])
            assert own == {expected} if expected else not own & known
            fresh |= own - known
        assert len(set(ids.values())) == len(words), "one id, one cluster"
        assert (counts.created, counts.kept) == (len(fresh), len(kept))
        assert known <= set(entities), "no id is forgotten"
        assert not {e for e, to in entities.items() if to} & set(ids.values())
        assert all(entities[to] is None for to in entities.values() if to), "one step suffices"
        moved = {k for k in ids if k in before and before[k][0] != ids[k]}
        assert counts.moved == len(moved)
        for key, (entity, since) in world.links.items():
            stays = key in before and before[key][0] == entity
            assert since == (before[key][1] if stays else world.run)
        known |= set(entities)
        before = world.links
    engine.close()
