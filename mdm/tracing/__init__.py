"""Trace: from a golden value back to the row of the file it came from, as of any moment.

value → rule and losers → source records → cluster with its judgements → pairs with match weight and
evidence → standardised and landed record → batch, file, row, checksum, handover record; with the
rules and models of the run. Nothing here is written to the audit log: who calls it does, before
the answer leaves (`traced`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlmodel import Session

from matching.rules import Kind
from mdm import audit
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.tables import Entity, Run
from mdm.lookup import rules_of_its_day
from mdm.opening import Opened, carriers, open_profiles
from mdm.seal.masking import must_be_purpose
from mdm.seal.tokens import tokens_for
from mdm.survivorship import Explanation, explain
from mdm.survivorship import SourceRecord as ChosenFrom
from mdm.tracing import moments, pairs, records
from mdm.tracing.facts import Pair, Record, Trace
from mdm.tracing.records import KeptRecord
from mdm.tracing.values import chosen, key_of, parts_of, value_of
from mdm.work.progress import Progress

LINKED: tuple[Kind, ...] = ("family", "household")
NOBODY = "There is no published profile to trace."


@dataclass(frozen=True)
class TraceRequest:
    """What is to be traced: a NIK or an entity id; attributes (none named: all of the profile).

    `kind`: with a NIK, the person's family or household instead; not named, it is the first of the
    three that has the attributes.
    `evidence`: make the pairs' evidence and the standardised records again, which takes seconds.
    `whole_records`: show all columns of the records, not only those behind the attributes.
    """

    nik: str | None = None
    entity_id: str | None = None
    attributes: Sequence[str] = ()
    kind: Kind | None = None
    as_of: datetime | None = None
    evidence: bool = True
    whole_records: bool = False


@dataclass(frozen=True)
class Target:
    """Whom a request is about: found, opened, not yet traced."""

    asked: str
    opened: Opened
    explanation: Explanation
    run: Run
    as_of: datetime | None = None


def find(hub: Hub, session: Session, request: TraceRequest) -> Target:
    """Find whom a request is about, as of its moment. InputError when there is nobody."""
    run = moments.run_then(session, request.as_of)
    asked = _asked(hub, session, request, run.seq)
    found = _open(hub, session, asked, run)
    if found is None:
        raise InputError(NOBODY, "Check the number or id, and the moment.")
    found = replace(found, asked=asked, as_of=request.as_of)
    target = _meant(hub, session, found, request)
    _check_attributes(target.explanation, request.attributes)
    return target


def _meant(hub: Hub, session: Session, found: Target, request: TraceRequest) -> Target:
    """What was found, or the family or household of it that is asked for or has the attributes."""
    named = (request.kind,) if request.kind else ()
    for kind in named or (found.opened.kind, *LINKED):
        target: Target | None = found
        if kind != found.opened.kind:
            linked = found.explanation.links.get(kind)
            target = _open(hub, session, linked, found.run) if linked else None
        if target is not None and (named or _names(target.explanation) >= set(request.attributes)):
            return replace(target, asked=found.asked, as_of=found.as_of)
    if named:
        raise InputError(f"The profile has no {request.kind}.", "Name another kind, or none.")
    return found


def _open(hub: Hub, session: Session, asked: str, run: Run) -> Target | None:
    trail = moments.led_to(session, asked, run.seq)
    opened = open_profiles(hub, session, trail, run.seq)
    entity_id = next((one for one in reversed(trail) if one in opened), None)
    if entity_id is None:
        held = session.get(Entity, trail[-1])
        into = held.merged_into if held else None
        return _open(hub, session, into, run) if into and into not in trail else None
    found = opened[entity_id]
    rules = rules_of_its_day(session, entity_id, found.version)
    return Target(asked, found, explain(found.content, rules), run)


def region_of(hub: Hub, session: Session, target: Target) -> str | None:
    """Today's Kemendagri code of where the entity is, as its profile, its household's or its
    family's says; no dots. As the desk has it."""
    beside = (target.explanation.links.get(kind) for kind in ("household", "family"))
    others = [_open(hub, session, one, target.run) for one in beside if one]
    for name in ("domicile", "card_address"):
        for one in (target, *others):
            for choice in one.explanation.choices if one is not None else ():
                if choice.attribute == name and choice.value and choice.value.get("region_today"):
                    return str(choice.value["region_today"]).replace(".", "")
    return None


