"""Why two records were linked: a run's evidence on single pairs, made again exactly.

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
from matching.rules import Comparison, Kind, LinkageRules, load_linkage
from matching.scoring import make_linkable, score
from matching.standardise import standardise
from mdm.compose import Hub
from mdm.errors import HomeError
from mdm.hub.runs import kept_by
from mdm.hub.tables import Run
from mdm.tracing.facts import Evidence, Step
from mdm.tracing.steps import level_of, steps_of


@dataclass(frozen=True)
class PairEvidence:
    """All evidence on one pair. The bits of prior and steps add up to the match weight."""

    rid_l: int
    rid_r: int
    prior: float
    evidence: tuple[Step, ...]
    match_weight: float

    def beside(self, kept: float | None) -> Evidence:
        """The evidence, held against the match weight that the run kept."""
        return Evidence(self.prior, self.evidence, self.match_weight, self.match_weight == kept)


def load_kept(hub: Hub, engine: Engine, run: Run, *tables: str) -> None:
    """Bring tables that a run kept back into the engine."""
    for name in tables:
        reader = hub.lake.reader(f"run/{name}", owner=kept_by(run))
        if reader is None:
            raise HomeError("The published run did not keep what is asked for.", "Run it again.")
        engine.register(name, reader)


def prepare_persons(hub: Hub, engine: Engine, run: Run) -> None:
    """From the accepted tables to `person_linkable`, with the families that the run found."""
    standardise(engine)
    prepare(hub, engine, run, "person")


def prepare(hub: Hub, engine: Engine, run: Run, kind: Kind) -> None:
    """From the standardised tables to `<kind>_linkable`, with what the run found of other kinds."""
    linkage.prepare(engine, "family")
    if kind == "family":
        return
    load_kept(hub, engine, run, "family_clusters")
    engine.drop("family_linkable")
    linkage.prepare(engine, "person")
    if kind == "household":
        engine.drop("person_linkable")
        linkage.prepare(engine, "household")


def explain_pairs(
    engine: Engine,
    pairs: Sequence[tuple[int, int]],
    model: Model,
    rules: LinkageRules | None = None,
) -> list[PairEvidence]:
    """Evidence on pairs (rids, the smaller first) of one kind, after `prepare`.

    Pairs far below review have none. `rules` are today's for persons unless given.
    """
    rules = rules or load_linkage("person")
    kind = rules.kind
    if rules != load_linkage(kind):
        make_linkable(engine, rules)
    lefts, rights = zip(*pairs, strict=True)
    asked = {"rid_l": pa.array(lefts, pa.int32()), "rid_r": pa.array(rights, pa.int32())}
    engine.register(f"{kind}_pairs", pa.table(asked))
    score(engine, rules, model)
    rows = engine.fetch(f"SELECT * FROM {kind}_scored ORDER BY rid_l, rid_r").to_pylist()
    engine.drop(f"{kind}_pairs", f"{kind}_scored")
    return [_evidence(rules, model, row) for row in rows]


def _evidence(rules: LinkageRules, model: Model, row: dict[str, Any]) -> PairEvidence:
    found = [step for one in rules.comparisons for step in _steps(one, row)]
    return PairEvidence(
        rid_l=row["rid_l"],
        rid_r=row["rid_r"],
        prior=log2(model.prior / (1 - model.prior)),
        evidence=tuple(found),
        match_weight=row["match_weight"],
    )


def _steps(one: Comparison, row: dict[str, Any]) -> list[Step]:
    level = level_of(one, int(row[f"gamma_{one.name}"]))
    return steps_of(one, level, float(row[f"mw_{one.name}"] or 0), row.get(f"mw_tf_adj_{one.name}"))
