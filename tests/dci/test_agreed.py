"""Callbacks agreed on at the command line; what the hub keeps of exchanges, and for how long."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import func, select

from mdm.cli.app import call
from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.exchanges import Exchanges
from mdm.homes import create_home
from mdm.hub.columns import now
from mdm.hub.tables import AuditEvent, Exchange, ExchangeReference, SeenMessage
from mdm.seal.pseudonyms import Pseudonyms
from tests.dci.registry import agreement_of

URI = "https://pkh.example.go.id/on-search"


def test_callbacks_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub = create_home(tmp_path / "home")
    with hub.sessions.begin() as session:
        agreement_of(session, "pkh-pusat")
    hub.close()

    def dtsen(*words: str) -> Any:
        code = call(["--home", str(tmp_path / "home"), "admin", "callback", *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    assert dtsen("add", "pkh-pusat", URI)[0] == 0
    assert dtsen("list", "pkh-pusat") == (0, {"callbacks": [{"address": URI}]})
    assert dtsen("add", "pkh-pusat", "http://10.0.0.1/")[0] == 4
    assert dtsen("add", "pkh-pusat", f"{URI}/3201154503880002")[0] == 4
    assert dtsen("add", "nobody", URI)[0] == 4
    assert dtsen("remove", "pkh-pusat", URI)[0] == 0
    assert dtsen("remove", "pkh-pusat", URI)[0] == 4
    assert dtsen("list", "pkh-pusat") == (0, {"callbacks": []})
    with hub.sessions.read() as session:
        actions = [json.loads(row.event)["action"] for row in session.exec(select(AuditEvent))]
    assert [one for one in actions if "callback" in one] == ["callback.agree", "callback.withdraw"]


def begin(hub: Hub, exchanges: Exchanges, transaction: str = "t") -> str:
    with hub.sessions.begin() as session:
        return exchanges.begin(session, "client", transaction, ["r1", "r1", "r2"], {"said": 1})


def counts(hub: Hub) -> list[int]:
    with hub.sessions.read() as session:
        return [
            session.exec(select(func.count()).select_from(table)).one()
            for table in (SeenMessage, Exchange, ExchangeReference)
        ]


def test_what_expired_is_forgotten(hub: Hub) -> None:
    exchanges = Exchanges(hub.keys)
    old, new = begin(hub, exchanges), begin(hub, exchanges)
    with hub.sessions.begin() as session:
        assert exchanges.first_time(session, "client", "m1", now() - timedelta(seconds=1))
        assert exchanges.first_time(session, "client", "m2", now() + timedelta(hours=1))
        session.get_one(Exchange, old).expires = now()
        session.flush()
        exchanges.forget_old(session)
    assert counts(hub) == [1, 1, 2]
    with hub.sessions.read() as session:
        assert [one.id for one in exchanges.by_transaction(session, "client", "t")] == [new]


def test_ids_are_known_again_after_a_rotation(hub: Hub) -> None:
    exchanges = Exchanges(hub.keys)
    exchange = begin(hub, exchanges)
    with hub.sessions.begin() as session:
        exchanges.first_time(session, "client", "m", now() + timedelta(hours=1))
        hub.keys.rotate(session, "export")
    with hub.sessions.begin() as session:
        assert not exchanges.first_time(session, "client", "m", now())
        for found in (
            exchanges.by_transaction(session, "client", "t"),
            exchanges.by_references(session, "client", ["r2"]),
            exchanges.by_id(session, "client", exchange),
        ):
            assert [one.content for one in found] == [{"said": 1}]
        assert exchanges.by_transaction(session, "other", "t") == []
        assert exchanges.by_id(session, "other", exchange) == []


def test_what_is_kept_cannot_be_altered_moved_or_put_back(hub: Hub) -> None:
    exchanges = Exchanges(hub.keys)
    one, other = begin(hub, exchanges), begin(hub, exchanges)
    with hub.sessions.begin() as session:
        first = session.get_one(Exchange, one).sealed
        exchanges.write_state(session, one, "answered", {"said": 2})
    for row, sealed in ((one, first), (other, first)):
        with hub.sessions.begin() as session:
            held = session.get_one(Exchange, row)
            before, held.sealed = held.sealed, sealed
            session.flush()
            with pytest.raises(IntegrityError):
                exchanges.by_id(session, "client", row)
            held.sealed = before


def test_a_pseudonym_is_the_clients_own_and_outlives_a_rotation(hub: Hub) -> None:
    entity = secrets.token_hex(16)
    mine, theirs = Pseudonyms(hub.keys, "a"), Pseudonyms(hub.keys, "b")
    named = mine.of(entity)
    assert named == mine.of(entity) != theirs.of(entity)
    assert entity not in named
    assert mine.entity(named) == entity
    assert theirs.entity(named) is None
    with hub.sessions.begin() as session:
        hub.keys.rotate(session, "export")
    assert mine.entity(named) == entity
    assert mine.entity(mine.of(entity)) == entity


def test_what_is_no_pseudonym_leads_nowhere(hub: Hub) -> None:
    for text in ("", "1-", "1-abc", "x-abc", "99-aaaa", "1-!!!!", "1" * 500, "-"):
        assert Pseudonyms(hub.keys, "a").entity(text) is None


def test_what_does_not_open_holds_up_nobody_else(hub: Hub) -> None:
    exchanges = Exchanges(hub.keys)
    with hub.sessions.begin() as session:
        broken, whole = (
            exchanges.begin(session, "client", "t", ["r"], {"said": n}, due=now()) for n in (1, 2)
        )
        session.get_one(Exchange, broken).sealed = b"altered"
    with hub.sessions.begin() as session:
        assert [taken.id for taken in exchanges.claim(session, 10)] == [whole]
    with hub.sessions.read() as session:
        assert session.get_one(Exchange, broken).state == "undelivered"
