"""People name people: the audit log is searched by login as by id."""

from __future__ import annotations

import pytest

from mdm import audit
from mdm.access import clients, staff
from mdm.access.named import as_logged
from mdm.audit.search import Wanted, search
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.tables import Staff


def test_acts_are_found_by_login_as_by_id(shared_hub: Hub) -> None:
    with shared_hub.sessions.begin() as session:
        made = staff.create(
            session, "dewi.pencari", "kuda-lumping-biru-42", actor="test", until=None
        )
        audit.record(session, made.id, "look", found=True)
    with shared_hub.sessions.read() as session:
        for named in ("dewi.pencari", made.id):
            found = search(session, Wanted(as_logged(session, named)), limit=5).events
            assert [one.action for one in found] == ["look"]
        assert as_logged(session, "command line: root") == "command line: root"
        assert as_logged(session, None) is None


def test_an_id_means_whose_it_is_whatever_another_is_called(shared_hub: Hub) -> None:
    with shared_hub.sessions.begin() as session:
        one, other = (
            staff.create(session, login, "kuda-lumping-biru-42", actor="test", until=None)
            for login in ("wayan.satu", "wayan.dua")
        )
        with pytest.raises(InputError, match="reads as the id"):
            staff.create(session, one.id, "kuda-lumping-biru-42", actor="test", until=None)
        with pytest.raises(InputError, match="reads as the id"):
            clients.must_be_free(session, one.id)
        with pytest.raises(InputError, match="no NIK or KK number"):
            clients.must_be_free(session, "3201-1545-0388-0002")
        # As a home of before may hold it.
        session.get_one(Staff, other.id).login = one.id
    with shared_hub.sessions.begin() as session:
        staff.disable(session, staff.find(session, one.id), actor="test")
    with shared_hub.sessions.read() as session:
        assert as_logged(session, one.id) == one.id
        states = [session.get_one(Staff, key).state for key in (one.id, other.id)]
        assert states == ["disabled", "active"]
