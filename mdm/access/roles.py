"""Roles: who holds which, for which regions, granted and taken away with a date."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, select

from mdm import audit
from mdm.access.document import load_rules
from mdm.access.places import check_region
from mdm.access.terms import WHOLE_COUNTRY
from mdm.errors import AccessError, ConflictError, InputError, UnknownError
from mdm.hub.columns import now
from mdm.hub.dialect import dialect_of
from mdm.hub.tables import RoleGrant

Held = tuple[str, str]  # role, region


def grant(
    session: Session,
    staff_id: str,
    role: str,
    region: str,
    *,
    actor: str,
    approved_by: str | None,
) -> RoleGrant:
    """Give somebody a role. AccessError when it does not go with what they hold already; InputError for a
    role or a region that there is not."""
    check_region(region)
    connection = session.connection()
    dialect_of(connection).exclusive(connection, f"roles {staff_id}")
    must_fit(session, staff_id, role, region)
    given = RoleGrant(
        id=f"grant-{secrets.token_hex(6)}",
        staff_id=staff_id,
        role=role,
        region=region,
        granted_by=actor,
        approved_by=approved_by,
    )
    session.add(given)
    session.flush()
    audit.record(
        session,
        actor,
        "role.grant",
        id=given.id,
        user=staff_id,
        role=role,
        region=region or None,
        approved_by=approved_by,
    )
    return given


def must_fit(session: Session, staff_id: str, role: str, region: str) -> None:
    """ConflictError for a role that is held already; errors as in `fit_together` beside those that are."""
    having = counted(held(session, staff_id))
    if (role, region) in having:
        raise ConflictError(
            "This role is held already, for this region.",
            "Nothing is to be done.",
            code="role-held",
        )
    fit_together([*having, (role, region)])


def revoke(session: Session, staff_id: str, role: str, region: str | None, *, actor: str) -> int:
    """Take a role away, for one region or all; how many grants ended. UnknownError for none."""
    query = select(RoleGrant).where(
        RoleGrant.staff_id == staff_id, RoleGrant.role == role, col(RoleGrant.revoked).is_(None)
    )
    if region is not None:
        query = query.where(RoleGrant.region == region)
    standing = session.exec(query).all()
    if not standing:
        raise UnknownError(
            "This role is not held.", "See `dtsen admin user list`.", code="role-not-held"
        )
    for given in standing:
        given.revoked = now()
        audit.record(
            session, actor, "role.revoke", id=given.id, user=staff_id, role=role, region=region
        )
    return len(standing)


def held(session: Session, staff_id: str) -> list[Held]:
    """Roles and regions somebody holds now."""
    query = select(RoleGrant.role, RoleGrant.region).where(
        RoleGrant.staff_id == staff_id, col(RoleGrant.revoked).is_(None)
    )
    return sorted(session.exec(query).all())


def counted(holding: Iterable[Held]) -> list[Held]:
    """Those of some roles that the access document still has: one that left it gives nothing."""
    known = staff_roles()
    return [(role, region) for role, region in holding if role in known]


def guarded(session: Session, staff_id: str) -> bool:
    """Whether it takes two to reset somebody: they hold a role that needs a second factor, or one that approves what
    others ask. Whoever could come in as an approver would approve their own requests."""
    rules = load_rules()
    approving = {role for action in rules.actions.values() for role in action.approvers}
    return any(
        role in approving or rules.roles[role].second_factor
        for role, _ in counted(held(session, staff_id))
    )


def fit_together(holding: Sequence[Held]) -> None:
    """AccessError when roles may not be held together; InputError for one that does not exist."""
    rules = load_rules()
    names = {role for role, _ in holding}
    for role, region in holding:
        if role not in rules.roles or rules.roles[role].kind != "staff":
            raise InputError(
                "Staff hold no such role.",
                f"One of: {', '.join(staff_roles())}.",
                code="role-unknown",
            )
        if region != WHOLE_COUNTRY and not rules.roles[role].regional:
            raise InputError(
                "This role is not held for a region.",
                "Leave the region out.",
                code="role-national",
            )
    if len(names.intersection(rules.apart)) > 1:
        raise AccessError(
            "Nobody is two of auditor, administrator of users and administrator of keys.",
            "Give the role to another person.",
            code="roles-apart",
        )
    if len({name for name in names if rules.roles[name].regional}) > 1:
        raise AccessError(
            "A person holds one regional role at most.",
            "Take the other away first.",
            code="one-regional",
        )


def regions_of(holding: Iterable[Held]) -> tuple[str, ...]:
    """The regions of the one regional role among what is held."""
    rules = load_rules()
    return tuple(
        sorted({region for role, region in counted(holding) if rules.roles[role].regional})
    )


def staff_roles() -> list[str]:
    """Roles that staff can hold."""
    return sorted(name for name, role in load_rules().roles.items() if role.kind == "staff")


def ever_held(session: Session, roles: Iterable[str]) -> set[str]:
    """Who ever held one of these roles, whether they still do or not."""
    query = select(RoleGrant.staff_id).where(col(RoleGrant.role).in_(list(roles)))
    return set(session.exec(query).all())
