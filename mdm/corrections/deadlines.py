"""Deadlines: the hours of each step, and the monthly cut-off after which a correction counts a month later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from mdm.corrections.document import CorrectionRules
from mdm.hub.tables import Correction
from mdm.hub.tables.corrections import WAITING


@dataclass(frozen=True)
class Clock:
    """How a proposal stands in time: `late` when the step it waits for is overdue, `lawful` until when the law wants
    it decided, `counts_in` the month (`2026-11`) whose lists it reaches if it is decided now, or reached."""

    open: bool
    late: bool
    due: datetime
    lawful: datetime
    counts_in: str


def due_after(rules: CorrectionRules, state: str, moment: datetime) -> datetime:
    """When the step that takes up this state must be done; the moment itself where none does."""
    step = rules.waiting(state)
    return moment + timedelta(hours=step.hours if step else 0)


def clock(rules: CorrectionRules, row: Correction, moment: datetime) -> Clock:
    """How a proposal stands at a moment."""
    waits = row.state in WAITING
    return Clock(
        open=waits,
        late=waits and moment > row.due,
        due=row.due,
        lawful=row.proposed + timedelta(hours=rules.law_hours),
        counts_in=month_of(rules, row.decided or moment),
    )


def month_of(rules: CorrectionRules, moment: datetime) -> str:
    """The month whose lists something approved at a moment reaches: the next one after the cut-off day."""
    there = today(rules, moment)
    later = there.day > rules.cut_off.day
    year, month = there.year + (there.month == 12 and later), there.month % 12 + 1
    return f"{year}-{month:02d}" if later else f"{there.year}-{there.month:02d}"


def today(rules: CorrectionRules, moment: datetime) -> date:
    """The day it is where the cut-off is counted."""
    return moment.astimezone(timezone(timedelta(hours=rules.cut_off.utc_offset_hours))).date()
