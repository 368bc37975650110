"""Table classes: storage only, no behaviour, never returned by a route."""

from mdm.hub.tables.answers import EntityQuestion, Job, RunPeriod, Snapshot
from mdm.hub.tables.delivery import Batch, LakeFileRow
from mdm.hub.tables.entities import (
    Entity,
    EntityEvent,
    EntityKey,
    Judgement,
    NikToken,
    SealedProfile,
)
from mdm.hub.tables.rights import JudgementKey, Refiling, ShredEntry, SubjectRestriction
from mdm.hub.tables.runs import LinkageModel, RuleSet, Run, RunStage, StagingMark
from mdm.hub.tables.trust import AuditEvent, DomainKeyRow

#: Tables whose rows are facts: the database itself refuses to change or delete them.
APPEND_ONLY = ("entity_event", "judgement", "audit_event", "shred_entry")

__all__ = [
    "APPEND_ONLY",
    "AuditEvent",
    "Batch",
    "DomainKeyRow",
    "Entity",
    "EntityEvent",
    "EntityKey",
    "EntityQuestion",
    "Job",
    "Judgement",
    "JudgementKey",
    "LakeFileRow",
    "LinkageModel",
    "NikToken",
    "Refiling",
    "RuleSet",
    "Run",
    "RunPeriod",
    "RunStage",
    "SealedProfile",
    "ShredEntry",
    "Snapshot",
    "StagingMark",
    "SubjectRestriction",
]
