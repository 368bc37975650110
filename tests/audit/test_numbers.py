"""What the log refuses for a NIK, and what only looks like one."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from mdm import audit
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.tables import AuditEvent
from mdm.ids import AT_ONCE, short, short_id, short_ids

NUMBER = "3201014107900001"  # the grammar of a NIK; nobody's


@pytest.mark.parametrize("detail", ["case", "reason", "batch", "entity_id"])
def test_a_number_gets_into_no_detail(hub: Hub, detail: str) -> None:
    with pytest.raises(InputError), hub.sessions.begin() as session:
        audit.record(session, "officer", "look", **{detail: NUMBER})


def test_a_digest_of_nothing_but_digits_is_no_number(hub: Hub) -> None:
    with hub.sessions.begin() as session:
        audit.record(
            session, f"device-{short('7' * 64)}", "look", batch=short("1" * 64), case="K-7"
        )
    with hub.sessions.read() as session:
        assert b"11111111111111" in session.exec(select(AuditEvent.event)).one()


@given(st.integers(0, 16**64 - 1))
def test_short_digests_tell_apart_what_begins_apart(value: int) -> None:
    digest = f"{value:064x}"
    assert digest.startswith(short(digest))
    assert len(short(digest)) == len(short_id()) < len(NUMBER)


def test_ids_drawn_many_at_a_time_are_as_random_as_one() -> None:
    many = list(islice(short_ids(), 3 * AT_ONCE))
    assert len(set(many)) == len(many)
    assert {len(one) for one in many} == {len(short_id())}
    assert not set(many) & set(islice(short_ids(), AT_ONCE))
