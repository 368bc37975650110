"""Keeping: the figures of a run are counted in the engine and written to the hub under its number.

Readers go by published runs, so nobody sees them before the run is visible. Those by region are
many: they are kept for the published run and the one being made only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from matching.engine import Engine
from matching.evaluation import Evaluation, Scores
from matching.rules import KINDS
from mdm import audit
from mdm.arrow import rows_of
from mdm.audit import changes, vouched
from mdm.compose import Hub
from mdm.figures import sql
from mdm.hub.runs import published_seq
from mdm.hub.tables import BY_REGION, RunFigure
from mdm.survivorship.rules import load_rules
from mdm.validation.standing import hold_standing

COLUMNS = ("run_seq", "figure", "kind", "part", "detail", "value", "low", "high")
QUALITY = ("precision", "recall", "f1")

_Row = tuple[Any, ...]


def keep(hub: Hub, engine: Engine, seq: int) -> int:
    """Count and keep the figures of run `seq`, in the place of those that a killed attempt kept; how
    many. Costs a few passes over the golden and linkage tables."""
    rows = [(seq, *row, None, None) for row in _counted(hub, engine)]
    with hub.sessions.begin() as session:
        session.execute(sa.delete(RunFigure).where(col(RunFigure.run_seq) == seq))
        session.execute(
            sa.delete(RunFigure).where(
                col(RunFigure.figure).in_(BY_REGION),
                col(RunFigure.run_seq) < published_seq(session),
            )
        )
    with hub.sessions.bulk() as bulk:
        return bulk.load(RunFigure, COLUMNS, rows)


def keep_quality(hub: Hub, seq: int, kind: str, found: Evaluation) -> None:
    """Keep how good the links of a run are, where a truth is known."""
    groups = [("", "", found.pairs), *((g.column, g.value, g.scores) for g in found.groups)]
    rows = list(
        chain.from_iterable(_shares(seq, kind, part, value, of) for part, value, of in groups)
    )
    with hub.sessions.begin() as session:
        changes.note(session, vouched.BY_NAME["run_figure"], str(seq))
        session.execute(
            sa.delete(RunFigure).where(
                col(RunFigure.run_seq) == seq,
                col(RunFigure.kind) == kind,
                col(RunFigure.figure).in_(QUALITY),
            )
        )
        hub.dialect.load(session.connection(), RunFigure, COLUMNS, rows)
        audit.record(session, "system", "evaluate", kind=kind, run_seq=seq)


def _shares(seq: int, kind: str, part: str, value: str, scores: Scores) -> Iterator[_Row]:
    for name in QUALITY:
        measure = getattr(scores, name)
        if measure.value is not None:
            yield seq, name, kind, part, value, measure.value, measure.low, measure.high


def _counted(hub: Hub, engine: Engine) -> Iterator[_Row]:
    """figure, kind, part, detail, value."""
    registry = load_rules().registry
    asked = [sql.homes(), sql.freshness()]
    asked += [sql.of_kind(kind, registry) for kind in KINDS]
    if hold_standing(hub, engine, sql.FINDINGS):
        asked += [sql.findings(), sql.quarantine()]
    for one in asked:
        yield from rows_of(engine.fetch(one))
    engine.drop(sql.FINDINGS)
