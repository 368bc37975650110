"""Guessing from time: how well a classifier tells two kinds of question apart by how long they took."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

BINS = 12


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Area under the ROC curve: the chance that one of `labels` scores above one that is not."""
    ranks = rankdata(scores)
    ones = int(labels.sum())
    zeros = len(labels) - ones
    return float((ranks[labels].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def guessed(first: Sequence[float], second: Sequence[float], seed: int = 1) -> float:
    """The better of two classifiers, each trained on one half and tried on the other.

    One is logistic regression on the duration (which ranks as the duration does, in the direction
    learned), the other a table of likelihoods by quantile, which also sees a difference in shape.
    """
    values = np.log(np.array([*first, *second]))
    labels = np.array([True] * len(first) + [False] * len(second))
    order = np.random.default_rng(seed).permutation(len(values))
    train, test = order[::2], order[1::2]
    direction = 1.0 if auc(values[train], labels[train]) >= 0.5 else -1.0
    edges = np.quantile(values[train], np.linspace(0, 1, BINS + 1)[1:-1])
    of_train, of_test = np.digitize(values[train], edges), np.digitize(values[test], edges)
    yes = np.bincount(of_train[labels[train]], minlength=BINS) + 1.0
    no = np.bincount(of_train[~labels[train]], minlength=BINS) + 1.0
    table = np.log(yes / no)
    return max(auc(direction * values[test], labels[test]), auc(table[of_test], labels[test]))
