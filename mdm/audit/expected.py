"""What the hub's rows have to be by its log: gathered as the events pass, then held against the rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlmodel import Session

from mdm.audit import ciphertexts, deliveries, entities, numbers, rulesets
from mdm.audit.compared import Compared
from mdm.audit.erased import Erased
from mdm.audit.keystates import KeyStates
from mdm.audit.logged import LoggedEvent
from mdm.audit.verified import Verified
from mdm.audit.words import Words
from mdm.compose import Hub
from mdm.work.progress import Progress


@dataclass
class Expected:
    """What the events tell, in their order. `placed`: of the published runs those whose profiles are vouched for with
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

    def add(self, seq: int, event: LoggedEvent) -> None:
        """One event, in order."""
        self.rows.add(seq, event)
        if event.action in rulesets.ACTS and isinstance(event.rules, str):
            self.rules.add(event.rules)
        if event.action == "publish" and event.sealed and event.run_seq is not None:
            self.published[event.run_seq] = event.sealed
            if isinstance(event.holds, dict):
                self.placed.add(event.run_seq)
        elif event.action in ("erase", "blank"):
            self.erased.add(event)
            if event.action == "erase" and isinstance(event.counts, dict):
                self.forgotten.update(event.counts)
        elif (
            event.action == "land" and isinstance(event.batch, str) and isinstance(event.rows, int)
        ):
            self.landed[event.batch] = event.rows
        elif event.action == "withdraw" and isinstance(event.batch, str):
            self.landed.pop(event.batch, None)
        else:
            self.keys.add(event)
            self.words.add(event)

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
        logged = ciphertexts.Logged(self.published, self.placed, self.erased)
        ciphertexts.verify(session, logged, progress, found)
        entities.verify(session, self.erased.shredded, found)
        numbers.verify(hub, session, self.rows.before, progress, found)
        deliveries.verify(hub, session, self.landed, progress, found)
