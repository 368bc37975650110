"""Sampling: draw at random what an auditor examines, keep what was found, and say how sure it is.

    drawn = draw(hub, AskedEvents(action="reveal"), 50, actor=…)     # or AskedValues, AskedLinks
    examine(hub, drawn.id, 1, "right", note=None, actor=…)
    shares(find(hub, session, drawn.id))                             # with Wilson intervals

The seed is shown and kept: the same seed on the same log or run draws the same sample. A sample
names events and entities by numbers and ids; notes are sealed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from matching.rules import Kind
from mdm import audit
from mdm.audit.search import Wanted
from mdm.compose import Hub
from mdm.errors import InputError, UnknownError
from mdm.hub.runs import published_seq
from mdm.hub.tables import Run, RunStage, Sample, SampleItem, SampleVerdict
from mdm.ids import short_id
from mdm.sampling import notes
from mdm.sampling.dice import new_seed
from mdm.sampling.events import draw_events
from mdm.sampling.links import draw_links
from mdm.sampling.shares import shares
from mdm.sampling.terms import (
    EVENTS,
    LINKS,
    MOST,
    VALUES,
    VERDICTS,
    WRONG,
    Drawn,
    ExaminedSample,
    Share,
    Word,
)
from mdm.sampling.values import WantedValues, draw_values

LISTED = 50  # samples, the newest


@dataclass(frozen=True)
class AskedEvents:
    """A sample of the audit log; `log_size`: of the log when it had so many events."""

    actor: str | None = None
    action: str | None = None
    purpose: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    log_size: int | None = None


@dataclass(frozen=True)
class AskedValues:
    """A sample of golden values, of the profiles in some regions (Kemendagri prefixes), as of a
    run or now."""

    kind: str = "person"
    regions: tuple[str, ...] = ("",)
    attribute: str | None = None
    contested: bool = False
    run_seq: int | None = None


@dataclass(frozen=True)
class AskedLinks:
    """A sample of the links a run made itself, of entities in some regions (Kemendagri prefixes),
    spread over the bands of match weight."""

    kind: Kind = "person"
    regions: tuple[str, ...] = ("",)


Asked = AskedEvents | AskedValues | AskedLinks


def draw(hub: Hub, asked: Asked, count: int, *, actor: str, seed: str | None = None) -> Sample:
    """Draw a sample and keep it, with its audit event. InputError for none or too many, or when
    there is nothing to draw from."""
    if not 0 < count <= MOST:
        raise InputError(f"A sample has 1 to {MOST} things.", "Ask for another number.")
    seed = seed or new_seed()
    kind, drawn = _drawn(hub, asked, count, seed)
    if not drawn.items:
        raise InputError("There is nothing to draw from.", "Ask for less, or something else.")
    sample = Sample(
        id=short_id(),
        kind=kind,
        asked=_plain(asked),
        seed=seed,
        size=count,
        strata=dict(drawn.strata),
        run_seq=drawn.run_seq,
        log_size=drawn.log_size,
        actor=actor,
    )
    with hub.sessions.begin() as session:
        session.add(sample)
        session.add(notes.new_key(hub, sample.id))
        for n, item in enumerate(drawn.items, 1):
            session.add(
                SampleItem(sample_id=sample.id, n=n, stratum=item.stratum, ref=dict(item.ref))
            )
        audit.record(
            session,
            actor,
            "sample.draw",
            id=sample.id,
            kind=kind,
            count=len(drawn.items),
            run_seq=drawn.run_seq,
            at_size=drawn.log_size,
            seed=seed,
        )
    return sample


def examine(
    hub: Hub, sample_id: str, n: int, verdict: str, *, actor: str, note: str | None = None
) -> None:
    """Keep what was found of one thing, with its audit event. InputError for a verdict that is none;
    UnknownError for a sample or a number that is not there."""
    if verdict not in VERDICTS:
        raise InputError("This is no verdict.", f"Say one of: {', '.join(VERDICTS)}.")
    with hub.sessions.begin() as session:
        item = session.get(SampleItem, (sample_id, n))
        if item is None:
            raise _unknown()
        word = SampleVerdict(id=short_id(), sample_id=sample_id, n=n, verdict=verdict, actor=actor)
        if note:
            word.note = notes.sealed(hub, session, sample_id, word.id, note)
        session.add(word)
        audit.record(
            session,
            actor,
            "sample.examine",
            id=sample_id,
            entity_id=item.ref.get("entity_id"),
            decision=verdict,
            count=n,
        )


def everyone(session: Session, *, actor: str | None = None) -> list[Sample]:
    """The samples there are, or those that one person drew, the newest first."""
    query = select(Sample).order_by(col(Sample.created).desc(), col(Sample.id))
    if actor is not None:
        query = query.where(Sample.actor == actor)
    return list(session.exec(query.limit(LISTED)).all())


def find(hub: Hub, session: Session, sample_id: str) -> ExaminedSample:
    """A sample with its things and the words on them. UnknownError when there is none."""
    sample = session.get(Sample, sample_id)
    if sample is None:
        raise _unknown()
    items = session.exec(
        select(SampleItem).where(SampleItem.sample_id == sample_id).order_by(col(SampleItem.n))
    ).all()
    rows = session.exec(
        select(SampleVerdict)
        .where(SampleVerdict.sample_id == sample_id)
        .order_by(col(SampleVerdict.at), col(SampleVerdict.id))
    ).all()
    last = {row.n: row for row in rows}
    opened = notes.opened(hub, session, sample_id, [row for row in last.values() if row.note])
    words = {n: Word(row.verdict, opened.get(row.id), row.actor, row.at) for n, row in last.items()}
    return ExaminedSample(sample, tuple(items), words)


def following(examined: ExaminedSample, after: int) -> int | None:
    """The first thing behind a number that nobody has looked at, else the first of all."""
    left = [item.n for item in examined.items if item.n not in examined.words]
    return next((n for n in left if n > after), left[0] if left else None)


def linked_seq(hub: Hub, kind: Kind) -> int | None:
    """The number of the newest published run that linked everything of a kind."""
    with hub.sessions.read() as session:
        run = _linked(session, kind)
        return run.seq if run else None


def _drawn(hub: Hub, asked: Asked, count: int, seed: str) -> tuple[str, Drawn]:
    with hub.sessions.read() as session:
        if isinstance(asked, AskedEvents):
            wanted = Wanted(asked.actor, (), asked.action, asked.purpose, asked.since, asked.until)
            drawn = draw_events(session, wanted, count, seed, log_size=asked.log_size)
            return EVENTS, drawn
        if isinstance(asked, AskedValues):
            values = WantedValues(asked.kind, asked.regions, asked.attribute, asked.contested)
            seq = asked.run_seq or published_seq(session)
            return VALUES, draw_values(hub, session, values, count, seed, seq=seq)
        run = _linked(session, asked.kind)
    if run is None:
        return LINKS, Drawn((), {})
    return LINKS, draw_links(hub, run, asked.kind, count, seed, regions=asked.regions)


def _linked(session: Session, kind: Kind) -> Run | None:
    """The newest published run that linked everything."""
    query = (
        select(Run)
        .join(RunStage, col(RunStage.run) == Run.id)
        .where(Run.status == "published", RunStage.stage == f"link {kind}")
        .order_by(col(Run.seq).desc())
        .limit(1)
    )
    return session.exec(query).first()


def _plain(asked: Asked) -> dict[str, Any]:
    """What was asked for, as JSON has it."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(asked).items()
        if value is not None
    }


def _unknown() -> UnknownError:
    return UnknownError("There is no such sample, or nothing under this number.", "See the list.")


__all__ = [
    "EVENTS",
    "LINKS",
    "MOST",
    "VALUES",
    "VERDICTS",
    "WRONG",
    "Asked",
    "AskedEvents",
    "AskedLinks",
    "AskedValues",
    "ExaminedSample",
    "Share",
    "Word",
    "draw",
    "everyone",
    "examine",
    "find",
    "following",
    "linked_seq",
    "shares",
]
