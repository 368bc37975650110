"""What a run keeps so that one component can be read without the rest.

Records that may concern each other carry a group number: a person's record that of the family found for
its card, a family's or dwelling's record that of its cluster. The tables below are kept in the order
of that number (or of the id they are asked by), so that whoever asks for a few families reads a few
row groups (`Lake.pick`).

- `<kind>_judged`     pairs with the levels found (`gamma_…`), what rarity adds (`mw_tf_adj_…`), whether the
                      link was passed over, what the second opinion says; by the left record's group
- `<kind>_across`     (group_no, other): pairs that lead from one group to another
- `<kind>_component`  the records as standardised, without what only comparisons read, with entity id and group
- `household_clusters`  as linkage found them, by nodes: records are placed anew by who takes them up
- `<kind>_hands`      under which keys records stood whose keys changed hands (mdm/validation/versions.py)
- `<kind>_links`, `<kind>_origin`  by entity id, and by rid, which is the order of source, layout, record key
"""

from __future__ import annotations

from itertools import chain, pairwise

import pyarrow as pa

from matching.engine import Engine
from matching.families import CARD
from matching.rules import KINDS, Kind

COMPONENTS = tuple(
    f"{kind}_{table}" for kind in KINDS for table in ("across", "component", "hands")
)

#: Table → the columns that rows are found by; they come in the order of the first.
ORDER: dict[str, tuple[str, ...]] = {
    f"{kind}_{table}": columns
    for kind in KINDS
    for table, columns in (
        ("judged", ("group_l",)),
        ("across", ("group_no",)),
        ("component", ("group_no",)),
        ("links", ("entity_id",)),
        ("origin", ("rid", "record_key")),
    )
}

SORTED = 200_000  # records put in order at once

# Columns that only blocking and comparisons read.
_COMPARED = (
    "_phon",
    "_joined",
    "_info",
    "_first",
    "_key",
    "nik_stem",
    "nik_pseudo",
    "nik_own_birth",
    "nik_own_place",
)
_STAYS = ("record_key", "address_key")


def weigh(engine: Engine, kind: Kind) -> None:
    """Put into `<kind>_judged` on which level each comparison found a pair, and what else was said of it.

    The bits of a level stand in the model. Pairs that no blocking rule found have no levels.
    """
    scored = engine.columns(f"{kind}_scored")
    levels = [f"s.{name}::TINYINT AS {name}" for name in scored if name.startswith("gamma_")]
    rarity = [f"s.{name}" for name in scored if name.startswith("mw_tf_adj_")]
    known = "machine" in engine.columns(f"{kind}_judged")
    machine = "" if known else "j.judgement AS machine, j.reason AS machine_reason,"
    engine.table(
        f"{kind}_judged",
        f"""
        SELECT j.*, {machine} p.rid_l IS NOT NULL AS passed_over, d.second_probability, {", ".join([*levels, *rarity])}
        FROM {kind}_judged j
        LEFT JOIN {kind}_scored s ON s.rid_l = j.rid_l AND s.rid_r = j.rid_r
        LEFT JOIN {kind}_passed_over p ON p.rid_l = j.rid_l AND p.rid_r = j.rid_r
        LEFT JOIN {kind}_disagreements d ON d.rid_l = j.rid_l AND d.rid_r = j.rid_r
        """,
    )


def group(engine: Engine, kind: Kind) -> None:
    """Make `<kind>_group(rid, group_no)`, for the numbers that the kind's pairs use."""
    engine.table(
        f"{kind}_group",
        _PERSONS if kind == "person" else f"SELECT rid, cluster AS group_no FROM {kind}_clusters",
    )


# Whoever has no card, or one that no family record carries, stands with those on the same card only.
_PERSONS = """
    SELECT rid, CASE WHEN starts_with(family_group, 'F') THEN substr(family_group, 2)::INTEGER
                     ELSE -1 - min(rid) OVER (PARTITION BY coalesce(family_group, 'R' || rid)) END::INTEGER AS group_no
    FROM person_context
    """


