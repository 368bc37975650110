"""Why two records were linked: the published run's evidence on single pairs, made again exactly.

A run keeps its judgements, not the evidence of millions of pairs. The evidence is a function of
what landed, the rules and the model, so it is made again here for the pairs asked about: same
standardised records, same term frequencies, same model, same weight to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import pyarrow as pa

from matching import linkage
from matching.engine import Engine
from matching.model import Model
from matching.rules import Comparison, LinkageRules, load_linkage
from matching.scoring import score
from matching.standardise import standardise
from mdm.compose import Hub
from mdm.errors import HomeError
from mdm.hub.tables import Run


@dataclass(frozen=True)
class Evidence:
    """What one comparison found on a pair, and what it weighs in bits."""

    comparison: str
    level: str
    sentence: str
    bits: float


@dataclass(frozen=True)
class PairEvidence:
    """All evidence on one pair. The bits of prior and evidence add up to the match weight."""

    rid_l: int
    rid_r: int
    prior: float
    evidence: tuple[Evidence, ...]
    match_weight: float


def load_kept(hub: Hub, engine: Engine, run: Run, *tables: str) -> None:
    """Bring tables that a run kept back into the engine."""
    for name in tables:
        reader = hub.lake.reader(f"run/{name}", owner=run.id)
        if reader is None:
            raise HomeError("The published run did not keep what is asked for.", "Run it again.")
        engine.register(name, reader)


def prepare_persons(hub: Hub, engine: Engine, run: Run) -> None:
    """From the accepted tables to `person_linkable`, with the families that the run found."""
    standardise(engine)
    linkage.prepare(engine, "family")
    load_kept(hub, engine, run, "family_clusters")
    engine.drop("family_linkable")
    linkage.prepare(engine, "person")


def explain_pairs(
    engine: Engine, pairs: Sequence[tuple[int, int]], model: Model
) -> list[PairEvidence]:
    """Evidence on pairs of persons (rids, the smaller first), after `prepare_persons`."""
    rules = load_linkage("person")
    lefts, rights = zip(*pairs, strict=True)
    asked = {"rid_l": pa.array(lefts, pa.int32()), "rid_r": pa.array(rights, pa.int32())}
    engine.register("person_pairs", pa.table(asked))
    score(engine, rules, model)
    rows = engine.fetch("SELECT * FROM person_scored ORDER BY rid_l, rid_r").to_pylist()
    engine.drop("person_pairs", "person_scored")
    return [_evidence(rules, model, row) for row in rows]


def _evidence(rules: LinkageRules, model: Model, row: dict[str, Any]) -> PairEvidence:
    found = [part for one in rules.comparisons for part in _parts(one, row)]
    return PairEvidence(
        rid_l=row["rid_l"],
        rid_r=row["rid_r"],
        prior=log2(model.prior / (1 - model.prior)),
        evidence=tuple(found),
        match_weight=row["match_weight"],
    )


def _parts(one: Comparison, row: dict[str, Any]) -> list[Evidence]:
    """The level that a comparison found, and what the rarity of the value adds to it."""
    gamma = int(row[f"gamma_{one.name}"])
    missing = [level for level in one.levels if level.missing]
    held = [level for level in one.levels if not level.missing]
    # Splink numbers the levels from the last, 0, up; -1 is missing.
    level = missing[0] if gamma < 0 and missing else held[len(held) - 1 - max(gamma, 0)]
    parts = [Evidence(one.name, level.name, level.sentence, float(row[f"mw_{one.name}"] or 0))]
    rarity = row.get(f"mw_tf_adj_{one.name}")
    if rarity:
        sentence = "How rare the value is: agreeing on a common one says less."
        parts.append(Evidence(one.name, "rarity of the value", sentence, float(rarity)))
    return parts
