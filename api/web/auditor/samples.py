"""Samples: draw at random what is examined, examine it one by one, and see how sure the figure is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.types import ControllerRouterHandler
from sqlmodel import col, func, select

from api.actions import declares
from api.web import sampling as pages
from api.web.auditor import drawn
from api.web.auditor.sight import ACTION as TRACE
from api.web.auditor.sight import principal_of
from api.web.auditor.spoken import Names, Spoken, acts, spoken
from api.web.complete import chosen
from api.web.forms import Number, begin_of, day_of, end_of, text, unread
from api.web.pages import AnyRequest, page, see_other
from api.web.visitor import Visitor, visitor_of
from api.web.waiting import Waiting
from api.web.wording import IN, Wording
from mdm import sampling
from mdm.access import decide
from mdm.access.terms import Resource
from mdm.audit.search import Wanted, search
from mdm.compose import Hub
from mdm.errors import InputError, UnknownError
from mdm.hub.tables import Sample, SampleItem, SampleVerdict
from mdm.sampling import Asked, AskedEvents, AskedLinks, AskedValues, ExaminedSample, Share, Word
from mdm.saying import label

ACTION = "audit.sample"
PATH = "/contoh"
_Form = URLEncodedBody[dict[str, Any]]


@dataclass(frozen=True)
class SamplesPage:
    """The samples there are, and forms to draw one. `wrong`: why one was refused; `unread`: fields of dates that hold
    none, as `typed`."""

    samples: list[Sample]
    who: Names
    acts: list[tuple[str, str]]
    attributes: list[tuple[str, str]]
    wrong: str = ""
    typed: Mapping[str, Any] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SamplePage:
    """One sample: what was drawn, what was found of it, and the shares by stratum. `items`: each with
    its stratum and its attribute in words."""

    sample: Sample
    who: Names
    asked: list[tuple[str, str]]
    items: list[tuple[SampleItem, str, str, Word | None]]
    whole: Share
    strata: dict[str, Share]
    next: int | None


@dataclass(frozen=True)
class ItemPage:
    """One thing drawn, to be examined. `note`: as typed, where it was refused; `wrong`: why."""

    sample: Sample
    who: Names
    item: SampleItem
    stratum: str
    attribute: str
    count: int
    word: Word | None
    event: Spoken | None
    note: str | None = None
    wrong: str = ""


@declares(ACTION)
@get(PATH, sync_to_thread=True)
def samples_page(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """The samples."""
    return page(request, "auditor/samples.html", _samples(request, hub))


@declares(ACTION)
@post(PATH, request_max_body_size=4096, sync_to_thread=True)
def draw(request: AnyRequest, data: _Form, hub: NamedDependency[Hub]) -> Response[bytes]:
    """Draw one, then on to it."""
    chosen(data, "apa", (sampling.EVENTS, sampling.VALUES, sampling.LINKS))
    if wrong := unread(data, day_of, ("dari", "sampai")):
        context = replace(_samples(request, hub), typed=data, unread=wrong)
        return page(request, "auditor/samples.html", context, status=422)
    try:
        sample = pages.draw(hub, _asked(request, data), data, principal_of(request).id)
    except InputError:
        context = replace(_samples(request, hub), typed=data, wrong=pages.wrong_draw(data))
        return page(request, "auditor/samples.html", context, status=422)
    return see_other(f"{PATH}/{sample.id}")


@declares(ACTION)
@get(PATH + "/{sample_id:str}", sync_to_thread=True)
def sample_page(
    request: AnyRequest, sample_id: FromPath[str], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """One sample with its figures."""
    examined = _find(hub, sample_id)
    shares, words = sampling.shares(examined), IN[visitor_of(request).language]
    who, of = _names(request, hub, [examined.sample]), examined.sample.kind
    context = SamplePage(
        sample=examined.sample,
        who=who,
        asked=list(drawn.asked(words, who, examined.sample)),
        items=[
            (
                one,
                drawn.stratum(words, of, one.stratum),
                _attribute(words, examined, one),
                examined.words.get(one.n),
            )
            for one in examined.items
        ],
        whole=shares.pop(""),
        strata={drawn.stratum(words, of, name): share for name, share in shares.items()},
        next=sampling.following(examined, 0),
    )
    return page(request, "auditor/sample.html", context)


@declares(ACTION)
@get(PATH + "/{sample_id:str}/{n:int}", sync_to_thread=True)
def item_page(
    request: AnyRequest, sample_id: FromPath[str], n: Number, hub: NamedDependency[Hub]
) -> Response[bytes]:
    """One thing drawn."""
    return page(request, "auditor/item.html", _item(request, hub, sample_id, n))


@declares(ACTION)
@post(PATH + "/{sample_id:str}/{n:int}", request_max_body_size=8192, sync_to_thread=True)
def examine(
    request: AnyRequest,
    sample_id: FromPath[str],
    n: Number,
    data: _Form,
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Keep what was found, then on to the next that nobody has looked at."""
    try:
        pages.examine(hub, sample_id, n, data, principal_of(request).id)
    except InputError:
        typed, wrong = text(data, "catatan", pages.NOTE), pages.wrong_word(data)
        context = replace(_item(request, hub, sample_id, n), note=typed, wrong=wrong)
        return page(request, "auditor/item.html", context, status=422)
    after = sampling.following(_find(hub, sample_id), n)
    return pages.go_on(f"{PATH}/{sample_id}", n, after)


