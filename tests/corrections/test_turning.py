"""Until when a correction holds: case by case, what sources say after it, and what an officer would call that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from matching.engine import Engine
from matching.engines.duckdb import DuckDBEngine
from mdm.contracts import load_contracts
from mdm.contracts.accepted import COLUMNS
from mdm.corrections.document import load_rules
from mdm.corrections.rows import Added
from mdm.corrections.terms import Heard, Part
from mdm.corrections.turning import Typed, turns

SEEN = "2026-11-20"  # when the officer saw what the correction says
WAS, THEN, LATER = "2026-03-01", "2026-10-01", "2027-02-01"
LAYOUTS = {
    ("person", "kemendagri"): "biodata_wni",
    ("person", "kemensos"): "siksng_individu",
    ("person", "pemda"): "warga",
    ("family", "kemendagri"): "data_keluarga",
    ("family", "kemensos"): "siksng_keluarga",
}
READ_AS = {"region": ("region_code", "region_system"), "rt_rw": ("rt", "rw")}


@dataclass(frozen=True)
class Row:
    """A delivered row: what it says, of which day by its own word, whose key."""

    said: Mapping[str, Any]
    dated: str | None
    delivered: str
    key: str = "k"
    double: str | None = None  # the record's key where it shares that of another


def said(
    engine: Engine,
    kind: str,
    corrected: Mapping[str, Any],
    told: Mapping[str, Sequence[Row]],
    heard_key: str = "k",
) -> dict[str, tuple[str, str]]:
    """Attribute → what became of it and by whom: `told` are the rows of each source, the first of them heard."""
    typed, heard = [], []
    for source, rows in told.items():
        contract = next(c for c in load_contracts().values() if c.source == source)
        layout = contract.layout(LAYOUTS[kind, source])
        table = f"typed_{source}"
        held = {column for name in layout.values for column in READ_AS.get(name, (name,))}
        columns = {n: t for n, t in COLUMNS[kind].items() if n in held}
        lines = []
        for at, row in enumerate(rows):
            values = [f"{_sql(row.said.get(n))}::{t} AS {n}" for n, t in columns.items()]
            lines.append(
                f"SELECT {at} AS id, 'b{at}' AS batch, {_sql(row.delivered)} AS delivery, 'f' AS file, "
                f"1::INTEGER AS row, {_sql(row.key)} AS record_key, {_sql(row.delivered)}::DATE AS delivered_on, "
                f"{_sql(row.dated)}::DATE AS value_date, true AS accepted, {', '.join(values)}"
            )
        engine.table(table, " UNION ALL ".join(lines))
        beside = [
            f"SELECT {at} AS id, {_sql(r.key)} AS key, {_sql(r.double)} AS record_key"
            for at, r in enumerate(rows)
            if r.double
        ]
        engine.drop(f"{table}_doubles")
        if beside:
            engine.table(f"{table}_doubles", " UNION ALL ".join(beside))
        typed.append(Typed(source, layout, table))
        heard.append(Heard(source, layout.name, heard_key, "b0", 1))
    names = {load_rules().attribute_of(kind, column) for column in corrected}
    part = Part(
        key="c",
        kind=kind,
        entity_id="e",
        anchor=None,
        columns=dict(corrected),
        attributes=tuple(sorted(filter(None, names))),
        heard=tuple(heard),
    )
    found = turns(engine, typed, [Added("c", 1, part, SEEN)])
    return {one["attribute"]: (one["turn"], one["source"]) for one in found}


def _sql(value: Any) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = DuckDBEngine()
    yield engine
    engine.close()


def series(*said: tuple[Mapping[str, Any], str | None]) -> list[Row]:
    """Rows of one key, a delivery each month: what they say, and of which day."""
    return [Row(one, dated, f"2026-{6 + at:02d}-15") for at, (one, dated) in enumerate(said)]


TILES, EARTH, WOOD = ({"floor": one} for one in ("CERAMIC", "EARTH", "WOOD"))
MELATI = {"address": "JL. MELATI NO 5", "rt": "1", "rw": "2", "region_code": "5171011001"}
CORRECT = {"address": "JALAN ANGGREK 8", "rt": "3", "region_code": "5171011001"}
HOLDS: dict[str, tuple[str, str]] = {}
ASKED = {"floor": ("questioned", "kemensos")}

FLOOR = [
    ("says the same again", [(EARTH, WAS), (EARTH, LATER)], HOLDS),
    ("says nothing any more", [(EARTH, WAS), ({}, LATER)], HOLDS),
    ("says another thing, of a day after", [(EARTH, WAS), (WOOD, LATER)], {"floor": ("overtaken", "kemensos")}),
    ("says another thing, of a day before the officer saw it", [(EARTH, WAS), (WOOD, THEN)], ASKED),
    ("says another thing, of the day on which the officer saw it", [(EARTH, WAS), (WOOD, SEEN)], ASKED),
    ("delivers an older state", [(EARTH, WAS), (WOOD, "2024-01-01")], ASKED),
    ("comes to say it", [(EARTH, WAS), (TILES, LATER)], {"floor": ("confirmed", "kemensos")}),
    ("comes to say it, of a day before", [(EARTH, WAS), (TILES, THEN)], {"floor": ("confirmed", "kemensos")}),
    ("agreed, and takes it back", [(EARTH, WAS), (TILES, LATER), (EARTH, "2027-03-01")],
     {"floor": ("overtaken", "kemensos")}),
    ("agreed, and delivers its old state once more", [(EARTH, WAS), (TILES, LATER), (EARTH, WAS)], HOLDS),
    ("said another thing, and takes that back", [(EARTH, WAS), (WOOD, LATER), (EARTH, WAS)], HOLDS),
    ("said nothing before", [({}, WAS), (WOOD, LATER)], {"floor": ("overtaken", "kemensos")}),
    ("says another thing, undated", [(EARTH, None), (WOOD, None)], ASKED),
]  # fmt: skip


@pytest.mark.parametrize(("told", "became"), [c[1:] for c in FLOOR], ids=[c[0] for c in FLOOR])
def test_only_news_ends_a_correction(engine: Engine, told: list[Any], became: Any) -> None:
    assert said(engine, "family", TILES, {"kemensos": series(*told)}) == became


ADDRESS = [
    ("other words for the same", {**MELATI, "address": "JALAN MELATI 5"}, HOLDS),
    ("a slip of the pen", {**MELATI, "address": "JL MELATTI NO. 5"}, HOLDS),
    ("a part left empty", {**MELATI, "rt": None}, HOLDS),
    ("a part filled in", {**MELATI, "postal_code": "80111"}, HOLDS),
    ("another house", {**MELATI, "address": "JL MELATI NO 6"}, {"domicile": ("overtaken", "kemensos")}),
    ("another street", {**MELATI, "address": "JL MAWAR NO 5"}, {"domicile": ("overtaken", "kemensos")}),
    ("another village", {**MELATI, "region_code": "5171011002"}, {"domicile": ("overtaken", "kemensos")}),
    ("what was corrected, in other words", {**CORRECT, "address": "JL ANGGREK NO 8"},
     {"domicile": ("confirmed", "kemensos")}),
]  # fmt: skip


@pytest.mark.parametrize(("now", "became"), [c[1:] for c in ADDRESS], ids=[c[0] for c in ADDRESS])
def test_a_rewording_of_what_was_wrong_is_no_news(engine: Engine, now: Any, became: Any) -> None:
    told = series((MELATI, WAS), (now, LATER))
    assert said(engine, "person", CORRECT, {"kemensos": told}) == became


NAME = [
    ("kemensos", "STI AMINA", HOLDS),
    ("kemensos", "SUPARMI", {"name": ("questioned", "kemensos")}),
    ("kemendagri", "SUPARMI", {"name": ("overtaken", "kemendagri")}),
    ("kemensos", "SITI AMINAH", {"name": ("confirmed", "kemensos")}),
]


@pytest.mark.parametrize(("source", "now", "became"), NAME)
def test_of_what_lasts_a_life_only_its_owner_has_news(
    engine: Engine, source: str, now: str, became: Any
) -> None:
    told = series(({"name": "SITI AMINA"}, WAS), ({"name": now}, LATER))
    assert said(engine, "person", {"name": "SITI AMINAH"}, {source: told}) == became


@pytest.mark.parametrize(
    ("now", "became"),
    [
        ("-", HOLDS),
        ("0", HOLDS),
        ("+62 811-1111-1111", HOLDS),  # the wrong one, written otherwise
        ("081122223333", {"phone": ("overtaken", "pemda")}),
    ],
)
def test_what_is_no_value_says_nothing(engine: Engine, now: str, became: Any) -> None:
    told = series(({"phone": "081111111111"}, WAS), ({"phone": now}, LATER))
    assert said(engine, "person", {"phone": "081234567890"}, {"pemda": told}) == became


STREETS = [
    {"address": f"JALAN {name} 5", "region_code": "5171011001"}
    for name in ("MELATI", "MAWAR", "KAMBOJA")
]
OLD, NEW, OTHER = STREETS


def test_news_of_a_weaker_source_does_not_bring_back_what_was_wrong(engine: Engine) -> None:
    """Without the correction the stronger source's old word would win again: it holds, and somebody is asked."""
    weaker = series((OLD, WAS), (NEW, LATER))
    stronger = series((OTHER, "2026-10-01"))
    assert said(engine, "person", CORRECT, {"kemensos": weaker, "pemda": stronger}) == {
        "domicile": ("questioned", "kemensos")
    }
    # What is old fades: a word of long ago does not come back.
    stronger = series((OTHER, "2010-10-01"))
    assert said(engine, "person", CORRECT, {"kemensos": weaker, "pemda": stronger}) == {
        "domicile": ("overtaken", "kemensos")
    }


