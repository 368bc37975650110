"""Agreed: the SQL for what all records of an entity say alike, and the mask of what they do not.

An attribute that only one source ever delivers is *solo*: while an entity has one record of that
source, its word is the entity's, and its text is made where the record stands. The other attributes
are *shared*: there the records of an entity have to be compared. Records stand side by side for
that, one of each source, which is much cheaper than grouping them; entities with two records of one
source are grouped. Where records are few, planning all this costs more than the work: nothing is compared, and all
attributes are put in order (choose.py), those on which there is one valid value too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from mdm.survivorship.columns import Column, bit_sql
from mdm.survivorship.order import in_order, place_sql
from mdm.survivorship.regions import DOMICILE, region_sql
from mdm.survivorship.rules import Kind
from mdm.survivorship.trust import turn_of

Spoken = Mapping[int, Sequence[int]]  # attribute number → numbers of the sources that deliver it
SHARED = -1  # instead of the number of the one source that speaks
_TEXTS = f"list(concat('-', {place_sql('turn_no')}, record))"
_RECORDS = f"array_to_string({in_order(_TEXTS)}, ',')"


def agreed_sql(
    chunk: str,
    body: Kind,
    columns: Sequence[Column],
    source_count: int,
    spoken: Spoken | None = None,
) -> str:
    """SQL: per entity the agreed entries (text), the mask of contested attributes, the records.

    Columns: entity_no, agreed, contested, records, found_by (the lookup value, if agreed on),
    region (of the domicile, if agreed on).
    Without `spoken` nothing is compared: whatever is said counts as contested.
    """
    told = [c for c in columns if spoken and spoken[c.number]]
    if not told or spoken is None:
        return f"""
            SELECT entity_no, NULL::VARCHAR AS agreed, bit_or(present) AS contested, {_RECORDS} AS records,
                   NULL::VARCHAR[] AS found_by, NULL::VARCHAR AS region
            FROM {chunk} GROUP BY entity_no
        """
    beside = _beside_sql(f"(FROM {chunk} WHERE NOT many)", body, told, source_count, spoken)
    rests = {c.number: _rest(c.number, source_count) for c in told}
    values = _grouped_sql(f"(FROM {chunk} WHERE many)", told, source_count)
    return f"{beside} UNION ALL BY NAME {_entries_sql(values, body, told, rests)}"


def _entries_sql(
    values: str,
    body: Kind,
    columns: Sequence[Column],
    rests: Mapping[int, str],
    *,
    texts: Mapping[int, str] | None = None,
    doubted: str = "0",
) -> str:
    """SQL: the columns of `agreed_sql` from rows of `values`: entity_no, records and, per column,
    `lo<n>` a value and `x<n>` whether it is contested. `rests` follow the value in its entry.
    `texts` are entries made already, by the number of the attribute they begin with, and `doubted`
    the mask of those that were not made since they may not win.
    """
    entries = {c.number: _entry(c, rests[c.number]) for c in columns} | dict(texts or {})
    mask = " | ".join([doubted, *(bit_sql(f"x{c.number}", c.number) for c in columns)])
    found = [
        f"CASE WHEN {_alike(c)} THEN [lo{c.number}] END" for c in columns if c.name == body.lookup
    ]
    region = [
        f"CASE WHEN NOT x{c.number} THEN {region_sql(f'lo{c.number}')} END"
        for c in columns
        if c.name == DOMICILE
    ]
    ordered = ",\n".join(entries[number] for number in sorted(entries))
    return f"""
        SELECT entity_no, concat_ws(',', {ordered}) AS agreed, {mask} AS contested, records,
               {found[0] if found else "NULL::VARCHAR[]"} AS found_by,
               {region[0] if region else "NULL::VARCHAR"} AS region
        FROM ({values})
    """


def _alike(c: Column) -> str:
    return f"lo{c.number} IS NOT NULL AND NOT x{c.number}"


def _entry(c: Column, rest: str) -> str:
    value = c.json(f"lo{c.number}")
    return f"CASE WHEN {_alike(c)} THEN concat('\"{c.name}\":[', {value}, {rest}) END"


def _rest(n: int, source_count: int) -> str:
    """SQL: what follows the value of attribute n in its entry, after grouping."""
    agree = " + ".join(f"((s{s} >> {n}) & 1)" for s in range(source_count))
    return f"',', {turn_of(f'k{n}')}, ',', {agree}, ']'"


def _beside_sql(
    chunk: str, body: Kind, columns: Sequence[Column], source_count: int, spoken: Spoken
) -> str:
    """SQL: the columns of `agreed_sql` of entities with no more than one record of each source."""

    def speaker(c: Column) -> int:
        # What an entity is found by and where it lives are asked for as values, not as texts.
        solo = len(spoken[c.number]) == 1 and c.name not in (body.lookup, DOMICILE)
        return spoken[c.number][0] if solo else SHARED

    runs = [(source, list(run)) for source, run in groupby(columns, speaker)]
    shared = [c for source, run in runs if source == SHARED for c in run]
    alone = [
        _of_source_sql(
            chunk,
            s,
            [c for c in shared if s in spoken[c.number]],
            [run for source, run in runs if source == s],
        )
        for s in range(source_count)
    ]
    records = " FULL JOIN ".join(
        f"({sql}) r{s}" + (" USING (entity_no)" if s else "") for s, sql in enumerate(alone)
    )
    parts = [part for c in shared for part in _compared(c, spoken[c.number], source_count)]
    texts = {run[0].number: f"t{run[0].number}" for source, run in runs if source != SHARED}
    everyone = range(source_count)
    doubted = " | ".join(f"coalesce(r{s}.doubted, 0)" for s in everyone)
    read = [f"concat_ws(',', {_of(everyone, 'record')}) AS records", f"{doubted} AS doubted"]
    read += [*parts, *texts.values()]
    values = f"SELECT entity_no, {', '.join(read)} FROM {records}"
    rests = {c.number: f"rest{c.number}" for c in shared}
    return _entries_sql(values, body, shared, rests, texts=texts, doubted="doubted")


def _of_source_sql(
    chunk: str, source: int, shared: Sequence[Column], solo: Sequence[Sequence[Column]]
) -> str:
    """SQL: the records of one source: what has to be compared, and for each run of solo attributes
    their entries as one text, but of those that are `doubted` (a mask): they may not win.
    """
    keys = sorted({c.key for c in shared})
    doubted = sum(1 << c.number for run in solo for c in run if c.attribute.in_doubt)
    texts = [f"{_run(run)} AS t{run[0].number}" for run in solo]
    read = ["entity_no", "record", "invalid", f"invalid & {doubted} AS doubted"]
    read += [*keys, *(c.value for c in shared), *texts]
    return f"""
        SELECT {", ".join(read)}
        FROM (SELECT *, concat(',', turn_no, ',1]') AS rest FROM {chunk} WHERE source_no = {source})
    """


def _run(columns: Sequence[Column]) -> str:
    entries = []
    for c in columns:
        valid = "" if not c.attribute.in_doubt else f" AND (invalid & {1 << c.number}) = 0"
        entries.append(
            f"CASE WHEN {c.value} IS NOT NULL{valid}"
            f" THEN concat('\"{c.name}\":[', {c.json(c.value)}, rest) END"
        )
    return entries[0] if len(entries) == 1 else f"nullif(concat_ws(',', {', '.join(entries)}), '')"


def _compared(c: Column, sources: Sequence[int], source_count: int) -> tuple[str, str, str]:
    v, n = c.value, c.number
    differ = [
        f"coalesce({_of(sources[:at], v)}) <> r{sources[at]}.{v}" for at in range(1, len(sources))
    ]
    if c.attribute.in_doubt:
        bad = " | ".join(f"coalesce(r{s}.invalid, 0)" for s in sources)
        differ.append(f"(({bad}) & {1 << n}) <> 0")
    best = ", ".join(f"CASE WHEN r{s}.{v} IS NOT NULL THEN r{s}.{c.key} END" for s in sources)
    agree = " + ".join(f"(r{s}.{v} IS NOT NULL)::INTEGER" for s in sources)
    # All there can be: to look one up is cheaper than to write two numbers into a text.
    rests = ", ".join(
        f"',{turn},{many}]'" for turn in range(source_count) for many in range(source_count + 1)
    )
    place = f"{turn_of(f'greatest({best})')} * {source_count + 1} + {agree} + 1"
    return (
        f"coalesce({_of(sources, v)}) AS lo{n}",
        f"coalesce({' OR '.join(differ) or 'false'}, false) AS x{n}",
        f"[{rests}][{place}] AS rest{n}",
    )


def _of(sources: Iterable[int], column: str) -> str:
    return ", ".join(f"r{s}.{column}" for s in sources)


def _grouped_sql(chunk: str, columns: Sequence[Column], source_count: int) -> str:
    """SQL: the values that `_entries_sql` reads, by grouping the records; instead of `rest<n>` the
    best key `k<n>` behind a value, and `s<n>`, the mask of attributes that source n speaks on.
    """
    sums = [
        f"bit_or(CASE WHEN source_no = {n} THEN present ELSE 0 END) AS s{n}"
        for n in range(source_count)
    ]
    for c in columns:
        v, n = c.value, c.number
        bad = f" OR (bit_or(invalid) & {1 << n}) <> 0" if c.attribute.in_doubt else ""
        sums += [
            f"min({v}) AS lo{n}",
            f"coalesce(min({v}) <> max({v}), false){bad} AS x{n}",
            f"max(CASE WHEN {v} IS NOT NULL THEN {c.key} END) AS k{n}",
        ]
    return f"""
        SELECT entity_no, {_RECORDS} AS records, {", ".join(sums)}
        FROM {chunk} GROUP BY entity_no
    """