def stream(engine: Engine, name: str) -> pa.RecordBatchReader:
    """A table as it is kept, in its order."""
    first, *rest = _queries(engine, name)
    head = engine.stream(first)
    return pa.RecordBatchReader.from_batches(
        head.schema, chain(head, chain.from_iterable(map(engine.stream, rest)))
    )


def _queries(engine: Engine, name: str) -> list[str]:
    """SQL: a table as it is kept, in one part or in several that follow each other."""
    kind, _, table = name.partition("_")
    if table == "judged":
        return [_JUDGED.format(kind=kind)]
    if table == "across":
        return [_ACROSS.format(kind=kind)]
    if table == "component":
        return [_component(engine, kind, part) for part in _parts(engine, kind)]
    if table == "links":
        return [
            f"SELECT l.*, o.group_no FROM {name} l LEFT JOIN {kind}_origin o ON o.rid = l.rid ORDER BY l.entity_id"
        ]
    order = " ORDER BY rid" if table == "origin" else ""
    found = "household_found" if name == "household_clusters" else name
    return [f"SELECT * FROM {found}{order}"]


def _parts(engine: Engine, kind: str) -> list[str]:
    """Conditions on a group's number that cut a kind's records into parts, in order: a sort holds all
    that it sorts, and standardised records are wide."""
    records = int(engine.scalar(f"SELECT count(*) FROM {kind}_group"))
    shares = [str(at * SORTED / records) for at in range(1, -(-records // SORTED))]
    found = f"SELECT DISTINCT unnest(quantile_disc(group_no, [{', '.join(shares)}])) AS cut FROM {kind}_group"
    cuts = engine.fetch(f"{found} ORDER BY cut").column(0).to_pylist() if shares else []
    return [
        f"{f'g.group_no >= {low}' if low is not None else 'true'}"
        f"{f' AND g.group_no < {high}' if high is not None else ''}"
        for low, high in pairwise([None, *cuts, None])
    ]


_JUDGED = """
    SELECT j.*, l.group_no AS group_l, r.group_no AS group_r FROM {kind}_judged j
    JOIN {kind}_group l ON l.rid = j.rid_l JOIN {kind}_group r ON r.rid = j.rid_r
    ORDER BY group_l, j.rid_l, j.rid_r
    """
_ACROSS = """
    SELECT DISTINCT r.group_no, l.group_no AS other FROM {kind}_judged j
    JOIN {kind}_group l ON l.rid = j.rid_l JOIN {kind}_group r ON r.rid = j.rid_r
    WHERE l.group_no <> r.group_no ORDER BY ALL
    """


def _component(engine: Engine, kind: str, part: str) -> str:
    """SQL: the records of a kind in a part of the groups, by group. A family's row names its card and
    the household found for it; a household's row its node, the number that pairs of households use."""
    held = engine.columns(f"{kind}_standardised")
    own = [c for c in held if c in _STAYS or not c.endswith(_COMPARED)]
    columns = ", ".join(f"s.{c}" for c in own)
    more, joins = _MORE[kind]
    return f"""
        SELECT {columns}, l.entity_id, l.since_run, {more}
        FROM {kind}_standardised s JOIN {kind}_links l USING (rid) {joins}
        WHERE {part} ORDER BY g.group_no, s.rid
        """


_MORE = {
    "person": ("g.group_no", "JOIN person_group g USING (rid)"),
    "family": (
        f"{CARD.format('s')} AS card, x.rid AS household_rid, h.entity_id AS household, g.group_no",
        "JOIN family_group g USING (rid) LEFT JOIN household_family x ON x.family_rid = s.rid"
        " LEFT JOIN household_links h ON h.rid = x.rid",
    ),
    "household": (
        "coalesce(x.node, s.rid)::INTEGER AS node, x.family_rid, g.group_no",
        "LEFT JOIN household_family x ON x.rid = s.rid"
        " JOIN household_group g ON g.rid = coalesce(x.node, s.rid)",
    ),
}
