"""What people were allowed and what they judged, held against the log that tells of it.

Who may write to the database could give a role, take a steward's word back, or a second factor away; no event would
say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, select

from mdm.audit.logged import LoggedEvent
from mdm.audit.verified import Verified, What
from mdm.hub.tables import Judgement, RoleGrant, Staff

_Told = Mapping[str, tuple[Any, ...]]


@dataclass
class Words:
    """What the log tells: judgement → who, what, of which kind; grant → to whom, role, region; grants that ended;
    accounts with a second factor."""

    judged: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    granted: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    guarded: set[str] = field(default_factory=set)

    def add(self, event: LoggedEvent) -> None:
        """One event, in order."""
        # Release 0.2.0 named an account as `user` alone.
        about = event.id if isinstance(event.id, str) else event.user
        if not isinstance(about, str):
            return
        if event.action == "judge":
            self.judged[about] = (event.actor, event.judgement, event.kind)
        elif event.action == "role.grant":
            self.granted[about] = (event.user, event.role, event.region or "")
        elif event.action == "role.revoke":
            self.revoked.add(about)
        elif event.action == "user.second-factor":
            self.guarded.add(about)
        elif event.action == "user.reset":
            self.guarded.discard(about)

    def verify(self, session: Session, found: Verified) -> None:
        """Name the judgements and roles of the hub that are not those of the log."""
        said = select(Judgement.id, Judgement.actor, Judgement.judgement, Judgement.kind)
        _compare("judgement", self.judged, {i: told for i, *told in session.exec(said)}, found)
        grants = session.exec(select(RoleGrant)).all()
        held = {one.id: (one.staff_id, one.role, one.region) for one in grants}
        _compare("role", self.granted, held, found)
        for one in grants:
            if (one.revoked is not None) != (one.id in self.revoked):
                ended = "ended" if one.id in self.revoked else "still held"
                found.fault(
                    "role", f"The role {one.id} of {one.staff_id} is {ended}, says the log."
                )
        for account, step in session.exec(select(Staff.id, Staff.totp_step)).all():
            if (step > 0) != (account in self.guarded):
                has = "no" if account in self.guarded else "a"
                sentence = f"The account {account} has {has} second factor; the log says otherwise."
                found.fault("factor", sentence)


def _compare(what: What, told: _Told, held: Mapping[str, Any], found: Verified) -> None:
    for name in sorted(told.keys() - held.keys()):
        found.fault(what, f"The {what} {name} is missing.")
    for name, one in sorted(held.items()):
        if name not in told:
            found.fault(what, f"No event tells of the {what} {name}.")
        elif tuple(one) != told[name]:
            found.fault(what, f"The {what} {name} is another than the log tells of.")
