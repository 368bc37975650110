"""The rules in force: programme documents and the eligibility document, as one set under a digest.

Built-in documents stand in `mdm/rules/programmes`; a home's `programmes/` adds its own, and one of
the same file name takes the built-in one's place. Every set that ever answered is kept in the hub
(`rule_set`), so that an answer of the past can be given again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path

from sqlmodel import Session

from mdm.compose import Hub
from mdm.eligibility import doubts
from mdm.eligibility.documents import Programme, parse_programme
from mdm.eligibility.doubts import EligibilityRules, parse_eligibility
from mdm.eligibility.rules import Ready, Shared, make_ready
from mdm.errors import InputError, IntegrityError, RuleError
from mdm.hub.tables import RuleSet

BUILT_IN = Path(__file__).parents[1] / "rules" / "programmes"
SHOWN = 16  # hex digits of a digest that answers show


@dataclass(frozen=True)
class Library:
    """One set of documents, read and ready. `texts`: name → text, as kept in the hub."""

    texts: Mapping[str, str] = field(repr=False)
    digest: str
    programmes: tuple[Programme, ...] = field(repr=False)
    said: EligibilityRules = field(repr=False)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The programmes there are rules for, in order."""
        return tuple(sorted({one.programme for one in self.programmes}))

    def rules(self, programme: str, on: date) -> Ready:
        """The edition of a programme's rules in force on a day; InputError when there is none."""
        editions = [one for one in self.programmes if one.programme == programme]
        if not editions:
            raise InputError(
                "There are no rules for one of the programmes.",
                f"Ask for: {', '.join(self.names)}.",
            )
        for one in editions:
            if one.in_force(on):
                return self._ready[one.programme, one.edition]
        raise InputError(
            f"No edition of the rules of {programme} is in force on {on.isoformat()}.",
            "Ask as of a day on which one is, or add its document.",
        )

    @cached_property
    def _ready(self) -> dict[tuple[str, str], Ready]:
        shared: Shared = {}
        return {(one.programme, one.edition): make_ready(one, shared) for one in self.programmes}


def read(texts: Mapping[str, str]) -> Library:
    """A set of documents, checked: RuleError names the document and what is wrong."""
    return _read(*_digested(texts))


def _digested(texts: Mapping[str, str]) -> tuple[str, str]:
    """A set of documents as one text, and its SHA-256 in hex."""
    text = json.dumps(dict(texts), sort_keys=True, ensure_ascii=False)
    return text, hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=16)
def _read(text: str, digest: str) -> Library:
    texts: dict[str, str] = json.loads(text)
    programmes = tuple(
        parse_programme(body, name) for name, body in texts.items() if name != doubts.NAME
    )
    _refuse_overlaps(programmes)
    return Library(texts, digest, programmes, parse_eligibility(texts[doubts.NAME]))


def current(hub: Hub) -> Library:
    """The documents in force now. A changed file counts from the next question on."""
    home = hub.settings.home
    files = {path.name: path for path in sorted(BUILT_IN.glob("*.yaml"))}
    files |= {path.name: path for path in sorted((home / "programmes").glob("*.yaml"))}
    own = home / doubts.NAME
    files[doubts.NAME] = own if own.exists() else doubts.DOCUMENT
    stamps = tuple((name, path, path.stat().st_mtime_ns) for name, path in sorted(files.items()))
    return _from_files(stamps)


@lru_cache(maxsize=4)
def _from_files(stamps: Sequence[tuple[str, Path, int]]) -> Library:
    return read({name: path.read_text(encoding="utf-8") for name, path, _ in stamps})


def keep(session: Session, library: Library) -> str:
    """Keep the set in the hub, once; its digest."""
    if session.get(RuleSet, library.digest) is None:
        session.add(RuleSet(digest=library.digest, documents=dict(library.texts)))
        session.flush()
    return library.digest


def kept(session: Session, digest: str) -> Library:
    """A set that answered before; IntegrityError when the hub does not hold it as it was."""
    row = session.get(RuleSet, digest)
    text, found = _digested(row.documents) if row else ("", "")
    if found != digest:
        raise IntegrityError(
            "The rules of a snapshot are missing or were altered.", "Restore the hub."
        )
    return _read(text, digest)


def _refuse_overlaps(programmes: Sequence[Programme]) -> None:
    """Two editions of one programme in force on one day would leave the answer to chance."""
    ordered = sorted(programmes, key=lambda one: (one.programme, one.valid_from))
    for earlier, later in pairwise(ordered):
        if earlier.programme == later.programme and earlier.in_force(later.valid_from):
            ends = later.valid_from - timedelta(days=1)
            raise RuleError(
                f"Two editions of {later.programme} are in force on {later.valid_from.isoformat()}.",
                f"End the earlier one: valid_to: {ends.isoformat()}.",
            )
