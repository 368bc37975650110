"""A second opinion on scored pairs, by another classifier: what it disputes, a steward looks at.

recordlinkage's ECM (Fellegi-Sunter on yes/no features, learned without labels) sees only how far
two records agree: no term frequencies, no weights of ours, no guards. So it errs elsewhere than the
judgement does, and a pair that the two judge differently, each of them surely, deserves a look.
It changes no judgement.

Pairs with the same degrees of agreement are one vector (some thousands, whatever the number of
pairs); only vectors reach Python, and SQL carries the disputed ones back to their pairs.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from recordlinkage import ECMClassifier

from matching.engine import Engine

SURELY = 0.999  # the second classifier's probability from which it disputes a non-link
SURELY_NOT = 0.001  # and up to which it disputes a link
SAMPLE = 100_000  # pairs that the vectors stand for while it learns
FEWEST_PAIRS = 200
_ITERATIONS = (100, 25, 8)


@dataclass(frozen=True)
class SecondOpinion:
    """How many vectors were asked about, and how many judgements are disputed."""

    vectors: int
    disputed_links: int
    disputed_non_links: int
    learned: bool  # False: too few pairs, or the pairs do not fall into two classes


def second_opinion(engine: Engine, kind: str) -> SecondOpinion:
    """Make `<kind>_disagreements(rid_l, rid_r, match_weight, judgement, second_probability)`.

    Reads `<kind>_scored` (gamma_… columns: -1 missing, 0 differs, highest is best agreement) and
    `<kind>_judged` (a pair without a row there is below review). Pairs that a human or a guard
    judged, and pairs under review already, are left alone.
    """
    gammas = [c for c in engine.columns(f"{kind}_scored") if c.startswith("gamma_")]
    vectors = _vectors(engine, kind, gammas)
    probability = _probabilities(vectors, gammas)
    sure = np.flatnonzero((probability >= SURELY) | (probability <= SURELY_NOT))
    asked = vectors.select(gammas).append_column("second_probability", pa.array(probability))
    engine.register("second_vectors", asked.take(sure))
    _disputes(engine, kind, gammas)
    engine.drop("second_vectors")
    counts = {"link": 0, "non-link": 0}
    sql = f"SELECT judgement, count(*) AS pairs FROM {kind}_disagreements GROUP BY judgement"
    counts |= {row["judgement"]: row["pairs"] for row in engine.fetch(sql).to_pylist()}
    return SecondOpinion(
        vectors.num_rows, counts["link"], counts["non-link"], not np.isnan(probability).any()
    )


def _vectors(engine: Engine, kind: str, gammas: list[str]) -> pa.Table:
    """Distinct vectors of degrees of agreement, in one order, with how many pairs have each."""
    columns = ", ".join(gammas)
    return engine.fetch(
        f"SELECT {columns}, count(*) AS pairs FROM {kind}_scored GROUP BY ALL ORDER BY {columns}"
    )


def _probabilities(vectors: pa.Table, gammas: list[str]) -> np.ndarray[Any, Any]:
    """The probability of a match for every vector; NaN everywhere when nothing could be learned."""
    pairs = vectors["pairs"].to_numpy()
    features = _features(vectors.select(gammas).to_pandas())
    unknown = np.full(len(pairs), np.nan)
    if pairs.sum() < FEWEST_PAIRS or features.shape[1] < 2:
        return unknown
    repeats = np.maximum(1, np.round(pairs * min(1.0, SAMPLE / pairs.sum()))).astype(int)
    sample = features.loc[features.index.repeat(repeats)].reset_index(drop=True)
    for iterations in _ITERATIONS:
        found = _learn(sample, features, iterations)
        if np.isfinite(found).all() and _two_classes(found, pairs):
            return found
    return unknown


def _features(levels: pd.DataFrame) -> pd.DataFrame:
    """Yes/no features: agrees well, and differs. Missing is neither. Constant ones are left out."""
    made = {}
    for name in levels:
        best = levels[name].max()
        made[f"{name} agrees"] = levels[name] >= max(1, (best + 1) // 2)
        made[f"{name} differs"] = levels[name] == 0
    features = pd.DataFrame(made, index=levels.index).astype(int)
    return features.loc[:, features.nunique() > 1]


def _learn(sample: pd.DataFrame, features: pd.DataFrame, iterations: int) -> np.ndarray[Any, Any]:
    """Fit on the sample, ask about every vector. A feature that a class never shows gives NaN."""
    classifier = ECMClassifier(init="jaro", max_iter=iterations)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            classifier.fit(sample)
            return np.asarray(classifier.prob(features), dtype=float)
        except ValueError:
            return np.full(len(features), np.nan)


def _two_classes(probability: np.ndarray[Any, Any], pairs: np.ndarray[Any, Any]) -> bool:
    """Whether the classes mean something: neither holds all pairs."""
    share = float((probability * pairs).sum() / pairs.sum())
    return 0.001 < share < 0.999


def _disputes(engine: Engine, kind: str, gammas: list[str]) -> None:
    same = " AND ".join(f"s.{name} = v.{name}" for name in gammas)
    engine.table(
        f"{kind}_disagreements",
        f"""
        SELECT s.rid_l, s.rid_r, s.match_weight, coalesce(j.judgement, 'non-link') AS judgement,
               v.second_probability
        FROM {kind}_scored s JOIN second_vectors v ON {same}
        LEFT JOIN {kind}_judged j ON j.rid_l = s.rid_l AND j.rid_r = s.rid_r
        WHERE (j.judgement IS NULL AND v.second_probability >= {SURELY})
           OR (j.judgement = 'link' AND j.reason = 'weight'
               AND v.second_probability <= {SURELY_NOT})
        ORDER BY s.rid_l, s.rid_r
        """,
    )
