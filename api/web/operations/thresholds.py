"""Thresholds: how many pairs lie around them, and what another threshold would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.actions import declares
from api.web.forms import number_of, unread
from api.web.operations.named import chart_address, kind_name
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from api.web.wording import IN
from matching.rules import KINDS, Kind, load_linkage
from mdm import figures
from mdm.compose import Hub

JUDGEMENTS = ("link", "review", "non-link")
_Kind = Annotated[str | None, QueryParameter(name="jenis", max_length=16)]
_Bits = Annotated[str, QueryParameter(name="tautkan", max_length=16)]
_Low = Annotated[str, QueryParameter(name="tinjau", max_length=16)]
LEAST, MOST = -10, 30  # bits that anybody tries


@dataclass(frozen=True)
class Change:
    """Pairs of one judgement: now, and with the thresholds that were asked for."""

    judgement: str
    now: int
    then: int


@dataclass(frozen=True)
class Band:
    """Pairs of one width of weight, by judgement."""

    edge: float
    by_judgement: dict[str, int]


@dataclass(frozen=True)
class ThresholdsPage:
    """The page. `link`, `review`: in force; `asked_*`: what is tried, in bits, or what was typed where
    that is no such number (`wrong`)."""

    kind: str
    kinds: list[tuple[str, str]]
    link: float
    review: float
    asked_link: float | str
    asked_review: float | str
    wrong: frozenset[str]
    changes: list[Change]
    held: int
    bands: list[Band]
    chart: str | None


@declares("operations.read")
@get("/operasi/ambang", sync_to_thread=True)
def thresholds(
    request: AnyRequest,
    hub: NamedDependency[Hub],
    jenis: _Kind = None,
    asked: _Bits = "",
    low: _Low = "",
) -> Response[bytes]:
    """What a change of thresholds would do."""
    words = IN[visitor_of(request).language]
    kind: Kind = next((one for one in KINDS if one == jenis), KINDS[0])
    in_force = load_linkage(kind).thresholds
    wrong = unread({"tautkan": asked, "tinjau": low}, _bits, ("tautkan", "tinjau"))
    link, least = _bits(asked), _bits(low)
    link = in_force.link if link is None else link
    review = min(link, max(in_force.review, in_force.review if least is None else least))
    with hub.sessions.read() as session:
        seq = figures.newest(session)
        found = figures.read(session, seq, "weight", kind) if seq else []
    context = ThresholdsPage(
        kind=kind,
        kinds=[(one, kind_name(words, one)) for one in KINDS],
        link=in_force.link,
        review=in_force.review,
        asked_link=asked if "tautkan" in wrong else link,
        asked_review=low if "tinjau" in wrong else review,
        wrong=wrong,
        changes=changes(found, link, review),
        held=sum(one.count for one in found if not one.detail.endswith("/weight")),
        bands=_bands(found, in_force.link),
        chart=chart_address(f"weights-{kind}", seq, words.language) if found and seq else None,
    )
    return page(request, "operations/thresholds.html", context, status=422 if wrong else 200)


def _bits(text: str) -> float | None:
    number = number_of(text)
    return number if number is not None and LEAST <= number <= MOST else None


def changes(found: list[figures.Figure], link: float, review: float) -> list[Change]:
    """Pairs by judgement now and then. What a guard or a human holds stays as it is; so it is told
    how many those are."""
    now = dict.fromkeys(JUDGEMENTS, 0)
    then = dict.fromkeys(JUDGEMENTS, 0)
    for one in found:
        judgement, _, reason = one.detail.partition("/")
        now[judgement] += one.count
        if reason == "weight":
            weight = float(one.part)
            judgement = "link" if weight >= link else "review" if weight >= review else "non-link"
        then[judgement] += one.count
    return [Change(name, now[name], then[name]) for name in JUDGEMENTS]


def _bands(found: list[figures.Figure], link: float) -> list[Band]:
    """The bands within six bits of the threshold."""
    bands: dict[float, dict[str, int]] = {}
    for one in found:
        edge = float(one.part)
        if abs(edge - link) <= 6:
            judgement = one.detail.partition("/")[0]
            of = bands.setdefault(edge, {})
            of[judgement] = of.get(judgement, 0) + one.count
    return [Band(edge, bands[edge]) for edge in sorted(bands)]
