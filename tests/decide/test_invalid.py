"""A value that is not valid, chosen for want of another, is for those who mend it: programmes are not told of it."""

from __future__ import annotations

import json
from datetime import date

from api.dci.seen import see
from matching.engines.duckdb import DuckDBEngine
from mdm.access.terms import Decision
from mdm.desk.revealing import reveal
from mdm.desk.terms import Person, Profile
from mdm.survivorship import survive
from tests.survive.tables import golden, load, record

FIELDS = frozenset({"name", "birth_date", "alive", "death_date", "phone"})
ALL = Decision(True, "test", "1", {"person": FIELDS})


def test_a_death_before_the_birth_makes_nobody_dead() -> None:
    engine = DuckDBEngine()
    died = {"alive": False, "death_date": date(1900, 1, 1), "phone": "12"}
    said = {"name": "ANI", "birth_date": date(1980, 1, 2), "value_date": date(2026, 1, 1)}
    load(engine, "person", [record("kemendagri", "1", **said, **died)])
    survive(engine, "person")
    person = Person(
        Profile("E", "person", 1, 1, json.loads(golden(engine, "person")["E"])), None, None, "3201"
    )
    engine.close()
    assert {"life", "phone"} <= set(person.person.entries)
    told = {"name": "ANI", "birth_date": "1980-01-02"}
    assert reveal(person, ALL, None).shown == {"person": told}
    seen = see(person, ALL).person
    assert {"name", "birth"} == set(seen.values)
    assert seen.get("birth", "birth_date") == told["birth_date"]
