"""Who may do what, written down a second time and plainly: what is not written here is denied.

One line: role, where, field set (`-`: none), purposes (`-`: the action takes none), actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

TABLE = """
officer            region   desk       verification,correction,grievance profile.lookup
officer            region   assistance assistance                     profile.lookup
officer            region   assessment verification,grievance,assistance eligibility.ask
officer            anywhere -          -                              snapshot.list
supervisor         region   desk       verification,correction,grievance profile.lookup
supervisor         region   assistance assistance                     profile.lookup
supervisor         region   whole      subject_access                 profile.lookup,subject.report
supervisor         region   assessment verification,grievance,assistance eligibility.ask
supervisor         region   assessment assistance,grievance           eligibility.batch
supervisor         region   -          subject_access                 rights.restrict,rights.erase
supervisor         country  -          -                              snapshot.create
supervisor         anywhere -          -                              snapshot.list
supervisor         own      -          -                              job.read
supervisor         anywhere -          -                    approval.list,approval.decide,approval.withdraw
officer            region   desk       correction                     correction.propose,correction.read
supervisor         region   desk       correction                     correction.read
supervisor         country  whole      correction                     correction.deliver
steward            region   desk       correction                     correction.read,correction.approve
desa-operator      region   desk       correction                     correction.propose,correction.read
desa-operator      region   desk       verification,correction        profile.lookup
desa-operator      anywhere -          -                              snapshot.list
dinsos-verifier    region   desk       correction                     correction.verify,correction.read
dinsos-verifier    region   desk       verification,correction        profile.lookup
dinsos-verifier    anywhere -          -                              snapshot.list
head-of-office     region   desk       correction                     correction.endorse,correction.read
head-of-office     region   desk       verification,correction        profile.lookup
head-of-office     anywhere -          -                              snapshot.list
steward            region   review     review,correction,grievance    profile.lookup
steward            region   assessment verification,grievance,assistance eligibility.ask
steward            anywhere -          -                              snapshot.list
steward            region   -          -                              review.list,review.decide
steward            region   review     review                         review.open
supervisor         region   -          -                    review.list,review.decide,review.supervise,review.sample
supervisor         region   review     review                         review.open
auditor            anywhere -          -                              audit.verify,audit.export,audit.sample
auditor            region   whole      audit                          audit.trace
auditor            region   whole      audit,breach,subject_access    subject.report,breach.report
auditor            anywhere -          -                              snapshot.list,alarm.read,metrics.read
auditor            anywhere -          -                              user.list,client.list,key.list
auditor            own      -          -                              job.read
auditor            anywhere -          -                              approval.list
programme          region   assistance assistance,verification,demonstration profile.lookup,dci.search
programme          region   assessment assistance,verification,grievance,demonstration eligibility.ask,eligibility.batch
programme          own      -          -                              job.read
programme          anywhere -          -                              snapshot.list
user-administrator anywhere -          -                              user.list,user.create,user.disable,user.reset
user-administrator anywhere -          -                              role.grant,role.revoke,client.list,client.create
user-administrator anywhere -          -                              client.amend,client.disable,client.rotate-key
user-administrator anywhere -          -                              user.enable,user.sign-out
user-administrator anywhere -          -                              client.enable,client.withdraw-key
user-administrator anywhere -          -                              callback.agree,callback.withdraw
user-administrator anywhere -          -                              honey.add,approval.withdraw
user-administrator anywhere -          -                    approval.list,approval.decide,alarm.read,metrics.read
key-administrator  anywhere -          -                              key.list,key.rotate,key.destroy,approval.withdraw
key-administrator  anywhere -          -                    approval.list,approval.decide,alarm.read,metrics.read
monitor            anywhere -          -                              metrics.read
steward            anywhere -          -                              operations.read
supervisor         anywhere -          -                              operations.read
auditor            anywhere -          -                              operations.read
user-administrator anywhere -          -                              operations.read
key-administrator  anywhere -          -                              operations.read
"""

OPEN = [
    "health.read",
    "documentation.read",
    "keys.published",
    "token.ask",
    "session.begin",
    "session.setup",
    "page.open",
]
OF_STAFF = ("session.change", "session.end", "page.home")
OF_ALL_KNOWN = ("session.read",)

#: Which roles need a purpose for which actions is in TABLE; the roles that staff hold are these.
STAFF = (
    "officer",
    "supervisor",
    "steward",
    "desa-operator",
    "dinsos-verifier",
    "head-of-office",
    "auditor",
    "user-administrator",
    "key-administrator",
)
CLIENTS = ("programme", "monitor")
PURPOSES: tuple[str | None, ...] = (
    None,
    "verification",
    "correction",
    "grievance",
    "assistance",
    "subject_access",
    "review",
    "audit",
    "breach",
    "demonstration",
)
APART = frozenset({"auditor", "user-administrator", "key-administrator"})


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    role: str
    actions: frozenset[str]
    where: str
    purposes: frozenset[str | None]
    fields: str | None


@cache
def lines() -> list[Line]:
    """The table, read."""
    read = []
    for text in TABLE.strip().splitlines():
        role, where, fields, purposes, actions = text.split()
        read.append(
            Line(
                role,
                frozenset(actions.split(",")),
                where,
                frozenset([None] if purposes == "-" else purposes.split(",")),
                None if fields == "-" else fields,
            )
        )
    return read


@cache
def speaking(roles: frozenset[str], action: str) -> list[Line]:
    """The lines that say something about these roles and this action."""
    return [line for line in lines() if line.role in roles and action in line.actions]


def allowed(
    *,
    kind: str,
    roles: frozenset[str],
    regions: tuple[str, ...],
    agreed: frozenset[str],
    action: str,
    purpose: str | None,
    region: str | None,
    owner: bool,
) -> set[str] | None:
    """The field sets that may be shown, or None for a denial. `owner`: it is the asker's own."""
    if action in OPEN or action in OF_ALL_KNOWN or (action in OF_STAFF and kind == "staff"):
        return set()
    if len(roles & APART) > 1:
        return None
    found = None
    for line in speaking(roles, action):
        if (line.role in STAFF) != (kind == "staff"):
            continue
        if None not in line.purposes and purpose not in line.purposes:
            continue
        if kind == "client" and None not in line.purposes and purpose not in agreed:
            continue
        here = {
            "anywhere": True,
            "own": owner,
            "country": "" in regions,
            "region": any((region or "").replace(".", "").startswith(prefix) for prefix in regions),
        }
        if here[line.where]:
            found = (found or set()) | ({line.fields} if line.fields else set())
    return found
