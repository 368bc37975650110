"""Requests for two: what waits for another person, what was approved and is to be done, in words.

Who asked does it from here as it was approved: the request itself says what, so that nothing is typed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response
from sqlmodel import Session

from api.web.accounts.words import place
from api.web.auditor.spoken import purpose_name
from api.web.flash import Flash
from api.web.forms import just_before, text
from api.web.pages import see_other
from api.web.visitor import Visitor
from api.web.wording import IN, Wording
from mdm.access import approvals, load_rules
from mdm.access.errors import SecondPersonError
from mdm.access.named import names_of
from mdm.compose import Hub
from mdm.errors import AccessError, HubError, InputError
from mdm.hub.tables import Approval
from reference.sentences import Sentence

FIELD = "persetujuan"  # of a form that does what was approved
HOME = "/kelola"
ACCOUNT, CLIENT = HOME + "/petugas", HOME + "/klien"
#: Act → where it is done: the form that asked for it; `{}` is whom it is about.
PLACES = {
    "role.grant": ACCOUNT + "/{}/peran",
    "user.enable": ACCOUNT + "/{}/aktif",
    "user.reset": ACCOUNT + "/{}/atur-ulang",
    "client.create": CLIENT + "/baru",
    "client.amend": CLIENT + "/{}/perjanjian",
    "client.enable": CLIENT + "/{}/aktif",
    "client.rotate-key": CLIENT + "/{}/kunci",
    "callback.agree": CLIENT + "/{}/alamat",
}
WAITS = Flash("plain", "accounts.request.waits")


@dataclass(frozen=True)
class Request:
    """One request. `said`: (what, its value) in words, empty where the hub has its `summary` only; `fits`: a role of
    the visitor approves it; `place`: where it is done, for who asked, once it is approved."""

    id: str
    act: Sentence
    said: list[tuple[str, str]]
    summary: str
    who: str
    requested: datetime
    expires: datetime
    approved_by: str
    mine: bool
    about_me: bool
    fits: bool
    place: str


def requests(session: Session, visitor: Visitor, found: Iterable[Approval]) -> list[Request]:
    """Requests in words."""
    rows = list(found)
    names = names_of(session, {one for row in rows for one in _people(row)})
    return [_request(visitor, names, row) for row in rows]


def asked_for(
    hub: Hub, actor: str, action: str, form: Mapping[str, Any]
) -> tuple[str | None, dict[str, Any] | None]:
    """The approval that a form carries, and what was asked then; nothing for a form that asks anew. AccessError as in
    `content_of`."""
    number = text(form, FIELD, 40)
    if not number:
        return None, None
    with hub.sessions.read() as session:
        return number, approvals.content_of(session, actor, action, approval=number)


def two(
    path: str, done: str, do: Callable[[], object], again: Callable[[HubError], Response[bytes]]
) -> Response[bytes]:
    """Do what may take two, and go on to `path` with the sentence `done`, or that it waits now; `again` answers with
    the form and what is wrong."""
    try:
        do()
    except SecondPersonError:
        return see_other(path, WAITS)
    except (InputError, AccessError) as error:
        return again(error)
    return see_other(path, Flash("good", done))


def _people(row: Approval) -> Iterator[str]:
    yield row.requested_by
    yield from filter(None, (row.about, row.decided_by))


def _request(visitor: Visitor, names: Mapping[str, str], row: Approval) -> Request:
    rule = load_rules().actions[row.action]
    mine = row.requested_by == visitor.id
    done_here = mine and row.state == approvals.APPROVED and row.action in PLACES
    return Request(
        id=row.id,
        act=rule.sentence,
        said=list(_said(IN[visitor.language], names, row)),
        summary=row.summary,
        who=names.get(row.requested_by, row.requested_by),
        requested=row.requested,
        expires=row.expires,
        approved_by=names.get(row.decided_by or "", row.decided_by or ""),
        mine=mine,
        about_me=row.about == visitor.id,
        fits=visitor.principal is not None and approvals.fits(visitor.principal, row),
        place=PLACES[row.action].format(row.about) if done_here else "",
    )


def _said(words: Wording, names: Mapping[str, str], row: Approval) -> Iterator[tuple[str, str]]:
    """What the act would do: an approver reads all of it, not its number alone."""
    if row.content is None or row.action not in PLACES:
        return
    asked = row.content
    if row.about is not None:
        kind = "client" if PLACES[row.action].startswith(CLIENT) else "user"
        yield words.t(f"accounts.request.{kind}"), names.get(row.about, row.about)
    if "name" in asked:
        yield words.t("accounts.request.client"), asked["name"]
    if "role" in asked:
        yield words.t("accounts.role"), words.t(f"layout.role.{asked['role']}")
        yield words.t("accounts.region"), place(words, asked["region"])
    if "address" in asked:
        yield words.t("accounts.callback.address"), asked["address"]
    if "key" in asked:
        yield words.t("accounts.key.fingerprint"), asked["key"]["kid"]
    yield from _terms(words, asked.get("agreement", {}))


def _terms(words: Wording, agreement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What an agreement says, as it is kept in a request."""
    if not agreement:
        return
    yield words.t("accounts.agreement"), agreement["number"]
    since, until = (datetime.fromisoformat(agreement[name]) for name in ("valid_from", "valid_to"))
    yield (
        words.t("accounts.agreement.time"),
        f"{words.day(since)} – {words.day(just_before(until))}",
    )
    yield words.t("accounts.programmes"), ", ".join(agreement["programmes"]) or "–"
    purposes = [purpose_name(words, one) for one in agreement["purposes"]]
    yield words.t("accounts.purposes"), ", ".join(purposes) or "–"
    regions = [place(words, one) for one in agreement["regions"]]
    yield words.t("accounts.regions"), "; ".join(regions) or "–"
    for kind, of in (agreement.get("fields") or {}).items():
        yield words.t(f"accounts.fields.{kind}"), ", ".join(words.label(kind, one) for one in of)
    for name, value in (agreement.get("limits") or {}).items():
        yield words.t(f"accounts.limit.{name}"), words.number(value)
