"""Open questions: what is not settled about an entity's identity, kept from run to run.

- possible_duplicate: two records under review that lie in two entities
- disputed_link: a link passed over because something forbade it (unless much stronger links have
  answered it), a pair under review inside one entity, or words of people that contradict each other since records
  they judged one by one became one family
- second_opinion: a link that the second opinion contradicts; the link is right nearly always, and no answer is
  held up by it
- weak_link: the weakest link without which the entity would fall apart lies below the threshold

Only what is open has rows. They are versioned by run like profiles: a row holds from `run_seq`
until `retired_seq`, so that an old question gets the old answer.

A pair that only the second opinion would link is not among them: it lies below review by weight,
and for families the second opinion finds too many such pairs. A family with a row of its own is not in question
because of one that only its members tell of; that one is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlmodel import Session, col, delete, or_, select, update

from matching.engine import Engine
from mdm.arrow import pa_schema, rows_of
from mdm.compose import Hub
from mdm.hub.bulk import Bulk
from mdm.hub.lists import ListQuery, together
from mdm.hub.runs import published_seq
from mdm.hub.tables import EntityQuestion, RunPeriod
from mdm.questions.finding import DISPUTED, DUPLICATE, SECOND, WEAK, find_open

__all__ = [
    "DISPUTED",
    "DUPLICATE",
    "SECOND",
    "WEAK",
    "Confidence",
    "OpenQuestion",
    "clear",
    "confidence",
    "of",
    "stage",
]

_COLUMNS = ("entity_id", "question", "other", "run_seq", "kind", "weight", "reason")
_HELD = pa_schema(
    entity_id=pa.string(),
    question=pa.string(),
    other=pa.string(),
    weight=pa.float64(),
    reason=pa.string(),
)
# Two numbers that say the same to a steward are the same question still.
_SAME = "round(n.weight, 1) IS NOT DISTINCT FROM round(h.weight, 1) AND n.reason = h.reason"


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One thing that is open about an entity. `other`: the other entity, None when it lies inside
    this one; `weight`: match weight of the pair, bits; `reason`: a guard's name, or how found."""

    question: str
    other: str | None
    weight: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Confidence:
    """How surely an entity's records belong together: `single-record` (nothing was linked),
    `strong`, or `moderate` with the weight of its weakest link, bits."""

    name: str
    weakest: float | None = None


def confidence(records: int, open_: Sequence[OpenQuestion]) -> Confidence:
    """The link confidence of an entity of so many records, of which this is open."""
    if records <= 1:
        return Confidence("single-record")
    weak = next((one for one in open_ if one.question == WEAK), None)
    return Confidence("moderate", weak.weight) if weak else Confidence("strong")


def of(session: Session, entity_ids: Iterable[str], seq: int) -> dict[str, list[OpenQuestion]]:
    """Entity id → what is open about it as of a run; entities without questions are left out."""
    found: dict[str, list[OpenQuestion]] = {}
    for some in together(entity_ids):
        for entity_id, question, other, weight, reason in _OPEN.rows(
            session.connection(), some, seq=seq
        ):
            one = OpenQuestion(question, other or None, weight, reason)
            found.setdefault(entity_id, []).append(one)
    return found


_SEQ: sa.BindParameter[int] = sa.bindparam("seq", type_=sa.Integer())
_OPEN = ListQuery(
    sa.select(
        col(EntityQuestion.entity_id),
        col(EntityQuestion.question),
        col(EntityQuestion.other),
        col(EntityQuestion.weight),
        col(EntityQuestion.reason),
    )
    .where(col(EntityQuestion.entity_id).in_(sa.bindparam("ids", expanding=True)))
    .where(col(EntityQuestion.run_seq) <= _SEQ)
    .where(or_(col(EntityQuestion.retired_seq).is_(None), col(EntityQuestion.retired_seq) > _SEQ))
    .order_by(
        col(EntityQuestion.entity_id), col(EntityQuestion.question), col(EntityQuestion.other)
    )
)


