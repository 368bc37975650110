"""One client: its agreement and what that said before, keys, budgets, what waits about it, its history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlmodel import Session, col, select

from api.actions import declares
from api.web.accounts.agreeing import LIMITS, AgreementForm, of_client, programmes, purposes
from api.web.accounts.clientshown import ClientShown, Said, client_shown, said
from api.web.accounts.requests import CLIENT, PLACES, Request, requests
from api.web.accounts.words import PRIVATE, Refused, refused
from api.web.auditor.spoken import Names, Spoken, spoken
from api.web.errors import Told
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from mdm.access import approvals
from mdm.access.agreements import former
from mdm.access.directory import keys_of, used_by
from mdm.audit.search import Wanted, search
from mdm.compose import Hub
from mdm.errors import HubError
from mdm.exchanges import callbacks
from mdm.hub.tables import Approval, Client

PATH = CLIENT + "/{client_id:str}"
EVENTS = 30  # of the history
MOST = 5_000  # events looked at for it
_ACTS = [act for act, place in PLACES.items() if place.startswith(CLIENT)]
ADDRESS = 500  # characters of an address for answers


@dataclass(frozen=True)
class Before:
    """What the agreement said before, from when until when, and who amended it."""

    version: int
    said: Said
    since: datetime
    until: datetime
    by: str
    approved_by: str


@dataclass(frozen=True)
class ClientPage:
    """One client; `form`: its agreement to be amended, as it stands or as typed; `key`, `address`: as typed;
    `callbacks`: where answers may go."""

    one: ClientShown
    requests: list[Request]
    before: list[Before]
    history: list[Spoken]
    form: AgreementForm
    key: str
    callbacks: list[str]
    address: str
    programmes: tuple[str, ...]
    purposes: list[str]
    limits: tuple[str, ...]
    wrong: Refused | None


@declares("client.list")
@get(PATH, sync_to_thread=True)
def client_page(
    request: AnyRequest, client_id: FromPath[str], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """The client as it stands."""
    return shown(request, hub, client_id)


def again(
    request: AnyRequest,
    hub: Hub,
    client_id: str,
    which: str,
    *,
    form: AgreementForm | None = None,
    key: str = "",
    address: str = "",
) -> Callable[[HubError], Response[bytes]]:
    """The page once more, with what is wrong at one of its forms."""

    def answered(error: HubError) -> Response[bytes]:
        wrong = refused(visitor_of(request), which, error)
        kept = "" if error.code == PRIVATE else key  # it is not sent about once more
        return shown(request, hub, client_id, form=form, key=kept, address=address, wrong=wrong)

    return answered


def shown(
    request: AnyRequest,
    hub: Hub,
    client_id: str,
    *,
    form: AgreementForm | None = None,
    key: str = "",
    address: str = "",
    wrong: Refused | None = None,
) -> Response[bytes]:
    """The page: as the client stands, with a form as it was typed and what is wrong with it."""
    visitor = visitor_of(request)
    with hub.sessions.read() as session:
        one = session.get(Client, client_id)
        if one is None:
            raise Told(404, "accounts.no-client")
        keys, used = keys_of(session, [one.id]), used_by(session, [one.id])
        context = ClientPage(
            one=client_shown(session, visitor, one, keys.get(one.id, []), used.get(one.id)),
            requests=requests(session, visitor, approvals.standing(session, one.id, _ACTS)),
            before=_before(session, request, one.id),
            history=spoken(
                session,
                visitor,
                search(session, _events(session, one.id), limit=EVENTS, most=MOST).events,
            ),
            form=form or of_client(one),
            key=key,
            callbacks=callbacks(session, one.id),
            address=address,
            programmes=programmes(hub),
            purposes=purposes(),
            limits=LIMITS,
            wrong=wrong,
        )
    bad = wrong.status if wrong else 422 if form and form.wrong else 200
    return page(request, "accounts/client.html", context, status=bad)


def _before(session: Session, request: AnyRequest, client_id: str) -> list[Before]:
    versions = former(session, client_id)
    people = {who for one in versions for who in (one.amended_by, one.approved_by)}
    names = Names(session, visitor_of(request), people)
    return [
        Before(
            one.version,
            said(visitor_of(request), one),
            one.since,
            one.until,
            names.of(one.amended_by),
            names.of(one.approved_by),
        )
        for one in reversed(versions)
    ]


def _events(session: Session, client_id: str) -> Wanted:
    """What the log says of a client's administration: of itself, and of requests about it."""
    asked = session.exec(select(Approval.id).where(col(Approval.about) == client_id)).all()
    return Wanted(subjects=(client_id, *asked))
