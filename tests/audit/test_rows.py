"""Every table by which somebody would be misled is held against the log: one attack on each, on one home."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from mdm import audit, rotation, sampling
from mdm.access import agreements, alarms, approvals, clients, honey, roles, staff
from mdm.access.agreements import Agreement
from mdm.access.keyfiles import make_key, public_of
from mdm.audit.verified import Verified
from mdm.audit.verifying import verify
from mdm.audit.vouched import BY_NAME, digest, groups
from mdm.compose import Hub
from mdm.corrections import chain
from mdm.eligibility import snapshots
from mdm.exchanges import agree_callback
from mdm.hub.columns import now
from mdm.hub.tables import (
    Batch,
    Client,
    Run,
    RunFigure,
    RunPeriod,
    RunStage,
    Staff,
    SubjectRestriction,
)  # fmt: skip
from mdm.rights import restriction
from mdm.sampling import AskedEvents
from tests.audit.tampering import tamper
from tests.corrections.chain import OPERATOR, VERIFIER, draft
from tests.publish.golden import AGUS, BUDI
from tests.review.desk import ANI, A, B, C, D, Desk
from tests.run.homes import QUIET, FirstRun, copy_of
from tests.templates import Fill, Template

MODELS = {mapper.local_table.name: mapper.class_ for mapper in SQLModel._sa_registry.mappers}
AGREED: dict[str, Any] = {
    "number": "PKS-1",
    "valid_from": now() - timedelta(days=1),
    "valid_to": now() + timedelta(days=300),
    "programmes": ("PKH",),
    "purposes": ("assistance",),
    "regions": ("3201",),
}


def act(hub: Hub) -> None:
    """Everybody does what they do: publish, answer, correct, agree, draw, restrict, …"""
    desk = Desk(hub)
    desk.publish((A, B, 5.0), (C, D, 4.0))
    for entities, task in desk.tasks().items():
        if entities == {A, B}:
            desk.same(ANI, desk.need(task, 1), A, B)
    desk.publish((A, C, 5.0))  # settles what was asked, asks something else
    made = chain.propose(
        hub,
        OPERATOR,
        draft("correct-value", A, attribute="phone", values={"phone": "081234567890"}),
    )
    chain.agree(hub, VERIFIER, made, "verify", version=1)
    with hub.sessions.begin() as session:
        session.add(
            Batch(id="b1", source="pemda", layout="warga", file="f.csv", checksum="0", landed=0)
        )
        audit.record(session, "system", "land", batch="b1", rows=0)
        key = public_of(make_key())
        client = clients.register(session, "pkh", Agreement(**AGREED), key, actor="admin")
        agree_callback(session, client.id, "https://pkh.example/answers", "admin")
        narrower = Agreement(**{**AGREED, "regions": ("320115",)})
        agreements.amend(session, client, narrower, actor="admin", approved_by="other")
        clients.disable(session, client, actor="admin")
        clients.enable(session, client, actor="admin", approved_by="other")
        account = staff.create(
            session, "siti.aminah", "kuda-lumping-biru-42", actor="a", until=None
        )
        staff.disable(session, account, actor="admin")
        roles.grant(session, account.id, "steward", "", actor="admin", approved_by="other")
        alarms.raise_alarms(session, "misses", ["client"])
        honey.add_honey(hub, session, AGUS, actor="admin")
        approvals.request(
            session, "admin", "client.enable", {"client": client.id}, summary="enable",
            life=timedelta(days=1), about=client.id,
        )  # fmt: skip
    restriction.restrict(hub, C, basis="uu27-2022-art41", actor="officer")
    snapshots.create(hub, "2026Q4", actor="admin")
    rotation.rotate(hub, "export", actor="admin")
    drawn = sampling.draw(hub, AskedEvents(), 3, actor="auditor", seed="s")
    sampling.examine(hub, drawn.id, 1, "right", actor="auditor")
    audit.checkpoint(hub)


@pytest.fixture(scope="module")
def acted_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(act)


@pytest.fixture(scope="module")
def acted(acted_once: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One hub for all attacks: each is taken back."""
    with acted_once.copy(tmp_path_factory.mktemp("acted") / "home") as hub:
        yield hub


