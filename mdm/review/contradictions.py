"""Contradictions: an answer beside the judgements that stand. Found before anything is written.

A contradiction is a way of links from one record to another, and a word that the two are apart: A is
B, B is C, A is not C. The way may lead through records outside the task.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from mdm.errors import ConflictError
from mdm.judgements import Pair, RecordRef
from mdm.questions.groups import Groups
from mdm.review.partitions import Partition
from mdm.review.words import LINK, NON_LINK, Word, pair_of


@dataclass(frozen=True)
class Step:
    """One link on the way: a standing word, or (None) the answer's own."""

    left: RecordRef = field(repr=False)
    right: RecordRef = field(repr=False)
    word: Word | None


@dataclass(frozen=True)
class Contradiction:
    """Two records that links join (`way`) and a word keeps apart: `against` a standing one, or None
    when it is the answer that says so."""

    left: RecordRef = field(repr=False)
    right: RecordRef = field(repr=False)
    way: tuple[Step, ...]
    against: Word | None

    @property
    def words(self) -> tuple[Word, ...]:
        """The standing words that the answer contradicts together."""
        way = tuple(step.word for step in self.way if step.word)
        return way if self.against is None else (*way, self.against)


class ContradictedError(ConflictError):
    """An answer contradicts what stands: the steward overrules, or steps back."""

    def __init__(self, found: Sequence[Contradiction]) -> None:
        super().__init__(
            "This answer contradicts judgements that stand.",
            "Overrule them with a reason, or answer otherwise.",
        )
        self.found = tuple(found)


def contradictions(said: Partition, standing: Iterable[Word]) -> list[Contradiction]:
    """Every contradiction between an answer and the words that stand, shortest ways."""
    words = list(standing)
    edges = _edges(said, words)
    joined: Groups[RecordRef] = Groups()
    for near in edges.values():
        for step in near:
            joined.join(step.left, step.right)
    found = []
    for word in words:
        if word.judgement == NON_LINK and joined.find(word.pair[0]) == joined.find(word.pair[1]):
            way = _way(edges, {word.pair[0]}, {word.pair[1]})
            if any(step.word is None for step in way):
                found.append(Contradiction(*word.pair, way, word))
    for one, other in combinations(said.groups, 2):
        if joined.find(one[0]) == joined.find(other[0]):
            way = _way(edges, set(one), set(other))
            found.append(Contradiction(way[0].left, way[-1].right, way, None))
    return found


def overruled(said: Partition, standing: Iterable[Word]) -> list[Word]:
    """The words that must be taken back so that nothing contradicts the answer."""
    words = list(standing)
    gone: list[Word] = []
    place = {ref: at for at, group in enumerate(said.groups) for ref in group}
    while found := contradictions(said, words):
        for one in found:
            if one.against is not None:
                gone.append(one.against)
            else:
                gone += [
                    step.word
                    for step in one.way
                    if step.word is not None and not _inside(place, step)
                ]
        ids = {word.id for word in gone}
        words = [word for word in words if word.id not in ids]
    return list({word.id: word for word in gone}.values())


def _inside(place: Mapping[RecordRef, int], step: Step) -> bool:
    left, right = place.get(step.left), place.get(step.right)
    return left is not None and left == right


def _edges(said: Partition, words: Iterable[Word]) -> dict[RecordRef, list[Step]]:
    """Record → links from it: those that stand, then the answer's own (every two of a group)."""
    edges: dict[RecordRef, list[Step]] = {}

    def add(pair: Pair, word: Word | None) -> None:
        left, right = pair
        edges.setdefault(left, []).append(Step(left, right, word))
        edges.setdefault(right, []).append(Step(right, left, word))

    known = set()
    for word in words:
        if word.judgement == LINK:
            known.add(word.pair)
            add(word.pair, word)
    for group in said.groups:
        for left, right in combinations(group, 2):
            if pair_of(left, right) not in known:
                add(pair_of(left, right), None)
    return edges


def _way(
    edges: Mapping[RecordRef, Sequence[Step]], start: set[RecordRef], ends: set[RecordRef]
) -> tuple[Step, ...]:
    """A shortest way; there is one."""
    came: dict[RecordRef, Step | None] = dict.fromkeys(sorted(start))
    ahead = deque(came)
    while ahead:
        at = ahead.popleft()
        if at in ends:
            way: list[Step] = []
            while (step := came[at]) is not None:
                way.append(step)
                at = step.left
            return tuple(reversed(way))
        for step in edges.get(at, ()):
            if step.right not in came:
                came[step.right] = step
                ahead.append(step.right)
    raise LookupError("the two are not joined")
