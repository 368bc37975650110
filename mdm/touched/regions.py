"""Regions of households that a small run does not choose anew: they stand in for their profile."""

from __future__ import annotations

import pyarrow as pa
from sqlmodel import Session, col, select

from matching.engine import Engine
from mdm.compose import Hub
from mdm.hub.runs import published_seq
from mdm.hub.tables import SealedProfile


def stand_in_regions(hub: Hub, session: Session, engine: Engine) -> None:
    """Add to `household_golden` the households that families reached live in, with the region that
    readers see and no content, so that a person without a domicile of its own finds it there."""
    named = engine.fetch(
        "SELECT DISTINCT entity_id FROM household_family_links"
        " ANTI JOIN household_golden USING (entity_id)"
    ).column(0)
    rows = session.exec(
        select(SealedProfile.entity_id, SealedProfile.region)
        .where(col(SealedProfile.entity_id).in_(named.to_pylist()))
        .where(col(SealedProfile.run_seq) <= published_seq(session))
        .order_by(col(SealedProfile.version))
    ).all()
    newest: dict[str, str | None] = dict(rows)
    engine.register(
        "stand_ins",
        pa.table(
            {
                "entity_id": pa.array(list(newest), pa.string()),
                "region": pa.array(list(newest.values()), pa.string()),
            }
        ),
    )
    engine.run("INSERT INTO household_golden SELECT entity_id, '{}', [], region FROM stand_ins")
    engine.drop("stand_ins")
