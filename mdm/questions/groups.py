"""Disjoint sets that grow together: who hangs together with whom. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Groups(Generic[T]):
    """Disjoint sets that grow together."""

    def __init__(self) -> None:
        self._root: dict[T, T] = {}

    def find(self, one: T) -> T:
        """The one that stands for the set of `one`."""
        root = self._root.setdefault(one, one)
        while root != (above := self._root[root]):
            self._root[root] = root = self._root[above]
        self._root[one] = root
        return root

    def join(self, left: T, right: T) -> bool:
        """Make the sets of both one; False when they were."""
        a, b = self.find(left), self.find(right)
        if a == b:
            return False
        self._root[b] = a
        return True

    def sets(self) -> list[list[T]]:
        """The sets, their members in the order in which they were named."""
        found: dict[T, list[T]] = defaultdict(list)
        for one in list(self._root):
            found[self.find(one)].append(one)
        return list(found.values())


def connected(edges: Iterable[tuple[T, T]]) -> list[list[T]]:
    """The connected groups; an edge from a node to itself names it alone."""
    groups: Groups[T] = Groups()
    for left, right in edges:
        groups.join(left, right)
    return groups.sets()
