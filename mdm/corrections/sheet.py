"""A family on one sheet: members, addresses, housing, assets, desil, what is open, the proposals about it.

Opening it is a reveal: decided by role, region and purpose, counted on the budget that lookups have, and in the audit
log before the sheet is handed out. Whose data are restricted is left out, as if not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from mdm import audit, questions
from mdm.access.budgets import Budgets, Charge
from mdm.access.restricted import restricted
from mdm.access.terms import Decision, Principal
from mdm.compose import Hub
from mdm.corrections.around import Around, known_as, region_around, value_of
from mdm.corrections.chain import NOT_THERE, READ, target
from mdm.corrections.resting import resting
from mdm.corrections.terms import PURPOSE
from mdm.desk.errors import BudgetError
from mdm.desk.terms import Profile
from mdm.hub.runs import published_seq
from mdm.hub.tables import Correction, CorrectionTarget
from mdm.hub.tables.corrections import WAITING
from mdm.survivorship import Choice, explain

SPOUSES = ("HUSBAND", "WIFE", "SPOUSE", "SPOUSE_HUSBAND", "SPOUSE_WIFE")


@dataclass(frozen=True)
class Entry:
    """One profile on the sheet, as its reader may see it: choices by attribute. `proposals`: attribute → number of the
    open proposal about it; `relation`: to the head, of a member; `region`: Kemendagri digits of where it lives, whose
    officers correct it: a member's may be another than the family's."""

    entity_id: str
    kind: str
    status: str
    choices: Mapping[str, Choice]
    proposals: Mapping[str, int]
    open: Sequence[questions.OpenQuestion]
    relation: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class Sheet:
    """A family (or a person without one) with all that stands around it. `region`: Kemendagri digits;
    `neighbours`: the other families of the dwelling, by entity id."""

    entity_id: str
    region: str | None
    family: Entry | None
    household: Entry | None
    members: Sequence[Entry]
    neighbours: Sequence[str] = ()

    @property
    def ids(self) -> list[str]:
        """Everybody and everything on it."""
        return [one.entity_id for one in (self.family, self.household, *self.members) if one]


def open_sheet(hub: Hub, principal: Principal, entity_id: str, action: str = READ) -> Sheet:
    """Open the sheet of a family, or of a person's family. UnknownError for who is not to be seen; BudgetError beyond
    the budget of who asks."""
    with hub.sessions.begin() as session:
        around, decision = target(hub, session, principal, entity_id, action)
        sheet = _sheet(session, around, decision)
        if not sheet.members and sheet.family is None:
            raise NOT_THERE
        (verdict,) = Budgets(hub).charge(session, [Charge(principal, [sheet.entity_id])])
        audit.record(
            session,
            principal.id,
            "reveal",
            purpose=PURPOSE,
            found=verdict.allowed,
            entity_id=sheet.ids if verdict.allowed else None,
            fields=_fields(sheet) if verdict.allowed else None,
            run_seq=published_seq(session),
            decision=verdict.bound or decision.reason,
            policy=decision.policy,
        )
    if not verdict.allowed:
        raise BudgetError(verdict)
    return sheet


def _sheet(session: Session, around: Around, decision: Decision) -> Sheet:
    persons = dict(around.members)
    if around.target.kind == "person":
        persons.setdefault(around.target.entity_id, around.target)
    everybody = [*persons.values(), *filter(None, (around.family, around.household))]
    ids = [one.entity_id for one in everybody]
    beside = _beside(around)
    hidden = restricted(session, [*ids, *beside])
    doubts = questions.of(session, ids, published_seq(session))
    open_ = _open_proposals(session, ids)

    def entry(one: Profile | None, relation: str | None = None) -> Entry | None:
        if one is None or one.entity_id in hidden:
            return None
        explained = explain(one.body)
        allowed = decision.fields.get(one.kind, frozenset())
        return Entry(
            one.entity_id,
            one.kind,
            explained.status,
            {c.attribute: c for c in explained.choices if c.attribute in allowed},
            open_.get(one.entity_id, {}),
            doubts.get(one.entity_id, []),
            relation,
            region_around(one, around.family, around.household) or around.region,
        )

    members = (entry(persons[key], around.relations.get(key)) for key in _in_order(around, persons))
    return Sheet(
        around.family.entity_id if around.family else around.target.entity_id,
        around.region,
        entry(around.family),
        entry(around.household),
        [one for one in members if one],
        [one for one in beside if one not in hidden],
    )


def _beside(around: Around) -> list[str]:
    """The families that live in the same dwelling."""
    named = around.household.body["links"].get("families", ()) if around.household else ()
    own = around.family.entity_id if around.family else None
    return [one for one in named if one != own]


def _in_order(around: Around, persons: Mapping[str, Profile]) -> list[str]:
    """The head, the spouse, then the others by age."""

    def place(key: str) -> tuple[int, str]:
        relation = around.relations.get(key) or ""
        rank = 0 if relation == "HEAD" else 1 if relation in SPOUSES else 2
        return rank, str((value_of(persons[key], "birth") or {}).get("birth_date") or "~")

    return sorted(persons, key=place)


def _open_proposals(session: Session, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    now_ = known_as(session, ids)
    query = (
        select(CorrectionTarget.entity_id, CorrectionTarget.attribute, Correction.number)
        .join(Correction, col(Correction.id) == CorrectionTarget.correction)
        .where(col(Correction.state).in_(WAITING), ~resting())
        .where(col(CorrectionTarget.entity_id).in_(list(now_)))
    )
    found: dict[str, dict[str, int]] = {}
    for entity_id, attribute, number in session.exec(query):
        found.setdefault(now_[entity_id], {})[attribute] = number
    return found


def _fields(sheet: Sheet) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for one in (sheet.family, sheet.household, *sheet.members):
        if one is not None:
            found.setdefault(one.kind, set()).update(one.choices)
    return {kind: sorted(names) for kind, names in found.items()}
