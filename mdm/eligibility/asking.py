"""Asking for eligibility: one NIK at the desk, many NIKs at once. The same rules, the same facts,
the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from msgspec.structs import replace
from sqlmodel import Session, select

from mdm import questions
from mdm.access.terms import Decision
from mdm.compose import Hub
from mdm.desk.terms import Answered, Moment, Person, Question
from mdm.eligibility import answers as say
from mdm.eligibility import library, snapshots, telling
from mdm.eligibility.facts import Maker
from mdm.eligibility.library import SHOWN
from mdm.eligibility.near import Who
from mdm.eligibility.rules import Known, Leaf, Ready, assess
from mdm.eligibility.terms import Assessment, Case, Doubt
from mdm.errors import InputError
from mdm.hub.tables import RuleSet

TELLERS = 256  # sets of fields that agreements name, kept ready
NOBODY = say.Identity(None, None, None, False)


@dataclass(frozen=True)
class Asked:
    """What is asked of everybody in a question: as of when, and by which programmes' rules."""

    as_of: snapshots.Moment
    rules: tuple[Ready, ...]

    @property
    def digest(self) -> str:
        """The rule documents, as answers name them."""
        return self.as_of.library.digest[:SHOWN]

    @cached_property
    def needs_members(self) -> bool:
        """Whether some rule looks at the members of the family."""
        return any(one.needs_members for one in self.rules)

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The attributes of contents that the rules look at."""
        return self.maker().attributes

    def maker(self) -> Maker:
        """What makes cases for these rules, as of this day."""
        return Maker(self.as_of.on, self.as_of.library.said, self._looks_at)

    def told(self) -> say.AsOf:
        """As of when, as answers say it."""
        return self._told

    def words(self) -> say.Words:
        """The sentences behind the names of brief answers."""
        return telling.words(self.rules, self.as_of.library.said, self.digest, self.as_of.data)

    def teller(self, fields: telling.Fields) -> tuple[telling.Teller, dict[str, list[str]]]:
        """What tells answers to somebody who may see these fields, and the fields the audit log
        then names."""
        key = frozenset(fields.items())
        kept = self._tellers.get(key)
        if kept is None:
            if len(self._tellers) >= TELLERS:
                self._tellers.clear()
            made = telling.Teller(fields)
            kept = self._tellers[key] = made, made.shown(self.rules)
        return kept

    def brief(self, case: Case, teller: telling.Teller) -> dict[str, say.Brief]:
        """Programme → answer about one of many, by names."""
        return {
            rules.document.programme: teller.brief(rules, one)
            for rules, one in zip(self.rules, self._assessed(case), strict=True)
        }

    def whole(
        self, identity: say.Identity, case: Case, teller: telling.Teller
    ) -> say.EligibilityAnswer:
        """The answer about one NIK, with its sentences: as it is sent, to be encoded."""
        answers = [
            wording.whole(one, teller)
            for wording, one in zip(self._wordings, self._assessed(case), strict=True)
        ]
        return say.EligibilityAnswer(self._told, identity, answers)

    def _assessed(self, case: Case) -> list[Assessment]:
        said = self.as_of.library.said
        known: Known = {}
        return [assess(rules, case, said, known) for rules in self.rules]

    @cached_property
    def nobody(self) -> say.EligibilityAnswer:
        """The answer about a NIK under which there is nobody to see: the same for all of them."""
        return self.whole(NOBODY, self.maker().nobody(), telling.Teller({}))

    @cached_property
    def near(self) -> say.EligibilityAnswer:
        """The answer about a NIK under which there is nobody to see, but who is meant may have one that is like it."""
        if "near_number" not in self.as_of.library.said.doubts:
            return self.nobody
        case = self.maker().nobody()
        case = replace(case, doubts=(*case.doubts, Doubt("near_number", "person")))
        return self.whole(NOBODY, case, telling.Teller({}))

    @cached_property
    def _told(self) -> say.AsOf:
        moment = self.as_of
        return say.AsOf(
            moment.name,
            moment.run_seq,
            moment.published,
            moment.on.isoformat(),
            self.digest,
            dict(moment.periods),
        )

    @cached_property
    def _looks_at(self) -> frozenset[Leaf]:
        return frozenset().union(*(one.looks_at for one in self.rules))

    @cached_property
    def _wordings(self) -> tuple[telling.Wording, ...]:
        said, digest, data = self.as_of.library.said, self.digest, self.as_of.data
        return tuple(telling.Wording(one, said, digest, data) for one in self.rules)

    @cached_property
    def _tellers(self) -> dict[frozenset[Any], tuple[telling.Teller, dict[str, list[str]]]]:
        return {}


def ask(
    hub: Hub,
    session: Session,
    programmes: Sequence[str],
    *,
    snapshot: str | None = None,
    on: date | None = None,
) -> Asked:
    """What a question asks, its rules found. InputError for a programme or snapshot that is not."""
    return _asked(snapshots.moment(hub, session, snapshot, on), programmes)


def fixed(
    session: Session,
    programmes: Sequence[str],
    *,
    snapshot: str | None,
    run_seq: int,
    rules: str,
    on: date,
) -> Asked:
    """The same question as of a moment that was fixed before, by the rules kept then."""
    return _asked(snapshots.past(session, snapshot, run_seq, rules, on), programmes)


def _asked(as_of: snapshots.Moment, programmes: Sequence[str]) -> Asked:
    if not programmes:
        raise InputError("No programme is named.", "Name at least one programme.")
    names = sorted(set(programmes))
    return Asked(as_of, tuple(as_of.library.rules(name, as_of.on) for name in names))


def keep_rules(hub: Hub, asked: Asked) -> None:
    """Keep the rules that are about to answer, once: by their digest an answer can be given
    again."""
    digest = asked.as_of.library.digest
    with hub.sessions.read() as session:
        kept = session.exec(select(RuleSet.digest).where(RuleSet.digest == digest)).first()
    if kept is None:
        with hub.sessions.begin() as session:
            library.keep(session, asked.as_of.library)


def identity_of(person: Person) -> say.Identity:
    """How sure it is who this is."""
    body = person.person.body
    sure = questions.confidence(len(body["records"]), person.open.get(person.person.entity_id, ()))
    return say.Identity(
        body["identity_status"],
        sure.name,  # type: ignore[arg-type]
        sure.weakest,
        person.doubt is not None or person.also_on > 0,
    )


@dataclass(frozen=True, kw_only=True)
class Eligibility(Question):
    """A question about one NIK, for the desk."""

    asked: Asked = field(repr=False)
    who: Who | None = field(default=None, repr=False)  # whom the asker means by the number
    action: str = "eligibility.ask"
    event: str = "eligibility"
    household: bool = False
    spares_restricted: bool = True

    def one(self, moment: Moment, person: Person, decision: Decision) -> Answered:
        teller, shown = self.asked.teller(decision.fields)
        case = self.asked.maker().case(person)
        if self.who is not None and self.who.is_not(person.person):
            case = replace(case, doubts=(*case.doubts, *self._other_person()))
        return Answered(self.asked.whole(identity_of(person), case, teller), shown, self._said())

    def unknown(self, moment: Moment) -> say.EligibilityAnswer:
        return self.asked.nobody

    def whole(self, moment: Moment, values: Sequence[Any]) -> Any:
        return values[0]

    def _other_person(self) -> list[Doubt]:
        known = "other_person" in self.asked.as_of.library.said.doubts
        return [Doubt("other_person", "person")] if known else []

    def _said(self) -> dict[str, Any]:
        return {"rules": self.asked.as_of.library.digest, "snapshot": self.asked.as_of.name}
