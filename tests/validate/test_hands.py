"""Keys that change hands: each person keeps the record, whoever has the number now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.engines.duckdb import DuckDBEngine
from mdm.contracts.layouts import Layout
from mdm.contracts.ties import tie
from mdm.validation.doubles import doubles, set_apart
from mdm.validation.hands import hands, settle
from mdm.validation.versions import none_confirmed, number_current
from tests.land.deliveries import accepted, land_one, layout_of, new_hub, write
from tests.validate.hands_oracle import Row, records


class Somebody(NamedTuple):
    """Who a row tells of."""

    name: str
    born: str | None
    nik: str | None = None


BUDI = Somebody("BUDI SANTOSO", "1980-01-02", "3207110201800001")
SITI = Somebody("SITI AMINAH", "1955-11-23", "3207116311550001")
JOKO = Somebody("JOKO WIDAGDO", "1999-06-15", "3207111506990001")
TWIN = Somebody("SITI AMINI", "1955-11-23", "3207116311550002")
BUDHI = BUDI._replace(name="BUDHI SANTOSA")
ANEW = Somebody("RADEN AJENG", "1971-05-05", BUDI.nik)  # BUDI's number, all else corrected
NAMELESS = Somebody("WAYAN", None)
INDIVIDU = layout_of("kemensos", "siksng_individu")

#: What one delivery says under each key; several under one are doubles.
Delivery = Sequence[tuple[str, Somebody]]


class World:
    """The tables of one layout after some deliveries."""

    def __init__(self, deliveries: Sequence[Delivery], layout: Layout = INDIVIDU) -> None:
        self.engine = DuckDBEngine(threads=1)
        self.rows = [
            (id_, at, key, who)
            for id_, (at, key, who) in enumerate(
                (at, key, who) for at, one in enumerate(deliveries) for key, who in one
            )
        ]
        self._register(layout)
        none_confirmed(self.engine, "person")
        set_apart(self.engine, layout, "landed", "typed")
        self.changed = settle(self.engine, layout, "landed", "typed")
        self.current = number_current(self.engine, layout, "typed", 1)

    def _register(self, layout: Layout) -> None:
        ids, moments, keys, people = zip(*self.rows, strict=True)
        text = {
            "delivery": [f"d{at:02d}" for at in moments],
            "batch": [f"b{at:02d}" for at in moments],
            "file": ["f"] * len(ids),
            "record_key": keys,
            "office": [None] * len(ids),
        }
        shared = {name: pa.array(column, pa.string()) for name, column in text.items()}
        shared |= {"row": pa.array(ids, pa.int32())}
        own = {"NIK": "nik", "Nama": "name", "Tanggal_Lahir": "born"}
        if layout is not INDIVIDU:
            own = {"NAMA_LGKP": "name", "TGL_LHR": "born"}
        landed = {c: pa.array([getattr(one, a) for one in people], pa.string()) for c, a in own.items()}  # fmt: skip
        digest = pa.array([f"{one}" for one in people], pa.string())
        self.engine.register("landed", pa.table(shared | landed | {"row_digest": digest}))
        typed = {
            "name": [one.name for one in people],
            "born": [one.born for one in people],
            "nik": [one.nik for one in people],
            "nik_raw": [one.nik for one in people],
            "sex": [None] * len(ids),
            "mother_name": [None] * len(ids),
        }
        columns = {name: pa.array(column, pa.string()) for name, column in typed.items()}
        self.engine.register("read", pa.table(shared | columns | {"id": pa.array(ids, pa.int64())}))
        self.engine.table(
            "typed",
            "SELECT * EXCLUDE (born), born::DATE AS birth_date, DATE '2026-01-01' AS delivered_on, "
            "TRUE AS accepted FROM read",
        )

    def counting(self) -> dict[str, str]:
        """Record key → name of the rows that count; `#` for the tie."""
        sql = "SELECT k.record_key, t.name FROM typed_current k JOIN typed t USING (id)"
        found = {row["record_key"]: row["name"] for row in self.engine.fetch(sql).to_pylist()}
        assert len(found) == self.current, "every record has a key of its own"
        return found

    def record_of(self) -> dict[int, str]:
        """Row → record."""
        found = {id_: key for id_, _, key, _ in self.rows}
        for table, column in ((hands("typed"), "record"), (doubles("typed"), "record_key")):
            if self.engine.exists(table):
                rows = self.engine.fetch(f"SELECT id, {column} AS record FROM {table}").to_pylist()
                found |= {row["id"]: row["record"] for row in rows}
        return found

    def ties(self) -> dict[int, str]:
        sql = f"SELECT rowid AS id, {tie(INDIVIDU, 'l')} AS tie FROM landed l"
        return {row["id"]: row["tie"] for row in self.engine.fetch(sql).to_pylist()}

    def close(self) -> None:
        self.engine.close()


@pytest.fixture
def made() -> Iterator[list[World]]:
    worlds: list[World] = []
    yield worlds
    for one in worlds:
        one.close()


def after(
    made: list[World], *deliveries: Mapping[str, Somebody] | Delivery, layout: Layout = INDIVIDU
) -> dict[str, str]:
    """Record key, with `#` for its tie → first name of who it is, after some deliveries."""
    world = World([[*d.items()] if isinstance(d, Mapping) else d for d in deliveries], layout)
    made.append(world)
    found: dict[str, str] = {}
    for key, name in world.counting().items():
        own, behind, _ = key.partition("#")
        found[own + behind if own + behind not in found else key] = name.split()[0]
    return found


def test_who_loses_a_number_keeps_the_record_and_who_gets_it_has_one_of_their_own(
    made: list[World],
) -> None:
    assert after(made, {"1": BUDI}, {"1": SITI}) == {"1": "BUDI", "1#": "SITI"}
    assert after(made, {"1": BUDI}, {"1": SITI}, {"1": BUDI}) == {"1": "BUDI", "1#": "SITI"}
    again = after(made, {"1": BUDI}, {"1": SITI}, {"1": JOKO}, {"1": SITI})
    assert sorted(again.values()) == ["BUDI", "JOKO", "SITI"]


@pytest.mark.parametrize(
    "now",
    [
        BUDHI,  # another spelling
        BUDI._replace(born="1970-05-05"),  # another date
        BUDI._replace(name="KARYADI"),  # another name
        SITI._replace(born=BUDI.born),
        ANEW,  # everything but the NIK
        NAMELESS,  # nothing to tell by
    ],
)
def test_in_doubt_the_row_that_came_later_is_the_same_record(
    now: Somebody, made: list[World]
) -> None:
    assert after(made, {"1": BUDI}, {"1": now}) == {"1": now.name.split()[0]}


def test_a_number_of_the_registry_that_is_given_anew(made: list[World]) -> None:
    """There the number is the key, and does not tell that it is the same person."""
    layout = layout_of("kemendagri", "biodata_wni")
    found = after(made, {"1": BUDI}, {"1": ANEW}, layout=layout)
    assert found == {"1": "BUDI", "1#": "RADEN"}


def test_who_is_known_under_another_number_goes_on_there(made: list[World]) -> None:
    before = {"1": BUDI, "2": SITI, "3": TWIN}
    at_the_top = {"1": JOKO, "2": BUDI, "3": SITI, "4": TWIN}
    here = {"1": "BUDI", "2": "SITI", "3": "SITI", "1#": "JOKO"}
    assert after(made, before, at_the_top) == here
    assert after(made, before, at_the_top, before) == here
    assert after(made, before, at_the_top, {"1": JOKO, "2": SITI, "3": TWIN}) == here
    assert after(made, before, {"1": SITI, "2": TWIN}) == {"1": "BUDI", "2": "SITI", "3": "SITI"}
    swapped = {"1": SITI, "2": BUDI, "3": TWIN}
    same = {"1": "BUDI", "2": "SITI", "3": "SITI"}
    assert after(made, before, swapped) == after(made, before, swapped, before) == same
    later = after(made, {"1": BUDI}, {"1": SITI}, {"1": SITI, "9": BUDI})
    assert later == {"1": "BUDI", "1#": "SITI"}, "given away long before"


def test_a_twin_at_a_twins_number_is_no_corrected_name(made: list[World]) -> None:
    """Where the one is found elsewhere, the other is not taken for them."""
    assert after(made, {"1": SITI}, {"1": TWIN, "2": SITI}) == {"1": "SITI", "1#": "SITI"}
    found = after(made, {"1": SITI, "2": BUDI}, {"1": TWIN, "2": SITI, "3": BUDI})
    assert found == {"1": "SITI", "2": "BUDI", "1#": "SITI"}


def test_a_key_that_nobody_else_got_is_the_records_own(made: list[World]) -> None:
    """Who comes under a new number while the old one is theirs or gone is told by the linkage, as ever."""
    assert after(made, {"1": BUDI}, {"2": BUDI}) == {"1": "BUDI", "2": "BUDI"}
    assert after(made, {"1": BUDI}, {"1": BUDI, "2": BUDI}) == {"1": "BUDI", "2": "BUDI"}
    assert after(made, {"1": BUDI}, {"1": BUDHI, "2": BUDI}) == {"1": "BUDHI", "2": "BUDI"}


def test_two_who_are_called_alike_are_not_taken_for_one(made: list[World]) -> None:
    both = [{"1": BUDI, "2": SITI, "3": JOKO}, {"1": SITI, "2": BUDI, "3": BUDI}]
    found = after(made, *both)
    assert sorted(found.values()) == ["BUDI", "BUDI", "BUDI", "JOKO", "SITI"]


def test_a_name_that_is_corrected_to_a_namesakes_is_no_other_hand(made: list[World]) -> None:
    """Of a delivery of what changed only: who is not in it may still have their number."""
    layout = layout_of("kemendagri", "biodata_wni")
    found = after(made, {"1": TWIN, "2": SITI}, {"1": SITI}, layout=layout)
    assert found == {"1": "SITI", "2": "SITI"}
    world = World([[("1", BUDHI), ("2", BUDI)], [("1", BUDI)]])
    made.append(world)
    assert world.record_of() == {0: "1", 1: "2", 2: "1"}, "of one number: the same person twice"


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        ([[BUDI], [SITI, BUDI], [JOKO]], {"1": "BUDI", "1#": "JOKO"}),
        ([[BUDI], [SITI], [SITI, BUDI]], {"1": "BUDI", "1#": "SITI"}),
        ([[BUDI], [SITI], [BUDI], [SITI, BUDI]], {"1": "BUDI", "1#": "SITI"}),
        ([[BUDI], [SITI], [JOKO, SITI], [JOKO]], {"1": "BUDI", "1#": "JOKO"}),
        ([[BUDI, SITI], [JOKO], [NAMELESS]], {"1": "WAYAN"}),
        ([[BUDI, SITI], [JOKO], [TWIN]], {"1": "JOKO", "1#": "SITI"}),
    ],
)
def test_doubles_and_another_hand(
    deliveries: list[list[Somebody]], expected: dict[str, str], made: list[World]
) -> None:
    found = after(made, *([("1", one) for one in rows] for rows in deliveries))
    assert {key.split("#")[0] + "#" * ("#" in key): name for key, name in found.items()} == expected


PEOPLE = (BUDI, SITI, JOKO, TWIN, BUDHI, ANEW, NAMELESS)
KEYS = st.sampled_from(["1", "2", "3"])
DELIVERIES = st.lists(
    st.lists(st.tuples(KEYS, st.sampled_from(PEOPLE)), min_size=1, max_size=4), min_size=2, max_size=5
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(DELIVERIES)
def test_as_the_rule_said_row_by_row(deliveries: list[list[tuple[str, Somebody]]]) -> None:
    world = World(deliveries)
    world.counting()
    sql = f"SELECT id FROM {doubles('typed')}" if world.engine.exists(doubles("typed")) else None
    beside = {row["id"] for row in world.engine.fetch(sql).to_pylist()} if sql else set()
    called = [(at, who) for _, at, _, who in world.rows]
    rows = [
        Row(id_, key, at, who.name, str(who), called.count((at, who)) == 1 and who.born is not None)
        for id_, at, key, who in world.rows
        if id_ not in beside
    ]
    people = {id_: who for id_, _, _, who in world.rows}

    def strange(was: Row, now: Row) -> bool:
        one, other = people[was.id], people[now.id]
        plain = {BUDI, BUDHI}, {SITI, TWIN}, {JOKO}, {ANEW}
        apart = [at for who in (one, other) for at, some in enumerate(plain) if who in some]
        return (
            len(set(apart)) == 2 and {one, other} != {BUDI, ANEW} and {one, other} != {BUDHI, ANEW}
        )

    def other_number(was: Row, now: Row) -> bool:
        one, other = people[was.id].nik, people[now.id].nik
        return bool(one and other and one != other)

    told = records(rows, strange, other_number)
    expected = sorted(sorted(row.id for row in record) for record in told)
    found: dict[str, list[int]] = {}
    for id_, key in world.record_of().items():
        if id_ not in beside:
            found.setdefault(key, []).append(id_)
    world.close()
    assert sorted(map(sorted, found.values())) == expected


#: Of each two the birth date is the same, and a word of the name of every second.
STAYING = [
    Somebody(f"ORANG{n} {'AB'[n % 2] * 5}", f"19{50 + n // 2}-0{1 + n // 2}-03", f"32071102018000{n:02d}")
    for n in range(6)
]  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.lists(st.permutations(STAYING), min_size=2, max_size=4), st.integers(1, 5), st.data())
def test_of_lists_delivered_whole_each_record_is_one_persons(
    orders: list[list[Somebody]], come: int, data: st.DataObject
) -> None:
    """However the office counts, whoever has come meanwhile: the numbers of the first list stay with its people."""
    here = set(STAYING[:come])
    lists = []
    for order in orders:
        lists.append([one for one in order if one in here])
        here |= set(data.draw(st.lists(st.sampled_from(STAYING), max_size=2)))
    world = World([[(str(no), one) for no, one in enumerate(each, 1)] for each in lists])
    whose: dict[str, set[str]] = {}
    for id_, key in world.record_of().items():
        whose.setdefault(key, set()).add(world.rows[id_][3].name)
    counting = world.counting()
    world.close()
    assert all(len(names) == 1 for names in whose.values())
    assert sorted(counting.values()) == sorted({one.name for each in lists for one in each})
    assert {key: counting[key] for key in map(str, range(1, len(lists[0]) + 1))} == {
        str(no): one.name for no, one in enumerate(lists[0], 1)
    }


def test_the_order_in_which_files_arrive_changes_nothing(tmp_path: Path) -> None:
    lists = [[BUDI, SITI], [JOKO, BUDI, SITI], [JOKO, SITI], [SITI, BUDI]]
    files = [
        write(
            tmp_path / f"d{day}.csv",
            "siksng_individu",
            *(
                {"IDSEMESTA": f"{no}", "NIK": one.nik or "", "Nama": one.name, "Tanggal_Lahir": one.born or ""}
                for no, one in enumerate(listed, 1)
            ),
        )
        for day, listed in enumerate(lists)
    ]  # fmt: skip
    said = ("record_key", "name", "nik", "file", "local_id")
    found = []
    for order in ([0, 1, 2, 3], [2, 0, 3, 1]):
        hub = new_hub(tmp_path / f"{order[0]}")
        for day in order:
            land_one(hub, files[day], "kemensos", delivered_on=date(2026, 1, 1) + timedelta(day))
            accepted(hub)
        found.append([{name: one[name] for name in said} for one in accepted(hub)[1]])
        hub.close()
    assert found[0] == found[1]
    assert {str(one["record_key"])[:2]: one["name"] for one in found[0]} == {
        "1": BUDI.name,
        "2": SITI.name,
        "1#": JOKO.name,
    }
