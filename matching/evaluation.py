"""How good the links are, against a truth: pairs, clusters, B-cubed, by group, with intervals.

Nothing here makes pairs. Say the true entity of a record holds `n_true` truth rows, its cluster
holds `n_given` of them, and `n_found` stand in both (itself included). Then the record has

    n_true - 1 true partners, n_given - 1 partners given, n_found - 1 partners given that are true,

and every pairwise figure is a ratio of sums of these over records. Each pair is met twice, once
from each of its records: so a pair belongs to a group as often as its records do (whole for both,
half for one), and the counts of a column's groups add up to the counts of the whole.

A truth row that no link names (quarantined, or never landed) is missing: it finds none of its
partners and is given none, so it lowers recall and leaves precision alone. Links outside the truth
are counted, and otherwise left out.

Intervals are 95 %: Wilson's, on the effective number of pairs that the variance between units leaves
(linearised ratio), because pairs are right or wrong together: what is missed by entity, the unit of
recall; what is given falsely by cluster, the unit of precision; F1 has the wider of the two. Few
mistakes say little about that variance: the fewer units show any, the more counts what it would be if
every unit were right or wrong as a whole (decision 87).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from matching.engine import Engine
from reference.text import identifier

RECORDS = "evaluation_records"
KEY = ("source", "file", "row")
_NO_VALUE = "(none)"
_Z = NormalDist().inv_cdf(0.975)
_TELLING = (
    5  # units with a mistake from which the variance they show counts as much as the cautious one
)
# What is right or wrong as one: of precision and of recall. A missing row stands in no cluster.
_CLUSTER, _ENTITY = "coalesce('c' || cluster, 'e' || entity)", "entity"


def rounded(share: float, digits: int) -> str:
    """A share as text, never rounded to all or to nothing: one wrong pair in a million is not none."""
    step = 10**-digits
    if 0 < share < 1:
        share = min(max(share, step), 1 - step)
    return f"{share:.{digits}f}"


class EvaluationError(ValueError):
    """Truth and links cannot be compared as they are. The message names columns, never values."""


@dataclass(frozen=True)
class Measure:
    """A share between 0 and 1 with its 95 % interval; None where there was nothing to measure."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Scores:
    """Precision, recall and their harmonic mean, all of one unit: pair, cluster or record."""

    precision: Measure
    recall: Measure
    f1: Measure


