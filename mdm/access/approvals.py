"""Four eyes: some acts wait until another person has approved exactly this request.

    approvals.demand(hub, actor, "key.destroy", content, summary="profile key, version 2",
                     approval=number or None)                 # raises SecondPersonError the first time
    with hub.sessions.begin() as session:
        approver = approvals.use(session, actor, "key.destroy", content, approval=number)
        …the act itself; audit.record(…, approved_by=approver)

The approval is bound to the SHA-256 of action, content and requester: another content, action or
requester finds no approval. It is used once, and expires.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, select

from mdm import audit
from mdm.access.decide import decide
from mdm.access.document import load_rules
from mdm.access.errors import SecondPersonError
from mdm.access.terms import Principal, Resource
from mdm.compose import Hub
from mdm.errors import AccessError, UnknownError
from mdm.hub.columns import now
from mdm.hub.dialect import dialect_of
from mdm.hub.tables import Approval

WAITING, APPROVED, REFUSED, USED = "waiting", "approved", "refused", "used"
WITHDRAWN = "withdrawn"


def digest(actor: str, action: str, content: Mapping[str, Any]) -> bytes:
    """SHA-256 of the request in one exact form."""
    said = {"action": action, "content": dict(content), "requested_by": actor}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def demand(
    hub: Hub,
    actor: str,
    action: str,
    content: Mapping[str, Any],
    *,
    summary: str,
    approval: str | None,
    about: str | None = None,
) -> None:
    """Nothing, when `approval` names one that fits; otherwise the request is put down to wait.

    SecondPersonError carries its id. `summary` is what the approver reads: no personal data. `about`:
    the account or client it is about; who gains by a request never approves it.
    """
    if approval is not None:
        with hub.sessions.read() as session:
            _fitting(session, actor, action, content, approval)
        return
    with hub.sessions.begin() as session:
        waits = request(
            session,
            actor,
            action,
            content,
            summary=summary,
            life=timedelta(hours=hub.settings.access.approval_hours),
            about=about,
        )
    raise SecondPersonError(waits.id, load_rules().actions[action].approvers)


def request(
    session: Session,
    actor: str,
    action: str,
    content: Mapping[str, Any],
    *,
    summary: str,
    life: timedelta,
    about: str | None = None,
) -> Approval:
    """Put a request down to wait; the same one that waits already is not put down twice."""
    exact = digest(actor, action, content)
    _alone(session, exact.hex())
    query = select(Approval).where(
        Approval.digest == exact,
        col(Approval.state).in_((WAITING, APPROVED)),
        col(Approval.expires) > now(),
    )
    if (standing := session.exec(query).first()) is not None:
        return standing
    waits = Approval(
        id=f"approval-{secrets.token_hex(6)}",
        action=action,
        digest=exact,
        summary=summary,
        content=dict(content),
        about=about,
        state=WAITING,
        requested_by=actor,
        expires=now() + life,
    )
    session.add(waits)
    audit.record(session, actor, "approval.request", id=waits.id, decision=action)
    return waits


def answer(session: Session, approver: Principal, approval: str, *, approve: bool) -> Approval:
    """Approve or refuse another person's request. AccessError for one's own, for one that gives oneself
    something, without the role, and for one that reaches beyond the region of the role."""
    _alone(session, approval)
    waits = session.get(Approval, approval)
    if waits is None or waits.state != WAITING or waits.expires <= now():
        raise UnknownError(
            "No such request is waiting.",
            "See which ones wait, and until when.",
            code="approval-gone",
        )
    roles = load_rules().actions[waits.action].approvers
    allowed = decide(approver, "approval.decide", Resource("approval")).allowed
    if approver.kind != "staff" or not allowed or approver.roles.isdisjoint(roles):
        raise AccessError("Your roles do not approve this.", f"It takes: {' or '.join(roles)}.")
    if approver.id == waits.requested_by:
        raise AccessError("Nobody approves their own request.", "Ask another person.")
    if approver.id == waits.about:
        raise AccessError("Nobody decides a request about themselves.", "Ask another person.")
    if not _reaches(approver, roles, _region(waits)):
        raise AccessError(
            "The request reaches beyond the region of your role.",
            "It takes somebody of the whole country, or of the region that it is about.",
        )
    waits.state = APPROVED if approve else REFUSED
    waits.decided_by, waits.decided = approver.id, now()
    what = "approval.approve" if approve else "approval.refuse"
    audit.record(session, approver.id, what, id=waits.id, requested_by=waits.requested_by)
    return waits


def fits(approver: Principal, waits: Approval) -> bool:
    """Whether a request is of the kind, and of the region, that this person's roles answer."""
    roles = load_rules().actions[waits.action].approvers
    return not approver.roles.isdisjoint(roles) and _reaches(approver, roles, _region(waits))


