"""Reach: which records may lie together with those that were judged, and which entities name them.

All is read through `Components`, which then holds what clustering and choosing need.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from matching.rules import Kind
from mdm.touched.components import Components, both, column


@dataclass(frozen=True)
class Reach:
    """Entities by kind whose records go along again. `judged`: those of the judged kind whose
    records are clustered anew; `golden`: those whose profiles are made anew."""

    kind: Kind
    judged: frozenset[str]
    golden: dict[Kind, frozenset[str]]


def reach(
    components: Components,
    kind: Kind,
    seeds: Sequence[tuple[int, int]],
    links: Collection[tuple[int, int]],
) -> Reach:
    """What the judgement of some records reaches. `seeds`: (rid, group); `links`: pairs of rids that
    people have joined. TooFarError when it is too much for a small run."""
    judged = _clustered(components, kind, seeds, links)
    persons: set[str] = set(judged) if kind == "person" else set()
    families: set[str] = set(judged) if kind == "family" else set()
    homes: set[str] = set(judged) if kind == "household" else set()
    if kind == "person":
        families = _beside(components, "person", persons, "family")
        homes = _of(components.gone("family"), "household")
    elif kind == "family":
        homes = _homes_of(components, families)
        persons = _beside(components, "family", families, "person")
    else:
        families = _families_in(components, homes)
        persons = _beside(components, "family", families, "person")
    every: dict[Kind, set[str]] = {"person": persons, "family": families, "household": homes}
    for of in every.keys() - {kind}:
        every[of] |= _of(components.gone(of), "entity_id")
    _context(components, persons, families, homes)
    return Reach(kind, frozenset(judged), {of: frozenset(ids) for of, ids in every.items()})


def _clustered(
    components: Components,
    kind: Kind,
    seeds: Sequence[tuple[int, int]],
    links: Collection[tuple[int, int]],
) -> set[str]:
    """The entities that hold the seeds, and all that links lead to from them."""
    node = "node" if kind == "household" else "rid"
    rows = components.records(kind, {group for _, group in seeds})
    start = {rid for rid, _ in seeds}
    entities = {e for e, rid in both(rows, "entity_id", "rid") if rid in start}
    while True:
        groups = components.groups_of(kind, entities)
        rows = components.records(kind, groups)
        own = {n for e, n in both(rows, "entity_id", node) if e in entities}
        pairs = components.pairs(kind, groups)
        reached = set()
        sides = zip(*(pairs[name].to_pylist() for name in _PAIR), strict=True)
        for left, right, group_l, group_r, judgement in sides:
            if judgement == "link" and (left in own or right in own):
                reached |= {group_l, group_r}
        rows = components.records(kind, reached)
        at = dict(both(rows, node, "entity_id"))
        ends = zip(
            *(pairs[name].to_pylist() for name in ("rid_l", "rid_r", "judgement")), strict=True
        )
        linked = [(le, ri) for le, ri, judgement in ends if judgement == "link"] + list(links)
        more = {
            at[other]
            for left, right in linked
            for one, other in ((left, right), (right, left))
            if one in own and other in at
        }
        # Whose only record was taken back ends with it.
        more = (more | _of(components.gone(kind), "entity_id")) - entities
        if not more:
            return entities
        entities |= more


_PAIR = ("rid_l", "rid_r", "group_l", "group_r", "judgement")


def _beside(components: Components, kind: Kind, entities: Collection[str], other: Kind) -> set[str]:
    """Whom of another kind the cards know on which records of some entities stand: of persons the families, of
    families the persons.
    """
    groups = components.groups_of(kind, entities)
    components.records(kind, groups)
    rows = components.records(other, groups)
    wanted = pa.array(sorted(groups), rows.schema.field("group_no").type)
    return column(rows.filter(pc.is_in(rows["group_no"], value_set=wanted)), "entity_id")


def _of(rows: pa.Table, name: str) -> set[str]:
    return {one for one in column(rows, name) if one is not None}


def _homes_of(components: Components, families: Collection[str]) -> set[str]:
    rows = components.records("family", components.groups_of("family", families))
    return {
        home
        for e, home in both(rows, "entity_id", "household")
        if e in families and home is not None
    }


def _families_in(components: Components, homes: Collection[str]) -> set[str]:
    """The families whose records are placed in some households."""
    rows = components.records("household", components.groups_of("household", homes))
    rids = {r for e, r in both(rows, "entity_id", "family_rid") if e in homes and r is not None}
    origin = components.pick("family_origin", "rid", rids)
    families = components.records("family", column(origin, "group_no"))
    return {e for e, rid in both(families, "entity_id", "rid") if rid in rids}


def _context(
    components: Components,
    persons: Collection[str],
    families: Collection[str],
    homes: Collection[str],
) -> None:
    """Read what choosing needs beside: all records of everybody on the cards, and the families of
    those cards; the other families of the households."""
    near = {*families, *(_families_in(components, homes) if homes else ())}
    everybody = {*persons, *_beside(components, "family", near, "person")}
    groups = components.groups_of("person", everybody)
    components.records("person", groups)
    components.records("family", groups | components.groups_of("family", near))
    if homes:
        components.records("household", components.groups_of("household", homes))
