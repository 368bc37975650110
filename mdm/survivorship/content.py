"""The golden content: one canonical JSON text per entity, the same for the same facts.

`{"agreed":{…},"contested":{…},"identity_status":…,"kind":…,"links":{…},"records":[…],
"regions":…,"rules":digest}`: keys sorted, no blanks. `links` alone names other entities; without
it the content depends on the records and the rules only. `regions` is the system and edition of
every `region_today` (law 12). A record is `[source, layout, record_key, batch,
file, row, date]`; records are in the order of source, layout, record key, corrections the later first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matching.engine import Engine
from mdm import arrow
from mdm.errors import CapacityError
from mdm.survivorship import moved
from mdm.survivorship.agreed import Spoken, agreed_sql
from mdm.survivorship.choose import contested_sql, voices_sql
from mdm.survivorship.columns import Column, chunk_sql, columns_of
from mdm.survivorship.links import links_table
from mdm.survivorship.order import turns_sql
from mdm.survivorship.rules import Kind, SurvivorshipRules, load_rules
from mdm.survivorship.status import status_sql
from mdm.survivorship.trust import MAX_RECORDS, left_out_sql, source_no, trust_key

REGIONS = "kemendagri-2025"
CHUNK_RECORDS = 300_000  # records chosen for at once: more would not be quicker
LEAST_RECORDS = 20_000
FEW_RECORDS = 2_000  # up to so many planning costs more than the work
# Bytes for each record: while it is at work, and of text that it leaves (measured at 300 k and 1 M, with a third more).
AT_WORK, LEFT = 3_000, 600


def canonical(body: Mapping[str, Any]) -> str:
    """A content that was read, as the text that it is kept as."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True)
class _Plan:
    """What is the same for every chunk of one kind."""

    kind: str
    records: str
    rules: SurvivorshipRules
    columns: Sequence[Column]
    sources: Sequence[str]
    spoken: Spoken | None = None  # None where records are few

    @property
    def body(self) -> Kind:
        return self.rules.kind(self.kind)

    @property
    def registry_no(self) -> int:
        """The registry's source number, -1 if it delivered nothing."""
        return (
            self.sources.index(self.rules.registry) if self.rules.registry in self.sources else -1
        )


