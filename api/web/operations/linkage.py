"""Linkage: match rates now and over time, clusters by size, how sure identities are."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get
from litestar.di import NamedDependency

from api.actions import declares
from api.web.operations.named import chart_address, kind_name, source_name
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from api.web.wording import IN, Wording
from matching.rules import KINDS
from mdm import figures
from mdm.compose import Hub


@dataclass(frozen=True)
class MatchLine:
    """One source of one kind: its records, and the shares that stand in an entity which another
    source, or the civil registry, speaks of too."""

    kind: str
    source: str
    records: int
    joined: float
    registry: float


@dataclass(frozen=True)
class SizeLine:
    """Clusters of one size, by kind."""

    records: str
    by_kind: dict[str, int]


@dataclass(frozen=True)
class LinkagePage:
    """The page. `runs`: how many runs the chart over time has; `identity`: kind → status → how many."""

    matches: list[MatchLine]
    sizes: list[SizeLine]
    identity: dict[str, dict[str, int]]
    kinds: dict[str, str]
    runs: int
    time_chart: str | None
    sizes_chart: str | None


@declares("operations.read")
@get("/operasi/tautan", sync_to_thread=True)
def linkage(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """How well sources fit together."""
    words = IN[visitor_of(request).language]
    with hub.sessions.read() as session:
        seq = figures.newest(session)
        found = figures.read(session, seq, "match") if seq else []
        sizes = figures.read(session, seq, "cluster_size") if seq else []
        status = figures.read(session, seq, "identity") if seq else []
        runs = len(figures.over_time(session, "match", "person")) if seq else 0
    identity: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    for one in status:
        identity.setdefault(one.kind, {})[one.part] = one.count
    context = LinkagePage(
        matches=matches(words, found),
        sizes=_sizes(sizes),
        identity=identity,
        kinds={kind: kind_name(words, kind) for kind in KINDS},
        runs=runs,
        time_chart=chart_address("matches", seq, words.language) if found and seq else None,
        sizes_chart=chart_address("sizes", seq, words.language) if sizes and seq else None,
    )
    return page(request, "operations/linkage.html", context)


def matches(words: Wording, found: list[figures.Figure]) -> list[MatchLine]:
    """The match rates of one run."""
    cells: dict[tuple[str, str], dict[str, int]] = {}
    for one in found:
        cells.setdefault((one.kind, one.part), {})[one.detail] = one.count
    return [
        MatchLine(
            kind_name(words, kind),
            source_name(words, source),
            of["records"],
            of["joined"] / of["records"],
            of["registry"] / of["records"],
        )
        for kind in KINDS
        for (own, source), of in cells.items()
        if own == kind and of.get("records")
    ]


def _sizes(found: list[figures.Figure]) -> list[SizeLine]:
    sizes = sorted({int(one.part) for one in found})
    return [
        SizeLine(str(size), {one.kind: one.count for one in found if int(one.part) == size})
        for size in sizes
    ]
