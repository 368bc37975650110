"""What the evidence says, it says in both languages: every level and pattern of the linkage rules."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, cast

import pytest

from api.web.review.answers import when_seen
from api.web.texts import texts
from matching.rules import KINDS, Kind, load_linkage
from mdm.touched import Settled, Settler, Waiting
from mdm.tracing.reasons import reasons, slug


@pytest.mark.parametrize("kind", KINDS)
def test_every_level_and_pattern_has_its_words(kind: Kind) -> None:
    rules = load_linkage(kind)
    assert not {slug(one.name) for one in rules.patterns} - reasons().keys()
    wanted = set()
    for one in rules.comparisons:
        wanted.add(f"evidence.part.{kind}.{slug(one.name)}")
        wanted |= {
            f"evidence.level.{kind}.{slug(one.name)}.{slug(level.name)}" for level in one.levels
        }
    assert not wanted - texts().keys()


@pytest.mark.parametrize(
    ("came", "told"),
    [
        (Settled((7,), {}), "visible"),
        (None, "visible"),
        (Waiting("busy", 1), "later"),
        (RuntimeError(), "later"),
        (Waiting("too-far", 1), "next-run"),
        (Settled((7,), {}, deferred=1), "next-run"),
    ],
)
def test_who_answers_is_told_when_the_profile_shows_it(came: Any, told: str) -> None:
    """What only a whole run reaches is neither there nor on its way."""

    class Known:
        def ask(self) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(came) if isinstance(came, Exception) else future.set_result(came)
            return future

    assert when_seen(cast(Settler, Known())) == told
    assert f"reviewing.answered.{told}" in texts()
