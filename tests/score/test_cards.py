"""Whose a card is that records of several families carry."""

from __future__ import annotations

from typing import Any

import pytest

from matching import linkage
from tests.score.evidence import standardised

OWN, OTHER = "3512020101100001", "3512020101100002"
PLACE = {"region_code": "3512022001", "region_system": "kemendagri"}


def row(source: str, kk: str, **more: Any) -> dict[str, Any]:
    return {"source": source, "kk": kk} | PLACE | more


LISTED = row("kemendagri", OWN, head_name="SUPARDI")


@pytest.mark.parametrize(
    "first",
    [
        {"person": [row("kemensos", OWN, name="RINI ASTUTI", birth_date="1983-03-09")]},
        {"family": [row("kemensos", OWN, head_name="RINI ASTUTI")]},
    ],
    ids=["a member's row", "a row of another provider"],
)
def test_a_card_is_of_the_family_that_the_registry_lists_under_it(
    first: dict[str, list[dict[str, Any]]],
) -> None:
    """Rini's row in the field names the card of the Supardis; she lives with her family all the same."""
    home = row("kemendagri", OTHER, head_name="WAGIMIN")
    families = [home, *first.get("family", []), LISTED]
    with standardised(person=first.get("person", []), family=families) as engine:
        linkage.prepare(engine, "family")
        engine.table(
            "family_clusters",
            "SELECT rid, CASE WHEN head_name = 'SUPARDI' THEN 9 ELSE 1 END AS cluster FROM family_standardised",
        )
        linkage.prepare(engine, "person")
        found = engine.fetch("SELECT card, cluster FROM family_card ORDER BY card").to_pylist()
    assert [(one["card"], one["cluster"]) for one in found] == [(OWN, 9), (OTHER, 1)]
