"""Small homes for the tests of whole runs: one delivery, landed, models learned, copied for whoever changes it."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import select

from mdm.compose import Hub
from mdm.homes import create_home, open_home
from mdm.hub.runs import published_seq
from mdm.hub.tables import LinkageModel, SealedProfile
from mdm.landing import land
from mdm.opening import open_profiles
from mdm.pipeline import run
from mdm.run import RunResult
from mdm.survivorship import facts
from mdm.work.progress import Silent
from tests.once import once
from tests.other_hand import Hand

SOURCES = ("kemendagri", "kemensos", "pemda")
QUIET = Silent()


@dataclass(frozen=True)
class FirstRun:
    """A home of 60 families after its first run, which learned models; its delivery, and what the
    run came to. Whoever changes anything takes a copy."""

    home: Path
    delivery: Path
    result: RunResult


def first_run(folder: Path) -> FirstRun:
    """The one in a folder that test processes share."""

    def make(empty: Path) -> None:
        delivery = deliver(empty / "delivery", families=60, seed=8123)
        with new_home(empty / "home") as hub:
            land_all(hub, delivery)
            result = run(hub, QUIET)
        (empty / "result").write_bytes(pickle.dumps(result))

    once(folder, make)
    result = pickle.loads((folder / "result").read_bytes())
    return FirstRun(folder / "home", folder / "delivery", result)


def deliver(folder: Path, families: int, seed: int) -> Path:
    """Files of a small population in `folder/<source>`."""
    Hand(families, seed).write(folder)
    return folder


def land_all(hub: Hub, delivery: Path, sources: Sequence[str] = SOURCES) -> None:
    """Land the providers' files."""
    for source in sources:
        land(hub, source, [delivery / source], progress=QUIET)


@contextmanager
def new_home(path: Path, **settings: Any) -> Iterator[Hub]:
    """An empty home, closed at the end."""
    hub = create_home(path, **settings)
    try:
        yield hub
    finally:
        hub.close()


@contextmanager
def copy_of(home: Path, path: Path) -> Iterator[Hub]:
    """A home of one's own with the same content."""
    shutil.copytree(home, path)
    hub = open_home(path)
    try:
        yield hub
    finally:
        hub.close()


def profiles(hub: Hub) -> dict[str, str]:
    """Entity id → content of every profile that readers see."""
    with hub.sessions.read() as session:
        seq = published_seq(session)
        seen = SealedProfile.run_seq <= seq
        ids = session.exec(select(SealedProfile.entity_id).where(seen).distinct()).all()
        opened = open_profiles(hub, session, ids, seq)
    return {one: profile.content for one, profile in opened.items()}


def golden(hub: Hub) -> list[str]:
    """What the published profiles of all kinds say, ids aside, in order."""
    return sorted(json.dumps(facts(c), sort_keys=True) for c in profiles(hub).values())


def orphans(hub: Hub) -> list[str]:
    """Lake files that the manifest does not know, and manifest entries without a file."""
    known = {file.path for file in hub.lake.files()}
    there = {path.name for path in hub.settings.lake.iterdir() if path.is_file()}
    return sorted(known ^ there)


def teach(school: Hub, hub: Hub) -> None:
    """Give a home the models that another has learned."""
    folder = hub.settings.home / "models"
    shutil.copytree(school.settings.home / "models", folder, dirs_exist_ok=True)
    with school.sessions.read() as session:
        rows = session.exec(select(LinkageModel).where(LinkageModel.current)).all()
        learned = [row.model_dump() for row in rows]
    with hub.sessions.begin() as session:
        for values in learned:
            session.merge(LinkageModel(**values))


def niks(delivery: Path, most: int) -> list[str]:
    """Numbers that the civil registry's rows carry."""
    lines = (delivery / "kemendagri" / "biodata_wni.csv").read_text("utf-8").splitlines()
    return sorted(line.split(",", 1)[0] for line in lines[1:])[:most]
