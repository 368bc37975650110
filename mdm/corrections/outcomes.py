"""What became of an approved correction, attribute by attribute: it holds, lost to whom by which rule, or stepped back.

All of it is read from the published profile and from what the published run found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from mdm.compose import Hub
from mdm.corrections.around import said_by
from mdm.corrections.building import REGISTRY, waits_for_card
from mdm.corrections.checks import same
from mdm.corrections.document import load_rules
from mdm.corrections.rows import (
    OVERTAKEN,
    QUESTIONED,
    approved_of,
    fallen,
    places,
    superseded,
)
from mdm.corrections.terms import SOURCE, Part, Proposal
from mdm.desk.people import open_following
from mdm.desk.terms import Profile
from mdm.hub.runs import published_seq, whole_seq
from mdm.hub.tables import Correction, CorrectionReturn, CorrectionTurn
from mdm.survivorship import explain
from mdm.survivorship import load_rules as load_survivorship
from mdm.survivorship.explain import MAY_NOT_WIN, Choice, SourceRecord, every_value
from reference.sentences import Sentence

#: NEXT: a small run finds no place for it (mdm/touched/corrected.py): somebody new, or a family without a card.
NEXT, WAITING, SURVIVED, LOST, APART = "next-run", "waiting", "survived", "lost", "apart"
#: FALLEN: of part of a proposal: what it is tied to was taken back.
FALLEN = "fallen"
#: SUPERSEDED: a later correction of the same attribute speaks in its stead.
SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Outcome:
    """What became of one attribute of one record of a correction.

    `source`: who it lost to, or who overtook, questioned or confirmed it, on `day`; `sentence`: the rule that chose;
    `because`: why it lost. `disagrees`: what the civil registry says otherwise, where it owns the attribute;
    `returned`: when it was told so.
    """

    part: Part
    entity_id: str | None
    attribute: str
    outcome: str
    source: str | None = None
    day: str | None = None
    sentence: Sentence | None = None
    because: Sentence | None = None
    disagrees: Any = None
    returned: datetime | None = None


def outcomes(
    hub: Hub, session: Session, found: Iterable[tuple[Correction, Proposal]]
) -> dict[str, list[Outcome]]:
    """Correction id → what became of it, for those that are approved."""
    approved = [(row, proposal) for row, proposal in found if row.state == "approved"]
    ids = [row.id for row, _ in approved]
    seq = published_seq(session)
    parts = [part for _, proposal in approved for part in proposal.parts]
    standing = places(session, [part.key for part in parts], since=whole_seq(session))
    profiles = open_following(hub, session, set(standing.values()), seq)
    turns = {
        (one.record_key, one.attribute): one
        for one in session.exec(
            select(CorrectionTurn).where(
                CorrectionTurn.run_seq == whole_seq(session),
                col(CorrectionTurn.correction).in_(ids),
            )
        )
    }
    told = {
        (one.record_key, one.attribute): one.returned
        for one in session.exec(
            select(CorrectionReturn).where(col(CorrectionReturn.correction).in_(ids))
        )
    }
    linked = {one.body["links"].get("family") for one in profiles.values()}
    families = open_following(hub, session, filter(None, linked), seq)
    gone = fallen(hub, session, [part.anchor for part in parts])
    about = {*standing.values(), *(part.entity_id for part in parts if part.entity_id)}
    later = superseded(approved_of(hub, session, about))
    looking = _Looking(standing, profiles, families, turns, told, gone, later)
    return {
        row.id: [
            looking.at(p, name, proposal.source_date)
            for p in proposal.parts
            for name in p.attributes
        ]
        for row, proposal in approved
    }


@dataclass(frozen=True)
class _Looking:
    places: Mapping[str, str]
    profiles: Mapping[str, Profile]
    families: Mapping[str, Profile]
    turns: Mapping[tuple[str, str], CorrectionTurn]
    told: Mapping[tuple[str, str], datetime]
    fallen: Collection[str]
    superseded: Collection[tuple[str, str]]

    def at(self, part: Part, attribute: str, seen: date) -> Outcome:
        """One attribute of one record of what was seen on a day."""
        entity_id = self.places.get(part.key) or part.entity_id
        if part.anchor and part.anchor.source == SOURCE and part.anchor.record_key in self.fallen:
            return Outcome(part, entity_id, attribute, FALLEN)
        if (part.key, attribute) in self.superseded:
            return Outcome(part, entity_id, attribute, SUPERSEDED)
        turn = self.turns.get((part.key, attribute))
        profile = self.profiles.get(self.places.get(part.key, ""))
        returned = self.told.get((part.key, attribute))
        if turn is not None and (turn.turn == OVERTAKEN or profile is None):
            return Outcome(
                part, entity_id, attribute, turn.turn, turn.source, turn.on_day, returned=returned
            )
        if profile is None:
            later = part.anchor is None or waits_for_card(part.columns)
            outcome = NEXT if later else WAITING
            return Outcome(part, entity_id, attribute, outcome, returned=returned)
        one = _chosen(part, attribute, profile, seen, returned)
        if (part.kind, attribute) == ("person", "kk"):
            one = self._membership(one, profile)
        if turn is not None and one.outcome == SURVIVED:
            return replace(
                one, outcome=turn.turn, source=turn.source, day=turn.on_day, sentence=None
            )
        return one

    def _membership(self, one: Outcome, profile: Profile) -> Outcome:
        """A card is where somebody belongs: it holds when the profile stands in the family of that card, whatever the
        card number that the registry gives."""
        family = self.families.get(profile.body["links"].get("family", ""))
        cards = every_value(family.body, "kk") if family else []
        holds = one.part.columns["kk"] in cards
        sentence = load_survivorship().trust["membership"].sentence
        if holds:  # that its number lost against the registry's is no part of it
            return replace(one, outcome=SURVIVED, sentence=sentence, because=None)
        return replace(one, outcome=LOST, sentence=sentence)


def _chosen(
    part: Part, attribute: str, profile: Profile, seen: date, returned: datetime | None
) -> Outcome:
    """Held against the profile that the record stands in."""
    rules = load_rules()
    told = said_by(profile, attribute, REGISTRY) if rules.owned(part.kind, attribute) else []
    disagrees = next((v for v in told if not same(rules, part, attribute, v, remarks=False)), None)
    choices = {one.attribute: one for one in explain(profile.body).choices}
    choice = choices.get(attribute)
    if choice is None:
        return Outcome(part, profile.entity_id, attribute, APART)
    ours = next((one for one in choice.losers if _is_of(one.record, part)), None)
    holds = _is_of(choice.record, part) or same(rules, part, attribute, choice.value)
    later = _said_later(part, attribute, choice, seen) if holds else None
    if later is not None:
        return Outcome(
            part,
            profile.entity_id,
            attribute,
            QUESTIONED,
            source=later.source,
            day=later.date,
            disagrees=disagrees,
            returned=returned,
        )
    return Outcome(
        part,
        profile.entity_id,
        attribute,
        SURVIVED if holds else LOST,
        source=choice.record.source,
        day=choice.record.date,
        sentence=choice.sentence,
        because=None if holds else ours.because if ours else None,
        disagrees=disagrees,
        returned=returned,
    )


def _said_later(part: Part, attribute: str, choice: Choice, seen: date) -> SourceRecord | None:
    """A record that came to the profile since, of a day after the correction was seen to be right, and says otherwise:
    nothing that it overruled, so that it ends nothing; but it may be news."""
    rules = load_rules()
    if rules.attributes[part.kind][attribute].lasting:
        return None
    known = {(SOURCE, part.kind, part.key), *(one[:3] for one in part.heard)}
    return next(
        (
            one.record
            for one in choice.losers
            if one.record.source != SOURCE
            and (one.record.source, one.record.layout, one.record.record_key) not in known
            and one.reason not in MAY_NOT_WIN
            and (one.record.date or "") > seen.isoformat()
            and not same(rules, part, attribute, one.value)
        ),
        None,
    )


def _is_of(record: Any, part: Part) -> bool:
    return bool(record.source == SOURCE and record.record_key == part.key)
