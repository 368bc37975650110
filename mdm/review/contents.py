"""The content of an answer, sealed beside its codes: groups, note, evidence, what was before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from mdm.compose import Hub
from mdm.hub.tables import JudgementKey, ReviewAnswer
from mdm.judgements import Pair, RecordRef, unwrap_key, wrap_key
from mdm.review.partitions import Partition
from mdm.seal import Place, new_key, seal, unseal


@dataclass(frozen=True)
class Content:
    """The sealed part of an answer. `entities`: record → entity as it was shown; `evidence`: what was
    shown of pairs (places in the order of records, weight, reason); `opened`: attributes revealed;
    `before`: pairs it judged with the word that stood before, None for none."""

    partition: Partition = field(repr=False)
    entities: Mapping[RecordRef, str] = field(repr=False)
    note: str | None = field(default=None, repr=False)
    evidence: Sequence[Any] = field(default=(), repr=False)
    overrules: bool = False
    before: Sequence[tuple[Pair, str | None]] = field(default=(), repr=False)


def keep(hub: Hub, session: Session, answer: ReviewAnswer, content: Content) -> None:
    """Seal the content into the answer, under a key of its own that erasure can take away."""
    domain, key = hub.keys.domain("profile"), new_key()
    answer.sealed = seal(key, _place(answer.id), json.dumps(_plain(content)).encode())
    wrapped = wrap_key(domain, answer.id, key)
    session.merge(JudgementKey(id=answer.id, key_id=domain.version, wrapped=wrapped))


def opened(hub: Hub, session: Session, answer: ReviewAnswer) -> Content | None:
    """The content of an answer; None when its records were erased."""
    held = session.get(JudgementKey, answer.id)
    return _open(hub, answer, held) if held is not None else None


def every(hub: Hub, session: Session) -> Iterator[tuple[ReviewAnswer, Content]]:
    """Every answer that still opens."""
    query = select(ReviewAnswer, JudgementKey).join(
        JudgementKey, col(JudgementKey.id) == col(ReviewAnswer.id)
    )
    for answer, held in session.exec(query).all():
        content = _open(hub, answer, held)
        if content is not None:
            yield answer, content


def _open(hub: Hub, answer: ReviewAnswer, held: JudgementKey) -> Content | None:
    if answer.sealed is None:
        return None
    key = unwrap_key(hub.keys.domain("profile", held.key_id), answer.id, held.wrapped)
    return _content(json.loads(unseal(key, _place(answer.id), answer.sealed)))


def _place(identity: str) -> Place:
    return Place("review_answer", "sealed", identity, 0, 0)


def _plain(content: Content) -> dict[str, Any]:
    return {
        "groups": content.partition.groups,
        "unsure": content.partition.unsure,
        "entities": sorted(content.entities.items()),
        "note": content.note,
        "evidence": list(content.evidence),
        "overrules": content.overrules,
        "before": list(content.before),
    }


def _content(plain: Mapping[str, Any]) -> Content:
    groups = tuple(tuple(RecordRef(*ref) for ref in group) for group in plain["groups"])
    unsure = tuple(RecordRef(*ref) for ref in plain["unsure"])
    return Content(
        Partition(groups, unsure),
        {RecordRef(*ref): entity for ref, entity in plain["entities"]},
        plain["note"],
        plain["evidence"],
        plain["overrules"],
        [((RecordRef(*a), RecordRef(*b)), verdict) for (a, b), verdict in plain["before"]],
    )
