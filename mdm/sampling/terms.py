"""The terms of sampling: what is asked for, what was drawn, what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mdm.hub.tables import Sample, SampleItem

EVENTS, VALUES, LINKS = "events", "values", "links"
RIGHT, WRONG, UNCLEAR = "right", "wrong", "unclear"
VERDICTS = (RIGHT, WRONG, UNCLEAR)
MOST = 500  # things in one sample


@dataclass(frozen=True)
class Item:
    """One thing drawn: `ref` names it by ids and numbers that say nothing of anybody."""

    stratum: str
    ref: Mapping[str, Any]


@dataclass(frozen=True)
class Drawn:
    """What a draw came to. `strata`: stratum → how many it stands for, None where nobody counted."""

    items: tuple[Item, ...]
    strata: Mapping[str, int | None]
    run_seq: int | None = None
    log_size: int | None = None


@dataclass(frozen=True)
class Word:
    """An examiner's word on one thing."""

    verdict: str
    note: str | None = field(repr=False)
    actor: str
    at: datetime


@dataclass(frozen=True)
class Share:
    """How many of those examined were wrong, with Wilson's 95 % interval; unclear ones do not count.
    `stands_for`: how many there are of which the sample speaks, where that is known."""

    drawn: int
    examined: int
    right: int
    wrong: int
    unclear: int
    share: float | None
    low: float | None
    high: float | None
    stands_for: int | None = None


@dataclass(frozen=True)
class ExaminedSample:
    """A sample with its things and the last word on each thing drawn, by its number."""

    sample: Sample
    items: tuple[SampleItem, ...]
    words: Mapping[int, Word]
