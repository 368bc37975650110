"""Who may do what, written down a second time and plainly: what is not written here is denied.

One line: role, actions, where, purposes (`-`: the action takes none), field set (`-`: none).
"""

from __future__ import annotations

from dataclasses import dataclass

TABLE = """
officer            profile.lookup                        region   verification,correction,grievance   desk
officer            profile.lookup                        region   assistance                          assistance
officer            eligibility.ask                       region   verification,grievance,assistance   assessment
officer            snapshot.list                         anywhere -                                   -
supervisor         profile.lookup                        region   verification,correction,grievance   desk
supervisor         profile.lookup                        region   assistance                          assistance
supervisor         profile.lookup,subject.report         region   subject_access                      whole
supervisor         eligibility.ask                       region   verification,grievance,assistance   assessment
supervisor         eligibility.batch                     region   assistance,grievance                assessment
supervisor         rights.restrict,rights.erase          region   subject_access                      -
supervisor         export.bulk                           country  assistance                          assistance
supervisor         snapshot.create                       country  -                                   -
supervisor         snapshot.list                         anywhere -                                   -
supervisor         job.read                              own      -                                   -
supervisor         approval.list,approval.decide         anywhere -                                   -
steward            profile.lookup                        region   review,correction,grievance         review
steward            eligibility.ask                       region   verification,grievance,assistance   assessment
steward            snapshot.list                         anywhere -                                   -
auditor            audit.verify,audit.export             anywhere -                                   -
auditor            audit.trace                           region   audit                               whole
auditor            subject.report,breach.report          region   audit,breach,subject_access         whole
auditor            snapshot.list,alarm.read,metrics.read anywhere -                                   -
auditor            user.list,client.list,key.list        anywhere -                                   -
auditor            approval.list                         anywhere -                                   -
programme          profile.lookup,dci.search             region   assistance,verification,demonstration            assistance
programme          eligibility.ask,eligibility.batch     region   assistance,verification,grievance,demonstration  assessment
programme          job.read                              own      -                                   -
programme          snapshot.list                         anywhere -                                   -
user-administrator user.list,user.create,user.disable,user.reset          anywhere - -
user-administrator role.grant,role.revoke,client.list,client.create       anywhere - -
user-administrator client.disable,client.rotate-key,honey.add             anywhere - -
user-administrator approval.list,approval.decide,alarm.read,metrics.read  anywhere - -
key-administrator  key.list,key.rotate,key.destroy                        anywhere - -
key-administrator  approval.list,approval.decide,alarm.read,metrics.read  anywhere - -
"""

OPEN = [
    "health.read",
    "documentation.read",
    "keys.published",
    "token.ask",
    "session.begin",
    "session.setup",
]
OF_STAFF = ("session.change", "session.end")
OF_ALL_KNOWN = ("session.read",)

#: Which roles need a purpose for which actions is in TABLE; the roles that staff hold are these.
STAFF = ("officer", "supervisor", "steward", "auditor", "user-administrator", "key-administrator")
APART = frozenset({"auditor", "user-administrator", "key-administrator"})


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    role: str
    actions: frozenset[str]
    where: str
    purposes: frozenset[str | None]
    fields: str | None


def lines() -> list[Line]:
    """The table, read."""
    read = []
    for text in TABLE.strip().splitlines():
        role, actions, where, purposes, fields = text.split()
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
    for line in lines():
        fits_kind = (line.role in STAFF) == (kind == "staff")
        if line.role not in roles or action not in line.actions or not fits_kind:
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
