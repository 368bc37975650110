"""Until when a correction holds: what the sources that it overruled have said since.

Only news ends it: another statement than the source made before, dated after the day on which what the correction says
was seen; of what lasts a life only the civil registry has any. An emptied field, and other words for the same wrong
value, are no statement. Where, without the correction, a value that it overruled would outweigh the news, it holds on:
what was found wrong does not come back by itself. Wherever it holds although a source has changed what it says,
somebody is asked.

Every landed version is in the typed tables of the run, so all of it is asked of them in SQL: a function of what landed
and what was approved.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from matching.engine import Engine
from matching.rules import load_standardise
from mdm.contracts import Layout
from mdm.contracts.accepted import COLUMNS
from mdm.corrections import rows
from mdm.corrections.document import AttributeRule, Corrected, load_rules
from mdm.corrections.rows import CONFIRMED, OVERTAKEN, QUESTIONED, Added
from mdm.survivorship import load_rules as load_survivorship
from mdm.validation.versions import records_sql
from reference.addresses import token_table
from reference.text import quote

_HEARD = ("record_key", "attribute", "source", "layout", "heard_key", "batch")
#: How a column is read, by the sign before its value: a code, a text, an address, a telephone number.
CODE, TEXT, ADDRESS, PHONE = "=", "~", "@", "#"
_SIGNS = {"address": ADDRESS, "hamlet": ADDRESS, "phone": PHONE} | dict.fromkeys(
    ("name", "mother_name", "father_name", "head_name", "birth_place", "occupation_text", "disability"), TEXT
)  # fmt: skip
_MOMENT = "{0}.delivered_on::VARCHAR || ' ' || {0}.delivery"


@dataclass(frozen=True)
class Typed:
    """The typed table of one layout in a run: every version of its rows that landed."""

    source: str
    layout: Layout
    table: str


def turns(engine: Engine, typed: Sequence[Typed], added: Sequence[Added]) -> list[dict[str, Any]]:
    """What the sources that were overruled have said since: one line per record and attribute at most.

    `overtaken`: one has news that outweighs what else was overruled; `questioned`: one says another thing than before,
    and that ends nothing; `confirmed`: one came to say what the correction says, and none of them another thing.
    """
    heard = [
        (one.part.key, attribute, *version)
        for one in added
        for attribute in one.part.attributes
        for version in one.part.heard
    ]
    if not heard:
        return []
    columns = list(zip(*heard, strict=True))
    table = {name: pa.array(columns[at], pa.string()) for at, name in enumerate(_HEARD)}
    engine.register("heard", pa.table({**table, "row": pa.array(columns[-1], pa.int32())}))
    for kind in rows.KINDS:
        own = [one for one in added if one.part.kind == kind]
        rows.register(engine, f"{kind}_meant", kind, own, ())
    names = {(one.part.kind, attribute) for one in added for attribute in one.part.attributes}
    asked = [
        sql for one in typed if _keep_heard(engine, one) for sql in _versions(engine, one, names)
    ]
    found = engine.fetch(_turns(" UNION ALL ".join(asked))).to_pylist() if asked else []
    engine.drop("heard", *(f"{kind}_meant" for kind in rows.KINDS))
    engine.drop(*(f"{one.table}_heard" for one in typed))
    about = {one.part.key: one for one in added}
    return [
        {
            "correction": about[one["record_key"]].correction,
            "record_key": one["record_key"],
            "entity_id": about[one["record_key"]].part.entity_id or "",
            "attribute": one["attribute"],
            "turn": one["turn"],
            "source": one["source"],
            "on_day": str(one["on_day"]),
        }
        for one in found
    ]


def may_speak(only: str, source: str) -> bool:
    """Whether a condition of the survivorship document lets a source speak of an attribute at all. One that asks for
    more than the source lets all speak: what it asks of a row is asked of each value."""
    of_source = re.fullmatch(r"\s*source\s*(=|<>)\s*'(\w+)'\s*", only)
    return of_source is None or (of_source[2] == source) == (of_source[1] == "=")


def _keep_heard(engine: Engine, typed: Typed) -> int:
    """Make table `<typed>_heard` with all versions of the records that were heard, out of very many; how many rows."""
    if typed.layout.kind not in rows.KINDS:
        return 0
    own = f"h.source = '{typed.source}' AND h.layout = '{typed.layout.name}'"
    return engine.table(
        f"{typed.table}_heard",
        f"""
        WITH rows AS ({records_sql(engine, typed.table)})
        SELECT * FROM rows WHERE accepted AND record IN (
            SELECT record FROM rows
            JOIN (SELECT DISTINCT batch, "row" FROM heard h WHERE {own}) USING (batch, "row"))
        """,
    )


def _versions(engine: Engine, typed: Typed, names: Collection[tuple[str, str]]) -> list[str]:
    """SQL per attribute of `names` that a layout speaks of."""
    kind = typed.layout.kind
    assert kind in rows.KINDS
    held = set(engine.columns(typed.table))
    body = load_survivorship().kind(kind)
    return [
        _of_attribute(typed, kind, name, rule, held)
        for name, rule in load_rules().attributes[kind].items()
        if (kind, name) in names
        and held.intersection(load_rules().columns(kind, name, remarks=False))
        and may_speak(body.attributes[name].only, typed.source)
    ]


def _of_attribute(
    typed: Typed, kind: Corrected, attribute: str, rule: AttributeRule, held: set[str]
) -> str:
    """SQL: the version of each record that was heard and all later ones, with what they say of one attribute, what the
    correction says of it, and how loud the source is.

    A version is a row of the same record (mdm/validation/versions.py), under whatever key it stands now: another's row
    under the key that was heard is none.
    """
    document = load_survivorship()
    columns = load_rules().columns(kind, attribute, remarks=False)
    ruled = document.kind(kind).attributes[attribute]
    trusted = document.trust[
        "membership" if (kind, attribute) == ("person", "kk") else document.rules[ruled.rule].trust
    ].of(typed.source)
    owner = typed.source == document.registry
    said = [_sign(c, f"v.{c}") if c in held else "NULL" for c in columns]
    meant = [_sign(c, f"meant.{c}") if c in held else "NULL" for c in columns]
    if rule.within in held:  # of the card that the correction names it is no other word
        speaks = " OR ".join(f"v.{c} IS NOT NULL" for c in columns if c in held)
        within = f"v.{rule.within} IS DISTINCT FROM meant.{rule.within}"
        said.append(
            f"CASE WHEN ({speaks}) AND {within} THEN {_sign(rule.within or '', f'v.{rule.within}')} END"
        )
    rows_ = f"{typed.table}_heard"
    missing = [f"NULL::{t} AS {n}" for n, t in COLUMNS[kind].items() if n not in held]
    valid = ruled.valid.replace("{value}", columns[0])
    return f"""
        SELECT h.record_key, h.attribute, h.source, h.layout, h.heard_key,
               {_MOMENT.format("v")} AS moment, v.delivered_on, v.value_date, meant.value_date AS seen,
               CASE WHEN v.valid THEN [{", ".join(said)}] ELSE []::VARCHAR[] END AS said,
               [{", ".join(meant)}]::VARCHAR[] AS meant, {trusted.weight} AS weight,
               {trusted.half_life_days or "NULL"}::INTEGER AS half_life, {owner or not rule.lasting} AS may_end
        FROM heard h
        JOIN {rows_} then_ ON then_.batch = h.batch AND then_."row" = h."row"
        JOIN (SELECT *, coalesce({valid}, false) AS valid
              FROM (SELECT {", ".join(["*", *missing])} FROM {rows_})) v
             ON v.record = then_.record
             AND (v.id = then_.id OR {_MOMENT.format("v")} > {_MOMENT.format("then_")})
        JOIN {kind}_meant meant ON meant.record_key = h.record_key
        WHERE h.source = '{typed.source}' AND h.layout = '{typed.layout.name}' AND h.attribute = '{attribute}'
        """


def _sign(column: str, value: str) -> str:
    """SQL: a value as text, behind the sign that says how it is read."""
    return f"'{_SIGNS.get(column, CODE)}' || {value}::VARCHAR"


def _turns(versions: str) -> str:
    """SQL: from all versions to one line per record and attribute that had a turn."""
    most = max(
        len(load_rules().columns(kind, name)) + 1
        for kind in rows.KINDS
        for name in load_rules().attributes[kind]
    )
    # What a version leaves empty it has not taken back: each part stands until another is said.
    parts = ", ".join(f"last_value(said[{n}] IGNORE NULLS) OVER so_far" for n in range(1, most + 1))
    record = "record_key, attribute, source, layout, heard_key"
    age = f"coalesce(date_diff('day', value_date, newest), {load_survivorship().undated_age_days})"
    return f"""
        WITH folded AS (
            SELECT * REPLACE ({_folded("said")} AS said, {_folded("meant")} AS meant),
                   coalesce(value_date, delivered_on) AS day FROM ({versions})
        ), standing AS (
            SELECT * REPLACE ([{parts}] AS said), len(said) > 0 AND list_any_value(said) IS NOT NULL AS speaks
            FROM folded WINDOW so_far AS (PARTITION BY {record} ORDER BY moment)
        ), compared AS (
            SELECT *, lag(said) OVER so_far AS before FROM standing
            WINDOW so_far AS (PARTITION BY {record} ORDER BY moment)
        ), numbered AS (
            SELECT *, sum(CASE WHEN before IS NULL THEN 0
                               WHEN list_any_value(before) IS NULL THEN (list_any_value(said) IS NOT NULL)::INTEGER
                               ELSE ({_unlike("before", "said")})::INTEGER END) OVER so_far AS n,
                   first_value(said) OVER so_far AS heard FROM compared
            WINDOW so_far AS (PARTITION BY {record} ORDER BY moment)
        ), said_now AS (
            SELECT {record}, seen, meant, weight, half_life, may_end, heard, said, speaks, value_date, n,
                   max(day) OVER same_word AS day, min(delivered_on) OVER same_word AS on_day
            FROM numbered
            WINDOW same_word AS (PARTITION BY {record}, n)
            QUALIFY row_number() OVER (PARTITION BY {record} ORDER BY moment DESC) = 1
        ), judged AS (
            SELECT *, {_same("said")} AS same, {_same("said")} AND NOT {_same("heard")} AS confirms,
                   n > 0 AND NOT {_same("said")} AND speaks AND (day > seen OR {_unlike("heard", "said")}) AS changed,
                   may_end AND day > seen AS is_news,
                   max(value_date) OVER (PARTITION BY record_key, attribute) AS newest
            FROM said_now
        ), voiced AS (
            SELECT *, CASE WHEN NOT speaks THEN 0 WHEN half_life IS NULL THEN weight
                      ELSE weight * pow(0.5, {age} / half_life) END AS voice FROM judged
        ), loudest AS (
            SELECT record_key, attribute, source, on_day, said, is_news FROM voiced WHERE changed
            QUALIFY row_number() OVER (PARTITION BY record_key, attribute
                    ORDER BY is_news DESC, voice DESC, on_day, source) = 1
        ), weighed AS (
            SELECT record_key, attribute, sum(voice) FILTER (agrees) AS with_it,
                   coalesce(sum(voice) FILTER (NOT agrees), 0) AS against_it FROM (
                SELECT record_key, attribute, v.source, max(voice) AS voice,
                       NOT ({_unlike("v.said", "l.said")}) AS agrees
                FROM voiced v JOIN loudest l USING (record_key, attribute) GROUP BY ALL)
            GROUP BY ALL
        )
        SELECT record_key, attribute, source, on_day,
               CASE WHEN is_news AND with_it > against_it THEN '{OVERTAKEN}' ELSE '{QUESTIONED}' END AS turn
        FROM loudest JOIN weighed USING (record_key, attribute)
        UNION ALL
        SELECT record_key, attribute, source, on_day, '{CONFIRMED}' AS turn FROM voiced
        ANTI JOIN loudest USING (record_key, attribute) WHERE confirms
        QUALIFY row_number() OVER (PARTITION BY record_key, attribute ORDER BY on_day, source) = 1
        """


def _same(said: str) -> str:
    """SQL: whether a statement says all that the correction says, in any words."""
    differs = f"lambda i: meant[i] IS NOT NULL AND {said}[i] IS DISTINCT FROM meant[i]"
    return f"(list_any_value(meant) IS NOT NULL AND len(list_filter(range(1, len(meant) + 1), {differs})) = 0)"


def _unlike(one: str, other: str) -> str:
    """SQL: whether two statements differ in a part that both speak of, by more than a slip of the pen."""
    a, b = f"{one}[i]", f"{other}[i]"
    text = f"left({a}, 1) IN ('{TEXT}', '{ADDRESS}')"
    # Short words and those with a digit tell one place from another: they are no slips.
    marks = (
        "list_filter(string_split({0}, ' '), lambda w: length(w) < 3 OR regexp_matches(w, '[0-9]'))"
    )
    short = f"least(length({a}), length({b}))"
    slips = f"CASE WHEN {short} < 5 THEN 0 WHEN {short} < 9 THEN 1 ELSE 2 END"
    near = (
        f"{text} AND {marks.format(a)} = {marks.format(b)} AND "
        f"damerau_levenshtein(replace({a}, ' ', ''), replace({b}, ' ', '')) <= {slips}"
    )
    differ = f"{a} IS NOT NULL AND {b} IS NOT NULL AND {a} <> {b} AND NOT ({near})"
    return f"len(list_filter(range(1, len({one}) + 1), lambda i: {differ})) > 0"


def _folded(said: str) -> str:
    """SQL: the parts of a statement without what only their spelling says."""
    words = "regexp_extract_all(upper(one[2:]), '[A-Z0-9]+')"
    tokens = token_table().to_pydict()
    opened = {
        token: canonical
        for token, canonical in sorted(
            zip(tokens["token"], tokens["canonical"], strict=True), key=str, reverse=True
        )
        if canonical
    }
    silent = {t for t, c in zip(tokens["token"], tokens["canonical"], strict=True) if not c}
    silent.update(load_standardise().address_words_without_meaning)
    names = f"MAP {{{', '.join(f'{quote(t)}: {quote(c)}' for t, c in opened.items())}}}"
    each = f"regexp_replace(coalesce({names}[w], w), '^0+([0-9])', '\\1')"
    address = (
        f"list_filter(list_transform({words}, lambda w: {each}), "
        f"lambda w: w NOT IN ({', '.join(map(quote, sorted(silent)))}))"
    )
    phone = r"regexp_replace(regexp_replace(one[2:], '[^0-9]', '', 'g'), '^(62|0)+', '')"
    return f"""list_transform({said}, lambda one: CASE left(one, 1)
        WHEN '{ADDRESS}' THEN '{ADDRESS}' || array_to_string({address}, ' ')
        WHEN '{TEXT}' THEN '{TEXT}' || array_to_string({words}, ' ')
        WHEN '{PHONE}' THEN '{PHONE}' || {phone}
        ELSE one END)"""
