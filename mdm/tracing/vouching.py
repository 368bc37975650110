"""Vouching: which events of the audit log stand behind facts, asked once for all of them."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session

from mdm.audit.events import subjects_of
from mdm.audit.search import Wanted, entries

Act = tuple[str, str]  # what was acted on, and the action


def events_of(session: Session, acts: Collection[Act]) -> dict[Act, int]:
    """Act → the number of its newest event; acts of which the log says nothing are left out."""
    asked, found = set(acts), dict[Act, int]()
    if not asked:
        return found
    for entry in entries(session, Wanted(subjects=sorted({subject for subject, _ in asked}))):
        for subject in subjects_of(entry.details):
            if (act := (subject, entry.action)) in asked:
                found.setdefault(act, entry.seq)
        if len(found) == len(asked):
            break
    return found
