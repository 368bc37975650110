"""What a trace says, as plain data: from a golden value back to the row of the file it came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from reference.sentences import Sentence


@dataclass(frozen=True)
class RunThen:
    """The run that readers saw. `rules` is the digest of its rule documents; `rules_today`: whether
    those are still in force."""

    id: str
    seq: int
    published: datetime | None
    rules: str | None
    rules_today: bool
    models: dict[str, str]
    event: int | None  # number of its publish event in the audit log


@dataclass(frozen=True)
class Lost:
    """A value that was not chosen; `record` is its place in the trace's list of records, counted from 0."""

    value: Any
    record: int
    sources: int
    reason: str
    because: Sentence


@dataclass(frozen=True)
class Value:
    """A golden value and why it was chosen; `record` as in Lost."""

    attribute: str
    label: Sentence
    value: Any
    record: int
    sources: int
    valid: bool
    rule: str
    sentence: Sentence
    decided_by: str
    losers: tuple[Lost, ...]


@dataclass(frozen=True)
class Found:
    """What a validation rule had to say about one value of a row."""

    column: str | None
    rule: str
    severity: str
    reason: str


@dataclass(frozen=True)
class Record:
    """A source record of the entity: the row as it landed, and as it was standardised.

    `landed` and `standardised` hold the columns behind the traced attributes, or all of them.
    `implied`: a family that only its members tell of; it has no row. `columns` names the provider's
    columns behind each traced attribute.
    """

    source: str
    layout: str
    record_key: str
    batch: str | None
    file: str | None
    row: int | None
    date: str | None
    implied: bool
    columns: dict[str, str]
    landed: dict[str, str | None] | None
    standardised: dict[str, Any] | None
    findings: tuple[Found, ...]


@dataclass(frozen=True)
class Delivery:
    """The batch a record came in, with its file, checksum and handover record (BAST)."""

    id: str
    source: str
    layout: str
    file: str
    checksum: str
    format: str | None
    landed_at: datetime
    delivered_on: date | None
    agreement: str | None
    handover_on: date | None
    period: str | None
    declared_rows: int | None
    landed: int
    accepted: int | None
    quarantined: int | None
    event: int | None  # number of its land event in the audit log


@dataclass(frozen=True)
class Step:
    """What one comparison found on a pair, and what it weighs in bits."""

    comparison: str
    level: str
    sentence: str
    bits: float


@dataclass(frozen=True)
class Evidence:
    """A pair's evidence, made again: prior and steps add up to the match weight. `exact`: it is the
    weight that the run kept, to the last bit."""

    prior: float
    steps: tuple[Step, ...]
    match_weight: float
    exact: bool


@dataclass(frozen=True)
class Pair:
    """Two records that the run compared; `left` and `right` are places in the list of records, counted
    from 0, None for a record outside the entity (`other` then names its entity).

    `second_probability`: what the second opinion says where it disputes the judgement.
    `passed_over`: a link given up to respect a cannot-link.
    """

    left: int | None
    right: int | None
    other: str | None
    match_weight: float | None
    judgement: str
    reason: str
    sentence: str
    passed_over: bool
    second_probability: float | None
    evidence: Evidence | None


@dataclass(frozen=True)
class HumanWord:
    """A steward's judgement on two records; `in_force`: the run respected it."""

    id: str
    left: int | None
    right: int | None
    judgement: str
    actor: str
    reason: str
    at: datetime
    in_force: bool


@dataclass(frozen=True)
class Happened:
    """What a run did to the entity: keep, merge, split."""

    run_seq: int
    event: str
    other: str | None
    records: int | None


@dataclass(frozen=True)
class Trace:
    """A whole trace. `asked` differs from `entity_id` when a merge leads on."""

    asked: str
    entity_id: str
    kind: str
    as_of: datetime | None
    run: RunThen
    version: int
    sealed_by: int  # run that sealed this version
    status: str
    status_sentence: Sentence
    values: tuple[Value, ...]
    records: tuple[Record, ...]
    deliveries: tuple[Delivery, ...]
    pairs: tuple[Pair, ...]
    judgements: tuple[HumanWord, ...]
    history: tuple[Happened, ...]
    links: dict[str, Any]
    regions: str
