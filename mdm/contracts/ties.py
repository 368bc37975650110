"""Ties: what tells two records of one key apart, a digest of what identifies a row behind its key.

A provider that gives one number to two people, in one delivery or in two, has two records under one key. The record key
of either may carry its tie: `<key>#<tie>`, `<key>#<tie>.2` for the second of those alike in it, too
(mdm/validation/doubles.py, hands.py).
"""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from matching import cleaners
from mdm.contracts.layouts import Layout
from reference.text import identifier

FIGURES = 8
_BEHIND = rf"#([0-9a-f]{{{FIGURES}}})(\.[0-9]+)?"
_SHARED = re.compile(rf"(.+){_BEHIND}")


def tie_columns(layout: Layout) -> list[str]:
    """The columns of the landed dataset that a tie is made of."""
    return [layout.landed_name(column) for column in layout.record_key.digest]


def behind_key(layout: Layout, landed: str) -> str:
    """SQL: a digest of what identifies a row of table `landed` behind its key."""
    columns = [f"{landed}.{identifier(name)}" for name in tie_columns(layout)]
    return cleaners.digest([f"upper({cleaners.tidy(column)})" for column in columns])


def tie(layout: Layout, landed: str) -> str:
    """SQL: the tie of a row of table `landed`."""
    return f"left({behind_key(layout, landed)}, {FIGURES})"


def shared_key(key: str, tie: str) -> str:
    """SQL: the record key that carries a tie."""
    return f"{key} || '#' || {tie}"


def parted(record_key: str) -> tuple[str, str | None, bool]:
    """The key that a record landed with, its tie if its record key carries one, and whether it is the first of those
    alike in both."""
    found = _SHARED.fullmatch(record_key)
    return (found[1], found[2], found[3] is None) if found else (record_key, None, True)


def landed_keys(record_keys: pa.Array[Any]) -> pa.Array[Any]:
    """The keys that records landed with, of a whole column."""
    return pc.replace_substring_regex(record_keys, pattern=f"{_BEHIND}$", replacement="")
