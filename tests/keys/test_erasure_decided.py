"""Erasing a person of whom a decision was made since the last whole run: exactly that person goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mdm.compose import Hub
from mdm.lookup import profile_by_id
from mdm.pipeline import run
from tests.keys.approving import erase
from tests.run.homes import QUIET, FirstRun, copy_of
from tests.touched.test_settle import linked, say, settled, together


@pytest.fixture
def hub(first: FirstRun, tmp_path: Path) -> Iterator[Hub]:
    with copy_of(first.home, tmp_path / "home") as hub:
        yield hub


def test_who_was_taken_apart_from_the_erased_stays(hub: Hub) -> None:
    gone, stays = together(hub, "person")
    say(hub, "person", gone, stays, "non-link")
    settled(hub)
    now = linked(hub, "person")
    assert now[gone] != now[stays]
    mine = {ref for ref, entity in now.items() if entity == now[gone]}
    assert erase(hub, now[gone]).records == len(mine)
    left = linked(hub, "person")
    assert left == {ref: entity for ref, entity in now.items() if ref not in mine}
    assert profile_by_id(hub, now[stays], actor="a") is not None
    run(hub, QUIET)
    assert linked(hub, "person")[stays] == now[stays]


def test_no_table_of_any_run_names_the_erased(hub: Hub) -> None:
    """Also those of later runs, where the first run's had no rows: nobody had moved yet."""
    pair = together(hub, "person")
    before = linked(hub, "person")
    say(hub, "person", *pair, "non-link")
    run(hub, QUIET)
    now = linked(hub, "person")
    moved = next(ref for ref in pair if now[ref] != before[ref])
    assert erase(hub, now[moved]).records
    for dataset in hub.lake.datasets("run/person"):
        reader = hub.lake.reader(dataset)
        rows = reader.read_all().to_pylist() if reader else []
        named = {(r["source"], r["layout"], r["record_key"]) for r in rows if "record_key" in r}
        assert moved not in named, dataset
