"""The list of accounts: who holds which role where, found by role, region and state, or by a part of the login.

A login names somebody: it is sent in a form, and no address holds one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from api.actions import declares
from api.web.accounts.requests import HOME
from api.web.accounts.shown import Account, shown
from api.web.accounts.words import place, regions
from api.web.forms import text
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from api.web.wording import IN
from mdm.access import load_rules
from mdm.access.directory import PAGE, STATES, Wanted, accounts, how_many
from mdm.access.roles import staff_roles
from mdm.compose import Hub

_NAMES = ("peran", "wilayah", "keadaan")


@dataclass(frozen=True)
class StaffPage:
    """Some accounts. `asked`: the filters as given; `more`: the address of the next page; `cut`: there are more of this
    name; `regional`: roles that are held for a region; `places`: digits of regions → words."""

    found: list[Account]
    total: int
    asked: dict[str, str]
    name: str
    more: str
    cut: bool
    roles: list[str]
    regional: set[str]
    states: tuple[str, ...]
    regions: list[tuple[str, str]]
    places: dict[str, str]


@declares("user.list")
@get(HOME, sync_to_thread=True)
def staff_page(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """A page of accounts, by login."""
    asked = {name: text(request.query_params, name, 40) for name in _NAMES}
    wanted = Wanted(
        role=asked["peran"],
        region=asked["wilayah"].replace(".", ""),
        state=asked["keadaan"] if asked["keadaan"] in STATES else "",
    )
    after = text(request.query_params, "sesudah", 40) or None
    return _page(request, hub, wanted, asked, after)


@declares("user.list")
@post(HOME, status_code=200, request_max_body_size=2048, sync_to_thread=True)
def search(
    request: AnyRequest, data: URLEncodedBody[dict[str, Any]], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """The accounts with these letters in their login."""
    name = text(data, "nama", 41).lower()
    return _page(request, hub, Wanted(name=name), dict.fromkeys(_NAMES, ""), None)


def _page(
    request: AnyRequest, hub: Hub, wanted: Wanted, asked: dict[str, str], after: str | None
) -> Response[bytes]:
    with hub.sessions.read() as session:
        found = accounts(session, wanted, after)
        total = how_many(session, wanted)
        lines = shown(session, found[:PAGE])
    cut, words = len(found) > PAGE, IN[visitor_of(request).language]
    following = (
        urlencode({**{k: v for k, v in asked.items() if v}, "sesudah": found[PAGE - 1].id})
        if cut
        else ""
    )
    context = StaffPage(
        found=lines,
        total=total,
        asked=asked,
        name=wanted.name,
        more=f"{HOME}?{following}" if cut and not wanted.name else "",
        cut=cut and bool(wanted.name),
        roles=staff_roles(),
        regional={name for name, role in load_rules().roles.items() if role.regional},
        states=STATES,
        regions=regions(),
        places={region: place(words, region) for one in lines for _, region in one.held},
    )
    return page(request, "accounts/staff.html", context)
