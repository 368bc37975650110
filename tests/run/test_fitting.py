"""A run that cannot fit into memory says so before it starts; one that may takes less at once where little is left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from matching.engines.duckdb import DuckDBEngine
from mdm.compose import Hub
from mdm.errors import CapacityError
from mdm.fitting import require_room
from mdm.looks import look
from mdm.pipeline import run, train
from mdm.survivorship import chunk_records
from tests.run.homes import QUIET, FirstRun, land_all, new_home


def within(hub: Hub, memory: str, **more: Any) -> Hub:
    """The same hub with so much memory for its engine."""
    return replace(hub, settings=hub.settings.model_copy(update={"memory_limit": memory, **more}))


@pytest.mark.parametrize("work", [run, train])
def test_what_cannot_fit_is_refused_before_it_starts(
    work: Any, first: FirstRun, tmp_path: Path
) -> None:
    with new_home(tmp_path / "home") as hub:
        land_all(hub, first.delivery)
        landed = sum(batch.landed for batch in look(hub).batches)
        with pytest.raises(CapacityError) as refused:
            work(within(hub, "800KB"), QUIET)
        assert look(hub).runs == ()
    assert f"{landed:,} records" in str(refused.value)
    assert "800KB" in str(refused.value)


def test_a_directory_to_spill_to_makes_room(first: FirstRun, tmp_path: Path) -> None:
    with new_home(tmp_path / "home") as hub:
        land_all(hub, first.delivery)
        small = within(hub, "800KB", spill=tmp_path)
        engine = small.engine()
        try:
            require_room(small, engine)
        finally:
            engine.close()


def test_less_is_chosen_at_once_where_less_memory_is_left() -> None:
    chunks = []
    for memory in ("8GB", "700MB", "100MB"):
        engine = DuckDBEngine(memory_limit=memory)
        engine.table("person_links", "SELECT unnest(range(500_000)) AS rid")
        chunks.append(chunk_records(engine, ["person"]))
        engine.close()
    much, some, little = chunks
    assert much > some > little > 0
