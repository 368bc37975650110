"""A family whose card gets another number stays that family, and what others told of it stays with it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mdm.compose import Hub
from mdm.landing import land
from mdm.pipeline import run
from mdm.survivorship.explain import values
from tests.run.homes import QUIET, FirstRun, copy_of, profiles

Row = dict[str, str]
NEW = "5171012611260001"


def _again(first: FirstRun, folder: Path, change: Callable[[Row], Row]) -> list[Path]:
    """The registry's files once more, changed."""
    folder.mkdir()
    made = []
    for path in sorted((first.delivery / "kemendagri").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = [change(row) for row in csv.DictReader(file)]
        made.append(folder / path.name)
        with made[-1].open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return made


Profiles = dict[str, dict[str, Any]]


def _profiles(hub: Hub) -> Profiles:
    return {one: json.loads(content) for one, content in profiles(hub).items()}


def _dwellings(read: Profiles, family: dict[str, Any]) -> list[str]:
    """The dwellings of offices' books in the household that a family lives in."""
    household = read.get(family["links"].get("household", ""), {"records": []})
    return [record[2] for record in household["records"] if record[1] == "rumah_tangga"]


def _kk(body: dict[str, Any]) -> str | None:
    return values(json.dumps(body)).get("kk") if body["kind"] == "family" else None


def _ranked(read: Profiles) -> tuple[str, dict[str, Any]]:
    """A family that the registry and Kemensos list, with members, a desil and a dwelling in the book."""
    return min(
        (one, body)
        for one, body in read.items()
        if body["kind"] == "family"
        and {"kemendagri", "kemensos"} <= {record[0] for record in body["records"]}
        and "desil" in json.dumps(body)
        and _dwellings(read, body)
        and len(body["links"].get("members", [])) >= 2
        and all(record[0] != "kemendagri" or record[2] == _kk(body) for record in body["records"])
    )


def test_what_kemensos_tells_stays_with_the_family(first: FirstRun, tmp_path: Path) -> None:
    with copy_of(first.home, tmp_path / "home") as hub:
        family, before = _ranked(_profiles(hub))
        old = _kk(before)

        def renumber(row: Row) -> Row:
            return row | {"NO_KK": NEW, "TGL_ENTRI": "2026-11-20"} if row["NO_KK"] == old else row

        files = _again(first, tmp_path / "again", renumber)
        land(hub, "kemendagri", files, progress=QUIET)
        run(hub, QUIET)
        after = _profiles(hub)
        assert [one for one, body in after.items() if _kk(body) in {old, NEW}] == [family]
        now = after[family]
        assert _kk(now) == NEW
        said = {**now["agreed"], **now["contested"]}["ranking"]
        assert said[0] == {**before["agreed"], **before["contested"]}["ranking"][0]
        assert {m for m, _ in now["links"]["members"]} == {m for m, _ in before["links"]["members"]}
        assert now["links"]["household"] == before["links"]["household"]
        assert now["identity_status"] == "verified"


def test_who_moved_lives_where_the_new_card_stands(first: FirstRun, tmp_path: Path) -> None:
    """The office's book is older than the move: what it says of the old dwelling is no word on where they live."""
    with copy_of(first.home, tmp_path / "home") as hub:
        family, before = _ranked(_profiles(hub))
        old = _kk(before)
        place = {"NO_PROP": "51", "NO_KAB": "71", "NO_KEC": "01", "NO_KEL": "1001", "ALAMAT": "JL. X 9"}  # fmt: skip

        def move(row: Row) -> Row:
            if row["NO_KK"] != old:
                return row
            new = {name: value for name, value in place.items() if name in row}
            return row | new | {"NO_KK": NEW, "TGL_ENTRI": "2026-11-20"}

        files = _again(first, tmp_path / "again", move)
        land(hub, "kemendagri", files, progress=QUIET)
        run(hub, QUIET)
        read = _profiles(hub)
        now = read[family]
        assert _kk(now) == NEW
        assert not _dwellings(read, now)
