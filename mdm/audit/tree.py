"""Proofs in an RFC 9162 Merkle tree, from any source of node hashes. Pure functions.

`Nodes` is asked for full subtrees only: `nodes(level, index)` is the hash over the leaves
`index * 2**level` to `(index + 1) * 2**level - 1`. How proofs are checked: verifier.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from mdm.audit.verifier import leaf_hash, node_hash

Nodes = Callable[[int, int], bytes]

__all__ = [
    "Nodes",
    "consistency",
    "fold",
    "inclusion",
    "leaf_hash",
    "node_hash",
    "nodes_of",
    "root",
]


def root(nodes: Nodes, size: int) -> bytes:
    """The root hash over the first `size` leaves, of which there is at least one."""
    return _span(nodes, 0, size)


def inclusion(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """The path from leaf `index` to the root of the first `size` leaves (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _power_below(end - start)
        if index < middle:
            path.append(_span(nodes, middle, end))
            end = middle
        else:
            path.append(_span(nodes, start, middle))
            start = middle
    return path[::-1]


def consistency(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """What proves that `new` leaves begin with the `old` ones (RFC 9162, 2.1.4.1)."""
    if not 0 <= old <= new:
        raise ValueError("a log does not shrink")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end = 0, new
    while old != end:
        middle = start + _power_below(end - start)
        if old <= middle:
            path.append(_span(nodes, middle, end))
            end = middle
        else:
            path.append(_span(nodes, start, middle))
            start = middle
    if start:
        path.append(_span(nodes, start, end))
    return path[::-1]


def fold(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """All levels above neighbouring hashes, these first; an odd one at the end goes up as it is."""
    levels = [list(hashes)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        levels.append(above + below[len(above) * 2 :])
    return levels


def nodes_of(leaves: Sequence[bytes]) -> Nodes:
    """Node hashes of leaves held in memory."""
    levels = fold(leaves)
    return lambda level, index: levels[level][index]


def _span(nodes: Nodes, start: int, end: int) -> bytes:
    """The hash over leaves start to end - 1, where `start` begins a subtree at least as large."""
    full: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        full.append(nodes(level, start >> level))
        start += 1 << level
    found = full.pop()
    while full:
        found = node_hash(full.pop(), found)
    return found


def _power_below(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)
