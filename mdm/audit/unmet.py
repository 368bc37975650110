"""Where a search finds nothing: whether each thing that was named is in the log at all, and what looks like it.

A name mistyped must not read like somebody who has done nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from sqlmodel import Session

from mdm.audit.search import Wanted, entries, search

NEWEST = 20_000  # events among which what looks like it is looked for


@dataclass(frozen=True)
class Unmet:
    """A part of a search that no event of the log has, and what the newest have that looks like it."""

    part: str  # actor, about, action, purpose
    near: tuple[str, ...]


def unmet(session: Session, wanted: Wanted, known: Iterable[str] = ()) -> list[Unmet]:
    """The parts that no event has, whatever the other parts say. `known`: more names of actors than the log says."""
    parts = {
        "actor": Wanted(actor=wanted.actor),
        "about": Wanted(subjects=wanted.subjects),
        "action": Wanted(action=wanted.action),
        "purpose": Wanted(purpose=wanted.purpose),
    }
    absent = [
        name
        for name, part in parts.items()
        if part != Wanted(subjects=()) and not search(session, part, limit=1).events
    ]
    if not absent:
        return []
    said: dict[str, set[str]] = {"actor": set(known), "action": set(), "purpose": set()}
    for entry in entries(session, Wanted(), most=NEWEST):
        said["actor"].add(entry.actor)
        said["action"].add(entry.action)
        said["purpose"].add(str(entry.details.get("purpose") or ""))
    return [Unmet(name, _near(getattr(wanted, name, None), said.get(name, ()))) for name in absent]


def _near(typed: str | None, names: Iterable[str]) -> tuple[str, ...]:
    """Names that hold what was typed, or differ from it by a few letters."""
    typed = (typed or "").lower()
    plain = {name.lower(): name for name in sorted(names) if name}
    holding = [name for name in plain if typed and typed in name]
    close = get_close_matches(typed, plain, n=3)
    return tuple(plain[name] for name in dict.fromkeys([*close, *holding]))[:3]
