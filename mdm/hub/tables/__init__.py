"""Table classes: storage only, no behaviour, never returned by a route."""

from mdm.hub.tables.access import (
    Alarm,
    Approval,
    Budget,
    BudgetNik,
    Client,
    ClientKey,
    HoneyNik,
    LoginFlow,
    RoleGrant,
    SetupToken,
    Staff,
    StaffSession,
    UsedAssertion,
)
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
from mdm.hub.tables.exchanges import AgreedCallback, Exchange, ExchangeReference, SeenMessage
from mdm.hub.tables.rights import JudgementKey, Refiling, ShredEntry, SubjectRestriction
from mdm.hub.tables.runs import LinkageModel, RuleSet, Run, RunFigure, RunStage, StagingMark
from mdm.hub.tables.samples import Sample, SampleItem, SampleKey, SampleVerdict
from mdm.hub.tables.trust import (
    AuditActor,
    AuditCheckpoint,
    AuditEvent,
    AuditKey,
    AuditSubject,
    AuditTile,
    DomainKeyRow,
    SealedDigest,
)

#: Tables whose rows are facts: the database itself refuses to change or delete them.
APPEND_ONLY = (
    "entity_event",
    "judgement",
    "audit_event",
    "audit_checkpoint",
    "audit_key",
    "shred_entry",
    "sample",
    "sample_item",
    "sample_verdict",
)

__all__ = [
    "APPEND_ONLY",
    "AgreedCallback",
    "Alarm",
    "Approval",
    "AuditActor",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditKey",
    "AuditSubject",
    "AuditTile",
    "Batch",
    "Budget",
    "BudgetNik",
    "Client",
    "ClientKey",
    "DomainKeyRow",
    "Entity",
    "EntityEvent",
    "EntityKey",
    "EntityQuestion",
    "Exchange",
    "ExchangeReference",
    "HoneyNik",
    "Job",
    "Judgement",
    "JudgementKey",
    "LakeFileRow",
    "LinkageModel",
    "LoginFlow",
    "NikToken",
    "Refiling",
    "RoleGrant",
    "RuleSet",
    "Run",
    "RunFigure",
    "RunPeriod",
    "RunStage",
    "Sample",
    "SampleItem",
    "SampleKey",
    "SampleVerdict",
    "SealedDigest",
    "SealedProfile",
    "SeenMessage",
    "SetupToken",
    "ShredEntry",
    "Snapshot",
    "Staff",
    "StaffSession",
    "StagingMark",
    "SubjectRestriction",
    "UsedAssertion",
]
