"""Many NIKs at once: opened set-based, charged and recorded before the answer leaves.

Not at the desk: a batch would keep everybody else waiting there. Only the last step, charging and
recording, takes the turn to write.
"""

from __future__ import annotations

import gc
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice

import msgspec
from sqlmodel import Session, col, select

from mdm import audit
from mdm.access.budgets import Budgets, Charge, Verdict
from mdm.access.decide import decide
from mdm.access.terms import Decision, Principal, Resource
from mdm.compose import Hub
from mdm.desk.errors import BudgetError
from mdm.desk.known import Known
from mdm.desk.terms import Person
from mdm.eligibility import answers as say
from mdm.eligibility.asking import NOBODY, Asked, identity_of
from mdm.eligibility.gather import gather
from mdm.eligibility.telling import Teller
from mdm.hub.tables import Entity
from mdm.opening import carriers

ACTION, EVENT = "eligibility.batch", "eligibility"
MOST = 10_000  # NIKs that are answered at once
TOGETHER = 200  # subjects that one audit event names
_encode = msgspec.json.Encoder().encode


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


def answer(hub: Hub, batch: Batch) -> Answered:
    """The answers in the order of the NIKs, once they are in the audit log, durably.

    BudgetError when a bound of the asker's budget is reached: then nothing leaves.
    """
    with _without_pauses():
        answers = _Answers(batch)
        items = _items(hub, batch, answers)
        verdict = _record(hub, batch, answers)
        if not verdict.allowed:
            raise BudgetError(verdict)
        return Answered(items, answers.found)


@dataclass(frozen=True)
class Answered:
    """One `answers.Item` as JSON for each NIK, and how many of them somebody carries whom the asker
    may see."""

    items: Sequence[msgspec.Raw] = field(repr=False)
    found: int


class _Answers:
    """Makes the items of one batch, and notes what they show and of whom."""

    def __init__(self, batch: Batch) -> None:
        self._batch, self._asked = batch, batch.asked
        self.maker = batch.asked.maker()
        self._nobody = batch.asked.assessed(self.maker.nobody(), Teller({}))
        self._by_region: dict[str | None, tuple[Decision, Teller]] = {}
        self.seen: list[str] = []
        self.found = 0

    def item(self, index: int, person: Person | None) -> msgspec.Raw:
        """The answers for one NIK; nobody's where there is nobody for this principal to see."""
        decision, teller = self._decided(person.region) if person else (None, None)
        if person is None or decision is None or teller is None or not decision.allowed:
            return _told(say.Item(index, NOBODY, self._nobody))
        told = self._asked.assessed(self.maker.case(person), teller)
        self.seen += [profile.entity_id for profile in person.profiles]
        self.found += 1
        return _told(say.Item(index, identity_of(person), told))

    def decisions(self) -> dict[str, str]:
        """Reason → version of the access document, of all that was decided."""
        return {made.reason: made.policy for made, _ in self._by_region.values()}

    def fields(self) -> dict[str, list[str]]:
        """Kind → attributes whose values may be shown."""
        shown = [teller.shown(self._asked.rules) for made, teller in self._by_region.values()]
        kinds = {kind for of in shown for kind in of}
        return {kind: sorted({name for of in shown for name in of.get(kind, ())}) for kind in kinds}

    def _decided(self, region: str | None) -> tuple[Decision, Teller]:
        """A batch meets the same regions again and again."""
        if region not in self._by_region:
            batch = self._batch
            resource = Resource("person", region, programmes=batch.programmes)
            made = decide(batch.principal, ACTION, resource, batch.purpose)
            self._by_region[region] = made, Teller(made.fields)
        return self._by_region[region]


def _items(hub: Hub, batch: Batch, answers: _Answers) -> list[msgspec.Raw]:
    """For every NIK the answers about the person who carries it, as of the moment asked for.

    Each is told while those it speaks of are at hand: ten thousand families together would lie far
    from the processor.
    """
    seq = batch.asked.as_of.run_seq
    asked = list(dict.fromkeys(batch.niks))
    tokens = dict(zip(asked, Known(hub).tokens(asked), strict=True))
    items: list[msgspec.Raw | None] = [None] * len(batch.niks)
    with hub.sessions.read() as session:
        filed = carriers(session, (t for each in tokens.values() for t in each), seq)
        ids = {
            nik: list(dict.fromkeys(i for token in each for i in filed.get(token, ())))
            for nik, each in tokens.items()
        }
        places: dict[str, list[int]] = {}
        for place, nik in enumerate(batch.niks):
            if ids[nik]:
                places.setdefault(ids[nik][0], []).append(place)
        first = [found[0] for found in ids.values() if found]
        # Somebody is opened in vain for everybody who is not there: a miss costs what a hit costs.
        first += stand_ins(session, seq, len(ids) - len(first))
        for people in gather(
            hub,
            session,
            first,
            seq,
            members=batch.asked.needs_members,
            attributes=answers.maker.attributes,
        ):
            for entity_id, person in people.items():
                for place in places.get(entity_id, ()):
                    also_on = len(ids[batch.niks[place]]) - 1
                    items[place] = answers.item(batch.first + place, _carrier(person, also_on))
    return [one or answers.item(place, None) for place, one in enumerate(items, batch.first)]


def stand_ins(session: Session, seq: int, count: int) -> list[str]:
    """So many persons from somewhere in the hub; fewer where there are not so many."""
    found: list[str] = []
    for start in (secrets.token_hex(16), ""):
        query = (
            select(Entity.entity_id)
            .where(col(Entity.entity_id) >= start, Entity.kind == "person")
            .where(Entity.status == "active", col(Entity.created_run) <= seq)
            .order_by(col(Entity.entity_id))
            .limit(count - len(found))
        )
        found += session.exec(query).all()
    return found


def _carrier(person: Person, also_on: int) -> Person | None:
    """The person first filed under a NIK; restricted persons look as if they were not there."""
    if person.person.entity_id in person.hidden:
        return None
    return replace(person, also_on=also_on) if also_on else person


def _record(hub: Hub, batch: Batch, answers: _Answers) -> Verdict:
    """Charge the budget and write the log, in one transaction: an event for so many subjects."""
    misses, decisions = len(batch.niks) - answers.found, answers.decisions()
    with hub.sessions.begin() as session:
        (verdict,) = Budgets(hub).charge(session, [Charge(batch.principal, batch.niks, misses)])
        subjects = list(dict.fromkeys(answers.seen)) if verdict.allowed else []
        said = {
            "purpose": batch.purpose,
            "case": batch.case,
            "agreement": batch.principal.agreement,
            "programmes": sorted(batch.programmes),
            "job": batch.job,
            "run_seq": batch.asked.as_of.run_seq,
            "snapshot": batch.asked.as_of.name,
            "rules": batch.asked.as_of.library.digest,
            "fields": answers.fields() if subjects else None,
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


def _told(item: say.Item) -> msgspec.Raw:
    return msgspec.Raw(_encode(item))


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
