"""Which records the links got wrong: pairs missed and pairs given falsely, by file and row.

Only entities and clusters that hold a mistake are opened, so no step makes all pairs. For people
who tune rules, and for saying what is still missed.
"""

from __future__ import annotations

from matching.engine import Engine
from matching.evaluation import RECORDS

MISSED = "evaluation_missed"
FALSE = "evaluation_false"
MOST = 100_000


def mistakes(engine: Engine) -> tuple[int, int]:
    """After `evaluate`: make `evaluation_missed` and `evaluation_false`; return the rows of each.

    Columns: source, file, row, entity, cluster of either record (`_l`, `_r`). Entities and clusters
    of more than 200 rows count in the figures but are not listed; at most `MOST` pairs each, the
    same ones at every call.
    """
    missed = _pairs(engine, MISSED, ("entity", "cluster"), "n_found < n_true AND n_true <= 200")
    false = _pairs(engine, FALSE, ("cluster", "entity"), "n_found < n_given AND n_given <= 200")
    return missed, false


def _pairs(engine: Engine, name: str, sides: tuple[str, str], wrong: str) -> int:
    same, differs = sides
    either = ", ".join(
        f"{side}.{column} AS {column}_{side}"
        for side in ("l", "r")
        for column in ("source", "file", "row", "entity", "cluster")
    )
    return engine.table(
        name,
        f"""
        WITH open AS (SELECT source, file, "row", entity, cluster FROM {RECORDS} WHERE {wrong})
        SELECT {either} FROM open l JOIN open r ON l.{same} = r.{same}
         AND (l.source, l.file, l."row") < (r.source, r.file, r."row")
        WHERE l.{differs} IS DISTINCT FROM r.{differs} OR l.{differs} IS NULL
        ORDER BY l.{same}, l.source, l.file, l."row", r.source, r.file, r."row" LIMIT {MOST}
        """,
    )
