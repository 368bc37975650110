"""A link of a sample as a reviewer sees it: its two records, what tells them apart, the weight in words.

It is shown as readers see it now, and only while it is still the link that was drawn and lies in a
region of the one who asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from sqlmodel import Session, col, select

from api.guard import denied
from api.web.review.model import Table, table_of
from api.web.review.showing import OPEN_VALUES, PURPOSE
from api.web.wording import Wording
from matching.rules import Kind
from mdm import audit, sampling
from mdm.access import Principal, Resource, decide
from mdm.access.budgets import Budgets, Charge
from mdm.compose import Hub
from mdm.desk.errors import BudgetError
from mdm.errors import HomeError, UnknownError
from mdm.hub.tables import ReviewTask, ReviewTaskEntity, SampleItem, SealedProfile
from mdm.review.terms import OPEN, PARKED
from mdm.sampling import ExaminedSample
from mdm.tracing.component import Component, look

ACTION = "review.sample"


@dataclass(frozen=True)
class Shown:
    """A drawn link with its evidence. `table` None: it is not the link that was drawn any more."""

    table: Table | None
    task: str  # of the review queue about this entity; '' when there is none


def own(hub: Hub, principal: Principal, sample_id: str) -> ExaminedSample:
    """A sample of links that somebody drew here. UnknownError for any other: all look the same."""
    with hub.sessions.read() as session:
        examined = sampling.find(hub, session, sample_id)
    if examined.sample.actor != principal.id or examined.sample.kind != sampling.LINKS:
        raise UnknownError("There is no such sample.", "See the list.")
    return examined


def show(
    hub: Hub,
    principal: Principal,
    examined: ExaminedSample,
    item: SampleItem,
    words: Wording,
    *,
    opened: bool,
) -> Shown:
    """One link, masked or plain; the look, or the reveal, is on record before it leaves. UnknownError
    for one that lies in no region of theirs now; BudgetError where values would be opened beyond the
    budget; Problem where they may not be."""
    kind, entity_id = str(item.ref["kind"]), str(item.ref["entity_id"])
    with hub.sessions.begin() as session:
        region = _region(session, entity_id)
        resource = Resource(kind, region=region)
        if not decide(principal, ACTION, resource).allowed:
            raise UnknownError("There is no such link in your regions.", "See the list.")
        decision = decide(principal, OPEN_VALUES, resource, PURPOSE)
        fields = decision.fields.get(kind, frozenset()) if decision.allowed else frozenset()
        if kind == "household":
            fields |= decision.fields.get("family", frozenset())
        if opened and not fields:
            raise denied("no-fields")
        task = _task(session, principal, entity_id)
    if opened:
        _charge(hub, principal, entity_id)
    with hub.sessions.begin() as session:
        audit.record(
            session,
            principal.id,
            "reveal" if opened else "look",
            purpose=PURPOSE,
            id=examined.sample.id,
            kind=kind,
            entity_id=[entity_id],
            region=region or None,
            fields={kind: sorted(fields)} if opened else None,
            found=True,
        )
    two = _two(hub, examined, item)
    table = table_of(two, words, fields, opened=opened) if two else None
    return Shown(table, task)


def _two(hub: Hub, examined: ExaminedSample, item: SampleItem) -> Component | None:
    """The two records and their pair; None when a run has linked anew, or parted them, since."""
    if sampling.linked_seq(hub, item.ref["kind"]) != examined.sample.run_seq:
        return None
    try:
        whole = look(hub, cast(Kind, item.ref["kind"]), [item.ref["entity_id"]])
    except HomeError:
        return None
    numbers = (item.ref["rid_l"], item.ref["rid_r"])
    for pair in whole.pairs:
        records = (whole.records[pair.left], whole.records[pair.right])
        if {one.number for one in records} == set(numbers):
            families = {one.family for one in records}
            around = {key: who for key, who in whole.families.items() if key in families}
            return replace(
                whole, records=records, pairs=(replace(pair, left=0, right=1),), families=around
            )
    return None


def _region(session: Session, entity_id: str) -> str | None:
    query = (
        select(SealedProfile.region)
        .where(SealedProfile.entity_id == entity_id)
        .order_by(col(SealedProfile.version).desc())
    )
    return session.exec(query).first()


def _task(session: Session, principal: Principal, entity_id: str) -> str:
    """A task about an entity that waits in somebody's regions."""
    query = (
        select(ReviewTask)
        .join(ReviewTaskEntity, col(ReviewTaskEntity.task_id) == ReviewTask.id)
        .where(ReviewTaskEntity.entity_id == entity_id, col(ReviewTask.status).in_((OPEN, PARKED)))
        .order_by(col(ReviewTask.rank).desc())
    )
    tasks = session.exec(query).all()
    return next((one.id for one in tasks if principal.covers(one.region)), "")


def _charge(hub: Hub, principal: Principal, entity_id: str) -> None:
    """Count who is opened on the budget that lookups have, too; kept also when it is refused."""
    with hub.sessions.begin() as session:
        (verdict,) = Budgets(hub).charge(session, [Charge(principal, (entity_id,))])
    if not verdict.allowed:
        raise BudgetError(verdict)
