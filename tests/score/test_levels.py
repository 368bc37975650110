"""A level asked through the engine's macro holds for the same pairs as the document's own words."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from matching.engines.duckdb import DuckDBEngine
from matching.levels import make_macros
from matching.rules import Level, load_linkage

_RULES = load_linkage("person")
_COLUMNS = ("name_phon", "name_key", "name_joined", "name_info")
_ASKED = [
    level
    for comparison in _RULES.comparisons
    if comparison.name == "name"
    for level in comparison.levels
    if "lambda" in level.sql
]
# Words that differ by little: slips, initials, beginnings, forms without vowels, nothing at all.
_LONG = ("SUTRISNO", "SUTRINO", "SUTRSN", "AMINAH", "AMINHA", "AMINAHTUN", "MUHAMAD", "MHMD")
_WORDS = (*_LONG, "S", "SU", "SITI", "ST", "NUR", "NURUL", "M")


def _names(seed: int, count: int) -> list[dict[str, object]]:
    chance = random.Random(seed)
    made: list[dict[str, object]] = []
    for _ in range(count):
        words = chance.choices(_WORDS, k=chance.choice((1, 1, 2, 3, 4)))
        if chance.random() < 0.05:
            words[0] = ""
        made.append(
            {
                "name_phon": words if chance.random() < 0.97 else None,
                "name_key": " ".join(sorted(words)),
                "name_joined": "".join(words),
                "name_info": chance.uniform(2, 20) if chance.random() < 0.97 else None,
            }
        )
    return made


@pytest.mark.parametrize("level", _ASKED, ids=lambda level: level.name)
def test_a_macro_holds_where_the_document_does(level: Level) -> None:
    engine = DuckDBEngine()
    left, right = _names(1, 3000), _names(2, 3000)
    pairs = [
        {
            f"{name}_{side}": one[name]
            for side, one in zip("lr", both, strict=True)
            for name in _COLUMNS
        }
        for both in zip(left, right, strict=True)
    ]
    engine.register("pairs", pa.Table.from_pylist(pairs))
    called = make_macros(engine, _RULES)["name", level.name]
    said = engine.fetch(
        f"SELECT coalesce({level.sql}, false) AS said, coalesce({called}, false) AS asked FROM pairs"
    )

    assert said["asked"] == said["said"]
    assert set(said["said"].to_pylist()) == {True, False}
