"""Two names side by side, word by word: which word of one stands for which of the other.

Names come as the words that were compared (`phon` of matching/names.py). The bulk path compares them in SQL
(`matching/rules/person.yaml`); here jellyfish gives the same similarities for one pair, equal to the engine's to 1e-9,
and two words belong together where the level "words alike" says so (both tested).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import jellyfish

ALIKE = 0.88  #: Jaro-Winkler of two words that are alike
SHORT = 3  #: letters of a word that may be an initial, a beginning, or a word without its vowels
_VOWELS = str.maketrans("", "", "AEIOU")

Agreement = Literal["same", "alike", "shortened", "missing"]
_RANK: dict[Agreement, int] = {"same": 3, "alike": 2, "shortened": 1, "missing": 0}


@dataclass(frozen=True)
class WordPair:
    """One word of each name; None where the other name lacks it. `similarity` is Jaro-Winkler, 0 to 1."""

    left: str | None
    right: str | None
    agreement: Agreement
    similarity: float


def jaro_winkler(left: str, right: str) -> float:
    """Jaro-Winkler similarity, 0 to 1."""
    return jellyfish.jaro_winkler_similarity(left, right)


def align(ours: Sequence[str], theirs: Sequence[str]) -> list[WordPair]:
    """Pair the words of two names, best pairs first, each word once; words without a partner come last as missing."""
    scored = sorted(
        ((word_pair(a, b), i, j) for i, a in enumerate(ours) for j, b in enumerate(theirs)),
        key=lambda item: (-_RANK[item[0].agreement], -item[0].similarity, item[1], item[2]),
    )
    pairs: list[WordPair] = []
    used_left: set[int] = set()
    used_right: set[int] = set()
    for pair, i, j in scored:
        if pair.agreement != "missing" and i not in used_left and j not in used_right:
            pairs.append(pair)
            used_left.add(i)
            used_right.add(j)
    pairs += [
        WordPair(word, None, "missing", 0.0) for i, word in enumerate(ours) if i not in used_left
    ]
    pairs += [
        WordPair(None, word, "missing", 0.0) for j, word in enumerate(theirs) if j not in used_right
    ]
    return pairs


def describe(left: Sequence[str], right: Sequence[str]) -> str:
    """The alignment in one line: NUR = NUR, SUTRISNO ~ SUTRINO 0.98, PUSPITA alone."""
    return ", ".join(_said(pair) for pair in align(left, right))


def _said(pair: WordPair) -> str:
    if pair.left is None or pair.right is None:
        return f"{pair.left or pair.right} alone"
    sign = "=" if pair.agreement == "same" else "~"
    likeness = "" if pair.agreement == "same" else f" {pair.similarity:.2f}"
    return f"{pair.left} {sign} {pair.right}{likeness}"


def word_pair(left: str, right: str) -> WordPair:
    """Two words of names, and how they agree; "missing" where neither stands for the other."""
    similarity = jaro_winkler(left, right)
    agreement: Agreement = "missing"
    if left == right:
        agreement = "same"
    elif similarity >= ALIKE:
        agreement = "alike"
    elif min(len(left), len(right)) <= SHORT and (_shortens(left, right) or _shortens(right, left)):
        agreement = "shortened"
    return WordPair(left, right, agreement, similarity)


def _shortens(short: str, whole: str) -> bool:
    return whole.startswith(short) or short == whole.translate(_VOWELS)
