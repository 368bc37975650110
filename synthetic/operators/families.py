"""Errors of family and dwelling rows: D12, D15–D17, D27, D29, D32, D35, N01, N03."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Ints, Objects, objects
from synthetic.operators.addresses import abbreviate_address
from synthetic.operators.niks import scientific, slip
from synthetic.operators.registry import operator
from synthetic.operators.spelling import abbreviate, keys_slip, respell, with_title


@operator("D12", "family")
def family_kk_wrong(column: Objects, rows: Ints, rng: np.random.Generator) -> Ints:
    """The KK number of a family row is missing, in scientific notation, or off by a digit."""
    kind, place, digit = (rng.integers(0, k, len(rows)) for k in (10, 15, 9))
    column[rows] = objects(
        "" if k < 3 else scientific(kk) if k == 3 else slip(kk, int(p), int(k) % 4, int(d))
        for kk, k, p, d in zip(column[rows], kind, place, digit, strict=True)
    )
    return rows


@operator("D32", "family")
def head_of_before(column: Objects, rows: Ints, rng: np.random.Generator) -> Ints:
    """The head was not updated; `column` holds pairs (name of the head, of the spouse or '')."""
    return _as_told_beside(column, rows)


@operator("D15", "family")
def head_respelled(column: Objects, rows: Ints, rng: np.random.Generator) -> Ints:
    """The name of the head is spelled the old way or as it sounds."""
    return _each(column, rows, rng, respell)


@operator("D16", "family")
def head_abbreviated(column: Objects, rows: Ints, rng: np.random.Generator) -> Ints:
    """A token in the name of the head is abbreviated."""
    return _each(column, rows, rng, abbreviate)


@operator("D17", "family")
def head_titled(column: Objects, rows: Ints, rng: np.random.Generator) -> Ints:
    """The name of the head carries a title or a degree."""
    chance = rng.random(len(rows))
    column[rows] = [
        with_title(n, c < 0.2, float(c)) for n, c in zip(column[rows], chance, strict=True)
    ]
    return rows


@operator("N01", "family")
def head_slip(column: Objects, rows: Ints, rng: np.random.Generator) -> Ints:
    """A slip of the keys in the name of the head."""
    return _each(column, rows, rng, keys_slip)


@operator("D27", "family")
def family_address_otherwise(column: Objects, rows: Ints, rng: np.random.Generator) -> Ints:
    """The address of a family or dwelling is abbreviated in another way."""
    return _each(column, rows, rng, abbreviate_address)


@operator("D29", "family")
def family_region_older(column: Objects, rows: Ints, rng: np.random.Generator) -> Ints:
    """The village code is of an earlier edition; `column` holds pairs (code of today, older code
    or '')."""
    return _as_told_beside(column, rows)


@operator("D35", "family")
def assets_as_flags(column: Ints, rows: Ints, rng: np.random.Generator) -> Ints:
    """Counts of assets are 0 or 1, as in the older questionnaires."""
    column[rows] = np.minimum(column[rows], 1)
    return rows


@operator("N03", "family")
def house_told_otherwise(column: Ints, rows: Ints, rng: np.random.Generator) -> Ints:
    """The house is told otherwise: up to two of its traits are another's, and its floor area (the last column) is
    measured anew."""
    before = column[rows].copy()
    other = rng.permutation(len(column))[: len(rows)]
    for place in rng.integers(0, column.shape[1] - 1, (2, len(rows))):
        column[rows, place] = column[other, place]
    measured = column[rows, -1] * np.exp(rng.normal(0.0, 0.15, len(rows)))
    column[rows, -1] = np.maximum(measured, 6).astype(np.int64)
    changed: Ints = rows[(column[rows] != before).any(axis=1)]
    return changed


def _as_told_beside(column: Objects, rows: Ints) -> Ints:
    """Of pairs the first becomes the second, where that says something."""
    changed: Ints = rows[(column[rows, 1] != "").astype(bool)]
    column[changed, 0] = column[changed, 1]
    return changed


def _each(column: Objects, rows: Ints, rng: np.random.Generator, change) -> Ints:  # type: ignore[no-untyped-def]
    before = column[rows]
    chance = rng.random(len(rows))
    column[rows] = objects(change(text, float(c)) for text, c in zip(before, chance, strict=True))
    changed: Ints = rows[(column[rows] != before).astype(bool)]
    return changed
