"""Which sources a correction can be overtaken by: those that the survivorship document lets speak."""

from __future__ import annotations

import duckdb
import pytest

from mdm.corrections.turning import may_speak
from mdm.survivorship import load_rules

SOURCES = ("kemendagri", "kemensos", "pemda", "correction")


@pytest.mark.parametrize("source", SOURCES)
def test_a_condition_on_the_source_means_what_it_means_to_survivorship(source: str) -> None:
    """Asked of the engine that survivorship asks."""
    body = [
        one for kind in ("person", "family") for one in load_rules().kind(kind).attributes.values()
    ]
    conditions = {one.only for one in body if one.only.startswith("source")}
    assert conditions
    for only in conditions:
        (said,) = duckdb.execute(f"SELECT {only} FROM (SELECT ? AS source)", [source]).fetchall()[0]
        assert may_speak(only, source) is said


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_asked_of_the_row_keeps_no_source_out(source: str) -> None:
    assert may_speak("true", source)
    assert may_speak("birth_date IS NOT NULL", source)
