"""Outline: what a trace can say at once, without the lake: values and reasons, losers, the records'
places in their files, deliveries, judgements, the time line, and the events that vouch for it all.

The rest (the rows as they landed, the pairs with their evidence) is the trace's second step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlmodel import Session

from matching.rules import Kind
from mdm import questions
from mdm.compose import Hub
from mdm.survivorship import Explanation
from mdm.tracing import Target, moments, pairs, records
from mdm.tracing.facts import Delivery, HumanWord, RunThen, Value
from mdm.tracing.timeline import Fact, timeline
from mdm.tracing.values import Key, chosen, key_of, value_of
from reference.sentences import Sentence


@dataclass(frozen=True)
class Place:
    """A source record and where it stands; `delivery` is its place in the list of deliveries."""

    source: str
    layout: str
    record_key: str
    file: str | None
    row: int | None
    date: str | None
    delivery: int | None


@dataclass(frozen=True)
class Outline:
    """A golden profile with everything the hub itself knows about how it came to be."""

    target: Target
    run: RunThen
    status: Sentence
    values: tuple[Value, ...]
    records: tuple[Place, ...]
    deliveries: tuple[Delivery, ...]
    judgements: tuple[HumanWord, ...]
    questions: tuple[questions.OpenQuestion, ...]
    timeline: tuple[Fact, ...]

    @property
    def events(self) -> tuple[int, ...]:
        """Numbers of the audit events behind the profile: landed, judged, published, changed."""
        told = [self.run.event, *(one.event for one in self.deliveries)]
        told += [fact.event for fact in self.timeline]
        return tuple(sorted({event for event in told if event is not None}))


def outline(hub: Hub, session: Session, target: Target, attributes: Sequence[str] = ()) -> Outline:
    """The outline of what was found; of some attributes, or all. Writes nothing: who shows it does."""
    told, opened, run = target.explanation, target.opened, target.run
    keys, places = [key_of(record) for record in told.records], places_of(told)
    kind = cast(Kind, opened.kind)
    deliveries = records.deliveries(
        session, {record.batch for record in told.records if record.batch is not None}
    )
    numbers = {delivery.id: at for at, delivery in enumerate(deliveries)}
    return Outline(
        target=target,
        run=moments.told(hub, session, run),
        status=told.status_sentence,
        values=tuple(value_of(choice, places) for choice in chosen(told.choices, attributes)),
        records=tuple(
            Place(
                record.source,
                record.layout,
                record.record_key,
                record.file,
                record.row,
                record.date,
                numbers.get(record.batch or ""),
            )
            for record in told.records
        ),
        deliveries=deliveries,
        judgements=pairs.human_words(hub, session, run, kind, keys),
        questions=tuple(
            questions.of(session, [opened.entity_id], run.seq).get(opened.entity_id, ())
        ),
        timeline=timeline(hub, session, target, keys),
    )


def places_of(told: Explanation) -> dict[Key, int]:
    """A record's key → its place in the list of records."""
    return {key_of(record): at for at, record in enumerate(told.records)}
