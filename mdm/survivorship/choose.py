"""Choosing: the SQL that puts the contested values of an entity in order.

Where all records that speak give one valid value there is nothing to choose, which is seen before (agreed.py) or,
where records are few, here. The attributes that count as contested are turned into rows, one per value, and put in
order. Values become JSON entries:

- agreed:    `"name":[value, record, agreeing sources]`
- contested: `"name":[value, record, agreeing sources, [[value, record, agreeing sources, reason],
  …]]`, losers from the nearest to the farthest; a winner that is not valid is followed by `false`

`record` is the place in the content's list of records of the most trusted record of the value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mdm.survivorship.columns import Column
from mdm.survivorship.order import in_order, place_sql
from mdm.survivorship.regions import DOMICILE, region_sql
from mdm.survivorship.rules import Kind
from mdm.survivorship.trust import day_of, trust_of, turn_of, weight_of

# Candidates are ordered by three numbers. `first` packs valid, informs, score (24 bits) and fine
# (1 bit), `second` the own voices and the length, `key` is that of the best record.
CANDIDATE = ("first", "second", "key", "agree")
SCORE_BITS, INFORMS_BITS, LENGTH_BITS = 24, 32, 31


def voices_sql(chunk: str, masks: str, columns: Sequence[Column]) -> str:
    """SQL: one row per record and contested attribute it speaks on.

    Columns: entity_no, attribute_no, value (JSON text), key, source_no, valid, informs,
    meaning, fine, fuller.
    """
    informs = {c.number: c.informs for c in columns if c.informs != "0"}
    coarse = [c for c in columns if c.coarse]
    fuller = {c.number: f"length({c.value})" for c in columns if c.fuller_wins_ties}
    return f"""
        SELECT entity_no, attribute_no::UTINYINT AS attribute_no,
               {_of_attribute({c.number: c.json(c.value) for c in columns})} AS value,
               {_of_attribute({c.number: c.key for c in columns})} AS key,
               source_no, ((invalid >> attribute_no) & 1) = 0 AS valid,
               coalesce({_of_attribute(informs, "0")}::INTEGER, 0) AS informs,
               {_of_attribute({c.number: c.meaning_sql() for c in coarse})}::VARCHAR AS meaning,
               {_of_attribute({c.number: c.fine_sql() for c in coarse}, "1")} AS fine,
               {_of_attribute(fuller, "0")}::INTEGER AS fuller
        FROM {chunk} JOIN (
            SELECT entity_no, unnest([n FOR n IN range({len(columns)}) IF (contested >> n) & 1 = 1]) AS attribute_no
            FROM {masks} WHERE contested <> 0) USING (entity_no)
        WHERE (present >> attribute_no) & 1 = 1
    """


def _of_attribute(parts: Mapping[int, str], other: str = "NULL") -> str:
    """SQL: what stands in `parts` for the attribute of this number, else `other`."""
    numbers: dict[str, list[str]] = {}
    for number, part in parts.items():
        numbers.setdefault(part, []).append(str(number))
    cases = [
        f"WHEN attribute_no IN ({', '.join(own)}) THEN {part}" for part, own in numbers.items()
    ]
    return f"CASE {' '.join(cases)} ELSE {other} END" if cases else other


def contested_sql(voices: str, body: Kind, columns: Sequence[Column], source_count: int) -> str:
    """SQL: per entity the contested entries (text), in attribute order, and those of which all records say the same.

    Columns: entity_no, contested, agreed, found_by (the valid lookup values, the chosen one first), region
    (of the chosen domicile).
    """
    number = {c.name: c.number for c in columns}
    best = ", ".join(f"max(key) FILTER (source_no = {s}) AS b{s}" for s in range(source_count))
    own = " + ".join(f"coalesce({trust_of(f'b{s}')}, 0)" for s in range(source_count))
    score = " + ".join(
        f"coalesce({trust_of(f'coalesce(m{s}, b{s})')}, 0)" for s in range(source_count)
    )
    shared = ", ".join(f"max(b{s}) AS m{s}" for s in range(source_count))
    agree = " + ".join(f"(b{s} IS NOT NULL)::INTEGER" for s in range(source_count))
    top = ", ".join(f"first_value({part}) OVER best AS top_{part}" for part in CANDIDATE)
    names = ", ".join(f"'{c.name}'" for c in columns)
    lesser = _of_attribute({c.number: f"'{c.attribute.lesser}'" for c in columns})
    invalid = _of_attribute({c.number: f"'{c.invalid_for}'" for c in columns})
    entry = f"""concat(chr(48 + attribute_no), {place_sql("place")},
        CASE WHEN place = 1 THEN concat(',"', [{names}][attribute_no + 1], '":[')
             WHEN place = 2 THEN '[' ELSE ',[' END,
        value, ',', {turn_of("key")}, ',', agree,
        CASE WHEN alone THEN ']' WHEN place = 1 THEN ',[' ELSE concat(',"',
            {_reason(lesser, invalid)}, '"]') END,
        CASE WHEN alone OR place < places THEN '' WHEN {_valid("top_first")} THEN ']]'
             ELSE '],false]' END)"""
    looked_up = f"attribute_no = {number.get(body.lookup or '', -1)} AND {_valid('first')}"
    lives = f"attribute_no = {number.get(DOMICILE, -1)} AND place = 1"
    return f"""
        WITH candidates AS (
            SELECT entity_no, attribute_no, value, max(key) AS key, bool_or(valid) AS valid, bool_and(valid) AS sure,
                   max(informs) AS informs, max(fuller) AS fuller,
                   any_value(meaning) AS meaning, max(fine) AS fine, {best}
            FROM {voices} GROUP BY entity_no, attribute_no, value
        ), meanings AS (
            SELECT entity_no, attribute_no, meaning, {shared} FROM candidates
            WHERE meaning IS NOT NULL GROUP BY entity_no, attribute_no, meaning
        ), scored AS (
            SELECT entity_no, attribute_no, value, c.key, sure, {agree} AS agree,
                   (((((valid::BIGINT << {INFORMS_BITS}) + informs + {1 << INFORMS_BITS - 1})
                      << {SCORE_BITS}) + {score}) << 1) + fine AS first,
                   (({own})::BIGINT << {LENGTH_BITS}) + fuller AS second
            FROM candidates c LEFT JOIN meanings m USING (entity_no, attribute_no, meaning)
        ), ranked AS (
            SELECT entity_no, attribute_no, value, {", ".join(CANDIDATE)}, {top},
                   row_number() OVER best AS place,
                   count(*) OVER (PARTITION BY entity_no, attribute_no) AS places,
                   sure AND places = 1 AS alone
            FROM scored
            WINDOW best AS (PARTITION BY entity_no, attribute_no
                ORDER BY first DESC, second DESC, key DESC)
        )
        SELECT entity_no, {_text("NOT alone")} AS contested, {_text("alone")} AS agreed,
               {in_order("list(wanted) FILTER (wanted IS NOT NULL)")} AS found_by,
               any_value(region) AS region
        FROM (SELECT entity_no, alone, {entry} AS entry,
                     CASE WHEN {looked_up}
                          THEN concat('-', {place_sql("place")}, trim(value, '"')) END AS wanted,
                     CASE WHEN {lives} THEN {region_sql("value")} END AS region FROM ranked)
        GROUP BY entity_no
    """


def _text(which: str) -> str:
    """SQL: the text of some of an entity's entries, without the comma before it."""
    return f"substr(array_to_string({in_order(f'list(entry) FILTER ({which})')}, ''), 2)"


