"""One group of questions, one transaction: open, decide, answer, record, commit.

Nothing leaves before the commit is on disk. What goes wrong with one question goes to its own asker: a group
that fails is asked again one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, cycle, islice
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
        )
        barred = _restricted(people)
        outcomes = [
            [self._tell(question, moment, one, people.get(one.opens), barred) for one in each]
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
        ids = iter(holders(session, tokens, seq))
        found = [
            list(islice(ids, len(question.niks))) + [[one] for one in question.entities]
            for question in asked
        ]
        # As many as are asked for, not as are missing: that work is the same for everybody, too.
        decoys = cycle(draw_decoys(session, seq, sum(map(len, found))) or [""])
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
        barred: Collection[str],
    ) -> _Outcome:
        """Decide and answer; for nobody, and for somebody out of bounds, in vain."""
        if stands is None:
            return _Outcome(None, None, None)
        person = _as_wanted(question, stands, one.also_on)
        decision = self._decided(question, person.region)
        within = self._within(question)
        if stands.person.entity_id in barred and question.purpose not in UNRESTRICTED:
            decision = replace(decision, allowed=False, reason=RESTRICTED)
        if person.heads_name_hidden and person.family and question.purpose not in UNRESTRICTED:
            person = replace(person, family=person.family.without("head_name"))
        away = question.spares_restricted and person.restricted
        seen = one.entity_id is not None and decision.allowed and not away
        answered = question.one(moment, person, decision if seen else within)
        if one.entity_id is None:
            return _Outcome(self._decided(question, None) if one.beyond else within, None, None)
        return _Outcome(decision, person, answered if seen else None)

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


def _restricted(people: Mapping[str, Person]) -> set[str]:
    """Entity ids of the persons whose processing is restricted."""
    return {one.person.entity_id for one in people.values() if one.restricted}


def _answer(
    question: Question, moment: Moment, outcomes: Sequence[_Outcome], verdict: Verdict
) -> Any:
    if not verdict.allowed:
        return BudgetError(verdict)
    unknown = question.unknown(moment)
    values = [one.answered.value if one.answered else unknown for one in outcomes]
    return question.whole(moment, values)


def _charge(question: Question, outcomes: Sequence[_Outcome]) -> Charge:
    subjects = (*question.niks, *question.entities)
    found = zip(subjects, outcomes, strict=True)
    missed = [subject for subject, one in found if one.answered is None]
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
    decisions = {one.decision.reason: one.decision.policy for one in outcomes if one.decision}
    return audit.Event(
        question.principal.id,
        question.event,
        {
            "purpose": question.purpose,
            "case": question.case,
            "agreement": question.principal.agreement,
            "programmes": sorted(question.programmes) or None,
            "found": bool(seen),
            "count": len(outcomes) if len(outcomes) > 1 else None,
            "entity_id": list(dict.fromkeys(entities)) or None,
            "fields": fields or None,
            "run_seq": moment.seq,
            "decision": verdict.bound or ", ".join(sorted(decisions)) or None,
            "policy": next(iter(decisions.values()), None),
            **details,
        },
    )
