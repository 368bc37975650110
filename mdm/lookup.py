"""Look: from a NIK to the published golden profile, masked, or revealed for a purpose.

Every look is written to the audit log, and committed, before its answer leaves. Nobody found, no
profile left, nothing published and somebody whose processing is restricted look the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain

import yaml
from sqlmodel import Session, col, select

from mdm import audit
from mdm.access.restricted import RESTRICTED, UNRESTRICTED, restricted
from mdm.compose import Hub
from mdm.errors import AccessError, IntegrityError, RuleError
from mdm.hub.runs import published_seq
from mdm.hub.tables import Entity, RuleSet, Run, SealedProfile
from mdm.opening import carriers, open_profiles
from mdm.seal.masking import SealingRules, load_rules, masked
from mdm.seal.tokens import tokens_for
from mdm.survivorship import Explanation, SurvivorshipRules, explain, parse_rules
from mdm.survivorship import load_rules as load_survivorship
from reference.documents import read_yaml

SURVIVORSHIP = "mdm/survivorship.yaml"  # its name among the rule documents of a run


@dataclass(frozen=True)
class ProfileView:
    """A golden profile as somebody may see it: with its reasons, masked unless revealed.

    `asked` is the entity id asked for, which differs from `entity_id` after a merge. `also_on`
    counts other profiles that carry the same NIK. Family and household are views of their own.
    """

    entity_id: str
    asked: str
    version: int
    revealed: bool
    explanation: Explanation
    also_on: int = 0
    family: ProfileView | None = None
    household: ProfileView | None = None


def profile_by_nik(
    hub: Hub,
    nik: str,
    *,
    actor: str,
    purpose: str | None = None,
    case: str | None = None,
    reveal: bool = False,
) -> ProfileView | None:
    """The person who carries a NIK, with family and household; None when there is none to see.

    InputError for a number that is no NIK; AccessError for a reveal without a known purpose.
    """
    rules = _may_look(purpose, reveal=reveal)
    tokens = tokens_for(hub, nik)
    with hub.sessions.read() as session:
        found = carriers(session, tokens, published_seq(session))
        ids = list(dict.fromkeys(chain.from_iterable(found.get(token, []) for token in tokens)))
        look = _Look(hub, session, rules, reveal)
        view = look.whole(ids[0], also_on=len(ids) - 1) if ids else None
        barred = _barred(session, view, purpose)
    return _on_record(hub, view, barred=barred, actor=actor, purpose=purpose, case=case)


def profile_by_id(
    hub: Hub,
    entity_id: str,
    *,
    actor: str,
    purpose: str | None = None,
    case: str | None = None,
    reveal: bool = False,
) -> ProfileView | None:
    """The profile behind an entity id, its redirect followed; None when there is none to see."""
    rules = _may_look(purpose, reveal=reveal)
    with hub.sessions.read() as session:
        view = _Look(hub, session, rules, reveal).whole(entity_id)
        barred = _barred(session, view, purpose)
    return _on_record(hub, view, barred=barred, actor=actor, purpose=purpose, case=case)


def open_profile(hub: Hub, session: Session, entity_id: str) -> tuple[int, str] | None:
    """Version and content of the published profile of an entity; None when it has none.

    For code that answers for what it does with it: nothing is written to the audit log here.
    """
    opened = open_profiles(hub, session, [entity_id], published_seq(session)).get(entity_id)
    return (opened.version, opened.content) if opened else None


def follow(session: Session, entity_id: str) -> str | None:
    """Where an entity id leads today; None for an id that no published run knows."""
    seen: set[str] = set()
    while entity_id not in seen:
        seen.add(entity_id)
        entity = session.get(Entity, entity_id)
        if entity is None or entity.created_run > published_seq(session):
            return None
        if entity.merged_into is None:
            return entity_id
        entity_id = entity.merged_into
    raise IntegrityError("Redirects of merged entities run in a circle.", "Restore the hub.")


def rules_of_its_day(session: Session, entity_id: str, version: int) -> SurvivorshipRules:
    """The survivorship rules by which a profile version was chosen: those its own run kept.

    Today's when that run kept none, or none that can still be read.
    """
    kept = session.exec(
        select(RuleSet)
        .join(Run, col(Run.rules) == RuleSet.digest)
        .join(SealedProfile, col(SealedProfile.run_seq) == Run.seq)
        .where(SealedProfile.entity_id == entity_id, SealedProfile.version == version)
    ).first()
    text = kept.documents.get(SURVIVORSHIP) if kept else None
    return (_read(text) if text else None) or load_survivorship()


@lru_cache(maxsize=8)
def _read(text: str) -> SurvivorshipRules | None:
    try:
        return parse_rules(read_yaml(text))
    except (RuleError, yaml.YAMLError):
        return None


@dataclass(frozen=True)
class _Look:
    """One look, in one snapshot of the hub."""

    hub: Hub
    session: Session
    rules: SealingRules
    reveal: bool

    def whole(self, asked: str, also_on: int = 0) -> ProfileView | None:
        """A profile with the family and the household it names."""
        view = self._one(asked)
        if view is None:
            return None
        links = view.explanation.links
        family = self._one(links["family"]) if links.get("family") else None
        household = self._one(links["household"]) if links.get("household") else None
        return replace(view, also_on=also_on, family=family, household=household)

    def _one(self, asked: str) -> ProfileView | None:
        entity_id = follow(self.session, asked)
        opened = open_profile(self.hub, self.session, entity_id) if entity_id else None
        if entity_id is None or opened is None:
            return None
        version, content = opened
        explanation = explain(content, rules_of_its_day(self.session, entity_id, version))
        if not self.reveal:
            explanation = masked(explanation, self.rules)
        return ProfileView(entity_id, asked, version, self.reveal, explanation)


def _may_look(purpose: str | None, *, reveal: bool) -> SealingRules:
    """The rules, if the purpose is one of theirs; a look without a reveal needs none."""
    rules = load_rules()
    if (reveal or purpose is not None) and purpose not in rules.purposes:
        raise AccessError(
            "A reveal needs a purpose." if purpose is None else "This purpose is not known.",
            f"Name one of: {', '.join(sorted(rules.purposes))}.",
        )
    return rules


def _barred(session: Session, view: ProfileView | None, purpose: str | None) -> bool:
    """Whether the processing of a person is restricted, by their own name or their family's, and the
    purpose is none that the law keeps open."""
    if view is None or purpose in UNRESTRICTED:
        return False
    own = [part.entity_id for part in (view, view.family) if part is not None]
    return bool(restricted(session, own))


def _on_record(
    hub: Hub,
    view: ProfileView | None,
    *,
    barred: bool,
    actor: str,
    purpose: str | None,
    case: str | None,
) -> ProfileView | None:
    """Write the look to the audit log and commit; only then the answer may leave."""
    view = None if barred else view
    parts = [part for part in (view, view.family, view.household) if part] if view else []
    revealed = view is not None and view.revealed
    with hub.sessions.begin() as session:
        audit.record(
            session,
            actor,
            "reveal" if revealed else "look",
            purpose=purpose,
            case=case,
            found=view is not None,
            decision=RESTRICTED if barred else None,
            entity_id=[part.entity_id for part in parts] or None,
            fields=_fields(parts) if revealed else None,
        )
    return view


def _fields(parts: list[ProfileView]) -> dict[str, list[str]]:
    """Kind → names of the attributes shown."""
    return {
        part.explanation.kind: [choice.attribute for choice in part.explanation.choices]
        for part in parts
    }
