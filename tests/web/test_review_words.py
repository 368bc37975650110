"""What the evidence says, it says in both languages: every level and pattern of the linkage rules."""

from __future__ import annotations

import pytest

from api.web.evidence import slug
from api.web.texts import texts
from matching.rules import KINDS, Kind, load_linkage


@pytest.mark.parametrize("kind", KINDS)
def test_every_level_and_pattern_has_its_words(kind: Kind) -> None:
    rules = load_linkage(kind)
    wanted = {f"evidence.reason.{slug(one.name)}" for one in rules.patterns}
    for one in rules.comparisons:
        wanted.add(f"evidence.part.{kind}.{slug(one.name)}")
        wanted |= {
            f"evidence.level.{kind}.{slug(one.name)}.{slug(level.name)}" for level in one.levels
        }
    assert not wanted - texts().keys()
