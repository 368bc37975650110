"""Quality of the links by group, with intervals, where a truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.actions import declares
from api.web.operations.named import chart_address, column_name, group_name, kind_name
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from api.web.wording import IN, Wording
from matching.rules import KINDS
from mdm import figures
from mdm.compose import Hub
from mdm.figures.keeping import QUALITY

_Kind = Annotated[str | None, QueryParameter(name="jenis", max_length=16)]


@dataclass(frozen=True)
class GroupLine:
    """One group: its precision, recall and F1."""

    column: str
    value: str
    shares: dict[str, figures.Figure]


@dataclass(frozen=True)
class QualityPage:
    """The page. `whole`: of all records; empty where no truth is known."""

    kind: str
    kinds: list[tuple[str, str]]
    whole: dict[str, figures.Figure]
    groups: list[GroupLine]
    chart: str | None


@declares("operations.read")
@get("/operasi/mutu", sync_to_thread=True)
def quality(request: AnyRequest, hub: NamedDependency[Hub], jenis: _Kind = None) -> Response[bytes]:
    """How good the links are."""
    words = IN[visitor_of(request).language]
    kind = jenis if jenis in KINDS else KINDS[0]
    with hub.sessions.read() as session:
        seq = figures.newest(session)
        found = {name: figures.read(session, seq, name, kind) if seq else [] for name in QUALITY}
    whole = {name: one for name, of in found.items() for one in of if not one.part}
    context = QualityPage(
        kind=kind,
        kinds=[(one, kind_name(words, one)) for one in KINDS],
        whole=whole,
        groups=groups(words, found),
        chart=chart_address(f"recall-{kind}", seq, words.language) if whole and seq else None,
    )
    return page(request, "operations/quality.html", context)


def groups(words: Wording, found: dict[str, list[figures.Figure]]) -> list[GroupLine]:
    """The groups by column, the worst recall first."""
    lines: dict[tuple[str, str], dict[str, figures.Figure]] = {}
    for name, of in found.items():
        for one in of:
            if one.part:
                lines.setdefault((one.part, one.detail), {})[name] = one
    made = [
        GroupLine(column_name(words, column), group_name(words, column, value), shares)
        for (column, value), shares in lines.items()
        if len(shares) == len(QUALITY)
    ]
    return sorted(made, key=lambda line: (line.column, line.shares["recall"].value))
