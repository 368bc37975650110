"""Survive: of all that the records say, the value the golden profile holds, and why."""

from mdm.survivorship.content import chunk_records, survive
from mdm.survivorship.explain import (
    UNSAID,
    Choice,
    Explanation,
    Loser,
    SourceRecord,
    explain,
    facts,
    values,
)
from mdm.survivorship.regions import fill_regions
from mdm.survivorship.rules import SurvivorshipRules, load_rules, parse_rules

__all__ = [
    "UNSAID",
    "Choice",
    "Explanation",
    "Loser",
    "SourceRecord",
    "SurvivorshipRules",
    "chunk_records",
    "explain",
    "facts",
    "fill_regions",
    "load_rules",
    "parse_rules",
    "survive",
    "values",
]
