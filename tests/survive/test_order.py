"""Same facts, same golden content: neither the order of files nor that of their rows changes a byte."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mdm.compose import Hub
from mdm.landing import land
from mdm.pipeline import run
from mdm.survivorship import facts
from synthetic.generate import generate
from tests.run.homes import QUIET, FirstRun, copy_of, new_home, profiles, teach

SOURCES = ("kemendagri", "kemensos", "pemda")
DELIVERED = date(2026, 11, 2)
Rows = dict[str, list[int]]  # file name → the row (from 1) that each shuffled row was


def _shuffle(delivery: Path, out: Path) -> Rows:
    """The same files with their rows in another order."""
    was: Rows = {}
    for path in sorted(delivery.rglob("*.parquet")):
        table = pq.read_table(path)
        order = random.Random(path.name).sample(range(table.num_rows), table.num_rows)
        target = out / path.relative_to(delivery)
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table.take(pa.array(order, pa.int64())), target)
        was[path.name] = [row + 1 for row in order]
    return was


def _land(hub: Hub, delivery: Path, *, back_to_front: bool) -> None:
    """File by file, each a batch of its own."""
    step = -1 if back_to_front else 1
    for source in SOURCES[::step]:
        for path in sorted((delivery / source).glob("*.parquet"))[::step]:
            land(hub, source, [path], progress=QUIET, delivered_on=DELIVERED)


def _golden(hub: Hub, was: Rows | None = None) -> Counter[str]:
    """Run, and read back what the profiles of all kinds say."""
    run(hub, QUIET)
    return Counter(_said(content, was or {}) for content in profiles(hub).values())


def _said(content: str, was: Rows) -> str:
    """A profile's facts as text, each record at the row where the first delivery had it."""
    said = facts(content)
    for record in said["records"]:
        file, row = record[3], record[4]
        record[4] = was[file][row - 1] if was else row
    return json.dumps(said, sort_keys=True)


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("order")
    generate(root / "files", people=300, seed=77, fmt="parquet")
    return root / "files"


def test_neither_files_nor_rows_in_another_order_change_a_profile(
    delivery: Path, first: FirstRun, tmp_path: Path
) -> None:
    was = _shuffle(delivery, tmp_path / "shuffled")
    with (
        copy_of(first.home, tmp_path / "school") as school,
        new_home(tmp_path / "one") as one,
        new_home(tmp_path / "two") as two,
    ):
        teach(school, one)
        teach(school, two)
        _land(one, delivery, back_to_front=False)
        _land(two, tmp_path / "shuffled", back_to_front=True)
        found = _golden(one)
        again = _golden(two, was)
    assert {json.loads(text)["kind"] for text in found} == {"person", "family", "household"}
    assert again == found