@contextmanager
def attacked(hub: Hub, statement: str) -> Iterator[None]:
    """Carry a statement out, past the hub; afterwards its table is as it was."""
    words = statement.split()
    table = SQLModel.metadata.tables[words[1 if words[0] == "UPDATE" else 2]]
    with hub.sessions.read() as session:
        before = [dict(row) for row in session.connection().execute(sa.select(table)).mappings()]
    tamper(hub, statement)
    try:
        yield
    finally:
        with hub.sessions.connect() as connection:
            kept = {tuple(row[column.name] for column in table.primary_key) for row in before}
            for row in connection.execute(sa.select(*table.primary_key)).all():
                if tuple(row) not in kept:
                    same = zip(table.primary_key, row, strict=True)
                    connection.execute(sa.delete(table).where(*(c == value for c, value in same)))
            hub.dialect.upsert(connection, MODELS[table.name], before)


def checked(hub: Hub, *, profiles: bool = False) -> Verified:
    return verify(hub, QUIET, profiles=profiles)


def test_what_nobody_altered_holds(acted: Hub) -> None:
    found = checked(acted, profiles=True)
    assert found.holds, found.faults
    assert not found.unheld
    held = {name for name, table in BY_NAME.items() if any(_groups(acted, table))}
    assert BY_NAME.keys() - held == {
        # of whole runs and of corrections that such a run joined: see the test of a real run below
        "correction_place", "correction_recall", "correction_return", "correction_turn", "entity_event",
        "lake_file.bytes", "linkage_model", "relinked", "run_figure", "run_figure.region", "run_period", "run_stage",
    }  # fmt: skip