def chunk_records(engine: Engine, kinds: Sequence[str]) -> int:
    """How many records of each kind to choose for at once: fewer where little memory is left."""
    records = sum(int(engine.scalar(f"SELECT count(*) FROM {kind}_links")) for kind in kinds)
    room = engine.room() - LEFT * records
    return max(LEAST_RECORDS, min(CHUNK_RECORDS, room // AT_WORK))


def survive(
    engine: Engine,
    kind: str,
    rules: SurvivorshipRules | None = None,
    chunk: int = CHUNK_RECORDS,
    *,
    few: int = FEW_RECORDS,
) -> int:
    """Make `<kind>_golden` (entity_id, content, niks, region, status) from the standardised records and
    links; the region is that of the entity's own domicile (see `fill_regions` for the rest), the status that of its
    identity.

    `niks` are the numbers they are found by, the chosen one first: a person's valid NIKs, a family's valid
    KKs, none of a household. Returns the
    number of entities. Memberships go into `links` if their tables stand (see mdm/survivorship/members.py).
    `chunk`: how many records are chosen for at once; `few`: up to how many all their attributes are put in order,
    which plans sooner and works more slowly than comparing them first. The result is the same for any.
    """
    rules = rules or load_rules()
    records = moved.records(engine, kind)
    columns = columns_of(rules, kind, moved=moved.told(engine, kind))
    count = int(engine.scalar(f"SELECT count(*) FROM {kind}_links"))
    sources, spoken = _spoken(engine, records, columns if count > few else ())
    plan = _Plan(kind, records, rules, columns, sources, spoken if count > few else None)
    chunks = count // chunk + 1
    _number(engine, plan, chunks)
    links_table(engine, kind)
    engine.run(
        f"CREATE OR REPLACE TABLE {kind}_golden "
        "(entity_id VARCHAR, content VARCHAR, niks VARCHAR[], region VARCHAR, status VARCHAR)"
    )
    for number in range(chunks if plan.sources else 0):
        _choose(engine, plan, number)
    engine.drop(*(f"{kind}_survive_{step}" for step in ("keys", "entities", "links")))
    return int(engine.scalar(f"SELECT count(*) FROM {kind}_golden"))


def _spoken(engine: Engine, records: str, columns: Sequence[Column]) -> tuple[list[str], Spoken]:
    """The sources in order, and which of them deliver an attribute at all: the others need not be asked."""
    said = ["source", *(f"bool_or({c.said_sql()})" for c in columns)]
    found = engine.fetch(f"SELECT {', '.join(said)} FROM {records} GROUP BY source ORDER BY source")
    sources, *speaking = arrow.columns_of(found)
    return sources, {
        c.number: [n for n, speaks in enumerate(one) if speaks]
        for c, one in zip(columns, speaking, strict=True)
    }


def _number(engine: Engine, plan: _Plan, chunks: int) -> None:
    """Number entities and the records inside them; give each record its chunk and its trust keys.

    With one record of each source at most, a record's place is how many sources stand before its
    own; only the entities with `many` have to be sorted for it, or all where they are few.
    """
    kind, rules = plan.kind, plan.rules
    records = f"""
        SELECT s.rid, l.entity_id, s.source, s.layout, s."row", s.record_key, s.value_date,
               {source_no("s.source", plan.sources)} AS source_no,
               {left_out_sql(engine, f"{kind}_standardised")} AS left_out
        FROM {kind}_standardised s JOIN {kind}_links l USING (rid)
    """
    engine.table(
        f"{kind}_survive_entities",
        f"""
        SELECT entity_id, min(rid) AS entity_no, bit_or(1::BIGINT << source_no) AS said_by,
               count(*) > bit_count(said_by) AS many, max(value_date) AS newest
        FROM ({records}) GROUP BY entity_id
        """,
    )
    keys = ", ".join(
        trust_key(rules.trust[name], plan.sources, "turn_no", "newest", rules) + f" AS key_{name}"
        for name in sorted({c.trust for c in plan.columns})
    )
    one_each = "bit_count(said_by & ((1::BIGINT << source_no) - 1))"
    sorted_in = f"row_number() OVER (PARTITION BY entity_no ORDER BY source_no, {turns_sql()})"
    turned = f"SELECT *, {sorted_in} - 1 AS turn_no FROM known"
    if plan.spoken is not None:
        turned += f""" WHERE many
              UNION ALL SELECT *, {one_each}::BIGINT AS turn_no FROM known WHERE NOT many"""
    engine.table(
        f"{kind}_survive_keys",
        f"""
        WITH known AS (SELECT * FROM ({records}) JOIN {kind}_survive_entities USING (entity_id))
        SELECT rid, entity_no, entity_no % {chunks} AS chunk_no, turn_no, many, source_no, left_out AS away, {keys}
        FROM ({turned})
        """,
    )
    if (engine.scalar(f"SELECT max(turn_no) FROM {kind}_survive_keys") or 0) >= MAX_RECORDS:
        raise CapacityError(
            f"One {kind} has more than {MAX_RECORDS} records.",
            "Records of many were linked into one; check the linkage model.",
        )


def _choose(engine: Engine, plan: _Plan, chunk: int) -> None:
    """Choose for one chunk of entities and add their profiles to the golden table.

    One statement, so that what lies between its steps is never written as a table.
    """
    kind, body, columns = plan.kind, plan.body, plan.columns
    count = len(plan.sources)
    engine.run(
        f"""
        INSERT INTO {kind}_golden
        WITH chunk AS MATERIALIZED ({chunk_sql(kind, plan.records, body, columns, chunk)}),
             agreed AS MATERIALIZED ({agreed_sql("chunk", body, columns, count, plan.spoken)}),
             voices AS ({voices_sql("chunk", "agreed", columns)}),
             contested AS ({contested_sql("voices", body, columns, count)}),
             status AS ({status_sql("chunk", body, columns, plan.registry_no)})
        SELECT e.entity_id,
               concat('{{"agreed":{{', coalesce(a.agreed, c.agreed), '}},"contested":{{', c.contested,
                      '}},"identity_status":"', coalesce(s.status, 'unverified'),
                      '","kind":"{kind}","links":{{', l.links, '}},"records":[', a.records,
                      '],"regions":"{REGIONS}","rules":"{plan.rules.digest}"}}'),
               coalesce(a.found_by, c.found_by, []),
               coalesce(a.region, c.region),
               coalesce(s.status, 'unverified')
        FROM agreed a
        JOIN {kind}_survive_entities e USING (entity_no)
        LEFT JOIN status s USING (entity_no)
        LEFT JOIN contested c USING (entity_no)
        LEFT JOIN {kind}_survive_links l USING (entity_no)
        """
    )
