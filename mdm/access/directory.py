"""The directory: accounts and clients as those who manage them look them up, a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from mdm.access.roles import Held
from mdm.access.staff import ACTIVE
from mdm.access.tally import Used
from mdm.hub.columns import now
from mdm.hub.tables import Budget, ClientKey, RoleGrant, Staff, StaffSession

PAGE = 50  # accounts on a page
MINUTE, DAY = 60, 86_400  # seconds, as budgets count
STATES = ("active", "disabled", "invited", "locked", "without-role")


@dataclass(frozen=True)
class Wanted:
    """Which accounts; every part that is given must hold. `name`: in the login; `role` and `region` (digits of a
    code, with all below): held now; `state`: one of STATES."""

    name: str = ""
    role: str = ""
    region: str = ""
    state: str = ""


def accounts(session: Session, wanted: Wanted, after: str | None = None) -> Sequence[Staff]:
    """A page of accounts by login; those behind the account `after`, where it is given. One more than PAGE when there
    are more."""
    query = select(Staff).where(*_conditions(wanted))
    if after is not None and (last := session.get(Staff, after)) is not None:
        query = query.where(col(Staff.login) > last.login)
    return session.exec(query.order_by(col(Staff.login)).limit(PAGE + 1)).all()


def how_many(session: Session, wanted: Wanted) -> int:
    """How many accounts these are."""
    return session.exec(select(func.count(col(Staff.id))).where(*_conditions(wanted))).one()


def held_by(session: Session, staff: Collection[str]) -> Mapping[str, list[RoleGrant]]:
    """The roles that these accounts hold now, by account."""
    found: dict[str, list[RoleGrant]] = defaultdict(list)
    query = select(RoleGrant).where(col(RoleGrant.staff_id).in_(staff), _now_held())
    for grant in session.exec(query.order_by(col(RoleGrant.role), col(RoleGrant.region))):
        found[grant.staff_id].append(grant)
    return found


def vouched_for(session: Session, staff: Collection[str]) -> Mapping[str, list[Held]]:
    """The roles that an issuer vouches for in the newest session of these accounts, by account."""
    query = select(StaffSession).where(
        col(StaffSession.staff_id).in_(staff), col(StaffSession.expires) > now()
    )
    running = session.exec(query.order_by(col(StaffSession.started))).all()
    return {one.staff_id: [(role, region) for role, region in one.roles or ()] for one in running}


def grants_of(session: Session, staff_id: str) -> Sequence[RoleGrant]:
    """Every role that somebody ever held, the oldest first."""
    query = select(RoleGrant).where(RoleGrant.staff_id == staff_id)
    return session.exec(query.order_by(col(RoleGrant.granted), col(RoleGrant.id))).all()


def used_by(session: Session, principals: Collection[str]) -> Mapping[str, Used]:
    """What principals have used of their budgets: requests of this minute, the rest of today (UTC, as budgets are
    counted)."""
    moment = int(now().timestamp())
    minute, day = moment // MINUTE, moment // DAY
    query = select(Budget).where(col(Budget.principal).in_(principals))
    return {
        one.principal: Used(
            one.requests if one.minute == minute else 0,
            *((one.niks, one.asked, one.missed) if one.day == day else ()),
        )
        for one in session.exec(query)
    }


def keys_of(session: Session, clients: Collection[str]) -> Mapping[str, list[ClientKey]]:
    """Every public key that clients ever had, the newest first, by client."""
    found: dict[str, list[ClientKey]] = defaultdict(list)
    query = select(ClientKey).where(col(ClientKey.client_id).in_(clients))
    for key in session.exec(query.order_by(col(ClientKey.created).desc(), col(ClientKey.kid))):
        found[key.client_id].append(key)
    return found


def _conditions(wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.name:
        yield col(Staff.login).contains(wanted.name, autoescape=True)
    holding = sa.select(col(RoleGrant.staff_id)).where(_now_held())
    if wanted.role:
        holding = holding.where(col(RoleGrant.role) == wanted.role)
    if wanted.region:
        holding = holding.where(col(RoleGrant.region).startswith(wanted.region, autoescape=True))
    if wanted.role or wanted.region:
        yield col(Staff.id).in_(holding)
    match wanted.state:
        case "":
            return
        case "locked":
            yield col(Staff.locked_until) > now()
        case "invited":
            yield sa.and_(col(Staff.must_change), col(Staff.entered).is_(None))
        case "without-role":
            yield col(Staff.id).not_in(sa.select(col(RoleGrant.staff_id)).where(_now_held()))
            yield sa.and_(col(Staff.state) == ACTIVE, col(Staff.subject).is_(None))
        case state:
            yield col(Staff.state) == state


def _now_held() -> sa.ColumnElement[bool]:
    return col(RoleGrant.revoked).is_(None)
