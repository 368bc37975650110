"""A record that came since and says otherwise ends no correction, but somebody is asked."""

from __future__ import annotations

from datetime import date

import pytest

from mdm.corrections.outcomes import _chosen
from mdm.corrections.terms import Heard, Part
from mdm.desk.terms import Profile

SEEN = date(2026, 11, 20)


def part(attribute: str, value: str) -> Part:
    heard = (Heard("kemensos", "siksng_individu", "k", "b0", 1),)
    return Part(key="c", kind="person", entity_id="e", anchor=None, columns={attribute: value},
                attributes=(attribute,), heard=heard)  # fmt: skip


def profile(attribute: str, ours: str, other: str, *, key: str, dated: str, reason: str) -> Profile:
    records = [
        ["correction", "person", "c", "c", "koreksi", 1, "2026-11-20"],
        ["kemensos", "siksng_individu", key, "b1", "f.csv", 1, dated],
    ]
    entry = [ours, 0, 1, [[other, 1, 1, reason]]]
    body = {"kind": "person", "agreed": {}, "contested": {attribute: entry}, "records": records,
            "identity_status": "verified", "links": {}, "regions": "r", "rules": "d"}  # fmt: skip
    return Profile("e", "person", 1, 1, body)


@pytest.mark.parametrize(
    ("key", "dated", "reason", "became"),
    [
        ("new", "2026-11-25", "lower_priority", "questioned"),
        ("new", "2026-11-19", "lower_priority", "survived"),
        ("new", "2026-11-25", "invalid", "survived"),
        ("k", "2026-11-25", "lower_priority", "survived"),  # what was overruled, dated anew
    ],
)
def test_a_newer_record_of_somebody_else_is_asked_about(
    key: str, dated: str, reason: str, became: str
) -> None:
    seen = profile("phone", "081", "082", key=key, dated=dated, reason=reason)
    found = _chosen(part("phone", "081"), "phone", seen, SEEN, None)
    assert found.outcome == became
    if became == "questioned":
        assert (found.source, found.day) == ("kemensos", dated)


def test_what_lasts_a_life_is_not_asked_about_for_every_spelling() -> None:
    seen = profile("name", "SITI", "STI", key="new", dated="2026-11-25", reason="lower_priority")
    assert _chosen(part("name", "SITI"), "name", seen, SEEN, None).outcome == "survived"
