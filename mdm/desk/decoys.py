"""Decoys: people opened and thrown away, so that a question about nobody costs what a hit costs."""

from __future__ import annotations

import random
import secrets

from sqlmodel import Session, col, select

from mdm.hub.tables import Entity

KEPT = 512  # enough that they are no easier to reach than anybody else
RUN = 8  # neighbours taken together: one seek for eight


def draw_decoys(session: Session, seq: int) -> list[str]:
    """Ids of persons from all over the hub; empty when nothing is published."""
    drawn: list[str] = []
    for _ in range(KEPT // RUN):
        start = secrets.token_hex(16)
        query = (
            select(Entity.entity_id)
            .where(col(Entity.entity_id) >= start, Entity.kind == "person")
            .where(Entity.status == "active", col(Entity.created_run) <= seq)
            .order_by(col(Entity.entity_id))
            .limit(RUN)
        )
        drawn += session.exec(query).all()
    if not drawn:
        drawn = list(
            session.exec(
                select(Entity.entity_id)
                .where(Entity.kind == "person", Entity.status == "active")
                .where(col(Entity.created_run) <= seq)
                .limit(KEPT)
            ).all()
        )
    random.shuffle(drawn)
    return drawn
