"""Survive: of all that the records say, the value the golden profile holds, and why."""

from mdm.survivorship.content import survive
from mdm.survivorship.rules import SurvivorshipRules, load_rules

__all__ = ["SurvivorshipRules", "load_rules", "survive"]
