"""Withdrawing: a file that landed by mistake goes again, as long as no run has taken it.

Nothing stands upon it yet, so that its rows leave the lake; that they were here, and why they went, stays in the audit
log. The same file may land again then: as of its own day, for its own office.
"""

from __future__ import annotations

from sqlmodel import Session

from mdm import audit
from mdm.audit import changes, vouched
from mdm.compose import Hub
from mdm.errors import ConflictError, UnknownError
from mdm.hub.tables import Batch


def withdraw(hub: Hub, batch: str, *, reason: str, actor: str) -> Batch:
    """Take a delivered file back; what it was. `reason` stands in the log and names nobody. UnknownError where no file
    has this name, ConflictError where a run has taken it."""
    with hub.lock("withdraw"):
        files = hub.lake.files(owner=batch)
        with hub.sessions.begin() as session:
            found = _untaken(session, batch)
            changes.note(session, vouched.FILES, batch)
            hub.lake.forget(session, owner=batch)
            session.delete(found)
            session.flush()
            audit.record(
                session,
                actor,
                "withdraw",
                batch=batch,
                source=found.source,
                layout=found.layout,
                rows=found.landed,
                reason=reason,
            )
        hub.lake.remove(files)
    return found


def _untaken(session: Session, batch: str) -> Batch:
    found = session.get(Batch, batch)
    if found is None:
        raise UnknownError(
            "No delivered file has this name, or it was withdrawn.",
            "See their names: dtsen status --json.",
        )
    if found.accepted is not None:
        raise ConflictError(
            f"{found.file} cannot be withdrawn: a run has taken it.",
            "Land the right rows: of each record what the latest delivery says counts.",
        )
    return found