def test_news_of_several_that_agree_counts_together(engine: Engine) -> None:
    corrected = {"kk": "5171012501010001", "relationship": "CHILD"}
    old, new = ({"kk": f"517101250101000{n}", "relationship": "CHILD"} for n in (2, 3))
    told = {"kemendagri": series((old, WAS)), "kemensos": series((old, WAS), (new, LATER))}
    assert said(engine, "person", corrected, told)["kk"] == ("questioned", "kemensos")
    told["kemendagri"] = series((old, WAS), (new, LATER))
    assert said(engine, "person", corrected, told)["kk"][0] == "overtaken"


def test_who_confirms_it_counts_against_the_news(engine: Engine) -> None:
    told = {
        "pemda": series((OLD, WAS), (CORRECT, LATER)),
        "kemensos": series((OLD, WAS), (NEW, LATER)),
    }
    assert said(engine, "person", CORRECT, told) == {"domicile": ("questioned", "kemensos")}


def test_a_double_goes_on_being_heard_when_who_shared_its_key_is_erased(engine: Engine) -> None:
    """Its key was the shared one with a tie; alone with it, it goes by the plain one."""
    told = {"kemensos": series((EARTH, WAS), (WOOD, LATER))}
    assert said(engine, "family", TILES, told, heard_key="k#tie") == {
        "floor": ("overtaken", "kemensos")
    }


def test_the_row_of_another_under_the_same_key_is_not_heard(engine: Engine) -> None:
    rows = [
        Row(EARTH, WAS, "2026-06-15"),
        Row(EARTH, WAS, "2026-07-15"),
        Row(WOOD, LATER, "2026-07-15", double="k#tie"),
    ]
    assert said(engine, "family", TILES, {"kemensos": rows}) == HOLDS
    engine.table(
        "typed_kemensos_hands", "SELECT 1 AS id, 'k#other' AS record UNION ALL SELECT 2, 'k#other'"
    )
    rows = series((EARTH, WAS), (WOOD, LATER), (WOOD, LATER))
    assert said(engine, "family", TILES, {"kemensos": rows}) == HOLDS, "whose key it is since"
