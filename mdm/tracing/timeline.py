"""The time line of an entity: linked, split, merged, judged, corrected, sealed, restricted, in order.

Dated facts from what runs recorded, what people judged, and the audit log; each with the number of
the audit event that vouches for it. It tells nobody's values: which attributes changed, not to what.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlmodel import Session, col, select

from matching.rules import Kind
from mdm.audit.search import Wanted, entries
from mdm.compose import Hub
from mdm.corrections.terms import REVOKE
from mdm.hub.runs import PUBLISHED
from mdm.hub.tables import (
    Correction,
    CorrectionStep,
    CorrectionTarget,
    Entity,
    Run,
    SealedProfile,
    SubjectRestriction,
)
from mdm.lookup import rules_of_its_day
from mdm.opening import open_every_version
from mdm.survivorship import Explanation, explain
from mdm.tracing import Target, moments, pairs
from mdm.tracing.difference import SAME, differences
from mdm.tracing.facts import HumanWord
from mdm.tracing.records import kept
from mdm.tracing.sentences import (
    FIRST,
    GONE,
    NOTHING,
    OUTSIDE,
    WHOLE,
    act_of,
    listed,
    sentence,
    why,
)
from mdm.tracing.values import Key
from mdm.tracing.vouching import Act, events_of
from reference.attributes import dictionary
from reference.sentences import Sentence

MOST = 5_000  # audit events read about one entity
MOVED = ("merge", "merge of another", "split", "split of another")
#: Acts on an entity that the log alone knows, with the sentence for each.
ACTS = {"erase": "erase", "blank": "blank"}


@dataclass(frozen=True)
class Fact:
    """Something that happened. `what` names its kind, `event` the audit event, `other` another
    entity it concerns, `attributes` those of the profile that changed with it."""

    at: datetime
    what: str
    sentence: Sentence
    actor: str | None = None
    event: int | None = None
    run_seq: int | None = None
    other: str | None = None
    attributes: tuple[str, ...] = ()


#: A fact with the act whose event vouches for it; None where the fact was read from its event.
Told = tuple[Fact, Act | None]


def timeline(
    hub: Hub, session: Session, target: Target, records: Sequence[Key]
) -> tuple[Fact, ...]:
    """What happened to an entity up to the moment it was found as of, the oldest first. `records`
    are its source records then, in the order in which sentences number them from 1."""
    entity_id, kind, run = target.opened.entity_id, cast(Kind, target.opened.kind), target.run
    found = [
        *_linked(hub, session, entity_id, kind, run),
        *_sealed(hub, session, entity_id, run.seq),
        *_judged(pairs.human_words(hub, session, run, kind, records)),
        *_corrected(session, entity_id, kind),
        *_acts(session, entity_id),
    ]
    if target.as_of is not None:
        found = [(fact, act) for fact, act in found if fact.at <= target.as_of]
    events = events_of(session, [act for _, act in found if act is not None])
    facts = [replace(fact, event=events.get(act)) if act else fact for fact, act in found]
    # Of what becomes visible with one run: first the links, then the profile made of them.
    return tuple(sorted(facts, key=lambda one: (one.at, one.run_seq or 0, one.what == "version")))


def known_as(session: Session, entity_id: str) -> list[str]:
    """The entity and all that were merged into it."""
    merged = select(Entity.entity_id).where(Entity.merged_into == entity_id)
    return [entity_id, *session.exec(merged.order_by(Entity.entity_id)).all()]


def _linked(hub: Hub, session: Session, entity_id: str, kind: Kind, run: Run) -> Iterable[Told]:
    happened = moments.history(session, entity_id, run.seq)
    runs = _runs(session, {one.run_seq for one in happened})
    moved = {
        one.run_seq: _moves(hub, runs[one.run_seq], kind, entity_id)
        for one in happened
        # Of a small run only how many moved is kept.
        if one.event in MOVED and one.run_seq in runs and runs[one.run_seq].base is None
    }
    for one in happened:
        then = runs.get(one.run_seq)
        if then is None:
            continue
        sources = moved.get(one.run_seq, {}).get(one.other, Counter())
        said = ", ".join(f"{source} {count}" for source, count in sorted(sources.items()))
        fact = Fact(
            at=then.finished or then.started,
            what=one.event,
            sentence=sentence(one.event, records=one.records, sources=f" ({said})" if said else ""),
            actor="system",
            run_seq=one.run_seq,
            other=one.other,
        )
        yield fact, (then.id, "publish")


def _moves(hub: Hub, run: Run, kind: Kind, entity_id: str) -> Mapping[str | None, Counter[str]]:
    """The other entity → records by source that moved between it and this one in a run."""
    ends = {"from_entity": [entity_id], "to_entity": [entity_id]}
    rows = kept(hub, run, f"{kind}_entity_moves", ("source", *ends), ends)
    found: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
    for row in rows:
        other = row["to_entity"] if row["from_entity"] == entity_id else row["from_entity"]
        found[other][row["source"]] += 1
    return found


def _sealed(hub: Hub, session: Session, entity_id: str, seq: int) -> Iterable[Told]:
    """The versions of the profile, with what changed from each to the next."""
    query = select(SealedProfile.version, SealedProfile.run_seq).where(
        SealedProfile.entity_id == entity_id, SealedProfile.run_seq <= seq
    )
    rows = sorted(session.exec(query).all())
    runs = _runs(session, {run_seq for _, run_seq in rows})
    opened = {one.version: one for one in open_every_version(hub, session, [entity_id])}
    before: Explanation | None = None
    for version, run_seq in rows:
        then, held = runs.get(run_seq), opened.get(version)
        now = explain(held.content, rules_of_its_day(session, entity_id, version)) if held else None
        if then is not None:
            changes, names = _changes(before, now, version)
            fact = Fact(
                at=then.finished or then.started,
                what="version",
                sentence=sentence("version", version=version, changes=changes),
                actor="system",
                run_seq=run_seq,
                attributes=names,
            )
            yield fact, (then.id, "publish")
        before = now


def _changes(
    before: Explanation | None, now: Explanation | None, version: int
) -> tuple[Sentence, tuple[str, ...]]:
    if now is None:
        return GONE, ()
    if before is None:
        return (FIRST if version == 1 else NOTHING), ()
    changed = [one for one in differences(before, now) if one.change != SAME]
    words = [one.label for one in changed]
    return (listed(words) if words else NOTHING), tuple(one.attribute for one in changed)


def _judged(words: Iterable[HumanWord]) -> Iterable[Told]:
    for word in words:
        fact = Fact(at=word.at, what=word.judgement, sentence=_told(word), actor=word.actor)
        yield fact, (word.id, "judge")


def _told(word: HumanWord) -> Sentence:
    left, right = (OUTSIDE if at is None else str(at + 1) for at in (word.left, word.right))
    return sentence(word.judgement, left=left, right=right, reason=why(word.reason))


def _corrected(session: Session, entity_id: str, kind: Kind) -> Iterable[Told]:
    """Every step of every correction about the entity."""
    query = select(CorrectionTarget.correction, CorrectionTarget.attribute).where(
        col(CorrectionTarget.entity_id).in_(known_as(session, entity_id))
    )
    attributes: defaultdict[str, set[str]] = defaultdict(set)
    for correction, attribute in session.exec(query).all():
        attributes[correction].update([attribute] if attribute else [])
    steps = (
        select(CorrectionStep, Correction.number, Correction.kind)
        .join(Correction, col(Correction.id) == CorrectionStep.correction)
        .where(col(CorrectionStep.correction).in_(list(attributes)))
    )
    for step, number, proposed in session.exec(steps).all() if attributes else ():
        names = sorted(attributes[step.correction])
        labels = listed([dictionary().label(kind, name) for name in names]) if names else WHOLE
        fact = Fact(
            at=step.at,
            what="correct",
            sentence=sentence(
                "retract" if proposed == REVOKE else "correct",
                number=number,
                act=act_of(step.act),
                attributes=labels,
            ),
            actor=step.actor,
            attributes=tuple(names),
        )
        yield fact, (step.correction, f"correction.{step.act}")


def _acts(session: Session, entity_id: str) -> Iterable[Told]:
    """What people did to the entity, from the log; and its restrictions."""
    ids = known_as(session, entity_id)
    for entry in entries(session, Wanted(subjects=ids), most=MOST):
        if what := ACTS.get(entry.action):
            yield Fact(entry.at, what, sentence(what), entry.actor, entry.seq), None
    query = select(SubjectRestriction).where(col(SubjectRestriction.entity_id).in_(ids))
    for row in session.exec(query).all():
        yield Fact(row.since, "restrict", sentence("restrict"), row.actor), (row.id, "restrict")
        if row.lifted is not None:
            yield Fact(row.lifted, "lift", sentence("lift"), row.lifted_by), (row.id, "lift")


def _runs(session: Session, seqs: Iterable[int]) -> dict[int, Run]:
    query = select(Run).where(col(Run.seq).in_(list(seqs)), Run.status == PUBLISHED)
    return {run.seq: run for run in session.exec(query).all()}


__all__ = ["Fact", "known_as", "timeline"]
