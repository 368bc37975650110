"""A second opinion on scored pairs, by another classifier: what it disputes, a steward looks at.

recordlinkage's naive Bayes learns from the pairs that are clear by weight what degrees of agreement
matches show, and is asked about all others. It knows no term frequencies, no weights of Splink's,
no guards, so it errs elsewhere than the judgement does; where it contradicts a judgement, the pair
deserves a look, unless it is a link that hardly can be wrong. It changes no judgement.

Pairs with the same degrees of agreement are one vector (some thousands, whatever the number of
pairs); only vectors reach Python, and SQL carries the disputed ones back to their pairs.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from matching.engine import Engine
from matching.rules import Kind, load_linkage

if TYPE_CHECKING:
    import pandas as pd

CLEAR = 6.0  # bits beyond a threshold from which a pair is clear enough to learn from
DISPUTED = 0.5  # the probability of a match on whose other side a judgement is disputed
# Bits from which a link is not disputed: of 1,661 disputed ones of three populations nine were wrong (decision 53).
SURE = 20.0
SAMPLE = 200_000  # pairs that the vectors stand for while it learns
FEWEST = 50  # clear matches, and clear non-matches, without which nothing is learned


@dataclass(frozen=True)
class SecondOpinion:
    """How many judgements are disputed."""

    disputed_links: int
    disputed_non_links: int
    learned: bool  # False: too few clear pairs; then nothing is disputed


def second_opinion(engine: Engine, kind: Kind) -> SecondOpinion:
    """Make `<kind>_disagreements(rid_l, rid_r, match_weight, judgement, second_probability)`.

    Reads `<kind>_scored` (match_weight, and gamma_… columns: degrees of agreement) and
    `<kind>_judged` (a pair without a row there is below review). Pairs that a human or a guard
    judged, and pairs under review already, are left alone.
    """
    gammas = [c for c in engine.columns(f"{kind}_scored") if c.startswith("gamma_")]
    vectors = _vectors(engine, kind, gammas)
    probability = _probabilities(vectors.to_pandas(), gammas)
    asked = vectors.select(gammas).append_column("second_probability", pa.array(probability))
    engine.register("second_vectors", asked)
    _disputes(engine, kind, gammas)
    engine.drop("second_vectors")
    counts = {"link": 0, "non-link": 0}
    sql = f"SELECT judgement, count(*) AS pairs FROM {kind}_disagreements GROUP BY judgement"
    counts |= {row["judgement"]: row["pairs"] for row in engine.fetch(sql).to_pylist()}
    learned = not bool(np.isnan(probability).all())
    return SecondOpinion(counts["link"], counts["non-link"], learned)


def import_libraries() -> None:
    """Import what only this step needs, which takes longer than the step: for who has a thread to spare."""
    import recordlinkage  # noqa: F401, PLC0415


def _vectors(engine: Engine, kind: Kind, gammas: list[str]) -> pa.Table:
    """Distinct vectors in one order, with how many clear matches and non-matches show each."""
    columns, limits = ", ".join(gammas), load_linkage(kind).thresholds
    return engine.fetch(
        f"""
        SELECT {columns}, count(*) FILTER (match_weight >= {limits.link + CLEAR}) AS matches,
               count(*) FILTER (match_weight <= {limits.review - CLEAR}) AS others
        FROM {kind}_scored GROUP BY {columns} ORDER BY {columns}
        """
    )


def _probabilities(vectors: pd.DataFrame, gammas: list[str]) -> np.ndarray[Any, Any]:
    """The probability of a match for every vector; NaN where nothing can be learned."""
    clear = vectors["matches"].sum(), vectors["others"].sum()
    if min(clear) < FEWEST:
        return np.full(len(vectors), np.nan)
    # Slow to import, and only a run needs them.
    import pandas as pd  # noqa: PLC0415
    from recordlinkage import NaiveBayesClassifier  # noqa: PLC0415

    parts = [_repeated(vectors, gammas, count) for count in ("matches", "others")]
    sample = pd.concat(parts)
    # recordlinkage names records by pairs of labels, and matches by the labels of their pairs.
    names = pd.MultiIndex.from_arrays([range(len(sample)), range(len(sample))])
    classifier = NaiveBayesClassifier(alpha=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        classifier.fit(sample.set_index(names), names[: len(parts[0])])
        # A level that no clear pair shows says nothing here, and the classifier would stop at it.
        known = np.logical_and.reduce([vectors[g].isin(sample[g].unique()) for g in gammas])
        probability = np.full(len(vectors), np.nan)
        probability[known] = np.asarray(classifier.prob(vectors.loc[known, gammas]), dtype=float)
        return probability


def _repeated(vectors: pd.DataFrame, gammas: list[str], count: str) -> pd.DataFrame:
    """Each vector as often as `count` says, thinned out evenly to the size of the sample."""
    shown = vectors[vectors[count] > 0]
    thin = min(1.0, SAMPLE / 2 / shown[count].sum())
    repeats = np.maximum(1, np.round(shown[count] * thin)).astype(int)
    return shown.loc[shown.index.repeat(repeats), gammas]


def _disputes(engine: Engine, kind: Kind, gammas: list[str]) -> None:
    same = " AND ".join(f"s.{name} = v.{name}" for name in gammas)
    engine.table(
        f"{kind}_disagreements",
        f"""
        SELECT s.rid_l, s.rid_r, s.match_weight, coalesce(j.judgement, 'non-link') AS judgement,
               v.second_probability
        FROM {kind}_scored s
        JOIN (SELECT * FROM second_vectors WHERE NOT isnan(second_probability)) v ON {same}
        LEFT JOIN {kind}_judged j ON j.rid_l = s.rid_l AND j.rid_r = s.rid_r
        WHERE (j.judgement IS NULL AND v.second_probability > {DISPUTED})
           OR (j.judgement = 'link' AND j.reason = 'weight' AND s.match_weight < {SURE}
               AND v.second_probability < {DISPUTED})
        ORDER BY s.rid_l, s.rid_r
        """,
    )
