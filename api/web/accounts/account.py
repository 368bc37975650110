"""One account: its roles, what waits about it, its history from the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlmodel import Session, col, func, select

from api.actions import declares
from api.web.accounts.requests import ACCOUNT, PLACES, Request, requests
from api.web.accounts.shown import Account, shown
from api.web.accounts.words import Refused, place, refused, regions
from api.web.auditor.spoken import Names, Spoken, spoken
from api.web.errors import Told
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from api.web.wording import IN
from mdm.access import approvals, roles
from mdm.access.directory import grants_of
from mdm.audit.search import Wanted, search
from mdm.compose import Hub
from mdm.errors import HubError
from mdm.hub.columns import now
from mdm.hub.tables import Approval, Staff, StaffSession

PATH = ACCOUNT + "/{staff_id:str}"
EVENTS = 30  # of the history
MOST = 5_000  # events looked at for it
_ACTS = [act for act in PLACES if not act.startswith("client.")]


@dataclass(frozen=True)
class Role:
    """A role that is held, since when, and who gave it."""

    role: str
    region: str
    place: str
    since: datetime
    by: str
    approved_by: str


@dataclass(frozen=True)
class AccountPage:
    """One account. `own`: the visitor's; `sessions`: how many run; `guarded`: to reset it takes two;
    `roles`: those that there are, (name, whether for a region)."""

    one: Account
    own: bool
    held: list[Role]
    requests: list[Request]
    history: list[Spoken]
    sessions: int
    guarded: bool
    roles: list[str]
    regions: list[tuple[str, str]]
    typed: dict[str, str]
    wrong: Refused | None


@declares("user.list")
@get(PATH, sync_to_thread=True)
def account_page(
    request: AnyRequest, staff_id: FromPath[str], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """The account as it stands."""
    return _page(request, hub, staff_id)


def again(
    request: AnyRequest, hub: Hub, staff_id: str, form: str, typed: dict[str, str] | None = None
) -> Callable[[HubError], Response[bytes]]:
    """The page once more, with what is wrong at one of its forms."""

    def answered(error: HubError) -> Response[bytes]:
        wrong = refused(visitor_of(request), form, error)
        return _page(request, hub, staff_id, typed, wrong)

    return answered


def _page(
    request: AnyRequest,
    hub: Hub,
    staff_id: str,
    typed: dict[str, str] | None = None,
    wrong: Refused | None = None,
) -> Response[bytes]:
    visitor = visitor_of(request)
    with hub.sessions.read() as session:
        one = session.get(Staff, staff_id)
        if one is None:
            raise Told(404, "accounts.no-account")
        running = select(func.count(col(StaffSession.id_hash))).where(
            StaffSession.staff_id == staff_id, col(StaffSession.expires) > now()
        )
        context = AccountPage(
            one=shown(session, [one])[0],
            own=staff_id == visitor.id,
            held=_held(session, request, staff_id),
            requests=requests(session, visitor, approvals.standing(session, staff_id, _ACTS)),
            history=spoken(
                session,
                visitor,
                search(session, _events(session, staff_id), limit=EVENTS, most=MOST).events,
            ),
            sessions=session.exec(running).one(),
            guarded=roles.guarded(session, staff_id),
            roles=roles.staff_roles(),
            regions=regions(),
            typed=typed or {},
            wrong=wrong,
        )
    return page(request, "accounts/account.html", context, status=wrong.status if wrong else 200)


def _held(session: Session, request: AnyRequest, staff_id: str) -> list[Role]:
    grants = [one for one in grants_of(session, staff_id) if one.revoked is None]
    givers = {who for one in grants for who in (one.granted_by, one.approved_by) if who}
    visitor = visitor_of(request)
    names, words = Names(session, visitor, givers), IN[visitor.language]
    return [
        Role(
            one.role,
            one.region,
            place(words, one.region),
            one.granted,
            names.of(one.granted_by),
            names.of(one.approved_by) if one.approved_by else "",
        )
        for one in grants
    ]


def _events(session: Session, staff_id: str) -> Wanted:
    """What the log says of an account: of itself, of its roles, of requests about it."""
    asked = session.exec(select(Approval.id).where(Approval.about == staff_id)).all()
    return Wanted(subjects=(staff_id, *(one.id for one in grants_of(session, staff_id)), *asked))
