"""Revoking: an approved step is taken back, by a proposal of its own that goes the whole chain.

From its approval on, what the step brought is no record any more: no run knows it, and a small run takes it out at
once. What sources say by themselves stays. What stands upon it alone (a value of a child of whom only it tells) goes
along; who was put since on a card of which only it tells must find another place first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from sqlmodel import Session, col, select

from matching.rules import Judgement as Verdict
from matching.rules import Kind
from mdm import audit, judgements
from mdm.access.restricted import restricted
from mdm.access.terms import Principal
from mdm.compose import Hub
from mdm.corrections import evidence, rows, store
from mdm.corrections.around import known_as
from mdm.corrections.checks import SENT_ALREADY
from mdm.corrections.document import CorrectionRules
from mdm.corrections.reading import RefusedError, day
from mdm.corrections.rows import listed_as
from mdm.corrections.terms import (
    PURPOSE,
    REVOKE,
    SOURCE,
    Check,
    Proposal,
    Retraction,
    Revokes,
)
from mdm.desk.people import open_following
from mdm.errors import ConflictError, IntegrityError, UnknownError
from mdm.hub.runs import published_seq
from mdm.hub.tables import (
    Correction,
    CorrectionReturn,
    CorrectionStep,
    CorrectionTarget,
    Entity,
    Judgement,
)
from mdm.hub.tables.corrections import APPROVED, REVOKED, WAITING
from mdm.judgements import Pair, RecordRef
from mdm.review import correcting
from mdm.review.words import TAKEN_BACK, pair_of, words_of

ACT = "revoke"  # of a step
ALONG, FIRST, LATER, GONE = "goes-along", "built-upon", "later-steps", "gone"  # checks
ALREADY, NOT_APPROVED, TOLD = "revoked-already", "not-approved", "told-registry"


class StoppedError(ConflictError):
    """A step of the chain cannot be taken for what became of other proposals; `check` says why."""

    def __init__(self, check: Check) -> None:
        super().__init__("Another proposal stands in the way of this one.", "Open it again.")
        self.check = check


@dataclass(frozen=True)
class Upon:
    """What came after a step, about the same people, by number. `along`: goes with it, standing on it alone; `first`:
    has put somebody on a card of which only it tells, so that this must be decided before; `later`: the rest."""

    along: Sequence[Correction]
    first: Sequence[Correction]
    later: Sequence[Correction]


def examine(  # noqa: PLR0917 - all that a draft is held against
    hub: Hub,
    session: Session,
    rules: CorrectionRules,
    principal: Principal,
    row: Correction,
    draft: Retraction,
    today: date,
) -> tuple[Proposal | None, list[Check]]:
    """The proposal to take a step back, with all that is to be said about it; None when something refuses it.
    UnknownError where it opens no more, or is about somebody whose data are restricted."""
    key = store.key_of(hub, session, row.id)
    taken = store.opened(key, row) if key else None
    if taken is None or restricted(session, _entities(session, taken)):
        raise UnknownError("There is nobody to see.", "Search again in your own region.")
    found: list[tuple[str, str, object]] = []
    if row.state != APPROVED or row.kind == REVOKE:
        found.append(("", ALREADY if row.state == REVOKED else NOT_APPROVED, None))
    else:
        found += _said(upon(hub, session, row, taken))
        if (other := _waits(hub, session, row, taken)) is not None:
            again = other.proposer == principal.id
            found.append(("", SENT_ALREADY if again else "open-elsewhere", other.number))
        told = select(CorrectionReturn.correction).where(CorrectionReturn.correction == row.id)
        if session.exec(told.limit(1)).first():
            found.append(("", TOLD, None))
    try:
        seen = day(draft.source_date.strip(), today)
    except RefusedError as refused:
        seen = None
        found.append(
            ("source_date", refused.code if draft.source_date.strip() else "missing", None)
        )
    if not draft.said.strip():
        found.append(("said", "missing", None))
    checks = [Check(where, code, rules.checks[code].level, said) for where, code, said in found]
    checks += evidence.check(rules, REVOKE, draft.files)
    if seen is None or any(one.level == "refuse" for one in checks):
        return None, checks
    about = taken.entities | {(one, "") for one in _stands(session, taken)}
    proposal = Proposal(
        kind=REVOKE,
        revokes=Revokes(correction=row.id, number=row.number, about=tuple(sorted(about))),
        family=taken.family,
        source_date=seen,
        said=draft.said.strip(),
        warnings=tuple(sorted({one.code for one in checks})),
    )
    return proposal, checks


def upon(hub: Hub, session: Session, row: Correction, taken: Proposal) -> Upon:
    """What came after an approved step and may build upon it."""
    since = select(Correction).where(
        Correction.number > row.number,
        Correction.kind != REVOKE,
        col(Correction.state).in_((APPROVED, *WAITING)),
    )
    targets = select(CorrectionTarget.correction).where(
        col(CorrectionTarget.entity_id).in_(_entities(session, taken))
    )
    order = col(Correction.number)
    beside = session.exec(since.where(col(Correction.id).in_(targets)).order_by(order)).all()
    falls, along = _records(taken), dict[str, Correction]()
    for one, proposal in store.open_many(hub, session, beside):
        if one.state == APPROVED and _stands_on(proposal, falls):
            along[one.id] = one
            falls |= _records(proposal)
    first: dict[str, Correction] = {}
    if cards := _own_cards(hub, session, taken):
        moved = select(CorrectionTarget.correction).where(CorrectionTarget.attribute == "kk")
        moving = session.exec(since.where(col(Correction.id).in_(moved)).order_by(order)).all()
        opened = store.open_many(hub, session, {one.id: one for one in [*beside, *moving]}.values())
        first = _on_cards(session, opened, cards, along)
    left = [one for one in beside if one.id not in along and one.id not in first]
    return Upon(list(along.values()), list(first.values()), left)


def carry_out(
    hub: Hub, session: Session, row: Correction, proposal: Proposal, *, actor: str, role: str
) -> None:
    """Take back what an approved revocation names, and what goes along with it: each keeps its steps, and gets one
    more. StoppedError where it does not stand any more, or something must be decided before."""
    revokes = proposal.revokes
    assert revokes is not None  # the caller knows
    target = store.by_id(session, revokes.correction)
    session.refresh(target)
    key = store.key_of(hub, session, target.id)
    if key is None:
        raise UnknownError("What was proposed was erased.", "Send it back.")
    if target.state != APPROVED:
        raise StoppedError(Check("", ALREADY, "refuse"))
    taken = store.opened(key, target)
    after = upon(hub, session, target, taken)
    if after.first:
        raise StoppedError(Check("", FIRST, "refuse", _numbers(after.first)))
    falls = list(store.open_many(hub, session, [*reversed(after.along), target]))
    for one, _ in falls:
        _take_back(hub, session, one, number=row.number, actor=actor, role=role)
    session.flush()
    # Last: who answers one of the tasks that it moves takes these turns in this order, too.
    reason = f"correction {row.number}"
    for kind, pair, verdict in [word for fell in falls for word in _words(hub, session, *fell)]:
        judgements.add(hub, session, kind, [(*pair, verdict)], actor=actor, reason=reason)


def taken_back_by(hub: Hub, session: Session, row: Correction) -> Correction | None:
    """The proposal that took a revoked one back: its number is the note of that step. None where nobody can say any
    more."""
    steps = select(CorrectionStep).where(CorrectionStep.correction == row.id)
    last = session.exec(steps.order_by(col(CorrectionStep.n).desc()).limit(1)).first()
    key = store.key_of(hub, session, row.id)
    if row.state != REVOKED or key is None or last is None or last.note is None:
        return None
    try:
        number = int(store.open_note(key, row.id, last.n, last.note))
    except IntegrityError:  # sealed anew since: somebody was erased from it
        return None
    return session.exec(select(Correction).where(Correction.number == number)).first()


def stops(hub: Hub, session: Session, proposal: Proposal) -> bool:
    """Whether all that a proposal is tied to was taken back since it was proposed."""
    ties = [part.anchor for part in proposal.parts]
    ties += proposal.merge.records if proposal.merge else ()
    fallen = rows.fallen(hub, session, ties)
    gone = [one is not None and one.source == SOURCE and one.record_key in fallen for one in ties]
    return any(gone) if proposal.merge else bool(gone) and all(gone)


def _take_back(
    hub: Hub,
    session: Session,
    one: Correction,
    *,
    number: int,
    actor: str,
    role: str,
) -> None:
    one.state, one.version = REVOKED, one.version + 1
    steps = select(CorrectionStep.n).where(CorrectionStep.correction == one.id)
    n = max(session.exec(steps).all(), default=0) + 1
    key = store.key_of(hub, session, one.id)
    assert key is not None  # it was opened
    note = store.seal_note(key, one.id, n, str(number))
    session.add(CorrectionStep(correction=one.id, n=n, act=ACT, role=role, actor=actor, note=note))
    session.add(one)
    session.flush()
    correcting.note(session, one.id)
    audit.record(session, actor, f"correction.{ACT}", id=one.id, kind=one.kind, purpose=PURPOSE)


def _words(
    hub: Hub, session: Session, one: Correction, said: Proposal
) -> list[tuple[Kind, Pair, Verdict]]:
    """The words that take back what the chain said of records, where that stands; a record of which nothing was said is
    named by itself, so that it is settled at once all the same."""
    words, found = words_of(hub), list[tuple[Kind, Pair, Verdict]]()
    for part in said.parts:
        own = RecordRef(SOURCE, part.kind, part.key)
        tied = pair_of(own, part.anchor or own)
        last = words.last(session, part.kind, tied)
        if last is None or last.reason != f"correction {one.number}":
            tied = (own, own)
        found.append((part.kind, tied, "review"))
    if said.merge is not None:
        query = select(Judgement.id).where(Judgement.reason == f"correction {one.number}")
        mine = set(session.exec(query).all())
        for _, pair in judgements.pairs(hub, session, ids=mine):
            last = words.last(session, said.merge.kind, pair_of(*pair))
            if last is not None and last.id in mine:
                before = cast(Verdict, last.before or TAKEN_BACK)
                found.append((said.merge.kind, pair_of(*pair), before))
    return found


def _said(after: Upon) -> list[tuple[str, str, object]]:
    told = ((FIRST, after.first), (ALONG, after.along), (LATER, after.later))
    return [("", code, _numbers(some)) for code, some in told if some]


def _numbers(some: Iterable[Correction]) -> str:
    return ", ".join(str(one.number) for one in some)


def _waits(hub: Hub, session: Session, row: Correction, taken: Proposal) -> Correction | None:
    """An open proposal to take the same back."""
    targets = select(CorrectionTarget).where(
        col(CorrectionTarget.entity_id).in_(_entities(session, taken))
    )
    named = {one.correction for one in session.exec(targets)}
    waiting = select(Correction).where(
        col(Correction.id).in_(named), col(Correction.state).in_(WAITING)
    )
    for one, proposal in store.open_many(hub, session, session.exec(waiting).all()):
        if proposal.revokes is not None and proposal.revokes.correction == row.id:
            return one
    return None


def _entities(session: Session, taken: Proposal) -> list[str]:
    """Whom a step is about, as they were called then, since and now."""
    ids = {one for one, _ in taken.entities} | _stands(session, taken)
    merged = select(Entity.merged_into).where(
        col(Entity.entity_id).in_(ids), col(Entity.merged_into).is_not(None)
    )
    while more := {one for one in session.exec(merged) if one} - ids:
        ids |= more
        merged = select(Entity.merged_into).where(
            col(Entity.entity_id).in_(more), col(Entity.merged_into).is_not(None)
        )
    return sorted(known_as(session, ids))


def _stands(session: Session, taken: Proposal) -> set[str]:
    """The entities in which a run found its records last."""
    return set(rows.places(session, _records(taken)).values())


def _records(proposal: Proposal) -> set[str]:
    """The keys of its records, and of the families that they are alone to tell of."""
    return {key for part in proposal.parts for key in (part.key, listed_as(part.key))}


def _stands_on(proposal: Proposal, falls: Collection[str]) -> bool:
    """Whether all that a proposal says is tied to records that fall; of two that are said to be one, either."""
    if proposal.merge is not None:
        return any(
            one.source == SOURCE and one.record_key in falls for one in proposal.merge.records
        )
    ties = [part.anchor for part in proposal.parts]
    return bool(ties) and all(
        one is not None and one.source == SOURCE and one.record_key in falls for one in ties
    )


def _own_cards(hub: Hub, session: Session, taken: Proposal) -> set[str]:
    """The cards of which no source tells, but this step."""
    cards = {listed_as(p.key): p.columns["kk"] for p in taken.parts if p.columns.get("kk")}
    places = rows.places(session, cards)
    opened = open_following(hub, session, places.values(), published_seq(session))
    alone = {
        asked
        for asked, one in opened.items()
        if all(record[0] == SOURCE for record in one.body["records"])
    }
    return {cards[key] for key, entity in places.items() if entity in alone}


def _on_cards(
    session: Session,
    opened: Iterable[tuple[Correction, Proposal]],
    cards: Collection[str],
    along: Collection[str],
) -> dict[str, Correction]:
    """Those that put somebody on one of some cards, or are to, unless a later one has put them elsewhere."""
    moves = [
        (one, part)
        for one, proposal in sorted(opened, key=lambda of: of[0].number)
        for part in proposal.parts
        if part.kind == "person" and part.columns.get("kk") and one.id not in along
    ]
    new = rows.places(session, [part.key for _, part in moves if part.entity_id is None])
    found = {
        one.id: one for one, part in moves if one.state != APPROVED and part.columns["kk"] in cards
    }
    last = {
        part.entity_id or new.get(part.key, part.key): (one, part)
        for one, part in moves
        if one.state == APPROVED
    }
    return found | {one.id: one for one, part in last.values() if part.columns["kk"] in cards}
