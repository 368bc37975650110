"""Restriction (UU 27/2022 art. 41): hides a profile from decisions until it is lifted; nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from mdm import audit
from mdm.access import restricted
from mdm.compose import Hub
from mdm.exchanges import Exchanges
from mdm.hub.columns import now
from mdm.hub.runs import published_seq
from mdm.hub.tables import SubjectRestriction
from mdm.ids import short_id
from mdm.jobs import forgetting as jobs
from mdm.opening import niks_told, open_profiles
from mdm.rights.whom import known


def restrict(hub: Hub, entity_id: str, *, basis: str, actor: str, case: str | None = None) -> str:
    """Restrict the processing of one entity; the restriction's id. Doing it again changes nothing.

    Answers that wait for their callback are made anew: they may tell of it. Jobs whose answers
    nobody has fetched and that ask about the person, or about whom the family is of, end, and who asked asks again.
    """
    made = _restricted(hub, entity_id, basis, actor, case)
    # After it, so that none begins between; done again by whoever restricts again, where a kill came between.
    with hub.sessions.begin() as session:
        jobs.forget(hub, session, niks_told(hub, session, _around(hub, session, entity_id)))
    return made


def _restricted(hub: Hub, entity_id: str, basis: str, actor: str, case: str | None) -> str:
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


def _around(hub: Hub, session: Session, entity_id: str) -> set[str]:
    """The entity, and the members of the family that it is in, or is."""
    target, seq = known(session, entity_id), published_seq(session)
    links = _links(hub, session, target, seq)
    family = links.get("family")
    members = (_links(hub, session, family, seq) if family else links).get("members", ())
    return {target, *(one for one, _ in members)}


def _links(hub: Hub, session: Session, entity_id: str, seq: int) -> Mapping[str, Any]:
    opened = open_profiles(hub, session, [entity_id], seq).get(entity_id)
    return json.loads(opened.content)["links"] if opened else {}


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
