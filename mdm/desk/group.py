"""One group of questions, one transaction: open, decide, answer, record, commit.

Nothing leaves before the commit is on disk. What goes wrong with one question goes to its own asker: a group
that fails is asked again one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from mdm import audit
from mdm.access.budgets import Budgets, Charge, Verdict
from mdm.access.decisions import Decisions
from mdm.access.restricted import RESTRICTED, UNRESTRICTED
from mdm.access.terms import Decision, Principal, Resource
from mdm.audit.following import Follower
from mdm.compose import Hub
from mdm.desk.decoys import draw_decoys
from mdm.desk.errors import BudgetError
from mdm.desk.known import Known
from mdm.desk.people import Read, knows_home, open_following, open_people, reading_for
from mdm.desk.terms import Answered, Moment, Person, Profile, Question
from mdm.opening import holders

Decider = Callable[[Principal, str, Resource, str | None], Decision]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One person asked for: who it may be, how many more carry the NIK, who stands in if nobody."""

    entity_id: str | None
    also_on: int
    stand_in: str
    beyond: bool = False  # there is somebody, whom the one who asks cannot open

    @property
    def opens(self) -> str:
        return self.entity_id or self.stand_in


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one person asked for. `answered` is None when there is nobody to see."""

    decision: Decision | None
    person: Person | None
    answered: Answered | None
    barred: bool = False  # for processing is restricted

    @property
    def reason(self) -> str | None:
        """What was decided, as the log names it."""
        if self.barred:
            return RESTRICTED
        return self.decision.reason if self.decision else None


class Group:
    """Answers groups of questions over one hub."""

    def __init__(self, hub: Hub, decide: Decider) -> None:
        self._hub = hub
        self._sessions = hub.sessions.own_connection()
        self._decide = decide
        self._known = Known(hub)
        self._budgets = Budgets(hub)
        self._decisions = Decisions()
        self._log = Follower(hub)
        self._written = self._lasting = 0  # events in the log when last seen, and of these on disk

    def answer(self, questions: Sequence[Question]) -> list[Any]:
        """For every question its answer, or the exception that is its own."""
        try:
            return self._together(questions)
        except sa.exc.OperationalError as error:  # the database's, and so everybody's
            self._forget()
            return [error] * len(questions)
        except Exception as error:  # whatever it is, it may be one question's alone
            self._forget()
            if len(questions) == 1:
                return [error]
        return [self.answer([question])[0] for question in questions]

    def _forget(self) -> None:
        """What was counted and appended last never was."""
        self._budgets = Budgets(self._hub)
        self._log.forget()

    def sync(self) -> None:
        """Return once what was answered is in the log for good: then the answers may leave."""
        written = self._written
        self._sessions.sync()
        self._lasting = written

    def _together(self, questions: Sequence[Question]) -> list[Any]:
        answers: list[Any] = [None] * len(questions)
        events: list[audit.Event] = []
        with self._sessions.begin() as session:
            now = self._known.now(session)
            alike: dict[tuple[int, tuple[str, ...]], list[int]] = {}
            for place, question in enumerate(questions):
                key = (question.seq or now.seq, question.principal.regions)
                alike.setdefault(key, []).append(place)
            for (seq, _), places in alike.items():
                moment = now if seq == now.seq else self._known.moment(session, seq)
                asked = [questions[place] for place in places]
                done = self._as_of(session, moment, asked)
                for place, (answer, event) in zip(places, done, strict=True):
                    answers[place] = answer
                    events.append(event)
            written = self._log.record(session, events, self._lasting)
        self._written = written
        return answers

    def _as_of(
        self, session: Session, moment: Moment, asked: Sequence[Question]
    ) -> list[tuple[Any, audit.Event]]:
        """Answer questions of one moment, all by principals of the same regions: what each is told, and what the log
        keeps of it."""
        read = reading_for(question.attributes for question in asked)
        wanted, persons = self._found(session, moment, asked, read)
        families = {
            one.opens for q, each in zip(asked, wanted, strict=True) if q.members for one in each
        }
        houses = {
            one.opens for q, each in zip(asked, wanted, strict=True) if q.household for one in each
        }
        people = open_people(
            self._hub,
            session,
            persons,
            moment.seq,
            families_of=families,
            houses_of=houses,
            read=read,
            in_vain=_in_vain(wanted),
        )
        outcomes = [
            [self._tell(question, moment, one, people.get(one.opens)) for one in each]
            for question, each in zip(asked, wanted, strict=True)
        ]
        verdicts = self._budgets.charge(
            session, [_charge(*one) for one in zip(asked, outcomes, strict=True)]
        )
        return [
            (_answer(question, moment, of, verdict), _event(question, moment, of, verdict))
            for question, of, verdict in zip(asked, outcomes, verdicts, strict=True)
        ]

    def _found(
        self, session: Session, moment: Moment, asked: Sequence[Question], read: Read
    ) -> tuple[list[list[_Wanted]], dict[str, Profile]]:
        """Who is asked for, and the persons opened: behind the wall of the regions that may be
        looked at, where the database has one. Who cannot be opened there is nobody to the one who
        asks; a stand-in is opened before the wall.

        What belongs to a person (family, household, members) may lie elsewhere, and is not found
        by a NIK: it is opened before the wall.
        """
        wanted = self._wanted(session, moment, asked)
        connection, regions = session.connection(), asked[0].principal.regions
        with self._hub.dialect.wall(connection, regions, moment.seq):
            ids = [one.opens for each in wanted for one in each if one.opens]
            persons = open_following(self._hub, session, ids, moment.seq, read)
        wanted = [[_seen(one, persons) for one in each] for each in wanted]
        nobody = {one.stand_in for each in wanted for one in each if not one.entity_id}
        decoys = open_following(
            self._hub, session, filter(None, nobody - persons.keys()), moment.seq, read
        )
        return wanted, {**decoys, **persons}

    def _wanted(
        self, session: Session, moment: Moment, asked: Sequence[Question]
    ) -> list[list[_Wanted]]:
        known, seq = self._known, moment.seq
        tokens = known.tokens(chain.from_iterable(question.niks for question in asked))
        ids, first = iter(holders(session, tokens, seq)), (filed[0].hex() for filed in tokens)
        found = [
            [*islice(ids, len(q.niks)), *([one] for one in q.entities), *([] for _ in q.in_vain)]
            for q in asked
        ]
        # For everybody who is asked for, not for who is missing: that work is the same for everybody, too.
        starts = [
            start
            for q in asked
            for start in (*islice(first, len(q.niks)), *(e[::-1] for e in q.entities), *q.in_vain)
        ]
        decoys = iter(draw_decoys(session, seq, starts) or [""] * len(starts))
        return [
            [_Wanted(ids[0] if ids else None, max(len(ids) - 1, 0), next(decoys)) for ids in each]
            for each in found
        ]

    def _tell(
        self,
        question: Question,
        moment: Moment,
        one: _Wanted,
        stands: Person | None,
    ) -> _Outcome:
        """Decide and answer; for nobody, and for somebody out of bounds, in vain."""
        if stands is None:
            return _Outcome(None, None, None)
        person = _as_wanted(question, stands, one.also_on)
        decision = self._decided(question, person.region)
        within = self._within(question)
        bound = question.purpose not in UNRESTRICTED
        barred = bound and person.restricted
        away = barred or (question.spares_restricted and person.restricted)
        seen = one.entity_id is not None and decision.allowed and not away
        # Only of who is seen: else time would tell whose family has somebody restricted.
        if seen and bound and person.heads_name_hidden and person.family:
            person = replace(person, family=person.family.without("head_name"))
        answered = question.one(moment, person, decision if seen else within)
        if one.entity_id is None:
            return _Outcome(self._decided(question, None) if one.beyond else within, None, None)
        return _Outcome(decision, person, answered if seen else None, barred)

    def _within(self, question: Question) -> Decision:
        """The decision on somebody in a region of the one who asks."""
        return self._decided(question, next(iter(question.principal.regions), None))

    def _decided(self, question: Question, region: str | None) -> Decision:
        principal, action, purpose = question.principal, question.action, question.purpose

        def decide() -> Decision:
            resource = Resource("person", region, programmes=question.programmes)
            return self._decide(principal, action, resource, purpose)

        return self._decisions.of(principal, (action, purpose, question.programmes, region), decide)


def _as_wanted(question: Question, stands: Person, also_on: int) -> Person:
    """The person without what only another question of the group wanted opened."""
    members = stands.members if question.members else {}
    household = stands.household
    if household is not None and not question.household and knows_home(stands.person):
        household = None
    if (also_on, len(members), household) == (
        stands.also_on,
        len(stands.members),
        stands.household,
    ):
        return stands
    return replace(stands, also_on=also_on, members=members, household=household)


def _seen(one: _Wanted, persons: Mapping[str, Profile]) -> _Wanted:
    if one.entity_id is None or one.entity_id in persons:
        return one
    return replace(one, entity_id=None, beyond=True)


def _in_vain(wanted: Sequence[Sequence[_Wanted]]) -> set[str]:
    """Who stands in for nobody, and is not asked for."""
    everybody = [one for each in wanted for one in each]
    asked = {one.entity_id for one in everybody}
    return {one.stand_in for one in everybody if one.entity_id is None}.difference(asked)


def _answer(
    question: Question, moment: Moment, outcomes: Sequence[_Outcome], verdict: Verdict
) -> Any:
    if not verdict.allowed:
        return BudgetError(verdict)
    unknown = question.unknown(moment)
    values = [one.answered.value if one.answered else unknown for one in outcomes]
    return question.whole(moment, values)


def _charge(question: Question, outcomes: Sequence[_Outcome]) -> Charge:
    named = outcomes[: len(outcomes) - len(question.in_vain)]
    subjects, missed = question.charged([one.answered is not None for one in named])
    return Charge(question.principal, subjects, missed)


def _event(
    question: Question, moment: Moment, outcomes: Sequence[_Outcome], verdict: Verdict
) -> audit.Event:
    """What the log keeps of a question and its answer: names and ids, no values."""
    seen = [one for one in outcomes if verdict.allowed and one.person and one.answered]
    fields: dict[str, Any] = {}
    details: dict[str, Any] = {}
    entities: list[str] = []
    for one in seen:
        if one.person is not None and one.answered is not None:
            entities += (profile.entity_id for profile in one.person.profiles)
            fields |= one.answered.fields
            details |= one.answered.details
    decisions = {one.reason: one.decision.policy for one in outcomes if one.decision and one.reason}
    return audit.Event(
        question.principal.id,
        question.event,
        {
            "purpose": question.purpose,
            "case": question.case,
            "agreement": question.principal.agreement,
            "programmes": sorted(question.programmes) or None,
            "found": bool(seen),
            "count": count if (count := len(outcomes) - len(question.in_vain)) > 1 else None,
            "entity_id": list(dict.fromkeys(entities)) or None,
            "fields": fields or None,
            "run_seq": moment.seq,
            "decision": verdict.bound or ", ".join(sorted(decisions)) or None,
            "policy": next(iter(decisions.values()), None),
            **details,
        },
    )