def _region(waits: Approval) -> str:
    return str((waits.content or {}).get("region") or "")


def _reaches(approver: Principal, roles: Sequence[str], region: str) -> bool:
    """Whether a role that approves is held for a region of the request, or is none of regions. Only the grant of a role
    is about a region ('': the whole country); all else is of everybody."""
    known = load_rules().roles
    return approver.covers(region) or any(
        not known[role].regional for role in approver.roles.intersection(roles)
    )


def withdraw(session: Session, actor: str, approval: str) -> None:
    """Take back a request of one's own that is not done yet. UnknownError for any other."""
    _alone(session, approval)
    waits = session.get(Approval, approval)
    if waits is None or waits.requested_by != actor or waits.state not in (WAITING, APPROVED):
        raise UnknownError(
            "No such request of yours is open.", "See which ones wait.", code="approval-gone"
        )
    waits.state, waits.decided = WITHDRAWN, now()
    audit.record(session, actor, "approval.withdraw", id=waits.id)


def use(
    session: Session, actor: str, action: str, content: Mapping[str, Any], *, approval: str
) -> str:
    """Use an approval up, in the unit of work of the act it allows; who approved."""
    _alone(session, approval)
    waits = _fitting(session, actor, action, content, approval)
    waits.state = USED
    session.flush()
    return str(waits.decided_by)


def waiting(session: Session) -> Sequence[Approval]:
    """Requests that wait for somebody, oldest first."""
    query = select(Approval).where(Approval.state == WAITING, col(Approval.expires) > now())
    return session.exec(query.order_by(col(Approval.requested), col(Approval.id))).all()


def ready(session: Session, actor: str) -> Sequence[Approval]:
    """Requests of somebody that others approved and that are not done yet, oldest first."""
    query = select(Approval).where(
        Approval.state == APPROVED, Approval.requested_by == actor, col(Approval.expires) > now()
    )
    return session.exec(query.order_by(col(Approval.requested), col(Approval.id))).all()


def standing(session: Session, about: str | None, actions: Sequence[str]) -> Sequence[Approval]:
    """Requests about an account or a client (None: one that is not there yet) that wait or are approved and not done
    yet, oldest first."""
    query = select(Approval).where(
        Approval.about == about,
        col(Approval.action).in_(actions),
        col(Approval.state).in_((WAITING, APPROVED)),
        col(Approval.expires) > now(),
    )
    return session.exec(query.order_by(col(Approval.requested), col(Approval.id))).all()


def content_of(session: Session, actor: str, action: str, *, approval: str) -> dict[str, Any]:
    """What a request of one's own asks, so that it can be done as it was approved. AccessError for another's, and for
    one that is not approved."""
    waits = session.get(Approval, approval)
    if waits is None or waits.content is None:
        raise AccessError("This approval is not for this request.", "Ask anew.")
    return dict(_fitting(session, actor, action, waits.content, approval).content or {})


def _fitting(
    session: Session, actor: str, action: str, content: Mapping[str, Any], approval: str
) -> Approval:
    waits = session.get(Approval, approval)
    if waits is None or waits.digest != digest(actor, action, content):
        raise AccessError(
            "This approval is not for this request.", "Ask without it: a new request is put down."
        )
    if waits.state != APPROVED or waits.expires <= now():
        raise AccessError(
            "The request is not approved, or no longer.",
            "See `dtsen admin approvals list`, or /persetujuan.",
            code="approval-over",
        )
    return waits


def _alone(session: Session, approval: str) -> None:
    """Only one unit of work at a time asks for, decides or uses one approval."""
    connection = session.connection()
    dialect_of(connection).exclusive(connection, f"approval {approval}")
