"""Table classes: storage only, no behaviour, never returned by a route."""

from mdm.hub.tables.delivery import Batch, LakeFileRow
from mdm.hub.tables.entities import (
    Entity,
    EntityEvent,
    EntityKey,
    Judgement,
    NikToken,
    SealedProfile,
)
from mdm.hub.tables.runs import LinkageModel, RuleSet, Run, RunStage, StagingMark
from mdm.hub.tables.trust import AuditEvent, DomainKeyRow

#: Tables whose rows are facts: the database itself refuses to change or delete them.
APPEND_ONLY = ("entity_event", "judgement", "audit_event")

__all__ = [
    "APPEND_ONLY",
    "AuditEvent",
    "Batch",
    "DomainKeyRow",
    "Entity",
    "EntityEvent",
    "EntityKey",
    "Judgement",
    "LakeFileRow",
    "LinkageModel",
    "NikToken",
    "RuleSet",
    "Run",
    "RunStage",
    "SealedProfile",
    "StagingMark",
]
