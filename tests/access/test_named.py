"""People name people: the audit log is searched by login as by id."""

from __future__ import annotations

from mdm import audit
from mdm.access import staff
from mdm.access.named import as_logged
from mdm.audit.search import Wanted, search
from mdm.compose import Hub


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
