"""HEAD is GET without a body: the same word on who may, the same event in the log."""

from __future__ import annotations

from sqlmodel import Session, col, select

from mdm.hub.tables import AuditEvent
from tests.api.serving import Served, some_address
from tests.api.world import ENTITY, SITI, staff


def acts(session: Session) -> list[bytes]:
    """What the log says, oldest first, without when."""
    found = session.exec(select(AuditEvent.event).order_by(col(AuditEvent.seq))).all()
    return [bytes(event).partition(b'"at"')[0] for event in found]


def test_every_route_that_answers_get_answers_head(service: Served) -> None:
    paths = [some_address(path) for method, path, _ in service.routes if method == "GET"]
    assert len(paths) > 50
    for who in (None, staff("auditor"), staff("user-administrator")):
        with service.client(who) as client:
            for path in paths:
                whole, head = client.get(path), client.head(path)
                assert head.status_code == whole.status_code, (who, path)
                assert head.headers.get("content-type") == whole.headers.get("content-type"), path
                assert head.headers["x-content-type-options"] == "nosniff"
                assert head.content == b"", path


def test_a_head_that_looks_at_somebody_is_on_record_as_the_get_is(service: Served) -> None:
    page = f"/telusur/{ENTITY[SITI]}"
    with service.client(staff("auditor")) as auditor:
        assert (auditor.get(page).status_code, auditor.head(page).status_code) == (200, 200)
    with service.client(staff("key-administrator")) as other:
        assert other.head(page).status_code == 403
    with service.hub.sessions.read() as session:
        got, headed = acts(session)[-2:]
    assert b'"look"' in headed
    assert headed == got


def test_methods_that_are_named_name_it(service: Served) -> None:
    with service.client() as anybody:
        refused = anybody.delete("/health/live")
        asked = anybody.head("/v1/token")  # takes POST only
        line = service.line_of(anybody.head("/health/live"))
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS"
    assert (asked.status_code, asked.headers["allow"]) == (405, "OPTIONS, POST")
    assert (line["method"], line["status"]) == ("HEAD", 200)
