"""The rules by which values survived and answers were given: their texts, held against the log's digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection

from sqlmodel import Session, select

from mdm.audit.verified import Verified
from mdm.hub.tables import RuleSet

#: Acts whose event names rules that are kept.
ACTS = ("publish", "snapshot.create")


def verify(session: Session, told: Collection[str], found: Verified) -> None:
    """Name rule sets whose texts are not those of their digest, and those of the log that are gone."""
    held = set()
    for digest, documents in session.exec(select(RuleSet.digest, RuleSet.documents)).all():
        held.add(digest)
        if digest not in _digests(documents):
            found.fault("rules", f"The texts of the rule set {digest} were altered.")
    for digest in sorted(set(told) - held):
        found.fault("rules", f"The rule set {digest} is missing.")


def _digests(documents: object) -> set[str]:
    """A set's digest, as runs name it and as programmes do."""
    texts = [json.dumps(documents, sort_keys=True, ensure_ascii=ascii) for ascii in (True, False)]
    return {hashlib.sha256(text.encode()).hexdigest() for text in texts}
