"""A list whose key is its running number: the next has a row more at the top, and every number is a neighbour's."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.corrections import returns
from mdm.export import published_links
from mdm.hub.runs import published_run, published_seq
from mdm.judgements import RecordRef
from mdm.landing import land
from mdm.links import bring
from mdm.opening import open_profiles
from mdm.pipeline import run
from mdm.survivorship.explain import every_value
from mdm.survivorship.explain import values as values_of
from tests.corrections import chain
from tests.judged import judge
from tests.keys import approving
from tests.run.homes import QUIET, FirstRun, copy_of
from tests.run.test_path import links as linked
from tests.run.test_path import registry_rows, write_rows
from tests.touched.settled import settled

CONTRACT = """
source: desa
title: A village office's list, by its running number
file: {encoding: utf-8, delimiter: ","}
layouts:
  - name: penduduk
    kind: person
    title: One row per resident
    columns: ["NO", NIK, KK, NAMA, LAHIR, JK, IBU, HP]
    required: ["NO", NIK, NAMA, LAHIR]
    record_key: {column: "NO", digest: [NIK, NAMA, LAHIR]}
    values:
      nik: {as: nik, from: NIK}
      kk: {as: kk, from: KK}
      name: {as: name, from: NAMA}
      birth_date: {as: date, order: ymd, from: LAHIR}
      sex: {as: sex, from: JK}
      mother_name: {as: name, from: IBU}
      phone: {as: digits, least: 7, most: 15, from: HP}
