"""A run that cannot fit into memory says so before it starts; one that may takes less at once where little is left."""

from __future__ import annotations

import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from matching.engines.duckdb import DuckDBEngine
from mdm.cli.failures import explain
from mdm.compose import Hub
from mdm.errors import CapacityError, InputError
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


def test_what_does_not_fit_is_put_aside_where_nobody_else_looks_and_is_gone_after(
    home: Path, tmp_path: Path
) -> None:
    aside = tmp_path / "spill"
    with new_home(home, memory_limit="40MB", spill=aside) as hub:
        engine = hub.engine()
        rows = engine.table("t", "SELECT i, md5(i::VARCHAR) AS word FROM range(1_500_000) t(i)")
        put = list(aside.rglob("*.tmp"))
        assert sum(file.stat().st_size for file in put) > 15_000_000
        # Nobody else gets at the files: each lies below a folder that is the owner's alone.
        for file in put:
            above = file.relative_to(aside).parents[-2]
            assert stat.S_IMODE((aside / above).stat().st_mode) == 0o700
        assert engine.scalar("SELECT count(DISTINCT word) FROM t") == rows == 1_500_000
        engine.close()
    assert not [path for path in aside.rglob("*") if path.is_file()]


def test_what_a_killed_run_put_aside_goes_when_the_next_one_puts_something_there(
    home: Path, tmp_path: Path
) -> None:
    words = "SELECT md5(i::VARCHAR) AS word FROM range(1_500_000) t(i)"
    kill = (
        "import os, sys; from pathlib import Path; from mdm.homes import open_home\n"
        f"engine = open_home(Path(sys.argv[1])).engine(); engine.table('t', {words!r})\n"
        "os.kill(os.getpid(), 9)"
    )
    aside = tmp_path / "spill"
    with new_home(home, memory_limit="40MB", spill=aside) as hub:
        subprocess.run([sys.executable, "-c", kill, home], check=False)
        left = set(aside.rglob("*.tmp"))
        assert left
        engine = hub.engine()
        engine.table("t", words)
        assert not left & set(aside.rglob("*.tmp"))
        engine.close()


@pytest.mark.parametrize("place", ["/proc/nowhere", "file/spill"])
def test_a_place_that_takes_nothing_is_named(home: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with (
        new_home(home, spill=tmp_path / place) as hub,
        pytest.raises(InputError, match="does not fit into memory") as refused,
    ):
        hub.engine().scalar("SELECT 1")
    assert "`spill` in dtsen.yaml" in refused.value.hint


def test_a_full_disk_of_what_was_put_aside_is_said_as_one() -> None:
    full = duckdb.IOException("Could not write file: No space left on device")
    assert explain(full).kind == "DiskFullError"
    assert explain(duckdb.IOException("Could not read file")).kind == "InternalError"


def test_less_is_chosen_at_once_where_less_memory_is_left() -> None:
    chunks = []
    for memory in ("8GB", "700MB", "100MB"):
        engine = DuckDBEngine(memory_limit=memory)
        engine.table("person_links", "SELECT unnest(range(500_000)) AS rid")
        chunks.append(chunk_records(engine, ["person"]))
        engine.close()
    much, some, little = chunks
    assert much > some > little > 0