def _valid(first: str) -> str:
    return f"({first} >> {INFORMS_BITS + SCORE_BITS + 1}) = 1"


def _informs(first: str) -> str:
    return f"(({first} >> {SCORE_BITS + 1}) & {2**INFORMS_BITS - 1})"


def _score(first: str) -> str:
    return f"(({first} >> 1) & {2**SCORE_BITS - 1})"


def _reason(lesser: str, invalid: str) -> str:
    """SQL: why a candidate lost to the top one, the first question that told them apart."""
    finer = f"first < top_first AND {_score('first')} = {_score('top_first')}"
    return f"""CASE
        WHEN {_valid("top_first")} AND NOT {_valid("first")} THEN {invalid}
        WHEN {_informs("first")} < {_informs("top_first")} THEN {lesser}
        WHEN {finer} THEN 'less_informative'
        WHEN first < top_first OR (second >> {LENGTH_BITS}) < (top_second >> {LENGTH_BITS}) THEN CASE
            WHEN agree < top_agree AND {trust_of("key")} >= {trust_of("top_key")}
                THEN 'less_agreement'
            WHEN {weight_of("key")} < {weight_of("top_key")} THEN 'lower_priority'
            WHEN {day_of("key")} < {day_of("top_key")} THEN 'older'
            WHEN agree < top_agree THEN 'less_agreement'
            ELSE 'lower_priority' END
        WHEN second < top_second THEN 'less_complete'
        WHEN {trust_of("key")} < {trust_of("top_key")} THEN 'lower_priority'
        WHEN {day_of("key")} < {day_of("top_key")} THEN 'older'
        ELSE 'order' END"""
