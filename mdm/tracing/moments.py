"""As of a moment: which run readers saw then, and which entity an id led to."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlmodel import Session, col, select

from matching.model import Model
from mdm import rulebook
from mdm.compose import Hub
from mdm.errors import HomeError, UnknownError
from mdm.hub.runs import PUBLISHED, of_published
from mdm.hub.tables import EntityEvent, Run
from mdm.tracing.facts import Happened, RunThen
from mdm.tracing.vouching import events_of


def run_then(session: Session, as_of: datetime | None) -> Run:
    """The run that readers saw at a moment; today's for None. HomeError before the first
    publishing, UnknownError when nothing was published then."""
    query = select(Run).where(Run.status == PUBLISHED).order_by(col(Run.seq).desc())
    if as_of is not None:
        query = query.where(col(Run.finished) <= as_of)
    run = session.exec(query.limit(1)).first()
    if run is None and as_of is not None:
        raise UnknownError("Nothing was published then.", "Name a later moment.")
    if run is None:
        raise HomeError("Nothing is published in this home yet.", "Run `dtsen run` first.")
    return run


def told(hub: Hub, session: Session, run: Run) -> RunThen:
    """What the trace says of a run."""
    published = (run.id, "publish")
    return RunThen(
        id=run.id,
        seq=run.seq,
        published=run.finished,
        rules=run.rules,
        rules_today=run.rules == rulebook.digest(rulebook.documents(hub.settings.home)),
        models=models_of(run),
        event=events_of(session, [published]).get(published),
    )


def models_of(run: Run) -> dict[str, str]:
    """Kind → name of the model that a run used."""
    try:
        names = json.loads(run.model or "{}")
    except ValueError:
        return {}
    return {str(kind): str(name) for kind, name in names.items()} if isinstance(names, dict) else {}


def model_of(hub: Hub, run: Run, kind: str) -> Model | None:
    """The model by which a run linked a kind; None where there was none, or its file is gone."""
    path = hub.settings.home / "models" / f"{models_of(run).get(kind)}.json"
    return _read(path) if path.exists() else None


@lru_cache(maxsize=16)  # a model is added, never edited
def _read(path: Path) -> Model:
    return Model.from_json(path.read_text("utf-8"))


def led_to(session: Session, entity_id: str, seq: int) -> list[str]:
    """The id, and every id that merges up to a run made of it, in their order."""
    trail = [entity_id]
    while True:
        merged = session.exec(
            select(EntityEvent.other)
            .where(EntityEvent.entity_id == trail[-1], EntityEvent.event == "merge")
            .where(col(EntityEvent.run_seq) <= seq, of_published(EntityEvent.run_seq))
            .order_by(col(EntityEvent.run_seq).desc())
        ).first()
        if merged is None or merged in trail:
            return trail
        trail.append(merged)


def history(session: Session, entity_id: str, seq: int) -> tuple[Happened, ...]:
    """What runs did to an entity, and what was merged into it or split from it, in order."""
    about = (col(EntityEvent.entity_id) == entity_id) | (col(EntityEvent.other) == entity_id)
    seen = of_published(EntityEvent.run_seq)
    query = select(EntityEvent).where(about, col(EntityEvent.run_seq) <= seq, seen)
    rows = session.exec(query.order_by(col(EntityEvent.run_seq), col(EntityEvent.id))).all()
    return tuple(
        Happened(
            row.run_seq,
            row.event if row.entity_id == entity_id else f"{row.event} of another",
            row.other if row.entity_id == entity_id else row.entity_id,
            row.records,
        )
        for row in rows
    )