"""
COLUMNS = ("NO", "NIK", "KK", "NAMA", "LAHIR", "JK", "IBU", "HP")
Person = dict[str, str]


@pytest.fixture
def hub(first: FirstRun, tmp_path: Path) -> Iterator[Hub]:
    with copy_of(first.home, tmp_path / "home") as hub:
        contracts = hub.settings.home / "contracts"
        contracts.mkdir(exist_ok=True)
        (contracts / "desa.yaml").write_text(CONTRACT, "utf-8")
        yield hub


def residents(first: FirstRun, known: int) -> list[Person]:
    """Some people of the registry as the office lists them, family by family, each with a number of their own; and
    beside each somebody whom only the office knows."""
    found: dict[str, Person] = {}
    for row in registry_rows(first.delivery):
        if len(row["NIK"]) == 16 and row["NAMA_LGKP"] and row["TGL_LHR"]:
            found[row["NIK"]] = {
                "NIK": row["NIK"], "KK": row["NO_KK"], "NAMA": row["NAMA_LGKP"], "LAHIR": row["TGL_LHR"],
                "JK": "LP"[row["JENIS_KLMIN"] == "2"], "IBU": row["NAMA_LGKP_IBU"],
                "HP": "0812" + row["NIK"][-8:],
            }  # fmt: skip
    people = sorted(found.values(), key=lambda one: (one["KK"], one["NIK"]))[:known]
    return [one for n, each in enumerate(people) for one in (each, only_here(n))]


NAMES = ("TARMUJI", "WAGIYEM", "OKTAVIANUS", "HERLINDA", "ZULKARNAEN", "FITRIANI")


def only_here(n: int) -> Person:
    """Somebody whom only the office knows. Every second is a twin of the one before, a letter apart."""
    day, twin = 1 + n // 2, n % 2
    name = f"{NAMES[n // 2 % 6]} {NAMES[(n // 2 + 1 + n // 12) % 6]}" + twin * "A"
    return {
        "NIK": f"320711{day:02d}0571{n + 1:04d}", "KK": "", "NAMA": name, "LAHIR": f"1971-05-{day:02d}", "JK": "L",
        "IBU": f"SRI {NAMES[n // 2 % 6][::-1]}", "HP": f"0813{n:08d}",
    }  # fmt: skip


def deliver(hub: Hub, folder: Path, listed: Sequence[Person]) -> None:
    """Land the office's list, numbered from 1 on, and run."""
    folder.mkdir()
    with (folder / "penduduk.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows({"NO": str(no), **one} for no, one in enumerate(listed, 1))
    land(hub, "desa", [folder], progress=QUIET)
    run(hub, QUIET)


def entities(hub: Hub) -> dict[str, str]:
    """Record key → entity id of the list's records that count."""
    with hub.sessions.read() as session:
        seen = published_run(session)
    assert seen is not None
    engine = hub.engine()
    bring(hub, engine, "person", seen, "now")
    sql = "SELECT record_key, entity_id FROM now WHERE source = 'desa' AND rid IS NOT NULL"
    rows = engine.fetch(sql).to_pylist()
    engine.close()
    return {row["record_key"]: row["entity_id"] for row in rows}


def known_as(hub: Hub, people: Sequence[Person]) -> dict[str, set[str]]:
    """NIK → entity ids of those of whom the list says it, by their phone."""
    ids = set(entities(hub).values())
    with hub.sessions.read() as session:
        opened = open_profiles(hub, session, sorted(ids), published_seq(session))
    found: dict[str, set[str]] = {one["NIK"]: set() for one in people}
    for one, profile in opened.items():
        for nik in found.keys() & set(map(str, every_value(profile.content, "nik"))):
            found[nik].add(one)
    return found


def ref(key: str) -> RecordRef:
    return RecordRef("desa", "penduduk", key)


def test_ids_judgements_and_corrections_stay_with_their_persons(
    first: FirstRun, hub: Hub, tmp_path: Path
) -> None:
    """A newcomer at the top, then two rows taken out, then the list as it was but for one who stands first."""
    people = residents(first, 14)
    newcomer, here = people[0], people[2:]
    deliver(hub, tmp_path / "one", here)
    parted, corrected = here[4], here[11]
    assert not parted["NAMA"].startswith(NAMES)  # whom the registry knows
    assert corrected["NAMA"].startswith(NAMES)
    registry = RecordRef("kemendagri", "biodata_wni", parted["NIK"])
    judge(hub, "person", ref("5"), registry, "non-link", actor="s", reason="seen")
    values = {"name": "NAMA YANG BENAR"}
    target = entities(hub)["12"]
    chain.approve(hub, chain.draft("correct-value", target, attribute="name", values=values))
    settled(hub)
    before, known = entities(hub), known_as(hub, here)
    for folder, listed in (
        ("two", [newcomer, *here]),
        ("three", [newcomer, *here[:2], *here[4:]]),
        ("four", [here[5], *here[:5], *here[6:]]),
    ):
        deliver(hub, tmp_path / folder, listed)
        after = entities(hub)
        assert {key: after.get(key) for key in before} == before
        assert len(after) == len(before) + 1
        assert known_as(hub, here) == known
        with hub.sessions.read() as session:
            opened = open_profiles(hub, session, [target], published_seq(session))[target]
        assert values_of(opened.content)["name"] == "NAMA YANG BENAR"


def landed(hub: Hub) -> list[dict[str, object]]:
    reader = hub.lake.reader("landed/desa/penduduk")
    return reader.read_all().to_pylist() if reader else []


def test_who_is_erased_is_gone_under_every_number_and_the_neighbours_stay(
    first: FirstRun, hub: Hub, tmp_path: Path
) -> None:
    people = residents(first, 4)
    newcomer, another, here = people[0], people[2], [people[n] for n in (1, 3, 5, 7)]
    deliver(hub, tmp_path / "one", here)
    deliver(hub, tmp_path / "two", [newcomer, *here])
    before = entities(hub)
    gone = here[0]  # at 1, then at 2
    approving.erase(hub, before["1"])
    left = {row["NIK"] for row in landed(hub)}
    assert left == {one["NIK"] for one in (newcomer, *here[1:])}
    assert len(landed(hub)) == 7
    # The newcomer, who came to the number of the erased, goes by it alone now, and is who they were.
    expected = {key: one for key, one in before.items() if key != "1" and "#" not in key}
    expected["1"] = next(one for key, one in before.items() if "#" in key)
    run(hub, QUIET)
    assert entities(hub) == expected
    deliver(hub, tmp_path / "three", [another, newcomer, *here])
    assert gone["NIK"] not in {row["NIK"] for row in landed(hub)}
    after = entities(hub)
    assert {key: after[key] for key in expected} == expected
    assert len(after) == len(expected) + 1
    assert verify(hub, QUIET).holds


def test_the_registry_is_told_the_number_that_the_person_has_now(
    first: FirstRun, hub: Hub, tmp_path: Path
) -> None:
    """Two numbers that changed places: what officers corrected of one stays theirs, told under the other number."""
    rows = [row for row in registry_rows(first.delivery) if len(row["NIK"]) == 16]
    names = Counter((row["NAMA_LGKP"], row["TGL_LHR"]) for row in rows if row["TGL_LHR"])
    numbers = Counter(row["NIK"] for row in rows)
    alone = {name for name, count in names.items() if count == 1}
    fine = [
        row
        for row in rows
        if (row["NAMA_LGKP"], row["TGL_LHR"]) in alone and numbers[row["NIK"]] == 1
    ]
    one, other = fine[0], fine[-1]
    registry = {key: entity for (source, key), entity in linked(hub).items() if source == "kemendagri"}  # fmt: skip
    values = {"name": "NAMA YANG BENAR"}
    target = registry[one["NIK"]]
    chain.approve(hub, chain.draft("correct-value", target, attribute="name", values=values))
    settled(hub)

    def told() -> set[str]:
        with hub.sessions.read() as session:
            return {line.cells[3] for line in returns.due(hub, session, again=True)}

    assert told() == {one["NIK"]}
    (tmp_path / "swapped").mkdir()
    swapped = [one | {"NIK": other["NIK"]}, other | {"NIK": one["NIK"]}]
    write_rows(tmp_path / "swapped" / "biodata_wni.csv", swapped)
    land(hub, "kemendagri", [tmp_path / "swapped"], progress=QUIET)
    run(hub, QUIET)
    now = {key: entity for (source, key), entity in linked(hub).items() if source == "kemendagri"}
    assert {key: now[key] for key in registry} == registry
    assert told() == {other["NIK"]}
    engine = hub.engine()
    exported = published_links(hub, engine, "person", QUIET)
    sql = f"SELECT \"row\", entity_id FROM {exported} WHERE file = 'biodata_wni.csv' AND record_key = '{one['NIK']}'"
    (stands,) = engine.fetch(sql).to_pylist()
    engine.close()
    assert stands == {"row": 1, "entity_id": target}
