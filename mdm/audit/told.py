"""What the events tell that the hub's rows have to agree with: gathered as they pass, then held against them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlmodel import Session

from mdm.audit import ciphertexts, deliveries, entities, numbers, rulesets
from mdm.audit.compared import Compared
from mdm.audit.erased import Erased
from mdm.audit.keystates import KeyStates
from mdm.audit.verified import Verified
from mdm.audit.words import Words
from mdm.compose import Hub
from mdm.work.progress import Progress


class Said(msgspec.Struct):
    """What verification needs of an event."""

    at: str = ""
    actor: str = ""
    action: str = ""
    entity_id: Any = None
    batch: Any = None
    run: Any = None
    job: Any = None
    id: Any = None
    judgement: Any = None
    kind: Any = None
    region: Any = None
    role: Any = None
    user: Any = None
    rows: Any = None
    run_seq: int | None = None
    sealed: str | None = None
    snapshot: Any = None
    hashes: Any = None
    anew: Any = None
    holds: Any = None
    rules: Any = None
    counts: Any = None
    verifier: str | None = None
    key_version: Any = None


@dataclass
class Told:
    """What the events told, in their order. `placed`: of the published runs those whose profiles are vouched for with
    region and end; `forgotten`: of what erasures took the keys, and of how many; `landed`: batch → rows."""

    published: dict[int, str] = field(default_factory=dict)
    placed: set[int] = field(default_factory=set)
    erased: Erased = field(default_factory=Erased)
    forgotten: Counter[str] = field(default_factory=Counter)
    landed: dict[str, int] = field(default_factory=dict)
    rules: set[str] = field(default_factory=set)
    words: Words = field(default_factory=Words)
    rows: Compared = field(default_factory=Compared)
    keys: KeyStates = field(default_factory=KeyStates)

    def add(self, seq: int, said: Said) -> None:
        """One event, in order."""
        self.rows.add(seq, said)
        if said.action in rulesets.ACTS and isinstance(said.rules, str):
            self.rules.add(said.rules)
        if said.action == "publish" and said.sealed and said.run_seq is not None:
            self.published[said.run_seq] = said.sealed
            if isinstance(said.holds, dict):
                self.placed.add(said.run_seq)
        elif said.action in ("erase", "blank"):
            self.erased.add(said)
            if said.action == "erase" and isinstance(said.counts, dict):
                self.forgotten.update(said.counts)
        elif said.action == "land" and isinstance(said.batch, str) and isinstance(said.rows, int):
            self.landed[said.batch] = said.rows
        else:
            self.keys.add(said)
            self.words.add(said)

    def verify(self, hub: Hub, session: Session, progress: Progress, found: Verified) -> None:
        """Hold the rows against it; without the profiles, and what would have to be opened."""
        self.words.verify(session, found)
        with progress.task("verify records"):
            self.rows.verify(session, found)
            rulesets.verify(session, self.rules, found)
            entities.verify_keys(session, self.forgotten, found)
            self.erased.verify(session, found)
            self.keys.verify(hub, session, found)

    def verify_profiles(
        self, hub: Hub, session: Session, progress: Progress, found: Verified
    ) -> None:
        """Hold every ciphertext against it, whether people are found by their own numbers, and the lake."""
        said = ciphertexts.Said(self.published, self.placed, self.erased)
        ciphertexts.verify(session, said, progress, found)
        entities.verify(session, self.erased.shredded, found)
        numbers.verify(hub, session, progress, found)
        deliveries.verify(hub, session, self.landed, progress, found)
