"""Restriction (UU 27/2022 art. 41): hides a profile from decisions until it is lifted; nothing is lost."""

from __future__ import annotations

from mdm import audit
from mdm.access import restricted
from mdm.compose import Hub
from mdm.exchanges import Exchanges
from mdm.hub.columns import now
from mdm.hub.tables import SubjectRestriction
from mdm.ids import short_id
from mdm.rights.whom import known


def restrict(hub: Hub, entity_id: str, *, basis: str, actor: str, case: str | None = None) -> str:
    """Restrict the processing of one entity; the restriction's id. Doing it again changes nothing.

    Answers that wait for their callback are made anew: they may tell of it.
    """
    with hub.sessions.begin() as session:
        target = known(session, entity_id)
        hub.dialect.exclusive(session.connection(), f"restriction {target}")
        standing = restricted.standing(session, target)
        if standing:
            return standing[0].id
        made = SubjectRestriction(
            id=short_id(), entity_id=target, basis=basis, case_number=case, actor=actor
        )
        session.add(made)
        Exchanges(hub.keys).forget_answers(session)
        audit.record(
            session, actor, "restrict", entity_id=target, reason=basis, case=case, id=made.id
        )
        return made.id


def lift(hub: Hub, entity_id: str, *, basis: str, actor: str, case: str | None = None) -> int:
    """Lift every restriction of one entity, and of those merged into it; how many there were."""
    with hub.sessions.begin() as session:
        target = known(session, entity_id)
        hub.dialect.exclusive(session.connection(), f"restriction {target}")
        standing = restricted.standing(session, target)
        for one in standing:
            one.lifted, one.lifted_by, one.lifted_basis = now(), actor, basis
            session.add(one)
            audit.record(
                session, actor, "lift", entity_id=target, reason=basis, case=case, id=one.id
            )
        return len(standing)
