"""An answer to a task: its records parted into persons, and those one cannot say anything of.

Pure. What it says becomes the fewest judgements that say it: links that span each group, and one
non-link between every two groups. Rows of one provider stay apart unless they are linked to each
other (see `exclusive` in the linkage rules): those of one group are linked every two. Clustered again
with these, the records fall into exactly these groups, whatever the machine thinks of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from mdm.errors import InputError
from mdm.judgements import Pair, RecordRef
from mdm.questions.groups import Groups
from mdm.review.terms import DIFFERENT, SAME, SPLIT, UNSURE
from mdm.review.words import LINK, NON_LINK, Word, pair_of

Statement = tuple[Pair, str]  # a pair, and link or non-link


@dataclass(frozen=True)
class Partition:
    """Groups of records that are one person each, in a fixed order; `unsure`: left as they are."""

    groups: tuple[tuple[RecordRef, ...], ...] = field(repr=False)
    unsure: tuple[RecordRef, ...] = field(default=(), repr=False)

    @property
    def records(self) -> frozenset[RecordRef]:
        """Every record it speaks of."""
        return frozenset(ref for group in (*self.groups, self.unsure) for ref in group)

    @property
    def largest(self) -> int:
        """Records in the largest group."""
        return max(map(len, self.groups), default=0)


def part(
    groups: Iterable[Iterable[RecordRef]],
    unsure: Iterable[RecordRef] = (),
    *,
    of: Collection[RecordRef],
) -> Partition:
    """The partition of the records `of` a task; InputError unless each stands in one place."""
    listed = [tuple(sorted(set(group))) for group in groups]
    left = tuple(sorted(set(unsure)))
    placed = [ref for group in (*listed, left) for ref in group]
    if len(placed) != len(set(placed)) or set(placed) != set(of):
        raise InputError(
            "The answer does not place every record once.", "Open the task again, and answer it."
        )
    return Partition(tuple(sorted(group for group in listed if group)), left)


def different(
    entities: Mapping[RecordRef, str], links: Iterable[tuple[RecordRef, RecordRef, float | None]]
) -> list[list[RecordRef]]:
    """The groups of who says no more than "different": the entities as they are. Where all records lie in one, the two
    parts that its weakest link joins; None is a human's link, the strongest. Records that no link joins stand alone."""
    if len(set(entities.values())) > 1:
        by_entity: dict[str, list[RecordRef]] = {}
        for ref, entity in sorted(entities.items()):
            by_entity.setdefault(entity, []).append(ref)
        return list(by_entity.values())
    joined: Groups[RecordRef] = Groups()
    for ref in sorted(entities):
        joined.find(ref)
    strongest = sorted(links, key=lambda link: (link[2] is not None, -(link[2] or 0.0), link[:2]))
    parts = len(entities)
    for left, right, _ in strongest:
        if parts > 2:
            parts -= joined.join(left, right)
    return joined.sets()


def outcome_of(said: Partition, entities: Mapping[RecordRef, str]) -> str:
    """What an answer comes to: same (all one person), different (as the entities are now), split
    (otherwise), unsure (nothing said)."""
    if not said.groups:
        return UNSURE
    if len(said.groups) == 1 and not said.unsure:
        now = {entities[ref] for ref in said.groups[0]}
        return SAME if len(now) > 1 or len(entities) > 1 else DIFFERENT
    now_groups: dict[str, set[RecordRef]] = {}
    for ref in said.records:
        now_groups.setdefault(entities[ref], set()).add(ref)
    as_now = {frozenset(group) for group in now_groups.values()}
    return DIFFERENT if not said.unsure and set(map(frozenset, said.groups)) == as_now else SPLIT


def statements(
    said: Partition,
    standing: Iterable[Word] = (),
    passing: Collection[RecordRef] = (),
) -> list[Statement]:
    """The fewest judgements that say it, beside those that stand already and say a part of it. `passing`: records that
    may be gone tomorrow, such as families that only their members tell of: words are said of others where there are
    any, else of each of them."""
    words = list(standing)
    found: list[Statement] = []
    linked = {word.pair for word in words if word.judgement == LINK}
    for group in said.groups:
        first = _speakers(group, passing)[0]
        joined: Groups[RecordRef] = Groups()
        for pair in combinations(group, 2):
            if pair in linked:
                joined.join(*pair)
            elif pair[0].source == pair[1].source:
                joined.join(*pair)
                found.append((pair, LINK))
        for ref in group:
            if ref != first and joined.join(first, ref):
                found.append((pair_of(first, ref), LINK))
    apart = {word.pair for word in words if word.judgement == NON_LINK}
    for one, other in combinations(said.groups, 2):
        for mine, theirs in product(_speakers(one, passing), _speakers(other, passing)):
            near, far = _lasting(mine, one, passing), _lasting(theirs, other, passing)
            if not any(pair_of(a, b) in apart for a, b in product(near, far)):
                found.append((pair_of(mine, theirs), NON_LINK))
    return found


def _speakers(group: Sequence[RecordRef], passing: Collection[RecordRef]) -> list[RecordRef]:
    """The records of a group of which its words are said: the first that lasts, else all."""
    return [ref for ref in group if ref not in passing][:1] or list(group)


def _lasting(
    speaker: RecordRef, group: Sequence[RecordRef], passing: Collection[RecordRef]
) -> list[RecordRef]:
    """The records of a group of which a word said before does as well."""
    return [speaker] if speaker in passing else [ref for ref in group if ref not in passing]
