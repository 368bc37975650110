"""A small country for decisions: families whose every fact a test can set, and what is open."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from mdm.access import Limits, Principal
from mdm.compose import Hub
from mdm.publishing import publish
from mdm.work.progress import Silent
from tests.publish.golden import Golden, begin

BOGOR, DENPASAR = "3201152001", "5171011001"  # a village, and a kelurahan
PROGRAMMES = ("BLT-DD", "PBI-JK", "PIP", "PKH", "SEMBAKO")
NOBODY = "3201150101010099"
_GROUPS = {
    "birth": ("birth_date",),
    "life": ("alive", "death_date"),
    "domicile": ("region_today",),
    "ranking": ("desil", "desil_period"),
}


def content(
    kind: str,
    values: Mapping[str, Any],
    *,
    links: Mapping[str, Any] | None = None,
    status: str = "verified",
    sources: Sequence[str] = ("kemendagri", "kemensos"),
    dated: str | None = "2026-01-02",
) -> str:
    """Golden content as survivorship writes it; values that travel together go into their group."""
    entries: dict[str, list[Any]] = {}
    for name, value in values.items():
        group = next((g for g, parts in _GROUPS.items() if name in parts), None)
        if group:
            entries.setdefault(group, [{}, 0, 1])[0][name] = value
        else:
            entries[name] = [value, 0, 1]
    body = {
        "agreed": entries,
        "contested": {},
        "identity_status": status,
        "kind": kind,
        "links": dict(links or {}),
        "records": [[one, "l", f"{one}-1", "b1", "f.csv", 1, dated] for one in sources],
        "regions": "kemendagri-2025",
        "rules": "digest",
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


@dataclass
class Someone:
    """One person: their number and what the golden profile says."""

    nik: str
    values: dict[str, Any]
    status: str = "verified"
    sources: Sequence[str] = ("kemendagri", "kemensos")
    also: Sequence[str] = ()  # other numbers their records carry
    dated: str | None = "2026-01-02"  # the day of every record behind them
    name: str = ""  # what tells two people of one number apart

    @property
    def id(self) -> str:
        return hashlib.sha256(f"{self.nik}{self.name}".encode()).hexdigest()[:32]


@dataclass
class Household:
    """A family with its members, the one asked for first."""

    number: int
    members: list[Someone]
    desil: int | None = 2
    region: str | None = BOGOR
    period: str = "2026Q3"

    @property
    def id(self) -> str:
        return f"f{self.number:031d}"


@dataclass
class Country:
    """What a run found out, and what it leaves open: pairs of entity ids with a weight."""

    families: list[Household]
    duplicates: Sequence[tuple[str, str, float]] = ()
    passed_over: Sequence[tuple[str, str, float]] = ()
    disputed: Sequence[tuple[str, float]] = ()
    links: Mapping[str, Sequence[float]] = field(default_factory=dict)  # weights of a chain
    implied: Collection[str] = ()  # families that only their members tell of

    def golden(self) -> Golden:
        persons, families = {}, {}
        for family in self.families:
            place = {"region_today": family.region} if family.region else {}
            for one in family.members:
                linked = content(
                    "person",
                    {"nik": one.nik, **place, **one.values},
                    links={"family": family.id},
                    status=one.status,
                    sources=one.sources,
                    dated=one.dated,
                )
                persons[one.id] = linked, [one.nik, *one.also]
            ranking = {"desil": family.desil, "desil_period": family.period} if family.desil else {}
            members = [[one.id, one.values.get("relationship")] for one in family.members]
            links = {"members": members}
            families[family.id] = content("family", {**place, **ranking}, links=links)
        return Golden(persons, families)

    def publish(self, hub: Hub) -> int:
        """Publish it as a new run; its sequence number."""
        run, engine = begin(hub), hub.engine()
        try:
            self.golden().register(engine)
            for kind, ids in (
                ("person", [one.id for f in self.families for one in f.members]),
                ("family", [f.id for f in self.families]),
            ):
                for name, table in self.linkage(ids).items():
                    engine.register(f"{kind}_{name}", table)
                if kind == "family" and self.implied:
                    engine.register("family_standardised", self.families_alone(ids))
            publish(hub, engine, run, Silent(), ("person", "family"))
        finally:
            engine.close()
        return run.seq

    def linkage(self, ids: Sequence[str]) -> dict[str, pa.Table]:
        """The linkage tables of one kind: ten records for each entity, two of each of its links."""
        rid = {entity: 10 * number for number, entity in enumerate(ids)}
        judged = [
            (rid[a], rid[b], weight, "review", "another name")
            for a, b, weight in self.duplicates
            if a in rid
        ]
        judged += [
            (rid[entity] + step, rid[entity] + step + 1, weight, "link", "weight")
            for entity, weights in self.links.items()
            if entity in rid
            for step, weight in enumerate(weights)
        ]
        passed = [(rid[a], rid[b], weight, False) for a, b, weight in self.passed_over if a in rid]
        disputes = [
            (rid[entity], rid[entity] + 1, weight, "link", 0.1)
            for entity, weight in self.disputed
            if entity in rid
        ]
        placed = [(rid[entity] + n, entity) for entity in ids for n in range(10)]
        return {
            "judged": table(judged, "rid_l rid_r match_weight judgement reason"),
            "passed_over": table(passed, "rid_l rid_r match_weight answered"),
            "disagreements": table(
                disputes, "rid_l rid_r match_weight judgement second_probability"
            ),
            "links": table(placed, "rid entity_id"),
        }

    def families_alone(self, ids: Sequence[str]) -> pa.Table:
        """The family records as far as it is told who is implied."""
        rows = [(10 * n, one in self.implied, None, None) for n, one in enumerate(ids)]
        return table(rows, "rid implied desil desil_period")


_TYPES = {
    "match_weight": pa.float64(),
    "second_probability": pa.float64(),
    "judgement": pa.string(),
    "reason": pa.string(),
    "answered": pa.bool_(),
    "implied": pa.bool_(),
    "desil_period": pa.string(),
    "entity_id": pa.string(),
}


def table(rows: Sequence[tuple[Any, ...]], names: str) -> pa.Table:
    columns = names.split()
    return pa.table(
        {
            name: pa.array([row[n] for row in rows], _TYPES.get(name, pa.int32()))
            for n, name in enumerate(columns)
        }
    )


def adult(serial: int, **values: Any) -> Someone:
    """A man of 46 with a job."""
    said = {
        "name": "BUDI",
        "sex": "M",
        "birth_date": "1980-05-01",
        "alive": True,
        "occupation": "PETANI_PEKEBUN",
        "relationship": "HEAD",
        "pkh": False,
        "sembako": False,
        "pbi": False,
        **values,
    }
    return _someone(serial, said)


def pupil(serial: int, born: str = "2016-05-01", **values: Any) -> Someone:
    """A girl at school."""
    said = {
        "name": "SITI",
        "sex": "F",
        "birth_date": born,
        "alive": True,
        "occupation": "PELAJAR_MAHASISWA",
        "education": "PRIMARY_INCOMPLETE",
        "relationship": "CHILD",
        "pkh": False,
        **values,
    }
    return _someone(serial, said)


def _someone(serial: int, values: dict[str, Any]) -> Someone:
    kept = {name: value for name, value in values.items() if value is not None}
    return Someone(f"320115010180{serial:04d}", kept)


def client(*regions: str, **more: Any) -> Principal:
    """A programme's client that may ask for everything, as often as it likes."""
    limits = Limits(
        requests_per_minute=100_000, niks_per_day=1_000_000, miss_percent=100, miss_floor=1
    )
    said: dict[str, Any] = {
        "id": "client:dinsos",
        "kind": "client",
        "roles": frozenset(["programme"]),
        "regions": regions or ("",),
        "purposes": frozenset(["assistance", "verification"]),
        "programmes": frozenset(PROGRAMMES),
        "agreement": "A-1",
        "limits": limits,
    }
    return Principal(**{**said, **more})
