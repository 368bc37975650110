"""Search: from a NIK or KK to the family's sheet, at the desk, where a miss costs what a hit costs; or from a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from mdm import audit
from mdm.access.budgets import Budgets, Charge
from mdm.access.decide import decide
from mdm.access.restricted import restricted
from mdm.access.terms import Decision, Principal, Resource
from mdm.compose import Hub
from mdm.corrections.around import look_around, value_of
from mdm.corrections.chain import NOT_THERE
from mdm.corrections.terms import PURPOSE
from mdm.desk.decoys import draw_decoys
from mdm.desk.errors import BudgetError
from mdm.desk.people import open_following
from mdm.desk.terms import Answered, Moment, Person, Profile, Question
from mdm.errors import CapacityError
from mdm.hub.runs import published_seq
from mdm.hub.tables import EntityKey, SealedProfile
from mdm.opening import carriers, open_profiles
from mdm.seal.tokens import card_tokens_for, tokens_for
from mdm.survivorship import values
from mdm.survivorship.explain import every_value
from reference.phonetics import phonetic

CARDS = 3  # families with one number on their cards that are looked at
PERSONS = sa.text("sealed_profile.kind = 'person'")  # as its index has it (see SealedProfile)
MOST = 60_000  # persons of a kecamatan: about a third of a second


@dataclass(frozen=True)
class Found:
    """Somebody found by name: whose family, where (Kemendagri digits)."""

    entity_id: str
    name: str
    family_of: str | None
    region: str | None


@dataclass(frozen=True, kw_only=True)
class Find(Question):
    """Which entity a number leads to: somebody of the asker's region, for a correction. Answers its id, or None."""

    action: str = "profile.lookup"
    event: str = "find"
    purpose: str = PURPOSE
    spares_restricted: bool = True

    def one(self, moment: Moment, person: Person, decision: Decision) -> Answered:
        return Answered(person.person.entity_id)

    def unknown(self, moment: Moment) -> None:
        return None

    def whole(self, moment: Moment, values: Sequence[Any]) -> Any:
        return next(filter(None, values), None)


def finding(hub: Hub, principal: Principal, number: str) -> Find:
    """What to ask at the desk for a number of 16 digits: for the person who has it as NIK; where nobody has, for the
    heads of the families on whose card it stands.

    As many profiles are opened for a number that nobody has. Nothing is told of them here: the desk decides.
    """
    persons, cards = tokens_for(hub, number), card_tokens_for(hub, number)
    with hub.sessions.read() as session:
        seq = published_seq(session)
        filed = carriers(session, [*persons, *cards], seq)
        families = dict.fromkeys(one for token in cards for one in filed.get(token, ()))
        asked = list(families)[:CARDS] or draw_decoys(session, seq, [persons[0].hex()])
        found = open_following(hub, session, asked, seq).values()
        heads = [head for one in found if one.kind == "family" and (head := _head(session, one))]
    if heads and not any(token in filed for token in persons):
        return Find(principal=principal, entities=tuple(dict.fromkeys(heads)))
    return Find(principal=principal, niks=(number,))


def _head(session: Session, family: Profile) -> str | None:
    """The entity id of a family's head; of its first member where no head is known. Until the next run it names who was
    erased since, whom no key opens any more."""
    members: dict[str, str | None] = dict(family.body["links"].get("members", ()))
    kept = select(EntityKey.entity_id).where(col(EntityKey.entity_id).in_(members))
    there = set(session.exec(kept).all())
    left = [one for one in members if one in there]
    return next((one for one in left if members[one] == "HEAD"), next(iter(left), None))


def by_name(
    hub: Hub, principal: Principal, *, name: str, birth: date, district: str
) -> list[Found]:
    """The persons of one kecamatan with this birth date whose name has all the words typed, or sounds like them.

    No index tells of names: the profiles of the kecamatan are opened in memory, those of others are not looked at, and
    only who fits is told of. The search and whom it found are in the audit log, and count on the asker's budget.
    BudgetError beyond that; CapacityError when too many people live there; UnknownError for a kecamatan of others.
    """
    words = {phonetic(word) for word in name.upper().split() if word}
    wanted = f'"{birth.isoformat()}"'
    with hub.sessions.begin() as session:
        seq = published_seq(session)
        if not words or not principal.covers(district):
            raise NOT_THERE
        ids = session.exec(
            select(SealedProfile.entity_id)
            .where(SealedProfile.region == district, PERSONS)
            .where(col(SealedProfile.run_seq) <= seq)
            .distinct()
            .limit(MOST + 1)
        ).all()
        if len(ids) > MOST:
            raise CapacityError("Too many people live there to search by name.", "Search by NIK.")
        fitting = [
            one
            for one in open_profiles(hub, session, ids, seq).values()
            if wanted in one.content and _fits(one.content, words, birth)
        ]
        hidden = restricted(session, [one.entity_id for one in fitting])
        shown = [
            found
            for one in fitting
            if one.entity_id not in hidden
            and (found := _found(hub, session, principal, one.entity_id)) is not None
        ]
        # Who asks for nobody counts as for somebody: by what was asked.
        nobody = [] if shown else [" ".join([district, birth.isoformat(), *sorted(words)])]
        subjects = nobody or [one.entity_id for one in shown]
        (verdict,) = Budgets(hub).charge(session, [Charge(principal, subjects, nobody)])
        shown = shown if verdict.allowed else []
        audit.record(
            session,
            principal.id,
            "find",
            purpose=PURPOSE,
            found=bool(shown),
            count=len(shown),
            entity_id=[one.entity_id for one in shown] or None,
            fields={"person": ["name"]} if shown else None,
            region=district,
            run_seq=seq,
            decision=verdict.bound,
        )
    if not verdict.allowed:
        raise BudgetError(verdict)
    return shown


def _fits(content: str, words: set[str], birth: date) -> bool:
    born = (values(content).get("birth") or {}).get("birth_date")
    if born != birth.isoformat():
        return False
    names = every_value(content, "name")
    return any(words <= {phonetic(word) for word in str(one).split()} for one in names)


def _found(hub: Hub, session: Session, principal: Principal, entity_id: str) -> Found | None:
    around = look_around(hub, session, entity_id)
    if around is None:
        return None
    about = Resource("person", around.region)
    if not decide(principal, "profile.lookup", about, PURPOSE).allowed:
        return None
    heads = [
        key for key, one in around.relations.items() if one == "HEAD" and key in around.members
    ]
    of = value_of(around.members[heads[0]], "name") if heads else None
    return Found(entity_id, str(value_of(around.target, "name") or ""), of, around.region)