@dataclass(frozen=True)
class GroupScores:
    """Pairwise scores of the records that carry `value` in the truth's column `column`."""

    column: str
    value: str
    records: int
    missing: int
    true_pairs: float  # halves where only one record of a pair is in the group
    scores: Scores


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found. Counts are of truth rows, of pairs, entities and clusters of them."""

    records: int
    missing: int  # truth rows that no link names
    outside: int  # links that the truth does not name
    true_pairs: int
    given_pairs: int
    found_pairs: int  # given and true
    true_entities: int
    given_clusters: int
    exact_clusters: int  # a cluster that holds all rows of one entity and no other
    pairs: Scores
    clusters: Scores
    b_cubed: Scores
    groups: tuple[GroupScores, ...]


def evaluate(
    engine: Engine, links_table: str, truth_table: str, by: list[str] | None = None
) -> Evaluation:
    """Compare links (source, file, row, entity_id) with a truth (source, file, row, entity, …).

    Both are tables of `engine`, one line per row of a provider's file; links without a row (NULL) stand in none,
    and lie outside the truth. `by` names columns of the truth to break the pairwise scores down by. Leaves the table
    `evaluation_records` (source, file, row, entity, cluster, n_true, n_given, n_found, group_0, …) for
    `matching.mistakes`.
    """
    columns = list(dict.fromkeys(by or []))
    _check(engine, links_table, truth_table, columns)
    _count_partners(engine, links_table, truth_table, columns)
    (whole,) = _sums(engine, "''", _ENTITY).values() or (_NOTHING,)
    (given,) = _sums(engine, "''", _CLUSTER).values() or (_NOTHING,)
    clusters = _cluster_counts(engine)
    return Evaluation(
        records=whole["records"],
        missing=whole["missing"],
        outside=_outside(engine, links_table, truth_table),
        true_pairs=whole["b"] // 2,
        given_pairs=whole["p"] // 2,
        found_pairs=whole["a"] // 2,
        true_entities=clusters["entities"],
        given_clusters=clusters["clusters"],
        exact_clusters=clusters["exact"],
        pairs=_pair_scores(whole, given),
        clusters=_cluster_scores(clusters),
        b_cubed=_b_cubed(engine),
        groups=tuple(g for i, name in enumerate(columns) for g in _group_scores(engine, name, i)),
    )


def _check(engine: Engine, links: str, truth: str, by: list[str]) -> None:
    none: list[str] = []
    sides = (("links", links, "entity_id", none), ("truth", truth, "entity", by))
    for side, table, entity, more in sides:
        have = engine.columns(table)
        if lacking := [column for column in (*KEY, entity) if column not in have]:
            # Without a header the first record would stand for it, and be repeated here.
            raise EvaluationError(f"no column {', '.join(lacking)}")
        if lacking := [column for column in more if column not in have]:
            raise EvaluationError(f"no column {', '.join(lacking)}; there are {', '.join(have)}")
        key = ", ".join(identifier(column) for column in KEY)
        twice = (
            f'SELECT {key} FROM {table} WHERE "row" IS NOT NULL GROUP BY ALL HAVING count(*) > 1'
        )
        if count := engine.scalar(f"SELECT count(*) FROM ({twice})"):
            why = " (files of one name came from several places)" if table == links else ""
            raise EvaluationError(
                f"{count} rows of the {side} are named more than once by source, file, row{why}"
            )
    empty = [f"coalesce(trim(CAST({identifier(c)} AS VARCHAR)), '') = ''" for c in (*KEY, "entity")]
    if nowhere := engine.scalar(f"SELECT count(*) FROM {truth} WHERE {' OR '.join(empty[:-1])}"):
        raise EvaluationError(f"{nowhere} rows of the truth lack source, file or row")
    if nameless := engine.scalar(f"SELECT count(*) FROM {truth} WHERE {empty[-1]}"):
        raise EvaluationError(f"{nameless} rows of the truth name no entity")


def _same_row(left: str, right: str) -> str:
    texts = " AND ".join(f"{left}.{c} = {right}.{c}" for c in ("source", "file"))
    return f"{texts} AND CAST({left}.row AS BIGINT) = CAST({right}.row AS BIGINT)"


def _count_partners(engine: Engine, links: str, truth: str, by: list[str]) -> None:
    """`evaluation_records`, see `evaluate`; a missing row has n_given = n_found = 0."""
    groups = "".join(
        f", CAST(t.{identifier(column)} AS VARCHAR) AS {_group(position)}"
        for position, column in enumerate(by)
    )
    engine.table(
        RECORDS,
        f"""
        WITH joined AS (
            SELECT t.source, t.file, CAST(t.row AS BIGINT) AS "row",
                   CAST(t.entity AS VARCHAR) AS entity, CAST(l.entity_id AS VARCHAR) AS cluster
                   {groups}
            FROM {truth} t LEFT JOIN {links} l ON {_same_row("t", "l")}
        ),
        cells AS (SELECT entity, cluster, count(*) AS n_found FROM joined GROUP BY ALL),
        sized AS (
            SELECT entity, cluster, n_found,
                   CAST(sum(n_found) OVER (PARTITION BY entity) AS BIGINT) AS n_true,
                   CAST(sum(n_found) OVER (PARTITION BY cluster) AS BIGINT) AS n_given
            FROM cells
        )
        SELECT j.*, s.n_true, CASE WHEN j.cluster IS NULL THEN 0 ELSE s.n_given END AS n_given,
               CASE WHEN j.cluster IS NULL THEN 0 ELSE s.n_found END AS n_found
        FROM joined j JOIN sized s
          ON j.entity = s.entity AND j.cluster IS NOT DISTINCT FROM s.cluster
        """,
    )


def _group(position: int) -> str:
    return f"group_{position}"


def _outside(engine: Engine, links: str, truth: str) -> int:
    sql = f"SELECT count(*) FROM {links} l ANTI JOIN {truth} t ON {_same_row('l', 't')}"
    return int(engine.scalar(sql))


def _sums(engine: Engine, value: str, unit: str) -> dict[str, dict[str, Any]]:
    """By `value`, the largest first: sums over units of a = found, b = true, p = given partners, and of products; how
    many units have any found (`right`), and any not found, falsely given, or either (`wrong_…`).
    """
    products = ", ".join(
        f"sum({left}::HUGEINT * {right})::VARCHAR AS {left}{right}"
        for left, right in (("a", "a"), ("b", "b"), ("p", "p"), ("a", "b"), ("a", "p"), ("b", "p"))
    )
    sql = f"""
        WITH units AS (
            SELECT {value} AS value, {unit} AS unit, count(*) AS records,
                   count(*) FILTER (cluster IS NULL) AS missing,
                   sum(greatest(n_found - 1, 0))::HUGEINT AS a,
                   sum(n_true - 1)::HUGEINT AS b,
                   sum(greatest(n_given - 1, 0))::HUGEINT AS p
            FROM {RECORDS} GROUP BY ALL
        )
        SELECT value, sum(records)::BIGINT AS records, sum(missing)::BIGINT AS missing,
               count(*) FILTER (a > 0) AS "right", count(*) FILTER (b > a) AS wrong_b,
               count(*) FILTER (p > a) AS wrong_p, count(*) FILTER (b + p > 2 * a) AS wrong_f,
               count(*) AS units, sum(a)::VARCHAR AS a, sum(b)::VARCHAR AS b,
               sum(p)::VARCHAR AS p, {products}
        FROM units GROUP BY value ORDER BY records DESC, value
        """
    rows = engine.fetch(sql).to_pylist()
    # HUGEINT travels as text: Arrow has no such type, and the sums must stay exact.
    return {row["value"]: {k: _exact(k, v) for k, v in row.items()} for row in rows}


_SUMS = ("a", "b", "p", "aa", "bb", "pp", "ab", "ap", "bp")
_COUNTS = ("records", "missing", "units", "right", "wrong_b", "wrong_p", "wrong_f")
_NOTHING: dict[str, Any] = dict.fromkeys((*_COUNTS, *_SUMS), 0) | {"value": ""}


def _exact(key: str, value: Any) -> Any:
    return int(value or 0) if key in _SUMS else value


def _pair_scores(by_entity: dict[str, Any], by_cluster: dict[str, Any]) -> Scores:
    """Precision a/p, recall a/b and F1 2a/(b+p), each with its interval."""

    def f1(s: dict[str, Any]) -> Measure:
        products = (4 * s["aa"], 2 * (s["ab"] + s["ap"]), s["bb"] + 2 * s["bp"] + s["pp"])
        return _ratio(2 * s["a"], s["b"] + s["p"], products, s, "wrong_f")

    e, c = by_entity, by_cluster
    return Scores(
        precision=_ratio(c["a"], c["p"], (c["aa"], c["ap"], c["pp"]), c, "wrong_p"),
        recall=_ratio(e["a"], e["b"], (e["aa"], e["ab"], e["bb"]), e, "wrong_b"),
        f1=max(f1(e), f1(c), key=lambda one: (one.high or 0) - (one.low or 0)),
    )


def _ratio(
    num: int, den: int, products: tuple[int, int, int], sums: dict[str, Any], wrong: str
) -> Measure:
    """num/den over the units of `sums`; `products`: the units' exact sums of num², num·den and den²; `wrong` names how
    many show a mistake.
    """
    if den == 0:
        return Measure(None)
    r, units = num / den, sums["units"]
    nn, nd, dd = products
    whole = (
        den * den / dd
    )  # entities, as many of one size: trials if each were right or wrong as a whole
    if num in (0, den) or units < 2:
        return wilson(r, whole)
    # sum over units of (num - r·den)², times den² so that it is made of whole numbers
    spread = nn * den * den - 2 * num * den * nd + num * num * dd
    variance = units / (units - 1) * (spread / den**2) / den**2
    seen = min(r * (1 - r) / variance if variance > 0 else whole, den / 2)
    telling = min(sums["right"], sums[wrong])  # where most is wrong, what is right tells
    trust = telling / (telling + _TELLING)
    return wilson(r, max(1.0, 1 / (trust / seen + (1 - trust) / min(seen, whole))))


def wilson(share: float, trials: float) -> Measure:
    """Wilson's 95 % score interval of a share seen in `trials` (maybe broken) trials."""
    z2 = _Z * _Z
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z / (1 + z2 / trials) * (share * (1 - share) / trials + z2 / (4 * trials**2)) ** 0.5
    return Measure(share, max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))


