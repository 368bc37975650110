"""Trust as one whole number per record: the order in which records are believed.

A record's key packs, from the highest bits down, so that a plain maximum picks the best record:

| bits | part | meaning |
|---|---|---|
| 19 | trust | weight × 1000 × 2^(−age ÷ half-life), times the share of a record left out, at least 1 |
| 17 | day | days since 1899-12-31, 0 when undated |
| 18 | turn | counts down along source, layout, record key inside the entity (corrections: the later first) |
| 9 | weight | the source's weight undimmed, for saying why |

Whole numbers, because a sum of them does not depend on the order of its terms.
"""

from __future__ import annotations

from collections.abc import Sequence

from matching.engine import Engine
from mdm.survivorship.rules import SurvivorshipRules, Trust
from reference.text import quote

WEIGHT_BITS = 9
TURN_BITS = 18
DAY_BITS = 17
MAX_RECORDS = 2**TURN_BITS
TRUST_SHIFT = WEIGHT_BITS + TURN_BITS + DAY_BITS
POINTS = 1000  # of trust per point of weight


def trust_key(
    trust: Trust,
    sources: Sequence[str],
    turn: str,
    newest: str,
    rules: SurvivorshipRules,
) -> str:
    """SQL (BIGINT): the key of one record, from its columns source_no, value_date, left_out.

    `sources` in order of their number `source_no`; `turn` is SQL for the record's place in its
    entity, from 0; `newest` SQL for the newest date of the entity's records, from which ages are
    counted.
    """
    weight = _by_source(sources, {s: str(trust.of(s).weight) for s in sources})
    age = (
        "CASE WHEN value_date IS NULL THEN "
        f"{rules.undated_age_days} ELSE date_diff('day', value_date, {newest}) END"
    )
    told = {s: _points(trust.of(s).weight, trust.of(s).half_life_days, age) for s in sources}
    points = _by_source(sources, told)
    if rules.left_out:
        points = f"greatest(1, round(({points}) * CASE WHEN left_out THEN {rules.left_out.share} ELSE 1 END))"
    day = (
        "CASE WHEN value_date IS NULL THEN 0 ELSE greatest(1, least(131071, "
        "date_diff('day', DATE '1899-12-31', value_date))) END"
    )
    return (
        f"(({points})::BIGINT << {TRUST_SHIFT}) + (({day})::BIGINT << {WEIGHT_BITS + TURN_BITS})"
        f" + (({MAX_RECORDS - 1} - {turn})::BIGINT << {WEIGHT_BITS}) + ({weight})"
    )


def left_out_sql(engine: Engine, table: str) -> str:
    """SQL: whether a record of a standardised table is left out of its provider's newest whole delivery; false where
    nobody has asked."""
    return "coalesce(s.left_out, false)" if "left_out" in engine.columns(table) else "false"


def source_no(source: str, sources: Sequence[str]) -> str:
    """SQL: the number of a source, its place in `sources`."""
    cases = " ".join(f"WHEN {quote(name)} THEN {n}" for n, name in enumerate(sources))
    return f"CASE {source} {cases} END" if cases else "-1"


def _points(weight: int, half_life_days: int | None, age: str) -> str:
    if half_life_days is None:
        return str(weight * POINTS)
    return f"greatest(1, round({weight * POINTS} * pow(0.5, ({age}) / {half_life_days}.0)))"


def _by_source(sources: Sequence[str], parts: dict[str, str]) -> str:
    if not parts:
        return "0"
    if len(set(parts.values())) == 1:
        return parts[sources[0]]
    cases = " ".join(f"WHEN {n} THEN {parts[s]}" for n, s in enumerate(sources))
    return f"CASE source_no {cases} END"


def trust_of(key: str) -> str:
    """SQL: the trust in a key."""
    return f"({key} >> {TRUST_SHIFT})"


def day_of(key: str) -> str:
    """SQL: the day in a key."""
    return f"(({key} >> {WEIGHT_BITS + TURN_BITS}) & {2**DAY_BITS - 1})"


def turn_of(key: str) -> str:
    """SQL: the record's place in its entity, from 0."""
    return f"({MAX_RECORDS - 1} - (({key} >> {WEIGHT_BITS}) & {MAX_RECORDS - 1}))"


def weight_of(key: str) -> str:
    """SQL: the source's weight in a key."""
    return f"({key} & {2**WEIGHT_BITS - 1})"