def waiting(hub: Hub, visitor: Visitor) -> Iterator[Waiting]:
    """Things in samples of one's own that wait to be examined."""
    if not visitor.may(ACTION):
        return
    done = select(SampleVerdict.n).where(
        SampleVerdict.sample_id == SampleItem.sample_id, SampleVerdict.n == SampleItem.n
    )
    query = (
        select(func.count())
        .select_from(SampleItem)
        .join(Sample, col(Sample.id) == SampleItem.sample_id)
        .where(Sample.actor == visitor.id, ~done.exists())
    )
    with hub.sessions.read() as session:
        n = session.exec(query).one()
    if n:
        yield Waiting(n, "auditor.waiting", PATH)


def _asked(request: AnyRequest, data: dict[str, Any]) -> Asked:
    """What a form asks for. Values are drawn where this auditor may trace."""
    if text(data, "apa", 16) == sampling.EVENTS:
        return AskedEvents(
            actor=text(data, "aktor", 80) or None,
            action=text(data, "tindakan", 80) or None,
            since=begin_of(day_of(text(data, "dari", 10))),
            until=end_of(day_of(text(data, "sampai", 10))),
        )
    kind = pages.kind_of(data)
    if text(data, "apa", 16) == sampling.LINKS:
        return AskedLinks(kind)
    principal = principal_of(request)
    regions = tuple(
        prefix
        for prefix in principal.regions
        if decide(principal, TRACE, Resource(kind, prefix), "audit").allowed
    )
    return AskedValues(
        kind=kind,
        regions=regions,
        attribute=text(data, "atribut", 64) or None,
        contested=text(data, "berlawanan", 8) == "ya",
    )


def _samples(request: AnyRequest, hub: Hub) -> SamplesPage:
    words = IN[visitor_of(request).language]
    with hub.sessions.read() as session:
        found = sampling.everyone(session)
    who = _names(request, hub, found)
    return SamplesPage(found, who, acts(words), drawn.attributes(words))


def _names(
    request: AnyRequest, hub: Hub, samples: Sequence[Sample], more: Iterable[str] = ()
) -> Names:
    ids = {one.actor for one in samples} | {str(one.asked.get("actor") or "") for one in samples}
    with hub.sessions.read() as session:
        return Names(session, visitor_of(request), ids | set(more))


def _attribute(words: Wording, examined: ExaminedSample, item: SampleItem) -> str:
    """What the attribute of a value that was drawn is called; '' of anything else."""
    name = item.ref.get("attribute")
    kind = str(examined.sample.asked.get("kind") or "")
    return label(kind, name, words.language) if name else ""


def _find(hub: Hub, sample_id: str) -> ExaminedSample:
    try:
        with hub.sessions.read() as session:
            return sampling.find(hub, session, sample_id)
    except UnknownError:
        raise pages.none() from None


def _item(request: AnyRequest, hub: Hub, sample_id: str, n: int) -> ItemPage:
    examined, words = _find(hub, sample_id), IN[visitor_of(request).language]
    item = pages.item_of(examined, n)
    event = None
    if examined.sample.kind == sampling.EVENTS:
        with hub.sessions.read() as session:
            events = search(session, Wanted(), before=item.ref["event"] + 1, limit=1, most=1)
            (event,) = spoken(session, visitor_of(request), events.events)
    word = examined.words.get(n)
    return ItemPage(
        sample=examined.sample,
        who=_names(request, hub, [examined.sample], [word.actor] if word else ()),
        item=item,
        stratum=drawn.stratum(words, examined.sample.kind, item.stratum),
        attribute=_attribute(words, examined, item),
        count=len(examined.items),
        word=word,
        event=event,
    )


HANDLERS: list[ControllerRouterHandler] = [samples_page, draw, sample_page, item_page, examine]
