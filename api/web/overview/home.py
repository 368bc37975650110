"""The first page of whoever signs in: what waits for me."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get
from litestar.di import NamedDependency

from api.actions import declares
from api.web.accounts.waiting import waiting as accounts
from api.web.auditor.samples import waiting as samples
from api.web.errors import PASSWORD, SECOND_FACTOR
from api.web.officer.waiting import waiting as corrections
from api.web.operations.waiting import waiting as operations
from api.web.overview.alarms import waiting as alarms
from api.web.overview.approvals import waiting as approvals
from api.web.pages import AnyRequest, page, see_other
from api.web.review.queue import waiting as tasks
from api.web.visitor import visitor_of
from api.web.waiting import Room, Waiting, waits_for
from api.web.wording import IN, Wording
from mdm.access import WHOLE_COUNTRY, load_rules
from mdm.compose import Hub
from reference.regions import place_name
from reference.sentences import Sentence

#: In the order they are shown. A new room adds its function here.
ROOMS: tuple[Room, ...] = (tasks, corrections, samples, approvals, accounts, alarms, operations)


@dataclass(frozen=True)
class HomePage:
    """What waits; what each role is for; where the visitor's regions are."""

    waiting: list[Waiting]
    sentences: dict[str, Sentence]
    places: list[str]


@declares("page.home")
@get("/", sync_to_thread=True)
def home(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """What waits for me."""
    visitor = visitor_of(request)
    if visitor.missing:
        return see_other(PASSWORD if "password" in visitor.missing else SECOND_FACTOR)
    regions = visitor.principal.regions if visitor.principal else ()
    context = HomePage(
        waiting=waits_for(hub, visitor, ROOMS),
        sentences={name: role.sentence for name, role in load_rules().roles.items()},
        places=[_place(IN[visitor.language], region) for region in regions],
    )
    return page(request, "overview/home.html", context)


def _place(words: Wording, region: str) -> str:
    if region == WHOLE_COUNTRY:
        return words.t("overview.home.country")
    return f"{place_name(region) or region} ({region})"
