"""From codes to sentences: the one place that reads golden content back for people.

A profile stores entries as short lists (see choose.py) and records by their place. `explain`
turns them into `Choice` objects for the command line, the report and the service; `values` gives
the bare values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mdm.survivorship.columns import BYGONE, INVALID, RECORD_PARTS
from mdm.survivorship.rules import SurvivorshipRules, load_rules
from reference.attributes import dictionary
from reference.sentences import Sentence

BATCH = RECORD_PARTS.index("batch")
RECORD = 1  # where an entry, and each of its losers, names the record that told it
LOSERS = 3  # where the losers of an entry stand; behind them only that the winner is not valid
MAY_NOT_WIN = (
    INVALID,
    BYGONE,
)  # the reasons of losers that are chosen only where there is nothing else
NOT_KEPT = "?"  # the rule of an attribute that the rule set given does not know
UNSAID = Sentence(
    id="Kumpulan aturan yang tersimpan tidak memuat kalimat untuk keputusan ini.",
    en="The rule set kept has no sentence for this decision.",
)


@dataclass(frozen=True)
class SourceRecord:
    """Where a value comes from. `date` is ISO text, None when undated."""

    source: str
    layout: str
    record_key: str
    batch: str | None
    file: str | None
    row: int | None
    date: str | None


@dataclass(frozen=True)
class Loser:
    """A value that was not chosen: who said it, how many sources, and why it lost."""

    value: Any
    record: SourceRecord
    sources: int
    reason: str
    because: Sentence


@dataclass(frozen=True)
class Choice:
    """One attribute's chosen value and why, with the label people know it by.

    `decided_by` is `unopposed` when no other value was given, otherwise the reason code by which
    the nearest loser lost.
    """

    attribute: str
    label: Sentence
    value: Any
    record: SourceRecord
    sources: int
    valid: bool
    rule: str
    sentence: Sentence
    decided_by: str
    losers: tuple[Loser, ...]

    @property
    def parts(self) -> dict[str, Any]:
        """The attributes this choice fills: itself, or those that travelled together."""
        return dict(self.value) if isinstance(self.value, dict) else {self.attribute: self.value}


@dataclass(frozen=True)
class Explanation:
    """A whole profile, ready to show. `records` are in the order the content numbers them;
    `regions` is the system and edition of its region codes, `rules` the digest of its rule set.
    """

    kind: str
    status: str
    status_sentence: Sentence
    choices: tuple[Choice, ...]
    records: tuple[SourceRecord, ...]
    links: Mapping[str, Any]
    regions: str
    rules: str


def explain(
    content: str | Mapping[str, Any], rules: SurvivorshipRules | None = None
) -> Explanation:
    """Read a golden content (text or parsed) with the rule set it was chosen by.

    With a rule set of another digest the sentences are those of the rule set given; compare
    `Explanation.rules` with its digest to know. What it has no sentence for is explained by
    `UNSAID`, under the rule `NOT_KEPT` where the attribute itself is unknown to it.
    """
    rules = rules or load_rules()
    body = json.loads(content) if isinstance(content, str) else content
    records = tuple(SourceRecord(*record) for record in body["records"])
    entries = {**body["agreed"], **body["contested"]}
    return Explanation(
        kind=body["kind"],
        status=body["identity_status"],
        status_sentence=rules.statuses.get(body["identity_status"], UNSAID),
        choices=tuple(
            _choice(name, entries[name], records, rules, body["kind"]) for name in sorted(entries)
        ),
        records=records,
        links=body["links"],
        regions=body["regions"],
        rules=body["rules"],
    )


def values(content: str | Mapping[str, Any]) -> dict[str, Any]:
    """The chosen values alone, attribute → value, groups as objects."""
    body = json.loads(content) if isinstance(content, str) else content
    entries = {**body["agreed"], **body["contested"]}
    return {name: entries[name][0] for name in sorted(entries)}


def every_value(content: str | Mapping[str, Any], attribute: str) -> list[Any]:
    """The chosen value of an attribute and those that lost to it; empty when nobody spoke."""
    body = json.loads(content) if isinstance(content, str) else content
    entry = body["agreed"].get(attribute) or body["contested"].get(attribute) or []
    return [*entry[:1], *(lost[0] for lost in (entry[3] if len(entry) > 3 else []))]


def is_valid(entry: Sequence[Any]) -> bool:
    """Whether the chosen value of an entry is valid; one that is not is chosen only where none is."""
    return len(entry) <= LOSERS + 1


def valid_values(content: str | Mapping[str, Any], attribute: str) -> list[Any]:
    """The valid values of an attribute, the chosen one first: those that an entity is found by."""
    body = json.loads(content) if isinstance(content, str) else content
    entry = body["agreed"].get(attribute) or body["contested"].get(attribute)
    if not entry or not is_valid(entry):  # then nothing is
        return []
    lost = entry[LOSERS] if len(entry) > LOSERS else []
    return [entry[0], *(value for value, _, _, reason in lost if reason not in MAY_NOT_WIN)]


def facts(content: str | Mapping[str, Any]) -> Any:
    """The content without links and batches: equal for equal facts, whatever ids were drawn."""
    body = json.loads(content) if isinstance(content, str) else content
    said = {name: part for name, part in body.items() if name != "links"}
    # Batch ids are drawn at landing; the record's key, file and row say the same without them.
    return said | {"records": [[*r[:BATCH], *r[BATCH + 1 :]] for r in body["records"]]}


def _ruled(rules: SurvivorshipRules, kind: str, name: str) -> tuple[str, Sentence]:
    """Name and sentence of an attribute's rule, as far as the rule set knows them."""
    body = rules.kinds.get(kind)
    attribute = body.attributes.get(name) if body else None
    return (
        (attribute.rule, rules.rules[attribute.rule].sentence) if attribute else (NOT_KEPT, UNSAID)
    )


def _choice(
    name: str,
    entry: list[Any],
    records: tuple[SourceRecord, ...],
    rules: SurvivorshipRules,
    kind: str,
) -> Choice:
    value, record, sources, *more = entry
    losers = tuple(
        Loser(lost, records[at], agree, reason, rules.reasons.get(reason, UNSAID))
        for lost, at, agree, reason in (more[0] if more else [])
    )
    rule, sentence = _ruled(rules, kind, name)
    return Choice(
        attribute=name,
        label=dictionary().label(kind, name),
        value=value,
        record=records[record],
        sources=sources,
        valid=not (len(more) > 1 and more[1] is False),
        rule=rule,
        sentence=sentence,
        decided_by=losers[0].reason if losers else "unopposed",
        losers=losers,
    )
