"""The wall between regions: behind it a query without WHERE reads nothing of another region."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from mdm.compose import Hub
from mdm.hub.runs import published_seq
from mdm.opening import carriers, open_profiles
from mdm.seal.tokens import tokens_for
from tests.publish.golden import AGUS, BUDI, SITI, Golden, content, publish_golden
from tests.templates import Fill, Template

only_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

BOGOR, WEST_JAVA = "3201", "32"
PERSONS = {
    "bandung": (content(name="BUDI"), [BUDI]),
    "bogor": (content(name="SITI"), [SITI]),
    "java": (content(name="AGUS"), [AGUS]),
    "nowhere": (content(name="TONO"), []),
}
REGIONS = {"bogor": "320115", "bandung": "327301", "java": "3374"}
FORGOTTEN_WHERE = (
    "SELECT entity_id FROM sealed_profile",
    "SELECT entity_id FROM entity_key",
    "SELECT entity_id FROM nik_token",
    "SELECT p.entity_id FROM nik_token t JOIN sealed_profile p USING (entity_id)",
    "SELECT p.entity_id FROM sealed_profile p, entity_key k",
    "SELECT p.entity_id FROM sealed_profile p WHERE EXISTS (SELECT FROM nik_token)",
)


@pytest.fixture(scope="module")
def published_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(lambda hub: publish_golden(hub, Golden(PERSONS, regions=REGIONS)))


@pytest.fixture
def hub(published_once: Template, home: Path) -> Iterator[Hub]:
    """A copy of a hub with persons of three regions and of none."""
    with published_once.copy(home) as hub:
        yield hub


def seen(hub: Hub, sql: str, regions: Sequence[str], seq: int | None = None) -> set[str]:
    with hub.sessions.begin() as session:
        connection = session.connection()
        with hub.dialect.wall(connection, regions, seq or published_seq(session)):
            return {row[0] for row in connection.execute(sa.text(sql))}


@only_postgresql
@pytest.mark.parametrize("sql", FORGOTTEN_WHERE)
def test_a_forgotten_where_reads_nothing_of_another_region(hub: Hub, sql: str) -> None:
    assert seen(hub, sql, [BOGOR]) == {"bogor"}
    assert seen(hub, sql, [BOGOR, "3374"]) == {"bogor", "java"}
    assert seen(hub, sql, [WEST_JAVA]) == {"bogor", "bandung"}
    assert seen(hub, sql, ["9471"]) == set()
    assert seen(hub, sql, []) == set()


@only_postgresql
def test_a_region_not_known_is_seen_by_the_whole_country_alone(hub: Hub) -> None:
    everybody = "SELECT entity_id FROM sealed_profile"
    assert seen(hub, everybody, [""]) == set(PERSONS)
    assert "nowhere" not in seen(hub, everybody, [str(digit) for digit in range(1, 10)])


@only_postgresql
def test_who_names_no_region_and_no_run_sees_nothing(hub: Hub) -> None:
    count = sa.text("SELECT count(*) FROM sealed_profile")
    with hub.sessions.connect() as connection:
        connection.execute(sa.text("SET LOCAL ROLE dtsen_reader"))
        assert connection.execute(count).scalar() == 0
        connection.execute(sa.text("SET LOCAL dtsen.regions = '*'"))
        assert connection.execute(count).scalar() == 0


@only_postgresql
def test_who_moved_away_takes_the_older_versions_along(hub: Hub) -> None:
    with hub.sessions.read() as session:
        before = published_seq(session)
    moved = {**PERSONS, "bogor": (content(name="SITI", address="SEMARANG"), [SITI])}
    publish_golden(hub, Golden(moved, regions={**REGIONS, "bogor": "337401"}, absent=["bandung"]))
    everybody = "SELECT entity_id FROM sealed_profile"
    assert seen(hub, everybody, [BOGOR]) == set()
    assert seen(hub, everybody, ["3374"]) == {"bogor", "java"}
    assert seen(hub, everybody, [BOGOR], before) == {"bogor"}, "as of the run before, still there"


@only_postgresql
def test_an_ended_profile_is_ended_behind_the_wall_too(hub: Hub) -> None:
    rest = {key: of for key, of in PERSONS.items() if key != "bogor"}
    publish_golden(hub, Golden(rest, regions=REGIONS, absent=["bogor"]))
    assert seen(hub, "SELECT entity_id FROM sealed_profile", [BOGOR]) == set()


@only_postgresql
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO nik_token (token, entity_id, run_seq, rank) VALUES ('\\x00', 'e', 1, 0)",
        "INSERT INTO nik_token SELECT * FROM nik_token",
        "UPDATE sealed_profile SET region = '3201'",
        "DELETE FROM entity_key",
        "SELECT * FROM audit_event",
        "SELECT * FROM judgement",
        "SELECT * FROM domain_key",
        "TRUNCATE sealed_profile",
        "ALTER TABLE sealed_profile DISABLE ROW LEVEL SECURITY",
    ],
)
def test_behind_the_wall_nothing_is_written_and_nothing_else_is_read(hub: Hub, sql: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match=r"permission denied|must be owner"):
        seen(hub, sql, [BOGOR])


def test_filing_a_nik_that_another_region_carries_is_no_violation(hub: Hub) -> None:
    """Whoever files a NIK learns nothing of who else carries it."""
    both = {**PERSONS, "bandung": (content(name="BUDI"), [BUDI, SITI])}
    assert publish_golden(hub, Golden(both, regions=REGIONS))["person"].sealed == 0
    with hub.sessions.read() as session:
        found = carriers(session, tokens_for(hub, SITI), published_seq(session))
    assert [sorted(ids) for ids in found.values()] == [["bandung", "bogor"]]


def test_profiles_open_behind_the_wall_and_the_role_ends_with_it(hub: Hub) -> None:
    """On every database the same code; where there is no wall, nothing stands between."""
    with hub.sessions.begin() as session:
        seq, connection = published_seq(session), session.connection()
        with hub.dialect.wall(connection, [BOGOR], seq):
            ids = [
                one for of in carriers(session, tokens_for(hub, SITI), seq).values() for one in of
            ]
            assert open_profiles(hub, session, ids, seq)["bogor"].content == PERSONS["bogor"][0]
        assert set(open_profiles(hub, session, PERSONS, seq)) == set(PERSONS)


@only_postgresql
def test_a_prefix_is_digits(hub: Hub) -> None:
    for bad in ("*", "32,33", "32'", "%"):
        with pytest.raises(ValueError, match="region"):
            seen(hub, "SELECT 'x'", [bad], 1)


def test_who_moved_without_a_word_is_sealed_anew_for_the_wall(hub: Hub) -> None:
    done = publish_golden(hub, Golden(PERSONS, regions={**REGIONS, "bogor": "337401"}))
    assert (done["person"].sealed, done["person"].unchanged) == (1, 3)