def trace(hub: Hub, target: Target, request: TraceRequest, progress: Progress) -> Trace:
    """Trace what was found. Writes nothing."""
    kind = cast(Kind, target.opened.kind)
    run, entity_id = target.run, target.opened.entity_id
    choices = chosen(target.explanation.choices, request.attributes)
    with progress.task("read the entity's records"):
        standing = records.standing(hub, run, kind, entity_id)
        standing += _not_linked(standing, target.explanation.records)
        records.date_them(standing, target.explanation.records)
        records.land_again(hub, standing)
        nodes = pairs.nodes_of(hub, run, kind, standing)
    with hub.sessions.read() as session, progress.task("read its judgements"):
        rules = pairs.rules_then(session, run, kind)
        judged = pairs.judged(hub, run, rules, nodes)
        judged = pairs.name_others(hub, run, kind, judged)
        said = pairs.human_words(hub, session, run, kind, [one.key for one in standing])
        batches = records.deliveries(session, {r.batch for r in standing if r.batch is not None})
        then = moments.told(hub, session, run)
        events = moments.history(session, entity_id, run.seq)
    parts = sorted({part for choice in choices for part in parts_of(choice)})
    tidy: list[dict[str, Any] | None] = [None] * len(standing)
    if request.evidence:
        engine = hub.engine()
        try:
            again = pairs.Again(hub, engine, run, progress)
            found = again.evidence(rules, list(judged))
            tidy = again.standardised(kind, standing, None if request.whole_records else parts)
            judged = {rids: _with(pair, found.get(rids)) for rids, pair in judged.items()}
        finally:
            engine.close()
    places = {record.key: at for at, record in enumerate(standing)}
    return Trace(
        asked=target.asked,
        entity_id=entity_id,
        kind=kind,
        as_of=request.as_of,
        run=then,
        version=target.opened.version,
        sealed_by=target.opened.run_seq,
        status=target.explanation.status,
        status_sentence=target.explanation.status_sentence,
        values=tuple(value_of(choice, places) for choice in choices),
        records=tuple(
            _record(hub, one, parts, standardised, request.whole_records)
            for one, standardised in zip(standing, tidy, strict=True)
        ),
        deliveries=batches,
        pairs=tuple(judged.values()),
        judgements=said,
        history=events,
        links=dict(target.explanation.links),
        regions=target.explanation.regions,
    )


def traced(
    hub: Hub, request: TraceRequest, progress: Progress, *, actor: str, purpose: str, **said: Any
) -> Trace:
    """Find, write the act to the audit log and commit, then trace. AccessError without a purpose."""
    must_be_purpose(purpose)
    with hub.sessions.read() as session:
        target = find(hub, session, request)
    write_down(hub, target, request, actor=actor, purpose=purpose, **said)
    return trace(hub, target, request, progress)


def write_down(
    hub: Hub, target: Target, request: TraceRequest, *, actor: str, purpose: str, **said: Any
) -> None:
    """The act in the audit log, committed before anything leaves."""
    choices = chosen(target.explanation.choices, request.attributes)
    with hub.sessions.begin() as session:
        audit.record(
            session,
            actor,
            "trace",
            purpose=purpose,
            entity_id=target.opened.entity_id,
            run_seq=target.run.seq,
            as_of=request.as_of.isoformat() if request.as_of else None,
            fields={target.opened.kind: [choice.attribute for choice in choices]},
            revealed="whole records" if request.whole_records else None,
            **said,
        )


def _asked(hub: Hub, session: Session, request: TraceRequest, seq: int) -> str:
    if request.entity_id is not None:
        return request.entity_id
    if request.nik is None:
        raise InputError("Nobody is named.", "Name a NIK or an entity id.")
    tokens = tokens_for(hub, request.nik)
    found = carriers(session, tokens, seq)
    ids = [one for token in tokens for one in found.get(token, [])]
    if not ids:
        raise InputError(NOBODY, "Check the number or id, and the moment.")
    return ids[0]


def _names(explanation: Explanation) -> set[str]:
    return {
        name for choice in explanation.choices for name in (choice.attribute, *parts_of(choice))
    }


def _check_attributes(explanation: Explanation, wanted: Sequence[str]) -> None:
    known = _names(explanation)
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise InputError(
            f"The profile has no {', '.join(unknown)}.", f"It has: {', '.join(sorted(known))}."
        )


def _not_linked(
    standing: Sequence[KeptRecord], chosen_from: Sequence[ChosenFrom]
) -> list[KeptRecord]:
    """Records of the profile that the run's links do not name: of a run that kept no links."""
    known = {record.key for record in standing}
    return [
        KeptRecord(-1 - at, key_of(one), one.batch, one.file, one.row, implied=one.row is None)
        for at, one in enumerate(chosen_from)
        if key_of(one) not in known
    ]


def _with(pair: Pair, found: Any) -> Pair:
    return replace(pair, evidence=found.beside(pair.match_weight)) if found else pair


def _record(
    hub: Hub,
    one: KeptRecord,
    parts: Sequence[str],
    standardised: dict[str, Any] | None,
    whole: bool,
) -> Record:
    source, layout, record_key = one.key
    columns = records.columns_behind(hub, one, parts)
    behind = {name for joined in columns.values() for name in joined.split("+")}
    landed = one.landed
    if landed is not None and not whole:
        landed = {name: cell for name, cell in landed.items() if name in behind}
    return Record(
        source=source,
        layout=layout,
        record_key=record_key,
        batch=one.batch,
        file=one.file,
        row=one.row,
        date=one.date,
        implied=one.implied,
        columns=columns,
        landed=landed,
        standardised=standardised,
        findings=tuple(f for f in one.findings if whole or not f.column or f.column in behind),
    )


__all__ = ["Target", "Trace", "TraceRequest", "find", "region_of", "trace", "traced", "write_down"]
