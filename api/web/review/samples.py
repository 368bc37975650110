"""A supervisor's samples: draw automatic links of one's regions, examine them, see the share right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from api.actions import declares
from api.context import principal_of
from api.web import sampling as pages
from api.web.forms import Number, text
from api.web.pages import AnyRequest, page, see_other
from api.web.review.asked import SUPERVISION, TASK
from api.web.review.sampled import ACTION, Shown, own, show
from api.web.visitor import visitor_of
from api.web.wording import IN
from matching.rules import KINDS
from mdm import sampling
from mdm.access import Principal
from mdm.compose import Hub
from mdm.errors import InputError, UnknownError
from mdm.hub.tables import Sample, SampleItem
from mdm.sampling import AskedLinks, ExaminedSample, Share, Word, following

PATH = SUPERVISION + "/contoh"
_Form = URLEncodedBody[dict[str, Any]]


@dataclass(frozen=True)
class OwnSamples:
    """Samples of one's own with how many of how many are examined, and a form to draw one; `wrong`: why it was refused,
    as `typed`."""

    samples: list[tuple[Sample, int, int]]
    kinds: tuple[str, ...]
    path: str
    typed: Mapping[str, Any]
    wrong: str = ""


@dataclass(frozen=True)
class OwnSample:
    """One sample: its links and the shares, whole and by band of match weight."""

    sample: Sample
    items: list[tuple[SampleItem, Word | None]]
    whole: Share
    strata: dict[str, Share]
    next: int | None
    path: str


@dataclass(frozen=True)
class LinkPage:
    """One link to be examined. `next`: the next that was not looked at; `note`: as typed, where it is not kept yet;
    `wrong`: why a verdict was refused."""

    sample: Sample
    item: SampleItem
    count: int
    word: Word | None
    shown: Shown
    task_path: str
    opened: bool
    path: str
    next: int | None
    note: str | None
    wrong: str


@declares(ACTION)
@get(PATH, sync_to_thread=True)
def own_samples(
    request: AnyRequest, hub: NamedDependency[Hub], principal: NamedDependency[Principal]
) -> Response[bytes]:
    """Samples of one's own."""
    return page(request, "review/samples.html", _samples(hub, principal))


@declares(ACTION)
@post(PATH, request_max_body_size=4096, sync_to_thread=True)
def draw_links(
    request: AnyRequest,
    data: _Form,
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """Draw one in one's regions, then on to it."""
    try:
        asked = AskedLinks(pages.kind_of(data), tuple(principal.regions))
        sample = pages.draw(hub, asked, data, principal.id)
    except InputError:
        context = _samples(hub, principal, data, pages.wrong_draw(data))
        return page(request, "review/samples.html", context, status=422)
    return see_other(f"{PATH}/{sample.id}")


@declares(ACTION)
@get(PATH + "/{sample_id:str}", sync_to_thread=True)
def own_sample(
    request: AnyRequest,
    sample_id: FromPath[str],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """One sample with its figures."""
    examined = _own(hub, principal, sample_id)
    shares = sampling.shares(examined)
    context = OwnSample(
        sample=examined.sample,
        items=[(one, examined.words.get(one.n)) for one in examined.items],
        whole=shares.pop(""),
        strata=shares,
        next=following(examined, 0),
        path=f"{PATH}/{sample_id}",
    )
    return page(request, "review/sample.html", context)


@declares(ACTION)
@get(PATH + "/{sample_id:str}/{n:int}", sync_to_thread=True)
def link_page(
    request: AnyRequest,
    sample_id: FromPath[str],
    n: Number,
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """One link, values masked."""
    return page(request, "review/link.html", _link(request, hub, principal, sample_id, n))


@declares("review.open")
@post(PATH + "/{sample_id:str}/{n:int}/buka", status_code=200, sync_to_thread=True)
def link_opened(
    request: AnyRequest,
    sample_id: FromPath[str],
    n: Number,
    *,
    data: _Form,
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """One link with its values plain: a reveal, on record before it leaves. What was noted so far stands."""
    context = _link(request, hub, principal, sample_id, n, opened=True, data=data)
    return page(request, "review/link.html", context)


@declares(ACTION)
@post(PATH + "/{sample_id:str}/{n:int}", request_max_body_size=8192, sync_to_thread=True)
def link_examined(
    request: AnyRequest,
    sample_id: FromPath[str],
    n: Number,
    data: _Form,
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Keep what was found, then on to the next that was not looked at; a wrong link is shown again
    with the way to put it right."""
    principal = principal_of(request)
    pages.item_of(_own(hub, principal, sample_id), n)
    try:
        verdict = pages.examine(hub, sample_id, n, data, principal.id)
    except InputError:
        wrong = pages.wrong_word(data)
        context = _link(request, hub, principal, sample_id, n, data=data, wrong=wrong)
        return page(request, "review/link.html", context, status=422)
    after = following(_own(hub, principal, sample_id), n)
    to = n if verdict == sampling.WRONG else after
    return pages.go_on(f"{PATH}/{sample_id}", n, to)


def _samples(
    hub: Hub, principal: Principal, typed: Mapping[str, Any] | None = None, wrong: str = ""
) -> OwnSamples:
    with hub.sessions.read() as session:
        found = sampling.everyone(session, actor=principal.id)
        examined = [
            sampling.find(hub, session, one.id) for one in found if one.kind == sampling.LINKS
        ]
    listed = [(one.sample, len(one.words), len(one.items)) for one in examined]
    return OwnSamples(listed, tuple(KINDS), PATH, typed or {}, wrong)


def _own(hub: Hub, principal: Principal, sample_id: str) -> ExaminedSample:
    try:
        return own(hub, principal, sample_id)
    except UnknownError:
        raise pages.none() from None


def _link(
    request: AnyRequest,
    hub: Hub,
    principal: Principal,
    sample_id: str,
    n: int,
    *,
    opened: bool = False,
    data: Mapping[str, Any] | None = None,
    wrong: str = "",
) -> LinkPage:
    examined = _own(hub, principal, sample_id)
    item, words = pages.item_of(examined, n), IN[visitor_of(request).language]
    try:
        shown = show(hub, principal, examined, item, words, opened=opened)
    except UnknownError:
        raise pages.none() from None
    return LinkPage(
        sample=examined.sample,
        item=item,
        count=len(examined.items),
        word=examined.words.get(n),
        shown=shown,
        task_path=TASK + shown.task if shown.task else "",
        opened=opened,
        path=f"{PATH}/{sample_id}",
        next=following(examined, n),
        note=None if data is None else text(data, "catatan", pages.NOTE),
        wrong=wrong,
    )


HANDLERS: list[Any] = [
    own_samples,
    draw_links,
    own_sample,
    link_page,
    link_opened,
    link_examined,
]
