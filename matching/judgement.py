"""Step 6, judge: scored pairs and human judgements → link, review or non-link, each with its reason.

A human judgement outranks the machine. Patterns of agreement that say less than their weight have thresholds of their
own; a guard can lower what the weight says, never raise it; and a question that much stronger links have answered is
not asked.
"""

from __future__ import annotations

from typing import Literal

from matching.engine import Engine
from matching.rules import Guard, LinkageRules, Pattern
from reference.text import quote

_RANK = {"non-link": 0, "review": 1, "link": 2}


def judge(engine: Engine, rules: LinkageRules, human: str | None = None) -> dict[str, int]:
    """Make `<kind>_judged(rid_l, rid_r, match_weight, judgement, reason)`; return pairs per judgement.

    A pair that has no row there is two entities' as far as is known; nothing keeps it apart.
    `human`: a table (rid_l, rid_r, judgement) of standing judgements, rid_l < rid_r. Its pairs are judged even where
    no blocking rule finds them; `machine` and `machine_reason` then say what the machine had judged.
    """
    kind = rules.kind
    lowered = " ".join(
        f"WHEN {holds} THEN '{guard.judgement}'" for guard, holds in _lowering(rules)
    )
    reason = " ".join(f"WHEN {holds} THEN {quote(guard.name)}" for guard, holds in _lowering(rules))
    stricter = " ".join(
        f"WHEN match_weight < {one.link} AND {_holds(rules, one)} THEN {quote(one.name)}"
        for one in rules.stricter
        if one.link is not None
    )
    by_weight = (
        f"CASE WHEN weighed = 'link' OR match_weight < {rules.thresholds.link} THEN 'weight' {stricter}"
        " ELSE 'weight' END"
    )
    machine = f"""
        SELECT rid_l, rid_r, match_weight, {rules.overruled.unless if rules.overruled else "true"} AS stays,
               {f"CASE {lowered} ELSE weighed END" if lowered else "weighed"} AS judgement,
               {f"CASE {reason} ELSE {by_weight} END" if reason else by_weight} AS reason
        FROM (SELECT *, CASE WHEN match_weight >= {_at(rules, "link")} THEN 'link' ELSE 'review' END AS weighed
              FROM (SELECT s.*{_sides(rules)} FROM {kind}_scored s
                    JOIN {kind}_linkable l ON l.rid = s.rid_l JOIN {kind}_linkable r ON r.rid = s.rid_r
                    WHERE match_weight >= {rules.thresholds.review})
              WHERE match_weight >= {_at(rules, "review")})
        """
    machine = _without_overruled(machine, rules.overruled.bits if rules.overruled else None)
    if human:
        machine = f"""
            SELECT coalesce(m.rid_l, h.rid_l) AS rid_l, coalesce(m.rid_r, h.rid_r) AS rid_r, m.match_weight,
                   coalesce(h.judgement, m.judgement) AS judgement,
                   CASE WHEN h.judgement IS NULL THEN m.reason ELSE 'human' END AS reason,
                   m.judgement AS machine, m.reason AS machine_reason
            FROM ({machine}) m FULL JOIN {human} h ON h.rid_l = m.rid_l AND h.rid_r = m.rid_r
            """
    engine.table(f"{kind}_judged", machine)
    rows = engine.fetch(
        f"SELECT judgement, count(*) AS pairs FROM {kind}_judged GROUP BY judgement"
    ).to_pylist()
    return {row["judgement"]: row["pairs"] for row in rows}


def _without_overruled(machine: str, bits: float | None) -> str:
    """SQL: judged pairs without the questions that much stronger links have answered."""
    if bits is None:
        return f"SELECT * EXCLUDE (stays) FROM ({machine})"
    return f"""
        WITH machine AS MATERIALIZED ({machine}), held AS (
            SELECT rid, max(match_weight) AS match_weight
            FROM (SELECT unnest([rid_l, rid_r]) AS rid, match_weight FROM machine WHERE judgement = 'link') GROUP BY rid
        )
        SELECT m.* EXCLUDE (stays) FROM machine m
        LEFT JOIN held l ON l.rid = m.rid_l LEFT JOIN held r ON r.rid = m.rid_r
        WHERE m.judgement <> 'review' OR coalesce(m.stays, false) OR l.rid IS NULL OR r.rid IS NULL
           OR least(l.match_weight, r.match_weight) < m.match_weight + {bits}
        """


def _lowering(rules: LinkageRules) -> list[tuple[Guard, str]]:
    """The guards, the strictest first, each with SQL: whether it lowers a pair's judgement."""
    ordered = sorted(rules.guards, key=lambda guard: _RANK[guard.judgement])
    return [
        (guard, f"{_lowers(guard.judgement)} AND ({_holds(rules, guard)})") for guard in ordered
    ]


def _at(rules: LinkageRules, judgement: Literal["link", "review"]) -> str:
    """SQL: the match weight from which a pair gets this judgement."""
    least: float = getattr(rules.thresholds, judgement)
    own = [
        f"CASE WHEN {_holds(rules, one)} THEN {wanted} ELSE {least} END"
        for one in rules.stricter
        if (wanted := getattr(one, judgement)) is not None
    ]
    return f"greatest({', '.join([str(least), *own])})"


def _holds(rules: LinkageRules, one: Pattern) -> str:
    """A pattern as SQL over a scored pair and its two records."""
    sql = " AND ".join([_found(rules, one.when), f"({one.sql})"])
    return f"{sql} AND NOT ({_found(rules, one.unless)})" if one.unless else sql


def _found(rules: LinkageRules, levels: dict[str, list[str]]) -> str:
    return " AND ".join(
        f"gamma_{comparison} IN ({', '.join(str(rules.gamma(comparison, name)) for name in names)})"
        for comparison, names in levels.items()
    )


def _lowers(judgement: str) -> str:
    above = [name for name, rank in _RANK.items() if rank > _RANK[judgement]]
    return "weighed IN (" + ", ".join(f"'{name}'" for name in above) + ")"


def _sides(rules: LinkageRules) -> str:
    if not (rules.patterns or rules.overruled):
        return ""
    return "".join(f", l.{c} AS {c}_l, r.{c} AS {c}_r" for c in rules.columns)
