"""A judgement as a person gives it, without the review around it."""

from __future__ import annotations

from matching.rules import Judgement, Kind
from mdm import judgements
from mdm.compose import Hub
from mdm.judgements import RecordRef


def judge(
    hub: Hub,
    kind: Kind,
    left: RecordRef,
    right: RecordRef,
    judgement: Judgement,
    *,
    actor: str,
    reason: str,
) -> str:
    """Keep a judgement on two records; its id."""
    said = [(left, right, judgement)]
    with hub.sessions.begin() as session:
        return judgements.add(hub, session, kind, said, actor=actor, reason=reason)[0]
