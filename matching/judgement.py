"""Step 6, judge: scored pairs and human judgements → link, review or non-link, each with its reason.

A human judgement outranks the machine. A guard can lower what the weight says, never raise it.
"""

from __future__ import annotations

from matching.engine import Engine
from matching.rules import Guard, LinkageRules
from reference.text import quote

_RANK = {"non-link": 0, "review": 1, "link": 2}


def judge(engine: Engine, rules: LinkageRules, human: str | None = None) -> dict[str, int]:
    """Make `<kind>_judged(rid_l, rid_r, match_weight, judgement, reason)`; return pairs per judgement.

    `human`: a table (rid_l, rid_r, judgement) of standing judgements, rid_l < rid_r. Its pairs are judged even where
    no blocking rule finds them; `machine` and `machine_reason` then say what the machine had judged.
    """
    kind = rules.kind
    weighed = (
        f"CASE WHEN match_weight >= {rules.thresholds.link} THEN 'link'"
        f" WHEN match_weight >= {rules.thresholds.review} THEN 'review' ELSE 'non-link' END"
    )
    guards = sorted(rules.guards, key=lambda guard: _RANK[guard.judgement])
    lowered = " ".join(
        f"WHEN {_lowers(guard.judgement)} AND ({_holds(rules, guard)}) THEN '{guard.judgement}'"
        for guard in guards
    )
    reason = " ".join(
        f"WHEN {_lowers(guard.judgement)} AND ({_holds(rules, guard)}) THEN {quote(guard.name)}"
        for guard in guards
    )
    machine = f"""
        SELECT rid_l, rid_r, match_weight,
               {f"CASE {lowered} ELSE weighed END" if guards else "weighed"} AS judgement,
               {f"CASE {reason} ELSE 'weight' END" if guards else "'weight'"} AS reason
        FROM (SELECT s.*, {weighed} AS weighed{_sides(rules)} FROM {kind}_scored s
              JOIN {kind}_linkable l ON l.rid = s.rid_l JOIN {kind}_linkable r ON r.rid = s.rid_r
              WHERE match_weight >= {rules.thresholds.review})
        """
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


def _holds(rules: LinkageRules, guard: Guard) -> str:
    """The guard as SQL over a scored pair and its two records."""
    sql = " AND ".join([_found(rules, guard.when), f"({guard.sql})"])
    return f"{sql} AND NOT ({_found(rules, guard.unless)})" if guard.unless else sql


def _found(rules: LinkageRules, levels: dict[str, list[str]]) -> str:
    return " AND ".join(
        f"gamma_{comparison} IN ({', '.join(str(rules.gamma(comparison, name)) for name in names)})"
        for comparison, names in levels.items()
    )


def _lowers(judgement: str) -> str:
    above = [name for name, rank in _RANK.items() if rank > _RANK[judgement]]
    return "weighed IN (" + ", ".join(f"'{name}'" for name in above) + ")"


def _sides(rules: LinkageRules) -> str:
    if not rules.guards:
        return ""
    return "".join(f", l.{c} AS {c}_l, r.{c} AS {c}_r" for c in rules.columns)
