"""Snapshots: a name for a moment. An old question asked again on one gets the old answer, by the
rules of its day.

A snapshot copies nothing: profiles, tokens and open questions are versioned by run, and the rule
documents are kept by digest. Without one, answers speak of the newest published run, by the rules
in force, today.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import Session, col, select

from mdm import audit
from mdm.compose import Hub
from mdm.days import today
from mdm.eligibility import library
from mdm.eligibility.library import Library
from mdm.errors import ConflictError, HomeError, InputError, UnknownError
from mdm.hub.runs import published_run
from mdm.hub.tables import Run, RunPeriod, Snapshot

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
LONGEST_NUMBER = 12  # digits in a row: a name is no place for a NIK or a KK number


@dataclass(frozen=True)
class Moment:
    """As of when a question is answered, and by which rules. `name` is None for the current one."""

    name: str | None
    run_seq: int
    published: str | None
    on: date
    library: Library = field(repr=False)
    periods: Mapping[str, int]

    @property
    def data(self) -> str:
        """What the answer is about, in a few characters."""
        return self.name or f"run {self.run_seq}"


def create(hub: Hub, name: str, *, actor: str) -> Snapshot:
    """Name the published run and the rules in force. A name, once given, means the same for ever.

    ConflictError for a name that is taken, InputError for none; HomeError before anything is
    published.
    """
    if not NAME.fullmatch(name) or re.search(rf"\d{{{LONGEST_NUMBER + 1}}}", name):
        raise InputError(
            "This is no name for a snapshot.",
            "Use up to 40 letters, digits, dots, dashes; no long number. For example: 2026Q4.",
        )
    with hub.sessions.begin() as session:
        hub.dialect.exclusive(session.connection(), "snapshot")
        run = published_run(session)
        if run is None:
            raise HomeError("Nothing is published yet.", "Run `dtsen run` first.")
        if session.get(Snapshot, name) is not None:
            raise ConflictError("A snapshot of this name stands already.", "Choose another name.")
        made = Snapshot(
            name=name,
            run_seq=run.seq,
            rules=library.keep(session, library.current(hub)),
            on_date=today(),
            periods=_periods(session, run.seq),
            actor=actor,
        )
        session.add(made)
        audit.record(
            session, actor, "snapshot.create", snapshot=name, run_seq=run.seq, rules=made.rules
        )
    return made


def everyone(session: Session) -> list[Snapshot]:
    """All snapshots, oldest first."""
    query = select(Snapshot).order_by(col(Snapshot.created), col(Snapshot.name))
    return list(session.exec(query).all())


def find(session: Session, name: str) -> Snapshot:
    """A snapshot by name; UnknownError when there is none."""
    found = session.get(Snapshot, name)
    if found is None:
        raise UnknownError(
            "There is no snapshot of this name.",
            "List them: GET /v1/snapshots, or `dtsen snapshot list`.",
        )
    return found


def moment(hub: Hub, session: Session, name: str | None = None, on: date | None = None) -> Moment:
    """As of a snapshot, or as of now. `on`: the day on which ages are counted and rules must be in
    force; by default the day of the snapshot, or today."""
    if name is None:
        run = published_run(session)
        seq = run.seq if run else 0
        return Moment(
            None, seq, _told(run), on or today(), library.current(hub), _periods(session, seq)
        )
    held = find(session, name)
    return past(session, name, held.run_seq, held.rules, on or held.on_date)


def past(session: Session, name: str | None, run_seq: int, rules: str, on: date) -> Moment:
    """As of a run, by rules that were kept."""
    run = session.exec(select(Run).where(Run.seq == run_seq)).first()
    kept = library.kept(session, rules)
    return Moment(name, run_seq, _told(run), on, kept, _periods(session, run_seq))


def _told(run: Run | None) -> str | None:
    return run.finished.isoformat() if run and run.finished else None


def _periods(session: Session, seq: int) -> dict[str, int]:
    rows = session.exec(select(RunPeriod).where(RunPeriod.run_seq == seq)).all()
    return {row.period: row.families for row in sorted(rows, key=lambda row: row.period)}
