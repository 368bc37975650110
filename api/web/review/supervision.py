"""The supervisor's page: what is open and how old, who answers how much, how far they agree."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get
from litestar.di import NamedDependency

from api.actions import declares
from api.web.pages import AnyRequest, page
from api.web.review.asked import PARKED_QUEUE, QUEUE, SUPERVISION, between_in, region_words
from api.web.visitor import visitor_of
from api.web.wording import IN
from mdm.access import Principal
from mdm.access.named import names_of
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.review.document import ReviewRules, load_rules
from mdm.review.figures import DAYS, Figures, figures
from mdm.review.queue import is_between


@dataclass(frozen=True)
class SupervisionPage:
    """The figures with names; `regions`: name, path of the queue there, open tasks."""

    figures: Figures
    names: dict[str, str]
    regions: tuple[tuple[str, str, int], ...]
    days: int
    rules: ReviewRules
    parked_path: str


@declares("review.supervise")
@get(SUPERVISION, sync_to_thread=True)
def supervision(
    request: AnyRequest, hub: NamedDependency[Hub], principal: NamedDependency[Principal]
) -> Response[bytes]:
    """How reviewing goes."""
    words = IN[visitor_of(request).language]
    with hub.sessions.read() as session:
        found = figures(session, principal, now())
        names = names_of(session, [one.actor for one in found.reviewers])
    most = sorted(found.regions.items(), key=lambda item: (-item[1], item[0]))
    regions = tuple(
        (region_words(words, wanted), f"{QUEUE}?wilayah={wanted}", n)
        for code, n in most
        for wanted in [between_in(code) if is_between(code) else code]
    )
    context = SupervisionPage(found, names, regions, DAYS, load_rules(), PARKED_QUEUE)
    return page(request, "review/supervision.html", context)
