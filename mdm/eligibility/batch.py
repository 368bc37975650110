"""Many NIKs at once: opened set-based, charged and recorded before the answer leaves.

Not at the desk: a batch would keep everybody else waiting there. Only the last step, charging and
recording, takes the turn to write.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from mdm import audit
from mdm.access.budgets import Budgets, Charge, Verdict
from mdm.access.terms import Principal
from mdm.compose import Hub
from mdm.desk.decoys import draw_decoys
from mdm.desk.errors import BudgetError
from mdm.desk.known import Known
from mdm.eligibility.asking import Asked
from mdm.eligibility.helper import Helper
from mdm.eligibility.shares import Outcome, Place, Shares, nobody, terms_of, work
from mdm.opening import holders

EVENT = "eligibility"
MOST = 10_000  # NIKs that are answered at once
TOGETHER = 200  # subjects that one audit event names


@dataclass(frozen=True)
class Batch:
    """Many NIKs asked for by one principal, for one purpose."""

    principal: Principal
    purpose: str
    niks: Sequence[str] = field(repr=False)
    asked: Asked = field(repr=False)
    case: str | None = None
    job: str | None = None
    first: int = 0  # place of the first NIK in the whole request

    @property
    def programmes(self) -> frozenset[str]:
        """The programmes asked for."""
        return frozenset(one.document.programme for one in self.asked.rules)


@dataclass(frozen=True)
class Answered:
    """One `answers.Item` as JSON for each NIK, and how many of them somebody carries whom the asker
    may see."""

    items: Sequence[msgspec.Raw] = field(repr=False)
    found: int


def answer(hub: Hub, batch: Batch, helper: Helper | None = None) -> Answered:
    """The answers in the order of the NIKs, once they are in the audit log, durably. A helper takes
    up a part of the work.

    BudgetError when a bound of the asker's budget is reached: then nothing leaves.
    """
    with _without_pauses():
        people = _people(hub, batch)
        outcome = _told(hub, batch, people, helper)
        verdict = _record(hub, batch, outcome)
        if not verdict.allowed:
            raise BudgetError(verdict)
        places = range(batch.first, batch.first + len(batch.niks))
        unknown = nobody(batch.asked)
        told = (outcome.items.get(place) or unknown(place) for place in places)
        return Answered([msgspec.Raw(item) for item in told], outcome.found)


def _told(
    hub: Hub, batch: Batch, people: Mapping[str, Sequence[Place]], helper: Helper | None
) -> Outcome:
    shares, terms = Shares(people), terms_of(batch.principal, batch.purpose, batch.asked)
    if helper is not None:
        helper.join_in(terms, shares, len(people))
    try:
        for share in shares.each():
            shares.give(work(hub, terms, batch.asked, share))
    finally:
        shares.drop()
    return shares.outcome


def _people(hub: Hub, batch: Batch) -> dict[str, list[Place]]:
    """Who carries the NIKs as of the moment asked for, and where in the batch.

    Somebody is opened in vain for everybody who is not there: a miss costs what a hit costs.
    """
    seq = batch.asked.as_of.run_seq
    asked = list(dict.fromkeys(batch.niks))
    tokens = Known(hub).tokens(asked)
    with hub.sessions.read() as session:
        ids = dict(zip(asked, holders(session, tokens, seq), strict=True))
        first = zip(asked, (filed[0].hex() for filed in tokens), strict=True)
        starts = [start for nik, start in first if not ids[nik]]
        people: dict[str, list[Place]] = {one: [] for one in draw_decoys(session, seq, starts)}
    for place, nik in enumerate(batch.niks, batch.first):
        if found := ids[nik]:
            people.setdefault(found[0], []).append((place, len(found) - 1))
    return people


def _record(hub: Hub, batch: Batch, outcome: Outcome) -> Verdict:
    """Charge the budget and write the log, in one transaction: an event for so many subjects."""
    misses, decisions = len(batch.niks) - outcome.found, outcome.decisions
    fields = {kind: sorted(names) for kind, names in outcome.fields.items()}
    with hub.sessions.begin() as session:
        missed = [
            nik for place, nik in enumerate(batch.niks, batch.first) if place not in outcome.items
        ]
        (verdict,) = Budgets(hub).charge(session, [Charge(batch.principal, batch.niks, missed)])
        subjects = list(dict.fromkeys(outcome.seen)) if verdict.allowed else []
        said = {
            "purpose": batch.purpose,
            "case": batch.case,
            "agreement": batch.principal.agreement,
            "programmes": sorted(batch.programmes),
            "job": batch.job,
            "run_seq": batch.asked.as_of.run_seq,
            "snapshot": batch.asked.as_of.name,
            "rules": batch.asked.as_of.library.digest,
            "fields": fields if subjects else None,
            "decision": verdict.bound or ", ".join(sorted(decisions)) or None,
            "policy": next(iter(decisions.values()), None),
            "count": len(batch.niks),
            "misses": misses,
        }
        events = [
            audit.Event(batch.principal.id, EVENT, {**said, "entity_id": some, "found": bool(some)})
            for some in _parts(subjects)
        ]
        audit.record_many(session, events)
    return verdict


def _parts(subjects: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(subjects)
    yield list(islice(rest, TOGETHER))
    while some := list(islice(rest, TOGETHER)):
        yield some


_PAUSES = threading.Lock()
_paused = 0


@contextmanager
def _without_pauses() -> Iterator[None]:
    """Let the garbage collector rest: a batch makes a million objects, none of them in a ring, and
    looking through them again and again would take as long as all the rest."""
    global _paused  # noqa: PLW0603 - batches may run beside each other
    with _PAUSES:
        _paused += 1
        gc.disable()
    try:
        yield
    finally:
        with _PAUSES:
            _paused -= 1
            if _paused == 0:
                gc.enable()
