"""Which versions of the keys there are, and which of them open or seal: as the log tells, held against the database.

Who may write to the database could let an older version seal again, or put back one that was destroyed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel import Session, select

from mdm.audit.logged import LoggedEvent
from mdm.audit.verified import Verified
from mdm.compose import Hub
from mdm.hub.tables import DomainKeyRow

ACTIVE, OPENS, DESTROYED = "active", "decrypt-only", "destroyed"
ROOT = "root"


@dataclass
class KeyStates:
    """Purpose → version → state. The first version of each stands from the beginning, without an event."""

    told: dict[str, dict[int, str]] = field(default_factory=dict)

    def add(self, event: LoggedEvent) -> None:
        """One event, in order."""
        if event.action not in ("rotate-key", "destroy-key") or not isinstance(event.kind, str):
            return
        states = self.told.setdefault(event.kind, {1: ACTIVE})
        if event.action == "rotate-key":
            for version, state in states.items():
                states[version] = OPENS if state == ACTIVE else state
            states[event.key_version] = ACTIVE
        else:
            states[event.key_version] = DESTROYED

    def verify(self, hub: Hub, session: Session, found: Verified) -> None:
        """Name every version that is of another state than the log tells, or not told of, or gone."""
        held: dict[str, dict[int, str]] = {}
        for row in session.exec(select(DomainKeyRow)).all():
            state = row.state if (row.wrapped is None) == (row.state == DESTROYED) else "odd"
            held.setdefault(row.purpose, {})[row.version] = state
        for purpose in sorted(held.keys() | self.told.keys() - {ROOT}):
            says, has = self.told.get(purpose, {1: ACTIVE}), held.get(purpose, {})
            for version in sorted(says.keys() | has.keys()):
                if says.get(version) != has.get(version):
                    found.fault("key", _sentence(purpose, version, says.get(version)))
        root = hub.keys.provider.versions()
        for version, state in sorted(self.told.get(ROOT, {}).items()):
            if state == DESTROYED and root.get(version, DESTROYED) != DESTROYED:
                found.fault("key", _sentence(ROOT, version, state))


def _sentence(purpose: str, version: int, says: str | None) -> str:
    told = f"it is {says}, says the log" if says else "no event tells of it"
    return f"Version {version} of the {purpose} key was altered, taken away or put back: {told}."
