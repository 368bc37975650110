"""Which task goes on as which group of entities: pure, without a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that stands: its id, when it was opened, in which run, about whom."""

    id: str
    opened: datetime
    opened_run: int
    entities: frozenset[str]


@dataclass(frozen=True, slots=True)
class Follow:
    """What becomes of the tasks: group number → the task that goes on as it; group → the oldest
    task it comes from (its age); task → the group that took its place, for those that end."""

    keeps: Mapping[int, OpenTask]
    heirs: Mapping[int, OpenTask]
    ended: Mapping[str, int]


def follow(groups: Sequence[Sequence[str]], tasks: Iterable[OpenTask]) -> Follow:
    """Let every task go on as the group that holds most of its entities, the oldest task first.

    A group that several tasks lead to goes on as the oldest; the others end in it. A group that
    comes of a task that went another way is a new task as old as that one.
    """
    place = {entity: at for at, group in enumerate(groups) for entity in group}
    keeps: dict[int, OpenTask] = {}
    heirs: dict[int, OpenTask] = {}
    ended: dict[str, int] = {}
    for task in sorted(tasks, key=lambda one: (one.opened, one.opened_run, one.id)):
        shares: dict[int, int] = defaultdict(int)
        for entity in sorted(task.entities):
            if entity in place:
                shares[place[entity]] += 1
        for at in shares:
            heirs.setdefault(at, task)
        for at in sorted(shares, key=lambda at: (-shares[at], at)):
            if at not in keeps:
                keeps[at] = task
                break
        else:
            if shares:
                ended[task.id] = max(shares, key=lambda at: (shares[at], -at))
    return Follow(keeps, heirs, ended)
