"""Sight: a profile as an auditor may see it, masked until opened; every look is in the audit log
before the page leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from api.context import Connection
from api.problems import Problem
from api.web.auditor.case import case_of
from api.web.errors import Told
from api.web.visitor import visitor_of
from api.whom import charge, find_for
from mdm import audit, tracing
from mdm.access import Principal
from mdm.compose import Hub
from mdm.seal.masking import HIDDEN, load_rules
from mdm.tracing.facts import Value

ACTION, PURPOSE = "audit.trace", "audit"
ACT = (ACTION, PURPOSE)
ALL = "semua"  # of the field `buka`: open everything


@dataclass(frozen=True)
class Sight:
    """Whose profile it is, and which of its attributes may be seen at all."""

    target: tracing.Target
    fields: frozenset[str]

    @property
    def kind(self) -> str:
        """person, family, household."""
        return self.target.opened.kind

    @property
    def entity_id(self) -> str:
        """The id its profile stands under."""
        return self.target.opened.entity_id


def principal_of(request: Connection) -> Principal:
    """Who asks. The guard let nobody pass who is not identified."""
    principal = visitor_of(request).principal
    assert principal is not None
    return principal


def find(
    hub: Hub,
    session: Session,
    request: Connection,
    *,
    entity_id: str | None = None,
    nik: str | None = None,
    as_of: datetime | None = None,
) -> Sight:
    """Whom a page is about. Told 404 for nobody, and for somebody of another region."""
    wanted = tracing.TraceRequest(nik=nik, entity_id=entity_id, as_of=as_of)
    try:
        target, decision = find_for(hub, session, principal_of(request), ACT, wanted)
    except Problem as problem:
        if problem.status == 404:
            raise Told(404, "auditor.nobody") from None
        raise
    return Sight(target, decision.fields.get(target.opened.kind, frozenset()))


def find_then(
    hub: Hub, session: Session, request: Connection, now: Sight, moment: datetime
) -> Sight | None:
    """The same as of a moment; None where nothing was published or known of them then."""
    try:
        return find(hub, session, request, entity_id=now.entity_id, as_of=moment)
    except Told:
        return None


def look_up(
    hub: Hub, request: Connection, *, nik: str | None = None, entity_id: str | None = None
) -> Sight:
    """Whom a form names; Told as in `find`. Found or not, it counts on the budget of who asks, and is on record before
    it is told: where the page leads to tells that a number is somebody's, whether one goes there or not."""
    principal = principal_of(request)
    try:
        with hub.sessions.read() as session:
            sight = find(hub, session, request, entity_id=entity_id, nik=nik)
    except Told:
        charge(hub, principal, nik or entity_id or "", missed=True)
        looked(hub, request, None)
        raise
    charge(hub, principal, sight.entity_id)  # as opening them does
    looked(hub, request, sight)
    return sight


def looked(
    hub: Hub, request: Connection, sight: Sight | None, opened: Iterable[str] = (), **said: Any
) -> None:
    """Write the look to the audit log and commit: with `opened`, what the page shows in plain text. Whose values are
    opened counts on the budget that lookups have, too; BudgetError beyond it."""
    names = sorted(opened)
    if sight is not None and names:
        charge(hub, principal_of(request), sight.entity_id)
    details: dict[str, Any] = {"found": sight is not None, "purpose": PURPOSE, **said}
    if sight is not None:
        as_of = sight.target.as_of
        details |= {
            "entity_id": sight.entity_id,
            "run_seq": sight.target.run.seq,
            "as_of": as_of.isoformat() if as_of else None,
            "fields": {sight.kind: names} if names else None,
        }
    with hub.sessions.begin() as session:
        audit.record(
            session,
            principal_of(request).id,
            "trace" if names else "look",
            case=case_of(request),
            **details,
        )


def searched(
    hub: Hub, request: Connection, count: int, *, user: str = "", entity_id: str = ""
) -> None:
    """Write to the audit log that somebody looked into it: for whom, and how many events they saw."""
    with hub.sessions.begin() as session:
        audit.record(
            session,
            principal_of(request).id,
            "audit-search",
            user=user or None,
            entity_id=entity_id or None,
            case=case_of(request),
            count=count,
        )


def opened_by(form: str, sight: Sight) -> frozenset[str]:
    """What a form opens: one attribute, or all that may be seen."""
    if form == ALL:
        return sight.fields
    return frozenset({form}) & sight.fields


def masked(values: Iterable[Value], kind: str, opened: Collection[str]) -> list[Value]:
    """The values with all that is not opened masked; the reasons stay."""
    rules = load_rules()

    def mask(value: Value) -> Value:
        if value.attribute in opened:
            return value
        losers = tuple(
            replace(loser, value=rules.mask(kind, value.attribute, loser.value))
            for loser in value.losers
        )
        return replace(value, value=rules.mask(kind, value.attribute, value.value), losers=losers)

    return [mask(value) for value in values]


def key_shown(key: str, opened: bool) -> str:
    """A provider's record key, which can be the NIK itself."""
    return key if opened else HIDDEN
