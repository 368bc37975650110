"""A family whose card gets another number stays that family, and what others told of it stays with it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mdm.compose import Hub
from mdm.judgements import RecordRef
from mdm.landing import land
from mdm.pipeline import run
from mdm.survivorship.explain import values
from mdm.tracing import TraceRequest, traced
from mdm.tracing.facts import Pair
from mdm.validation import validate
from tests.land.deliveries import land_one, write
from tests.run.homes import QUIET, FirstRun, copy_of, golden, profiles
from tests.touched.test_settle import say, settled

Row = dict[str, str]
NEW, NEWER = "5171012611260001", "5171012611260002"


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


def _housed(read: Profiles) -> dict[str, list[str]]:
    """Family → its dwellings, where it has any, and shares them with no other."""
    families = {one: body for one, body in read.items() if body["kind"] == "family"}
    homes = Counter(body["links"].get("household") for body in families.values())
    alone = {
        one: body for one, body in families.items() if homes[body["links"].get("household")] == 1
    }
    return {one: found for one, body in alone.items() if (found := _dwellings(read, body))}


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


def _domicile(body: dict[str, Any]) -> list[Any]:
    found: list[Any] = {**body["agreed"], **body["contested"]}.get("domicile", [{}])
    return found


@dataclass(frozen=True)
class Renewed:
    """A home before and after the registry told of three families: that one has another card; that one moved, and got
    another card with it; that one moved and kept its own. All others moved, too, and came back."""

    hub: Hub
    before: Profiles
    after: Profiles
    stayed: str
    moved: str
    kept: str
    back: dict[str, list[str]]  # the dwellings of all others


@pytest.fixture(scope="module")
def renewed(first: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renewed]:
    folder = tmp_path_factory.mktemp("renewed")
    with copy_of(first.home, folder / "home") as hub:
        before = _profiles(hub)
        left, three = dict(before), []
        for _ in range(3):
            three.append(_ranked(left))
            del left[three[-1][0]]
        (stayed, one), (moved, two), (kept, third) = three
        card = {_kk(one): NEW, _kk(two): NEWER, _kk(third): _kk(third)}
        place = {"NO_PROP": "51", "NO_KAB": "71", "NO_KEC": "01", "NO_KEL": "1001", "ALAMAT": "JL. X 9"}  # fmt: skip

        def go(row: Row) -> Row:
            lives = {} if row["NO_KK"] == _kk(one) else place
            new = {name: value for name, value in lives.items() if name in row}
            number = card.get(row["NO_KK"]) or row["NO_KK"]
            return row | new | {"NO_KK": number, "TGL_ENTRI": "2026-11-20"}

        def come_back(row: Row) -> Row:
            return go(row) if row["NO_KK"] in card else row | {"TGL_ENTRI": "2026-11-25"}

        for name, change in (("gone", go), ("back", come_back)):
            land(hub, "kemendagri", _again(first, folder / name, change), progress=QUIET)
        run(hub, QUIET)
        back = {one: homes for one, homes in _housed(before).items() if one in left}
        yield Renewed(hub, before, _profiles(hub), stayed, moved, kept, back)


def test_what_kemensos_tells_stays_with_the_family(renewed: Renewed) -> None:
    before, now = renewed.before[renewed.stayed], renewed.after[renewed.stayed]
    cards = {_kk(before), NEW}
    assert [one for one, body in renewed.after.items() if _kk(body) in cards] == [renewed.stayed]
    assert _kk(now) == NEW
    said = {**now["agreed"], **now["contested"]}["ranking"]
    assert said[0] == {**before["agreed"], **before["contested"]}["ranking"][0]
    assert {m for m, _ in now["links"]["members"]} == {m for m, _ in before["links"]["members"]}
    assert now["links"]["household"] == before["links"]["household"]
    assert now["identity_status"] == "verified"


def test_who_moved_lives_where_their_card_stands_now(renewed: Renewed, tmp_path: Path) -> None:
    """The office's book and Kemensos's rows are older than the move: what they say of the old village and dwelling is
    no word on where they live. Of who came back, what tells of the village of today stands, however old it is."""
    read = renewed.after
    assert {one: _dwellings(read, read[one]) for one in renewed.back} == renewed.back
    gone = [read[renewed.moved], read[renewed.kept]]
    assert _kk(gone[0]) == NEWER
    for family in gone:
        assert not _dwellings(read, family)
        assert _domicile(family)[0]["region_today"] == "5171011001"
        assert {lost[3] for lost in _domicile(family)[3]} == {"bygone"}
    members = (one for family in gone for one, _ in family["links"]["members"])
    moved = [body for one in members if (body := read[one])["records"][0][0] == "kemendagri"]
    told = [body for body in moved if body["contested"].get("domicile")]
    assert {_domicile(body)[0]["region_today"] for body in told} == {"5171011001"}
    row = {"NO_KK": "1101010101010001"}
    land_one(renewed.hub, write(tmp_path / "next.csv", "data_keluarga", row), "kemendagri")
    _validated(renewed.hub)
    _parted_and_joined_again(renewed.hub, told[0])
    families = [renewed.kept, renewed.moved, *renewed.back]
    homes = filter(None, (read[one]["links"].get("household") for one in families))
    home = next(one for one in homes if _pairs(renewed.hub, one, evidence=False))
    for pair in _pairs(renewed.hub, home):
        assert pair.evidence is not None, "by the records of the run, none that landed since"
        assert pair.evidence.exact, "by what tells of moves, too"


def _pairs(hub: Hub, entity_id: str, *, evidence: bool = True) -> Sequence[Pair]:
    request = TraceRequest(entity_id=entity_id, evidence=evidence)
    return traced(hub, request, QUIET, actor="auditor", purpose="audit").pairs


def _validated(hub: Hub) -> None:
    """What landed counts as validated, as by a run that was stopped."""
    engine = hub.engine()
    validate(hub, engine, QUIET)
    engine.close()


def _parted_and_joined_again(hub: Hub, person: dict[str, Any]) -> None:
    """A decision at once says so too."""
    before, records = golden(hub), [RecordRef(*record[:3]) for record in person["records"]]
    say(hub, "person", records[0], records[-1], "non-link")
    settled(hub)
    alone = next(
        body for body in _profiles(hub).values() if list(records[-1]) in [one[:3] for one in body["records"]]
    )  # fmt: skip
    assert _domicile(alone)[0]["region_today"] != "5171011001"
    say(hub, "person", records[0], records[-1], "review")
    settled(hub)
    assert golden(hub) == before
