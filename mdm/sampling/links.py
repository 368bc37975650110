"""A sample of automatic links, the same number from each band of match weight.

Most links are certain and tell little; the few near the threshold are where a machine errs. Each
band is drawn from by itself, and the whole is estimated with each band's own weight.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from matching.rules import Kind
from mdm.compose import Hub
from mdm.hub.tables import Run
from mdm.sampling.dice import ranks
from mdm.sampling.terms import Drawn, Item
from mdm.sampling.within import entities_within
from mdm.tracing.records import kept

EDGES = (-1e9, 5.0, 10.0, 15.0, 20.0, 30.0, 1e9)  # bits of match weight


def band_of(low: float, high: float) -> str:
    """What a band is called."""
    if low < EDGES[1]:
        return f"< {high:g}"
    return f"≥ {low:g}" if high > EDGES[-2] else f"{low:g}–{high:g}"


def draw_links(
    hub: Hub, run: Run, kind: Kind, count: int, seed: str, *, regions: tuple[str, ...] = ("",)
) -> Drawn:
    """Up to `count` links that a run made itself, of entities in some regions (Kemendagri prefixes),
    spread evenly over the bands."""
    columns = ["rid_l", "rid_r", "match_weight", "judgement", "reason", "passed_over"]
    reader = hub.lake.reader(f"run/{kind}_judged", owner=run.id, columns=columns)
    if reader is None:
        return Drawn((), {}, run_seq=run.seq)
    held = reader.read_all()
    left, right = (held[name].to_numpy().astype(np.int64) for name in columns[:2])
    weight = held["match_weight"].to_numpy()
    said, why, over = (np.array(held[name].to_pylist(), dtype=object) for name in columns[3:])
    # What was passed over was judged a link and joins nobody.
    machine = np.flatnonzero((said == "link") & (why != "human") & ~over.astype(bool))
    if "" not in regions:
        machine = machine[np.isin(left[machine], _ends_within(hub, run, kind, regions))]
    rank = ranks(seed, left, right)
    bands = [
        (band_of(low, high), machine[(weight[machine] >= low) & (weight[machine] < high)])
        for low, high in pairwise(EDGES)
    ]
    bands = [(name, rows) for name, rows in bands if len(rows)]
    drawn = [
        (name, int(row))
        for (name, rows), share in zip(
            bands, _shares([len(r) for _, r in bands], count), strict=True
        )
        for row in rows[np.argsort(rank[rows], kind="stable")][:share]
    ]
    table, number = _ends(kind)
    ends = {int(left[row]) for _, row in drawn}
    links = kept(hub, run, table, [number, "entity_id"], {number: ends}) if ends else []
    entity = {row[number]: row["entity_id"] for row in links}
    items = tuple(
        Item(
            name,
            {
                "kind": kind,
                "rid_l": int(left[row]),
                "rid_r": int(right[row]),
                "weight": round(float(weight[row]), 2),
                "entity_id": entity.get(int(left[row])),
            },
        )
        for name, row in drawn
    )
    return Drawn(items, {name: len(rows) for name, rows in bands}, run_seq=run.seq)


def _ends_within(hub: Hub, run: Run, kind: Kind, regions: tuple[str, ...]) -> NDArray[np.int64]:
    """Numbers, in pairs, of what the run linked to entities in some regions."""
    with hub.sessions.read() as session:
        ids = entities_within(session, kind, regions, run.seq or 0)
    table, number = _ends(kind)
    rows = kept(hub, run, table, [number, "entity_id"], {"entity_id": ids}) if ids else []
    return np.array([row[number] for row in rows if row[number] is not None], dtype=np.int64)


def _ends(kind: Kind) -> tuple[str, str]:
    """The kept table that tells whose the ends of pairs are, and its column of their numbers: a family in pairs of
    households has another number than its record has."""
    return ("household_component", "node") if kind == "household" else (f"{kind}_links", "rid")


def _shares(sizes: list[int], count: int) -> list[int]:
    """So many from each, as evenly as their sizes allow."""
    shares = [0] * len(sizes)
    while sum(shares) < min(count, sum(sizes)):
        for at, size in enumerate(sizes):
            if shares[at] < size and sum(shares) < count:
                shares[at] += 1
    return shares
