"""What one run's linkage leaves open, found by SQL over its tables in the engine.

Tables in: `<kind>_judged`, `<kind>_passed_over`, `<kind>_links`; `<kind>_disagreements` and `<kind>_human`
where they stand. Table out: `questions_now` (entity_id, question, other, weight, reason), one row for each
entity, question and other entity; `other` is '' when it lies inside the entity. What the names
mean: mdm/questions/.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

import pyarrow as pa

from matching.engine import Engine
from mdm.arrow import rows_of
from mdm.questions.groups import Groups

DUPLICATE, DISPUTED = "possible_duplicate", "disputed_link"
SECOND, WEAK = "second_opinion", "weak_link"
CROSSED = "crossed words"  # the reason of a disputed link
HOLD_NOTHING = frozenset({SECOND, WEAK})  # questions that hold no answer up


def find_open(engine: Engine, kind: str, weak_bits: float) -> int:
    """Make `questions_now` for one kind; return its rows. Costs a few joins on the pairs that are
    open, not on all pairs."""
    engine.table("open_ends", _ends(engine, kind))
    _settled(engine, kind)
    engine.table("open_pairs", _pairs(engine, kind))
    engine.register("weak_links", _weakest(engine, kind, weak_bits))
    # Of several pairs between the same two entities the heaviest speaks.
    rows = engine.table(
        "questions_now",
        f"""
        SELECT entity_id, question, other, max(weight) AS weight,
               coalesce(arg_max(reason, (weight, reason)), min(reason)) AS reason
        FROM (
            SELECT entity_l AS entity_id, question, entity_r AS other, weight, reason
            FROM open_pairs WHERE entity_l <> entity_r AND (implied_l OR NOT implied_r)
            UNION ALL
            SELECT entity_r, question, entity_l, weight, reason
            FROM open_pairs WHERE entity_l <> entity_r AND (implied_r OR NOT implied_l)
            UNION ALL
            SELECT entity_l, if(question = '{DUPLICATE}', '{DISPUTED}', question), '', weight, reason
            FROM open_pairs WHERE entity_l = entity_r AND inside AND NOT (implied_l OR implied_r)
            UNION ALL
            SELECT entity_id, '{WEAK}', '', weight, 'weakest link' FROM weak_links
        ) GROUP BY entity_id, question, other
        """,
    )
    engine.drop("open_ends", "open_pairs", "weak_links", "settled_groups", "settled_apart")
    return rows


def _settled(engine: Engine, kind: str) -> None:
    """Make `settled_groups` (rid, root: the records that people's links join to it) and
    `settled_apart` (left_root, right_root: groups that people said are apart). What is said of the
    groups is said of every two records in them: it is not asked again."""
    said = engine.fetch(
        f"SELECT rid_l, rid_r, judgement FROM {kind}_judged WHERE reason = 'human' ORDER BY ALL"
    )
    linked: Groups[int] = Groups()
    for left, right, judgement in rows_of(said):
        if judgement == "link":
            linked.join(left, right)
    apart = [
        (linked.find(left), linked.find(right))
        for left, right, judgement in rows_of(said)
        if judgement == "non-link"
    ]
    both = [*apart, *((right, left) for left, right in apart)]
    roots = {rid: linked.find(rid) for group in linked.sets() for rid in group}
    engine.register(
        "settled_groups",
        pa.table(
            {
                "rid": pa.array(list(roots), pa.int32()),
                "root": pa.array(list(roots.values()), pa.int32()),
            }
        ),
    )
    engine.register(
        "settled_apart",
        pa.table(
            {
                "left_root": pa.array([left for left, _ in both], pa.int32()),
                "right_root": pa.array([right for _, right in both], pa.int32()),
            }
        ),
    )


def _pairs(engine: Engine, kind: str) -> str:
    """SQL: the pairs in question that people have not settled, or settled in two ways, with the entities of both
    sides. `inside`: a pair that is open even if both records lie in one entity (a link passed over that
    came about by others is not)."""
    found = [
        f"""SELECT rid_l, rid_r, match_weight AS weight, '{DUPLICATE}' AS question, reason,
                   true AS inside FROM {kind}_judged WHERE judgement = 'review'""",
        f"""SELECT rid_l, rid_r, match_weight, '{DISPUTED}', 'passed over', false
            FROM {kind}_passed_over WHERE NOT answered""",
    ]
    if engine.exists(f"{kind}_disagreements"):
        found.append(
            f"""SELECT rid_l, rid_r, match_weight, '{SECOND}', 'second opinion', true
                FROM {kind}_disagreements WHERE judgement = 'link'"""
        )
    open_ = f"""
        SELECT p.* FROM ({" UNION ALL ".join(found)}) p
        LEFT JOIN settled_groups a ON a.rid = p.rid_l LEFT JOIN settled_groups b ON b.rid = p.rid_r
        ANTI JOIN settled_apart s ON s.left_root = coalesce(a.root, p.rid_l)
             AND s.right_root = coalesce(b.root, p.rid_r)
        WHERE a.root IS NULL OR b.root IS NULL OR a.root <> b.root
        """
    return f"""
        SELECT l.entity_id AS entity_l, r.entity_id AS entity_r, weight, question, reason, inside,
               l.implied AS implied_l, r.implied AS implied_r
        FROM ({open_} UNION ALL {_crossed(engine, kind)}) p
        JOIN open_ends l ON l.rid = p.rid_l JOIN open_ends r ON r.rid = p.rid_r
        """


def _crossed(engine: Engine, kind: str) -> str:
    """SQL: the pairs on which people's words contradict each other since their records became one family: what was
    said last of the two holds, and a link gives way to a non-link, until somebody is asked."""
    crossed = f"""
        SELECT rid_l, rid_r, p.match_weight, '{DISPUTED}', '{CROSSED}', true
        FROM {kind}_passed_over p JOIN {kind}_judged j USING (rid_l, rid_r) WHERE j.reason = 'human'
        """
    if engine.exists(f"{kind}_human"):
        crossed += f"""
            UNION ALL SELECT rid_l, rid_r, j.match_weight, '{DISPUTED}', '{CROSSED}', true
            FROM {kind}_human h JOIN {kind}_judged j USING (rid_l, rid_r) WHERE h.crossed
            """
    return crossed


def _ends(engine: Engine, kind: str) -> str:
    """SQL: rid, entity_id and `implied` (a family that only its members tell of: it has no facts of its own, so that
    a family with a row is not in question because of it) of what pairs end in."""
    if kind == "household":
        # Pairs of dwellings and families; a family has one number in them, whatever its records.
        return """
            SELECT DISTINCT coalesce(x.node, l.rid) AS rid, l.entity_id, false AS implied
            FROM household_links l LEFT JOIN household_family x ON x.rid = l.rid
            """
    if kind == "family" and engine.exists("family_standardised"):
        return """
            SELECT l.rid, l.entity_id, coalesce(s.implied, false) AS implied
            FROM family_links l LEFT JOIN family_standardised s USING (rid)
            """
    return f"SELECT rid, entity_id, false AS implied FROM {kind}_links"


def _weakest(engine: Engine, kind: str, weak_bits: float) -> pa.Table:
    """entity_id, weight: the weakest link without which the entity falls apart, where it lies below
    `weak_bits`. A human's link is never weak. Only entities that have a weak link are looked at."""
    links = engine.fetch(
        f"""
        WITH linked AS (
            SELECT l.entity_id, j.rid_l, j.rid_r,
                   CASE WHEN j.reason <> 'human' THEN j.match_weight END AS weight
            FROM {kind}_judged j
            JOIN open_ends l ON l.rid = j.rid_l
            JOIN open_ends r ON r.rid = j.rid_r AND r.entity_id = l.entity_id
            WHERE j.judgement = 'link'
        )
        SELECT entity_id, rid_l, rid_r, weight FROM linked
        WHERE entity_id IN (SELECT entity_id FROM linked WHERE weight < {weak_bits})
        ORDER BY entity_id, weight DESC NULLS FIRST, rid_l, rid_r
        """
    )
    weakest = [
        (entity_id, weight)
        for entity_id, of in groupby(rows_of(links), key=itemgetter(0))
        if (weight := _bottleneck(of)) is not None and weight < weak_bits
    ]
    return pa.table(
        {
            "entity_id": pa.array([entity_id for entity_id, _ in weakest], pa.string()),
            "weight": pa.array([weight for _, weight in weakest], pa.float64()),
        }
    )


def _bottleneck(links: Iterator[tuple[str, int, int, float | None]]) -> float | None:
    """The weight of the last link that still joins two parts, strongest links first."""
    joined: Groups[int] = Groups()
    last: float | None = None
    for _, left, right, weight in links:
        if joined.join(left, right):
            last = weight
    return last
