"""Who may do what: principals, actions, decisions."""

from mdm.access.decide import actions, decide, is_open, limits_of, may
from mdm.access.document import AccessRules, load_rules
from mdm.access.terms import WHOLE_COUNTRY, Decision, Limits, Principal, Resource

__all__ = [
    "WHOLE_COUNTRY",
    "AccessRules",
    "Decision",
    "Limits",
    "Principal",
    "Resource",
    "actions",
    "decide",
    "is_open",
    "limits_of",
    "load_rules",
    "may",
]