def stage(
    hub: Hub,
    engine: Engine,
    kind: str,
    seq: int,
    only: Mapping[str, Collection[str]] | None = None,
    *,
    weak_bits: float,
) -> int:
    """Write what run `seq` leaves open, unseen until it is published; return how many rows are new.
    A kind whose linkage tables do not stand in the engine keeps what it has. `only`: per kind the
    entities that were looked at, when not all were; `weak_bits`: below this match weight a link is weak."""
    if kind == "family":
        _stage_periods(hub, engine, seq, whole=only is None)
    if not all(engine.exists(f"{kind}_{table}") for table in ("judged", "passed_over", "links")):
        return 0
    find_open(engine, kind, weak_bits)
    _hold(hub, engine, kind, None if only is None else only.get(kind, ()))
    fresh = engine.fetch(_changed("n", "questions_now", "h", "questions_held"))
    gone = engine.fetch(_changed("h", "questions_held", "n", "questions_now"))
    with hub.sessions.bulk() as bulk:
        _retire(bulk, gone.to_pylist(), seq)
        rows = ((e, q, o, seq, kind, w, r) for e, q, o, w, r in rows_of(fresh))
        bulk.load(EntityQuestion, _COLUMNS, rows)
    engine.drop("questions_now", "questions_held")
    return fresh.num_rows


def clear(session: Session, seq: int) -> None:
    """Remove what a killed publishing staged above run `seq`, and take back what it retired."""
    session.exec(delete(EntityQuestion).where(col(EntityQuestion.run_seq) > seq))
    session.exec(
        update(EntityQuestion).where(col(EntityQuestion.retired_seq) > seq).values(retired_seq=None)
    )
    session.exec(delete(RunPeriod).where(col(RunPeriod.run_seq) > seq))


def _changed(one: str, table: str, other: str, others: str) -> str:
    """SQL: rows of `table` that the other table has not, or has with other words."""
    return f"""
        SELECT {one}.entity_id, {one}.question, {one}.other, {one}.weight, {one}.reason
        FROM {table} {one} LEFT JOIN {others} {other} ON h.entity_id = n.entity_id
             AND h.question = n.question AND h.other = n.other AND {_SAME}
        WHERE {other}.entity_id IS NULL ORDER BY ALL
        """


def _hold(hub: Hub, engine: Engine, kind: str, only: Collection[str] | None) -> None:
    """Make `questions_held` of what readers see open; of `only` these and those they ask about."""
    with hub.sessions.read() as session:
        query = select(EntityQuestion).where(
            EntityQuestion.kind == kind,
            EntityQuestion.run_seq <= published_seq(session),
            col(EntityQuestion.retired_seq).is_(None),
        )
        if only is not None:
            ids = list(only)
            query = query.where(
                or_(col(EntityQuestion.entity_id).in_(ids), col(EntityQuestion.other).in_(ids))
            )
        rows = session.exec(query).all()
    columns = [
        pa.array([getattr(row, name) for row in rows], type_)
        for name, type_ in zip(_HELD.names, _HELD.types, strict=True)
    ]
    engine.register("questions_held", pa.table(columns, schema=_HELD))


def _retire(bulk: Bulk, gone: Sequence[Mapping[str, Any]], seq: int) -> None:
    statement = (
        sa.update(EntityQuestion)
        .where(
            col(EntityQuestion.entity_id) == sa.bindparam("e"),
            col(EntityQuestion.question) == sa.bindparam("q"),
            col(EntityQuestion.other) == sa.bindparam("o"),
            col(EntityQuestion.retired_seq).is_(None),
            col(EntityQuestion.run_seq) < seq,
        )
        .values(retired_seq=seq)
    )
    keys = [{"e": one["entity_id"], "q": one["question"], "o": one["other"]} for one in gone]
    bulk.execute(statement, keys)


def _stage_periods(hub: Hub, engine: Engine, seq: int, *, whole: bool) -> None:
    """Count the families by the period of their newest desil: what a snapshot says it holds. A small
    run leaves the figures of the run before it."""
    if not whole:
        _keep_periods(hub, seq)
        return
    if not (engine.exists("family_standardised") and engine.exists("family_links")):
        return
    periods = engine.fetch(
        """
        SELECT period, count(*) AS families FROM (
            SELECT l.entity_id, max(s.desil_period) AS period
            FROM family_standardised s JOIN family_links l USING (rid)
            WHERE s.desil IS NOT NULL AND s.desil_period IS NOT NULL GROUP BY l.entity_id
        ) GROUP BY period ORDER BY period
        """
    )
    with hub.sessions.bulk() as bulk:
        rows = ((seq, period, families) for period, families in rows_of(periods))
        bulk.load(RunPeriod, ("run_seq", "period", "families"), rows)


def _keep_periods(hub: Hub, seq: int) -> None:
    with hub.sessions.begin() as session:
        before = published_seq(session)
        for row in session.exec(select(RunPeriod).where(RunPeriod.run_seq == before)).all():
            session.add(RunPeriod(run_seq=seq, period=row.period, families=row.families))