def _groups(hub: Hub, table: Any) -> Iterator[Any]:
    with hub.sessions.read() as session:
        yield from groups(session, table)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        # A client sees more, of more, for longer, as often as it likes, with a key of the attacker's.
        ("UPDATE client SET regions = '[\"\"]'", "Agreement of client-"),
        ("UPDATE client SET purposes = '[\"assistance\", \"verification\"]'", "Agreement of client-"),
        ("UPDATE client SET programmes = '[\"PBI-JK\"]'", "Agreement of client-"),
        ("UPDATE client SET fields = '{\"person\": [\"name\"]}'", "Agreement of client-"),
        ("UPDATE client SET limits = '{\"niks\": 9}'", "Agreement of client-"),
        ("UPDATE client SET valid_to = '2199-01-01 00:00:00+00:00'", "Agreement of client-"),
        ("UPDATE client SET epoch = 0", "Agreement of client-"),
        ("UPDATE client SET state = 'disabled'", "Agreement of client-"),
        ("UPDATE former_agreement SET regions = '[\"31\"]'", "Former agreements of client-"),
        ("DELETE FROM former_agreement", "gone from the database"),
        ("UPDATE client_key SET jwk = '{\"kid\": \"mine\"}'", "Public keys of client-"),
        ("UPDATE agreed_callback SET uri = 'https://elsewhere.example'", "Addresses for answers to client-"),
        ("INSERT INTO agreed_callback (client_id, uri, added_by, added) SELECT 'me', uri, added_by, added"
         " FROM agreed_callback", "Addresses for answers to me: stands in the database"),
        # Somebody comes in, or in again; what waited for a second person is approved.
        ("UPDATE staff SET password = 'mine'", "Account staff-"),
        ("UPDATE staff SET state = 'active'", "Account staff-"),
        ("UPDATE staff SET subject = 'mine'", "Account staff-"),
        ("UPDATE staff SET totp_step = 1", "has a second factor; the log says otherwise"),
        ("UPDATE role_grant SET approved_by = 'nobody'", "Role grant-"),
        ("UPDATE domain_key SET state = 'active'", "Version 1 of the export key was altered"),
        ("DELETE FROM domain_key WHERE version = 2", "Version 2 of the export key was altered"),
        ("UPDATE approval SET state = 'approved', decided_by = 'other'", "Request approval-"),
        ("UPDATE approval SET content = '{}'", "Request approval-"),
        ("DELETE FROM approval", "gone from the database"),
        ("DELETE FROM alarm", "Alarm alarm-"),
        ("DELETE FROM honey_nik", "List of honey NIKs: gone"),
        # An eligibility answer is decided that was undetermined, or hidden, or replayed by other rules.
        ("DELETE FROM entity_question WHERE retired_seq IS NULL", "Doubts of run 2"),
        ("UPDATE entity_question SET weight = 99 WHERE run_seq = 2", "Doubts of run 2"),
        ("UPDATE entity_question SET retired_seq = 2 WHERE run_seq = 2", "Doubts settled by run 2"),
        ("UPDATE entity_question SET retired_seq = NULL", "Doubts settled by run 2"),
        ("UPDATE subject_restriction SET lifted = since", "Restriction "),
        ("DELETE FROM subject_restriction", "Restriction "),
        ("UPDATE snapshot SET run_seq = 1", "Snapshot 2026Q4"),
        ("UPDATE snapshot SET on_date = '2020-01-01'", "Snapshot 2026Q4"),
        ("UPDATE rule_set SET documents = '{}'", "The texts of the rule set"),
        ("DELETE FROM rule_set", "is missing"),
        ("UPDATE run SET model = 'other' WHERE seq = 1", "Account of run"),
        ("UPDATE run SET counts = '{\"validate\": {\"landed\": 9}}' WHERE seq = 1", "Account of run"),
        # What stewards, officers and auditors said.
        ("UPDATE review_answer SET outcome = 'different'", "Review answer"),
        ("UPDATE review_answer SET actor = 'staff:else'", "Review answer"),
        ("UPDATE review_answer SET sealed = NULL", "Review answer"),
        ("UPDATE judgement SET seq = 1000 - seq", "Judgement "),
        ("UPDATE judgement SET reason = 'another'", "Judgement "),
        ("UPDATE judgement SET records = (SELECT records FROM judgement WHERE seq = 1)", "Judgement "),
        ("DELETE FROM judgement_key", "The keys of 3 judgements are gone"),
        ("UPDATE correction SET state = 'approved'", "Proposal "),
        ("UPDATE correction SET region = '317101'", "Proposal "),
        ("UPDATE correction SET content = (SELECT records FROM judgement WHERE seq = 1)", "Proposal "),
        ("DELETE FROM sample_key", "The keys of 1 samples are gone"),
        ("UPDATE correction_target SET entity_id = 'e9'", "Targets of proposal"),
        ("DELETE FROM correction_step WHERE n = 2", "Steps of proposal"),
        ("DELETE FROM correction_evidence", "Evidence of proposal"),
        ("DELETE FROM correction_key", "The keys of 1 corrections are gone"),
        ("UPDATE sample SET seed = 'another'", "Sample "),
        ("UPDATE sample_item SET stratum = 'other' WHERE n = 1", "Things drawn for sample"),
        ("UPDATE sample_verdict SET verdict = 'wrong'", "Verdicts on sample"),
        ("UPDATE batch SET accepted = 9, quarantined = 0", "Delivery b1"),
        ("UPDATE batch SET provider = '3201'", "Delivery b1"),
    ],
)  # fmt: skip
def test_who_alters_a_row_is_found(acted: Hub, statement: str, said: str) -> None:
    with attacked(acted, statement):
        faults = [fault.sentence for fault in checked(acted).faults]
    assert any(said in sentence for sentence in faults), faults


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE snapshot SET on_date = '2026-13-45'", "Snapshot 2026Q4: altered"),
        ("UPDATE client SET regions = '[31'", "Agreement of client-"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_found_too(acted: Hub, statement: str, said: str) -> None:
    """SQLite takes anything in any column."""
    if not acted.dialect.embedded:
        with pytest.raises(sa.exc.DataError):
            tamper(acted, statement)
        return
    test_who_alters_a_row_is_found(acted, statement, said)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE sealed_profile SET region = '317101' WHERE version = 1", "its region or its kind"),
        ("UPDATE sealed_profile SET kind = 'household' WHERE kind = 'family'", "its region or its kind"),
        ("INSERT INTO sealed_profile (entity_id, version, kind, run_seq, key_id) SELECT entity_id, 99,"
         " kind, run_seq, key_id FROM sealed_profile WHERE kind = 'family'", "is not the one that run"),
        ("UPDATE entity SET merged_into = 'e9', status = 'merged' WHERE kind = 'family'", "leads elsewhere"),
        ("DELETE FROM entity WHERE kind = 'family'", "is gone, of another kind"),
        ("UPDATE entity SET created_run = 9", "is gone, of another kind"),
        ("DELETE FROM entity_key WHERE entity_id IN (SELECT entity_id FROM entity WHERE kind = 'family')",
         "no erasure took it"),
    ],
)  # fmt: skip
def test_who_moves_or_hides_a_profile_is_found(acted: Hub, statement: str, said: str) -> None:
    with attacked(acted, statement):
        faults = [fault.sentence for fault in checked(acted, profiles=True).faults]
    assert any(said in sentence for sentence in faults), faults


