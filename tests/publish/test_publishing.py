"""Publishing: all of a run or none of it, only what changed, and every end on record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import func, select

import mdm.seal.processes
from mdm.compose import Hub
from mdm.errors import HubError, IntegrityError
from mdm.homes import open_home
from mdm.hub.runs import abandon_run, published_run
from mdm.hub.tables import AuditEvent, Entity, EntityEvent, EntityKey, NikToken, Run, SealedProfile
from mdm.lookup import follow, open_profile, profile_by_nik
from mdm.publishing import Published, publish
from mdm.publishing.staging import Staging
from mdm.work.progress import Silent
from tests.publish.golden import AGUS, BUDI, SITI, Golden, begin, content, publish_golden
from tests.templates import Fill, Template

NONE = Published(sealed=0, unchanged=0, tombstones=0, created=0, redirected=0)
FIRST = Golden(
    persons={
        "e1": (content(name="SITI"), [SITI]),
        "e2": (content(name='BUDI "\\x41" Ñ'), [BUDI]),
    },
    families={"f1": content("family", kk="3201150101010001")},
)


@pytest.fixture(scope="module")
def first_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(lambda hub: publish_golden(hub, FIRST))


@pytest.fixture
def published(first_once: Template, home: Path) -> Iterator[Hub]:
    """A copy of a hub where FIRST is published."""
    with first_once.copy(home) as hub:
        yield hub


def profile(hub: Hub, entity_id: str) -> tuple[int, str] | None:
    with hub.sessions.read() as session:
        return open_profile(hub, session, entity_id)


def counts(hub: Hub) -> dict[str, int]:
    with hub.sessions.read() as session:
        tables = (Entity, SealedProfile, EntityKey, NikToken, AuditEvent)
        return {
            str(t.__tablename__): session.exec(select(func.count()).select_from(t)).one()
            for t in tables
        }


def names(hub: Hub, nik: str) -> str | None:
    view = profile_by_nik(hub, nik, actor="tester")
    return view.entity_id if view else None


def test_what_is_published_opens_as_it_was(hub: Hub) -> None:
    done = publish_golden(hub, FIRST)
    assert done["person"] == Published(2, 0, 0, 2, 0)
    assert done["family"] == Published(1, 0, 0, 1, 0)
    for entity_id, (text, _) in FIRST.persons.items():
        assert profile(hub, entity_id) == (1, text)
    assert profile(hub, "f1") == (1, FIRST.families["f1"])
    assert names(hub, SITI) == "e1"


def test_a_long_profile_takes_less_room_and_opens_as_it_was(hub: Hub) -> None:
    text = content(address="JALAN MAWAR " * 2_000)
    publish_golden(hub, Golden({"e1": (text, [])}))
    assert profile(hub, "e1") == (1, text)
    with hub.sessions.read() as session:
        sealed = session.get_one(SealedProfile, ("e1", 1)).ciphertext
    assert sealed is not None
    assert len(sealed) < len(text) / 10


def test_the_same_again_makes_no_new_version(published: Hub) -> None:
    before = counts(published)
    done = publish_golden(published, FIRST)
    assert done["person"] == Published(0, 2, 0, 0, 0)
    assert counts(published) == {**before, "audit_event": before["audit_event"] + 1}
    assert [names(published, nik) for nik in (SITI, BUDI, AGUS)] == ["e1", "e2", None]


def test_only_what_changed_is_sealed_anew(published: Hub) -> None:
    changed = content(name="SITI NURHALIZA")
    done = publish_golden(
        published, Golden({**FIRST.persons, "e1": (changed, [SITI])}, FIRST.families)
    )
    assert done["person"] == Published(1, 1, 0, 0, 0)
    assert profile(published, "e1") == (2, changed)
    assert profile(published, "e2") == (1, FIRST.persons["e2"][0])


def test_a_merged_person_redirects_and_leaves_a_tombstone(published: Hub) -> None:
    both = Golden({"e1": (content(name="SITI"), [SITI, BUDI])}, FIRST.families, {"e2": "e1"})
    done = publish_golden(published, both)
    assert done["person"] == Published(0, 1, 1, 0, 1)
    assert profile(published, "e2") is None
    with published.sessions.read() as session:
        assert follow(session, "e2") == "e1"
    assert names(published, BUDI) == "e1"
    again = publish_golden(published, both)
    assert again["person"] == Published(0, 1, 0, 0, 0)


def test_a_merge_taken_back_gives_the_profile_its_next_version(published: Hub) -> None:
    publish_golden(published, Golden({"e1": FIRST.persons["e1"]}, FIRST.families, {"e2": "e1"}))
    publish_golden(published, FIRST)
    assert profile(published, "e2") == (3, FIRST.persons["e2"][0])
    assert names(published, BUDI) == "e2"


def test_an_entity_without_records_keeps_its_id_and_loses_its_profile(published: Hub) -> None:
    rest = Golden({"e1": FIRST.persons["e1"]}, FIRST.families, absent=["e2"])
    assert publish_golden(published, rest)["person"].tombstones == 1
    assert names(published, BUDI) is None
    with published.sessions.read() as session:
        assert follow(session, "e2") == "e2"


def test_a_nik_that_moved_is_found_where_it_is_now(published: Hub) -> None:
    swapped = Golden(
        {"e1": (FIRST.persons["e1"][0], [BUDI]), "e2": (FIRST.persons["e2"][0], [SITI, AGUS])},
        FIRST.families,
    )
    publish_golden(published, swapped)
    assert [names(published, nik) for nik in (SITI, BUDI, AGUS)] == ["e2", "e1", "e2"]
    publish_golden(published, FIRST)
    assert [names(published, nik) for nik in (SITI, BUDI, AGUS)] == ["e1", "e2", None]


class Killed(BaseException):
    """The process ends here."""


STEPS = (
    "_compare_entities",
    "_create",
    "_store",
    "_stage_chunks",
    "_stage_tokens",
    "_stage_tombstones",
    "digest",
    "turn_entities",
)


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_publishing_shows_nothing_and_the_next_one_is_undisturbed(
    published: Hub, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Golden(
        {"e1": (content(name="SITI N"), [SITI, BUDI]), "e3": (content(name="AGUS"), [AGUS])},
        FIRST.families,
        {"e2": "e1"},
    )
    run = begin(published)
    original: Callable[..., object] = getattr(Staging, step)

    def killed(self: Staging, *args: object) -> None:
        original(self, *args)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Staging, step, killed)
        with pytest.raises(Killed):
            publish_golden(published, second, run)
    assert profile(published, "e1") == (1, FIRST.persons["e1"][0])
    assert [names(published, nik) for nik in (SITI, BUDI, AGUS)] == ["e1", "e2", None]
    with published.sessions.read() as session:
        assert follow(session, "e2") == "e2"
        assert follow(session, "e3") is None

    done = publish_golden(open_home(published.settings.home), second, run)
    assert done["person"] == Published(2, 0, 1, 1, 1)
    assert profile(published, "e1") == (2, second.persons["e1"][0])
    assert [names(published, nik) for nik in (SITI, BUDI, AGUS)] == ["e1", "e1", "e3"]


def test_a_run_that_was_given_up_leaves_no_trace(
    published: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counts(published)
    run = begin(published)

    def killed(self: Staging) -> str:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Staging, "digest", killed)
        with pytest.raises(Killed):
            publish_golden(published, Golden({"e9": (content(name="X"), [AGUS])}), run)
    with published.sessions.begin() as session:
        abandon_run(session, run)
    with pytest.raises(IntegrityError):
        publish_golden(published, FIRST, run)
    publish_golden(published, FIRST)
    assert counts(published) == {**before, "audit_event": before["audit_event"] + 1}


def test_a_published_run_is_not_published_twice(hub: Hub) -> None:
    run = begin(hub)
    publish_golden(hub, FIRST, run)
    before = counts(hub)
    assert publish_golden(hub, Golden({"e9": (content(name="X"), [])}), run) == {}
    assert counts(hub) == before


def test_what_belongs_to_the_run_becomes_visible_with_it(hub: Hub) -> None:
    engine = hub.engine()
    FIRST.register(engine)
    run = begin(hub)

    def within(session: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        publish(hub, engine, run, Silent(), ("person",), within=within)
    with hub.sessions.read() as session:
        assert published_run(session) is None
    publish(hub, engine, run, Silent(), ("person",), within=lambda s: None)
    with hub.sessions.read() as session:
        published = published_run(session)
        assert published is not None
        assert published.id == run.id
    engine.close()


def test_the_audit_log_says_what_was_published(hub: Hub) -> None:
    run = begin(hub)
    publish_golden(hub, FIRST, run)
    with hub.sessions.read() as session:
        (event,) = session.exec(select(AuditEvent)).all()
    said = json.loads(event.event)
    assert (said["action"], said["run"], said["counts"]["person"]["sealed"]) == (
        "publish",
        run.id,
        2,
    )
    assert len(said["sealed"]) == 64


def test_entity_events_are_kept_but_for_creations(hub: Hub) -> None:
    engine = hub.engine()
    FIRST.register(engine)
    engine.table(
        "person_entity_events",
        "SELECT * FROM (VALUES ('e1', 'create', NULL, 1, 2), ('e1', 'keep', NULL, 1, 3), "
        "('e2', 'split', 'e1', 1, 1)) t(entity_id, event, other_entity_id, run_seq, records)",
    )
    publish(hub, engine, begin(hub), Silent(), ("person",))
    with hub.sessions.read() as session:
        events = session.connection().execute(
            sa.text("SELECT entity_id, event, other, records FROM entity_event ORDER BY id")
        )
        assert [tuple(row) for row in events] == [
            ("e1", "keep", None, 3),
            ("e2", "split", "e1", 1),
        ]
    engine.close()


def test_a_publishing_taken_up_again_writes_each_event_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = hub.engine()
    FIRST.register(engine)
    engine.table(
        "person_entity_events",
        "SELECT 'e' || i AS entity_id, 'keep' AS event, NULL::VARCHAR AS other_entity_id, "
        "1 AS run_seq, 1 AS records FROM range(500) t(i)",
    )
    run = begin(hub)

    def killed(self: Staging, session: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Staging, "turn_entities", killed)
        with pytest.raises(Killed):
            publish(hub, engine, run, Silent(), ("person",))
    publish(hub, engine, run, Silent(), ("person",))
    engine.close()
    with hub.sessions.read() as session:
        told = select(EntityEvent.entity_id).where(EntityEvent.run_seq == run.seq)
        assert sorted(session.exec(told).all()) == sorted(f"e{i}" for i in range(500))


def test_rotated_keys_reseal_everything_and_lookups_go_on(published: Hub) -> None:
    with published.sessions.begin() as session:
        published.keys.rotate(session, "profile")
        published.keys.rotate(session, "identifier")
    assert names(published, SITI) == "e1"
    assert publish_golden(published, FIRST)["person"].sealed == 2
    assert names(published, SITI) == "e1"
    assert profile(published, "e1") == (2, FIRST.persons["e1"][0])


def test_helper_processes_seal_the_same(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mdm.seal.processes, "PARALLEL_FROM", 0)
    monkeypatch.setattr(mdm.seal.processes.os, "cpu_count", lambda: 2)

    def named(word: str, numbers: Iterable[int], end: str = "") -> dict[str, tuple[str, list[str]]]:
        return {f"p{n:05}{end}": (content(name=f"{word} {n}"), []) for n in numbers}

    many = named("NAMA", range(9_000))
    assert publish_golden(hub, Golden(many))["person"].sealed == 9_000
    for entity_id in ("p00000", "p04321", "p08999"):
        assert profile(hub, entity_id) == (1, many[entity_id][0])
    assert publish_golden(hub, Golden(many))["person"] == Published(0, 9_000, 0, 0, 0)
    moved, came = named("BARU", (0, 4_321, 8_642)), named("LAIN", (1, 4_320, 8_999), "x")
    many |= moved | came
    assert publish_golden(hub, Golden(many))["person"] == Published(6, 8_997, 0, 3, 0)
    for entity_id, (now, _) in {**moved, **came, "p04320": many["p04320"]}.items():
        assert profile(hub, entity_id) == (2 if entity_id in moved else 1, now)


def test_a_sealed_profile_in_anothers_place_does_not_open(published: Hub) -> None:
    with published.sessions.connect() as connection:
        connection.execute(
            sa.text(
                "UPDATE sealed_profile SET ciphertext = (SELECT ciphertext FROM sealed_profile "
                "WHERE entity_id = 'e2') WHERE entity_id = 'e1'"
            )
        )
    with pytest.raises(HubError):
        profile(published, "e1")


def test_a_shredded_entity_key_ends_the_profile(published: Hub) -> None:
    with published.sessions.begin() as session:
        session.delete(session.get_one(EntityKey, "e1"))
    assert profile(published, "e1") is None
    assert names(published, SITI) is None


def test_nothing_plain_is_in_the_home(hub: Hub) -> None:
    marker = "ZZMARKERZZ"
    golden = Golden({"e1": (content(name=marker, mother_name=marker * 3), [SITI])})
    publish_golden(hub, golden)
    profile_by_nik(hub, SITI, actor="tester", purpose="verification", reveal=True)
    files = [path for path in hub.settings.home.parent.rglob("*") if path.is_file()]
    for path in files:
        data = path.read_bytes()
        assert marker.encode() not in data, path.name
        assert SITI.encode() not in data, path.name
    with hub.sessions.read() as session:
        assert session.get(Run, "none") is None
