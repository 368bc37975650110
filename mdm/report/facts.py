"""What the page shows: plain data, no drawing. Everything here may be published, except `Example`.

An `Example` shows one cluster and one golden profile in plain text. It exists only for homes filled
with synthetic people; the page of a real home has none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from matching.evaluation import Evaluation
from matching.rules import Kind
from reference.sentences import Sentence


@dataclass(frozen=True)
class StageCount:
    """How many rows stood after one step of one kind of entity."""

    kind: str
    stage: str
    rows: int


@dataclass(frozen=True)
class RuleCount:
    """How often a rule of the contract or of quality spoke."""

    rule: str
    severity: str  # warning, quarantine
    rows: int


@dataclass(frozen=True)
class LevelWeight:
    """What one degree of agreement says: bits (log2 odds) for or against a link."""

    kind: str
    comparison: str
    level: str
    bits: float


@dataclass(frozen=True)
class Seconds:
    """Time of one stage of the path."""

    stage: str
    seconds: float


@dataclass(frozen=True)
class ClusterSize:
    """How many clusters have so many source records."""

    kind: str
    records: int
    clusters: int


@dataclass(frozen=True)
class Step:
    """One bar of the waterfall: what a comparison found, and what it weighs in bits."""

    comparison: str
    finding: str
    bits: float


@dataclass(frozen=True)
class RecordLine:
    """One source record of the example cluster, as typed."""

    source: str
    place: Sentence  # file and row
    values: dict[str, Sentence]


@dataclass(frozen=True)
class Loser:
    """A value that was not chosen, and why."""

    value: Sentence
    source: Sentence
    date: str
    reason: Sentence


@dataclass(frozen=True)
class ChosenValue:
    """One attribute of the golden profile with its reasons."""

    attribute: str
    label: Sentence
    value: Sentence
    source: Sentence
    date: str
    rule: Sentence
    agreeing: int
    losers: tuple[Loser, ...] = ()


@dataclass(frozen=True)
class Example:
    """One cluster explained, and the golden profile that came out of it. Synthetic people only."""

    records: tuple[RecordLine, ...]
    pair: tuple[Sentence, Sentence]  # the two records that the waterfall compares
    steps: tuple[Step, ...]
    values: tuple[ChosenValue, ...]
    identity_status: str


@dataclass(frozen=True)
class Facts:
    """All that one page says."""

    made: datetime
    run: str
    model: str
    synthetic: bool
    stages: tuple[StageCount, ...]
    findings: tuple[RuleCount, ...] = ()
    weights: tuple[LevelWeight, ...] = ()
    seconds: tuple[Seconds, ...] = ()
    sizes: tuple[ClusterSize, ...] = ()
    quality: dict[Kind, Evaluation] = field(default_factory=dict)  # by kind
    example: Example | None = None

    def __post_init__(self) -> None:
        if self.example is not None and not self.synthetic:
            raise ValueError("an example is shown only for synthetic people")
