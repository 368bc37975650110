"""The database port: the same promises on every database."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel, func, select

from mdm.compose import Hub
from mdm.errors import HomeError
from mdm.hub.dialect import dialect_for
from mdm.hub.migrate import refuse_other_version, upgrade
from mdm.hub.runs import abandon_run, published_seq, start_run, unfinished_runs
from mdm.hub.tables import APPEND_ONLY, AuditEvent, EntityKey, LinkageModel


def test_migrations_make_exactly_the_tables_of_the_models(hub: Hub) -> None:
    with hub.sessions.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_upgrading_again_changes_nothing(hub: Hub) -> None:
    upgrade(hub.sessions)
    refuse_other_version(hub.sessions)
    with hub.sessions.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_database_of_a_newer_program_is_refused(hub: Hub) -> None:
    with hub.sessions.connect() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(HomeError, match="newer version"):
        upgrade(hub.sessions)
    with pytest.raises(HomeError, match="newer version"):
        refuse_other_version(hub.sessions)
    with hub.sessions.connect() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(HomeError, match="older version"):
        refuse_other_version(hub.sessions)


def test_a_killed_upgrade_leaves_nothing(hub_url: str) -> None:
    from mdm.hub.sessions import Sessions  # noqa: PLC0415

    sessions = Sessions(hub_url)

    def interrupted() -> None:
        with sessions.connect() as connection:
            _upgrade_in(sessions, connection)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with sessions.engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    upgrade(sessions)
    refuse_other_version(sessions)
    sessions.close()


def _upgrade_in(sessions: object, connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415

    from mdm.hub.migrate import _config  # noqa: PLC0415

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_what_may_only_grow_cannot_be_changed(hub: Hub, table: str, verb: str) -> None:
    rows = {
        "audit_event": "(seq, event, leaf_hash) VALUES (7, '', '')",
        "audit_checkpoint": "(size, root, key_version, at, note) VALUES (7, '', 1, '2026-01-01', '')",
        "audit_key": "(version, verifier, created) VALUES (1, '', '2026-01-01')",
        "shred_entry": "(n, line) VALUES (7, '')",
        "entity_event": "(run_seq, entity_id, kind, event) VALUES (1, 'e', 'person', 'keep')",
        "judgement": "(id, seq, kind, records, judgement, actor, reason, at) "
        "VALUES ('j', 1, 'person', '', 'link', 'a', 'r', '2026-01-01')",
        "sample": "(id, kind, asked, seed, size, strata, actor, created) "
        "VALUES ('s', 'events', '{}', 's1', 1, '{}', 'a', '2026-01-01')",
        "sample_item": "(sample_id, n, stratum, ref) VALUES ('s', 1, 'look', '{}')",
        "sample_verdict": "(id, sample_id, n, verdict, actor, at) "
        "VALUES ('v', 's', 1, 'right', 'a', '2026-01-01')",
        "correction_step": "(correction, n, act, role, actor, at) "
        "VALUES ('c', 1, 'propose', 'officer', 'a', '2026-01-01')",
        "former_agreement": "(client_id, version, agreement, valid_from, valid_to, programmes, purposes, "
        "regions, since, until, amended_by, approved_by) VALUES ('c', 1, 'PKS/1', '2026-01-01', "
        "'2026-12-31', '[]', '[]', '[]', '2026-01-01', '2026-06-01', 'a', 'b')",
    }
    column = {
        "audit_event": "seq",
        "audit_checkpoint": "size",
        "audit_key": "version",
        "shred_entry": "n",
        "entity_event": "run_seq",
        "judgement": "seq",
        "sample": "size",
        "sample_item": "n",
        "sample_verdict": "n",
        "correction_step": "n",
        "former_agreement": "version",
    }[table]
    with hub.sessions.connect() as connection:
        connection.execute(sa.text(f"INSERT INTO {table} {rows[table]}"))
    with (
        pytest.raises(sa.exc.DatabaseError, match="append-only"),
        hub.sessions.connect() as connection,
    ):
        connection.execute(sa.text(verb.format(table, column, column)))


def test_a_unit_of_work_that_fails_leaves_nothing(hub: Hub) -> None:
    def failing() -> None:
        with hub.sessions.begin() as session:
            session.add(LinkageModel(name="m", fingerprint="f"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    with hub.sessions.read() as session:
        assert session.get(LinkageModel, "m") is None


def test_who_keeps_a_connection_sees_what_others_do_and_outlives_a_failure(hub: Hub) -> None:
    own = hub.sessions.own_connection()
    seen = []

    def failing() -> None:
        with own.begin() as session:
            session.add(LinkageModel(name="lost", fingerprint="f"))
            session.flush()
            raise RuntimeError

    for n in range(3):
        with hub.sessions.begin() as session:
            session.add(LinkageModel(name=f"theirs {n}", fingerprint="f"))
        with pytest.raises(RuntimeError):
            failing()
        with own.begin() as session:
            session.add(LinkageModel(name=f"ours {n}", fingerprint="f"))
            seen.append(session.exec(select(func.count()).select_from(LinkageModel)).one())
    own.sync()
    with hub.sessions.begin_volatile() as session:
        session.add(LinkageModel(name="ours again", fingerprint="f"))
    hub.sessions.sync_all()
    with hub.sessions.read() as session:
        held = set(session.exec(select(LinkageModel.name)).all())
    assert seen == [2, 4, 6]
    assert held == {f"{who} {n}" for who in ("ours", "theirs") for n in range(3)} | {"ours again"}


def test_a_reader_sees_one_moment_and_waits_for_nobody(hub: Hub) -> None:
    count = select(func.count()).select_from(LinkageModel)
    with hub.sessions.read() as reader:
        assert reader.exec(count).one() == 0
        with hub.sessions.begin() as writer:
            writer.add(LinkageModel(name="m", fingerprint="f"))
        assert reader.exec(count).one() == 0
    with hub.sessions.read() as reader:
        assert reader.exec(count).one() == 1


def test_upsert_replaces_by_key(hub: Hub) -> None:
    row = {"entity_id": "e", "key_id": 1, "run_seq": 1, "wrapped": b"a"}
    for wrapped in (b"a", b"b"):
        with hub.sessions.connect() as connection:
            hub.dialect.upsert(connection, EntityKey, [{**row, "wrapped": wrapped}])
    with hub.sessions.read() as session:
        assert session.get_one(EntityKey, "e").wrapped == b"b"


def test_bulk_load_keeps_every_value(hub: Hub) -> None:
    rows = [(f"e{n:05}", n, 1, bytes([n % 256]) * 3) for n in range(5030)]
    names = ("entity_id", "key_id", "run_seq", "wrapped")
    with hub.sessions.connect() as connection:
        assert hub.dialect.load(connection, EntityKey, names, iter(rows)) == 5030
        assert hub.dialect.load(connection, EntityKey, names, []) == 0
    with hub.sessions.read() as session:
        held = session.exec(select(EntityKey).order_by(EntityKey.entity_id)).all()
    assert [(k.entity_id, k.key_id, k.run_seq, k.wrapped) for k in held] == rows


def test_runs_are_numbered_without_gaps_by_many_at_once(hub: Hub) -> None:
    def begin() -> None:
        for _ in range(5):
            with hub.sessions.begin() as session:
                start_run(session, "run", "f")

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with hub.sessions.begin() as session:
        runs = unfinished_runs(session)
        assert [run.seq for run in runs] == list(range(1, 21))
        abandon_run(session, runs[0])
        assert published_seq(session) == 0
    with hub.sessions.read() as session:
        assert len(unfinished_runs(session)) == 19


def test_a_database_nobody_speaks_is_named() -> None:
    with pytest.raises(HomeError, match="oracle"):
        dialect_for("oracle://x")


def test_audit_events_are_gapless_by_many_at_once(hub: Hub) -> None:
    from mdm import audit  # noqa: PLC0415

    def act() -> None:
        for _ in range(5):
            with hub.sessions.begin() as session:
                audit.record(session, "tester", "look", found=False)

    threads = [threading.Thread(target=act) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with hub.sessions.read() as session:
        events = session.exec(select(AuditEvent).order_by(AuditEvent.seq)).all()
    assert [event.seq for event in events] == list(range(20))
    assert all(event.leaf_hash == audit.leaf_hash(event.event) for event in events)
