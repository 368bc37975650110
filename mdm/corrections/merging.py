"""Merging: two profiles that are said to be one become one, with all their records; and what became of that.

A link between one record of each would not do: rows of one provider stay apart unless they are linked to each other,
and what the machine keeps apart, it would part from them again. So what a human says of two profiles is written as an
answer of the review that says *the same* of all their records (mdm/review/partitions.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from mdm.compose import Hub
from mdm.corrections.terms import SOURCE, Merge, Proposal
from mdm.desk.people import open_following
from mdm.desk.terms import Profile
from mdm.hub.columns import now
from mdm.hub.runs import PUBLISHED, of_published, published_run, published_seq, whole_run
from mdm.hub.tables import Correction, EntityEvent, Judgement, Run
from mdm.judgements import Pair, RecordRef
from mdm.review.partitions import part, statements
from mdm.review.words import LINK, NON_LINK, Word, pair_of, words_of

#: `JOINED`: one profile; `PARTLY`: records of theirs stand elsewhere; `PARTED`: a later word takes it back;
#: `KEPT_APART`: it stands, and so does another word.
JOINED, PARTLY, PARTED, KEPT_APART = "joined", "partly", "parted", "kept-apart"
WAITING, NEXT = "waiting", "next-run"
SAID_APART = "said-apart"  # a check
AT_ONCE = timedelta(minutes=10)  # by then a small run has come, or none will: it reaches too far
_FOLLOWED = 4  # splits after one another


@dataclass(frozen=True)
class Merged:
    """What became of an approved merge. `profiles`: the entities in which the two stand now; `by`, `at`: who took it
    back, and when."""

    outcome: str
    profiles: tuple[str, ...]
    by: str | None = None
    at: datetime | None = None


def links(hub: Hub, session: Session, merge: Merge) -> list[Pair]:
    """The links that make one of two profiles as they stand now, beside those that people said before; what people
    said otherwise of their records, as the chain was told, they take the place of."""
    standing, refs = _standing(hub, session, merge)
    first = dict.fromkeys([pair_of(*merge.records), *_apart(standing, refs)])
    said = [Word("", pair, LINK, "", now(), "") for pair in first]
    said += [word for word in standing if word.pair not in first]
    return [*first, *(pair for pair, _ in statements(part([refs], of=refs), said))]


def said_apart(hub: Hub, session: Session, merge: Merge) -> bool:
    """Whether people said before that records of the two are different people's."""
    standing, refs = _standing(hub, session, merge)
    return bool(_apart(standing, refs))


def _standing(hub: Hub, session: Session, merge: Merge) -> tuple[list[Word], set[RecordRef]]:
    """The words of people about the records of both, as these stand now, and the records."""
    found = open_following(hub, session, merge.entities, published_seq(session))
    refs = {RecordRef(*ref) for ref in merge.records}
    refs |= {ref for one in found.values() for ref in _records(one) if ref.source != SOURCE}
    return words_of(hub).about(session, merge.kind, refs), refs


def _apart(standing: Iterable[Word], refs: Collection[RecordRef]) -> list[Pair]:
    return [
        one.pair for one in standing if one.judgement == NON_LINK and set(one.pair) <= set(refs)
    ]


def merged(
    hub: Hub, session: Session, found: Iterable[tuple[Correction, Proposal]]
) -> dict[str, Merged]:
    """Correction id → what became of it, for the merges among them that are approved."""
    merges = {
        row.id: (row, proposal.merge)
        for row, proposal in found
        if row.state == "approved" and proposal.merge is not None
    }
    seen = _Seen(hub, session, {one for _, merge in merges.values() for one in merge.entities})
    return {identity: seen.became(row, merge) for identity, (row, merge) in merges.items()}


class _Seen:
    """What readers see of some entities, and of whatever parted from them since: what a merge brought together does
    not get its own id again when it is parted."""

    def __init__(self, hub: Hub, session: Session, ids: set[str]) -> None:
        self._hub, self._session = hub, session
        self._profiles: dict[str, Profile] = {}
        self._parted: list[tuple[str, str, int]] = []  # from, what parted, in which run
        seq, ahead = published_seq(session), ids
        for _ in range(_FOLLOWED):
            self._profiles |= open_following(hub, session, ahead, seq)
            known = self._profiles.keys() | {one.entity_id for one in self._profiles.values()}
            query = select(EntityEvent.entity_id, EntityEvent.other, EntityEvent.run_seq).where(
                EntityEvent.event == "split",
                EntityEvent.run_seq <= seq,
                of_published(EntityEvent.run_seq),
                col(EntityEvent.entity_id).in_(known),
            )
            self._parted = [(of, other, at) for of, other, at in session.exec(query) if other]
            ahead = {other for _, other, _ in self._parted} - known
            if not ahead:
                break
        self._place = {
            ref: one.entity_id for one in self._profiles.values() for ref in _records(one)
        }

    def became(self, row: Correction, merge: Merge) -> Merged:
        """What became of two, held against the profiles in which the records stand that tie them."""
        stand = [self._place[ref] for ref in merge.records if ref in self._place]
        where = dict.fromkeys([*stand, *self._lead_to(merge.entities)])
        word = words_of(self._hub).last(self._session, merge.kind, pair_of(*merge.records))
        if word is not None and word.judgement != LINK:
            return Merged(PARTED, tuple(where), word.actor, word.at)
        said = self._session.get(Judgement, word.id) if word else None
        if len(stand) == len(merge.records) and len(set(stand)) == 1:
            where |= dict.fromkeys(self._left(list(where), said.seq if said else 0))
            return Merged(JOINED if len(where) == 1 else PARTLY, tuple(where))
        return Merged(self._waits(row, said), tuple(where))

    def _waits(self, row: Correction, said: Judgement | None) -> str:
        whole = whole_run(self._session)
        if said is None or whole is None or (whole.judged or 0) >= said.seq:
            return KEPT_APART
        last, moment = published_run(self._session), row.decided
        if last is None or (last.judged or 0) >= said.seq or moment is None:
            return NEXT
        return WAITING if now() - moment <= AT_ONCE else NEXT

    def _left(self, of: Collection[str], said: int) -> list[str]:
        """What parted from some entities in the run that brought the word, or since."""
        first = self._session.exec(
            select(func.min(Run.seq)).where(Run.status == PUBLISHED, col(Run.judged) >= said)
        ).one()
        since = first if first is not None else 0
        return self._lead_to(
            other for entity, other, at in self._parted if entity in of and at >= since
        )

    def _lead_to(self, ids: Iterable[str]) -> list[str]:
        return [self._profiles[one].entity_id for one in ids if one in self._profiles]


def _records(profile: Profile) -> list[RecordRef]:
    records: list[list[Any]] = profile.body["records"]
    return [RecordRef(*one[:3]) for one in records]