def test_what_a_run_came_to_is_held(first: FirstRun, tmp_path: Path) -> None:
    with copy_of(first.home, tmp_path / "home") as hub:
        found = checked(hub, profiles=True)
        assert found.holds, found.faults
        assert not found.unheld
        for statement, said in (
            (
                "UPDATE run_figure SET value = value + 1 WHERE figure <> 'region'",
                "Figures of run 1",
            ),
            (
                "UPDATE run_figure SET value = 0 WHERE figure = 'region'",
                "Figures by region of run 1",
            ),
            ("UPDATE run_period SET families = families + 1", "Periods of desil of run 1"),
            ("UPDATE run SET rules = 'others'", "Account of run"),
            ("UPDATE run_stage SET rows = rows + 1", "Stages of run"),
            ("UPDATE batch SET accepted = accepted + 1, quarantined = 0", "Delivery "),
            ("UPDATE batch SET delivered_on = '2020-01-01'", "Delivery "),
            ("DELETE FROM lake_file WHERE dataset = 'findings'", "List of files of"),
            # Another file stands in the place of one.
            ("UPDATE lake_file SET sha256 = '0' WHERE dataset = 'findings'", "List of files of"),
            ("DELETE FROM lake_file WHERE dataset = 'run/person_judged'", "List of files of"),
            ("UPDATE linkage_model SET current = 0", "Linkage models: person"),
            ("UPDATE rule_set SET documents = '{}'", "The texts of the rule set"),
        ):
            with attacked(hub, statement):
                faults = [fault.sentence for fault in checked(hub).faults]
            assert any(said in sentence for sentence in faults), (statement, faults)
        assert checked(hub).holds


def test_an_alteration_does_not_hide_behind_the_next_act(acted_once: Template, home: Path) -> None:
    with acted_once.copy(home) as hub:
        tamper(hub, "UPDATE client SET regions = '[\"\"]'")
        with hub.sessions.begin() as session:
            clients.disable(session, clients.find(session, "pkh"), actor="admin")
        (fault,) = checked(hub).faults
        assert "was altered in the database before an act changed it" in fault.sentence
        assert fault.seq is not None


def test_an_act_that_forgets_to_tell_is_told_of(hub: Hub) -> None:
    with hub.sessions.begin() as session:
        session.add(SubjectRestriction(id="r", entity_id="e", basis="uu", actor="officer"))
    assert checked(hub).holds
    tamper(hub, "DELETE FROM subject_restriction")
    assert [fault.group for fault in checked(hub).faults] == ["r"]