def _group_scores(engine: Engine, column: str, position: int) -> list[GroupScores]:
    value = f"coalesce(nullif({_group(position)}, ''), '{_NO_VALUE}')"
    given = _sums(engine, value, _CLUSTER)
    return [
        GroupScores(
            column=column,
            value=row["value"],
            records=row["records"],
            missing=row["missing"],
            true_pairs=row["b"] / 2,
            scores=_pair_scores(row, given[row["value"]]),
        )
        for row in _sums(engine, value, _ENTITY).values()
    ]


def _cluster_counts(engine: Engine) -> dict[str, int]:
    sql = f"""
        SELECT count(DISTINCT entity) AS entities, count(DISTINCT cluster) AS clusters,
               count(DISTINCT entity) FILTER (n_found = n_true AND n_found = n_given) AS exact
        FROM {RECORDS}
        """
    return {key: int(value) for key, value in engine.fetch(sql).to_pylist()[0].items()}


def _cluster_scores(counts: dict[str, int]) -> Scores:
    exact, given, true = counts["exact"], counts["clusters"], counts["entities"]
    both = given + true
    return Scores(
        precision=wilson(exact / given, given) if given else Measure(None),
        recall=wilson(exact / true, true) if true else Measure(None),
        f1=wilson(2 * exact / both, both / 2) if both else Measure(None),
    )


def _b_cubed(engine: Engine) -> Scores:
    """Mean share of true records in a record's cluster, and found of its entity (0 if missing)."""
    sql = f"""
        SELECT avg(n_found / n_given) FILTER (n_given > 0) AS p, avg(n_found / n_true) AS r
        FROM {RECORDS}
        """
    row = engine.fetch(sql).to_pylist()[0]
    p, r = row["p"], row["r"]
    f1 = 2 * p * r / (p + r) if p is not None and r is not None and p + r > 0 else None
    return Scores(Measure(p), Measure(r), Measure(f1))
