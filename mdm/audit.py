"""The audit log: who did what, as exact bytes with their RFC 9162 leaf hash, in order, for ever.

An event is written in the unit of work of the act it records; for a reveal, before the values
leave. It never carries personal data: names of fields, not their values.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from sqlmodel import Session, func, select

from mdm.errors import InputError
from mdm.hub.columns import now
from mdm.hub.dialect import dialect_of
from mdm.hub.tables import AuditEvent

#: What an event may say beside its time, actor and action.
DETAILS = frozenset(
    {
        "purpose",
        "case",
        "kind",
        "entity_id",
        "fields",
        "found",
        "decision",
        "region",
        "run",
        "run_seq",
        "batch",
        "source",
        "layout",
        "rows",
        "rules",
        "model",
        "counts",
        "sealed",
        "key_version",
        "requested_by",
        "id",
        "judgement",
        "approved_by",
    }
)
_LONG_NUMBER = re.compile(r"(?:\d[ .\-]?){15}\d")


def record(session: Session, actor: str, action: str, **details: Any) -> AuditEvent:
    """Append one event in the caller's unit of work.

    ValueError for a detail that events do not carry; InputError when what people typed (actor,
    purpose, case, region) holds a long number.
    """
    unknown = details.keys() - DETAILS
    if unknown:
        raise ValueError(f"an audit event does not say {', '.join(sorted(unknown))}")
    for typed in (actor, details.get("purpose"), details.get("case"), details.get("region")):
        if typed and _LONG_NUMBER.search(typed):
            raise InputError("The audit log takes no NIK or KK number.", "Leave the number out.")
    said = {name: value for name, value in details.items() if value is not None}
    event = {"at": now().isoformat(), "actor": actor, "action": action, **said}
    text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    connection = session.connection()
    dialect_of(connection).exclusive(connection, "audit")
    last = session.exec(select(func.max(AuditEvent.seq))).one()
    data = text.encode()
    row = AuditEvent(seq=0 if last is None else last + 1, event=data, leaf_hash=leaf_hash(data))
    session.add(row)
    session.flush()
    return row


def leaf_hash(event: bytes) -> bytes:
    """SHA-256 of 0x00 and the event: a leaf of an RFC 9162 Merkle tree."""
    return hashlib.sha256(b"\x00" + event).digest()
