"""Same facts, same golden content: neither the order of files nor that of their rows changes a byte."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

from mdm.compose import Hub
from mdm.landing import land
from mdm.pipeline import run
from mdm.survivorship import facts
from tests.run.homes import QUIET, SOURCES, FirstRun, copy_of, new_home, profiles, teach

Rows = dict[str, list[int]]  # file name → the row (from 1) that each shuffled row was


def _shuffle(delivery: Path, out: Path) -> Rows:
    """The same files with their rows in another order."""
    was: Rows = {}
    for source in SOURCES:
        for path in sorted((delivery / source).glob("*.csv")):
            head, *rows = path.read_bytes().splitlines(keepends=True)
            order = random.Random(path.name).sample(range(len(rows)), len(rows))
            target = out / source / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"".join([head, *(rows[n] for n in order)]))
            was[path.name] = [n + 1 for n in order]
    return was


def _said(hub: Hub, was: Rows | None = None) -> Counter[str]:
    """What the profiles of all kinds say, each record at the row where the first delivery had it."""
    found = Counter[str]()
    for content in profiles(hub).values():
        said = facts(content)
        for record in said["records"]:
            file, row = record[3], record[4]
            record[4] = was[file][row - 1] if was else row
        found[json.dumps(said, sort_keys=True)] += 1
    return found


def test_neither_files_nor_rows_in_another_order_change_a_profile(
    first: FirstRun, tmp_path: Path
) -> None:
    was = _shuffle(first.delivery, tmp_path / "shuffled")
    with (
        copy_of(first.home, tmp_path / "one") as one,
        new_home(tmp_path / "two") as two,
    ):
        teach(one, two)
        for source in reversed(SOURCES):
            for path in sorted((tmp_path / "shuffled" / source).iterdir(), reverse=True):
                land(two, source, [path], progress=QUIET)  # file by file, each a batch of its own
        run(two, QUIET)
        before, after = _said(one), _said(two, was)
    assert {json.loads(text)["kind"] for text in before} == {"person", "family", "household"}
    assert after == before