def test_what_was_written_before_rows_were_held_is_told_and_not_called_altered(hub: Hub) -> None:
    run = Run(id="old", seq=1, kind="run", fingerprint="f", status="published")
    period = RunPeriod(run_seq=1, period="2025-Q4", families=7)
    restricted = SubjectRestriction(id="r", entity_id="e", basis="uu", actor="officer")
    with hub.sessions.begin() as session:
        session.add_all([run, period])
        row = restricted.model_dump()  # past the session, as the homes of then have it
        session.connection().execute(
            sa.insert(SQLModel.metadata.tables["subject_restriction"]), row
        )
        audit.record(session, "officer", "restrict", id="r", entity_id="e")
        sealed = hashlib.sha256().hexdigest()
        audit.record(session, "system", "publish", run="old", run_seq=1, sealed=sealed)
    found = checked(hub, profiles=True)
    assert found.holds, found.faults
    assert found.unheld == {"run": 1, "run_period": 1, "subject_restriction": 1}
    tamper(hub, "INSERT INTO subject_restriction (id, entity_id, basis, actor, since)"
                " SELECT 'mine', entity_id, basis, actor, since FROM subject_restriction")  # fmt: skip
    assert [(fault.group, fault.how) for fault in checked(hub).faults] == [("mine", "untold")]


def test_an_account_that_release_0_2_made_is_not_called_untold(hub: Hub) -> None:
    account = Staff(id="staff-a", login="ani", state="active", password="argon", totp_step=7)
    with hub.sessions.begin() as session:
        row = account.model_dump()
        session.connection().execute(sa.insert(SQLModel.metadata.tables["staff"]), row)
        audit.record(session, "command line: root", "user.create", user="staff-a")
        audit.record(session, "staff-a", "user.second-factor", user="staff-a")
    found = checked(hub)
    assert found.holds, found.faults
    assert found.unheld == {"staff": 1}
    tamper(hub, "UPDATE staff SET totp_step = 0")
    assert [fault.what for fault in checked(hub).faults] == ["factor"]


def test_a_run_that_published_nothing_is_not_called_older_than_the_log(hub: Hub) -> None:
    trained = Run(id="t", seq=1, kind="train", fingerprint="f", status="abandoned")
    with hub.sessions.begin() as session:
        session.add(trained)
        session.flush()
        session.add(RunStage(run="t", stage="validate", status="done", rows=3, seconds=1))
    found = checked(hub)
    assert found.holds, found.faults
    assert not found.unheld


def test_a_digest_is_the_same_on_every_database_and_in_every_order(hub: Hub) -> None:
    day = datetime(2026, 11, 29, 12, 0, 0, 5, UTC)
    rows: list[SQLModel] = [
        RunFigure(run_seq=1, figure="f", kind="person", part=part, detail="é", value=value, low=0.1)
        for part, value in (("b", 1 / 3), ("a", 2.0), ("c", 1e-9))
    ]
    agreed = {**agreements.kept(Agreement(**AGREED)), "valid_from": day, "valid_to": day}
    with hub.sessions.begin() as session:
        session.add_all(rows)
        session.add(Client(id="c", name="c", state="active", **agreed))
    with hub.sessions.read() as session:
        made = {
            name: digest(session, BY_NAME[name], key)
            for name, key in (("run_figure", "1"), ("client", "c"))
        }
    assert made == {
        "run_figure": "3b987bc249d185e2d300386c909543bc428181b0cbbba4fd35ace2c18d8a1c90",
        "client": "bde86254fec5fe86eca2d353fa4bee8ec10c0cb4be3c0f530a87fe65afc38c3e",
    }


def test_two_acts_at_once_upon_one_group_are_no_alteration(hub: Hub) -> None:
    """The second begins while the first has told and not committed: on SQLite it waits for its turn, on PostgreSQL
    for the log's."""

    def other() -> None:
        with hub.sessions.begin() as session:
            honey.add_honey(hub, session, BUDI, actor="other")

    with ThreadPoolExecutor(1) as beside:
        with hub.sessions.begin() as session:
            honey.add_honey(hub, session, AGUS, actor="admin")
            waiting = beside.submit(other)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=1)
        waiting.result()
    found = checked(hub)
    assert found.holds, found.faults
    tamper(hub, "UPDATE honey_nik SET added_by = 'nobody'")
    assert [fault.how for fault in checked(hub).faults] == ["altered"]
