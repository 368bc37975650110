"""Dice: random numbers that a seed alone decides, so that anybody can draw the same sample again.

Number i is SHA-256 of `seed:i`. Taken modulo a count, its 256 bits favour no remainder by more than
one part in 2^190.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

SEED_BYTES = 8
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # SplitMix64


def new_seed() -> str:
    """A seed that nobody chose: 16 hex digits behind an `s`, so that it looks like no number."""
    return "s" + secrets.token_hex(SEED_BYTES)


class Dice:
    """The numbers of one seed, in their order."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._thrown = 0

    def below(self, count: int) -> int:
        """The next number from 0 to count - 1."""
        return int.from_bytes(self._next()) % count

    def pivots(self) -> Iterator[str]:
        """Places among entity ids, without end: 32 hex digits each."""
        while True:
            yield self._next()[:16].hex()

    def shuffled(self, ids: Iterable[str]) -> Iterator[str]:
        """Some ids, each at a place that the seed and the id alone decide."""
        return iter(sorted(ids, key=lambda one: sha256(f"{self._seed}:{one}".encode()).digest()))

    def _next(self) -> bytes:
        self._thrown += 1
        return sha256(f"{self._seed}:{self._thrown}".encode()).digest()


def ranks(seed: str, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A random rank for each pair of numbers, decided by the seed and the pair alone: the smallest
    ranks are the sample."""
    begin = np.uint64(int.from_bytes(sha256(seed.encode()).digest()[:8]))
    pairs = (left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64)
    return _mixed(_mixed(pairs ^ begin) + begin)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = values + np.uint64(_MIX[0])
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_MIX[1])
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_MIX[2])
    return mixed ^ (mixed >> np.uint64(31))
