"""Regions of entities that a small run does not choose anew, as they were published: no more of them is asked."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
from sqlmodel import Session, col, select

from matching.engine import Engine
from matching.rules import Kind
from mdm.hub.runs import published_seq
from mdm.hub.tables import SealedProfile


def add_published_regions(
    session: Session, engine: Engine, kind: Kind, ids: Collection[str]
) -> None:
    """Add some entities to `<kind>_golden` with the region that readers see and no content: a person
    without a domicile of its own finds that of its household there, a task that of whom it is about."""
    if not ids:
        return
    rows = session.exec(
        select(SealedProfile.entity_id, SealedProfile.region)
        .where(col(SealedProfile.entity_id).in_(list(ids)))
        .where(col(SealedProfile.run_seq) <= published_seq(session))
        .order_by(col(SealedProfile.version))
    ).all()
    newest: dict[str, str | None] = dict(rows)
    engine.register(
        "published_regions",
        pa.table(
            {
                "entity_id": pa.array(list(newest), pa.string()),
                "region": pa.array(list(newest.values()), pa.string()),
            }
        ),
    )
    engine.run(
        f"INSERT INTO {kind}_golden BY NAME SELECT *, '{{}}' AS content, [] AS niks FROM published_regions"
    )
    engine.drop("published_regions")
