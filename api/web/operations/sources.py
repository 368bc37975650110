"""Sources: what came in, how much was accepted, how fresh it is, what the rules said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from litestar import Response, get
from litestar.di import NamedDependency
from sqlmodel import Session, col, select

from api.actions import declares
from api.web.operations.named import chart_address, rule_sentence, source_name
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from api.web.wording import IN, Wording
from mdm import figures
from mdm.compose import Hub
from mdm.hub.tables import Batch

SHOWN = 40


@dataclass(frozen=True)
class BatchLine:
    """One delivered file and what became of its rows."""

    source: str
    file: str
    delivered: date | None
    agreement: str
    landed: int
    declared: int | None
    accepted: int | None
    quarantined: int | None

    @property
    def share(self) -> float | None:
        """The accepted share of the rows that are there: of what landed, but for those of who was erased."""
        there = (self.accepted or 0) + (self.quarantined or 0)
        return None if self.accepted is None or not there else self.accepted / there


@dataclass(frozen=True)
class FindingLine:
    """How often one rule spoke, by source."""

    sentence: str
    rule: str
    severity: str
    by_source: dict[str, int]
    whole: int


@dataclass(frozen=True)
class FreshLine:
    """How old the records of one source are: shares by year, the newest first."""

    source: str
    records: int
    undated: int
    this_year: float
    last_year: float
    older: float


@dataclass(frozen=True)
class SourcesPage:
    """The page. `sources`: code → name, as columns of the findings; `year`: the newest of all."""

    batches: list[BatchLine]
    sources: dict[str, str]
    findings: list[FindingLine]
    fresh: list[FreshLine]
    year: int
    findings_chart: str | None
    freshness_chart: str | None


@declares("operations.read")
@get("/operasi/sumber", sync_to_thread=True)
def sources(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """What came in."""
    words = IN[visitor_of(request).language]
    with hub.sessions.read() as session:
        seq = figures.newest(session)
        found = figures.read(session, seq, "finding") if seq else []
        fresh = figures.read(session, seq, "freshness") if seq else []
        batches = _batches(session, words)
    year = max((int(one.part[:4]) for one in fresh if one.part), default=0)
    names = {one.kind: source_name(words, one.kind) for one in found}
    context = SourcesPage(
        batches=batches,
        sources=names,
        findings=_findings(words, found),
        fresh=_fresh(words, fresh, year),
        year=year,
        findings_chart=chart_address("findings", seq, words.language) if found and seq else None,
        freshness_chart=chart_address("freshness", seq, words.language) if fresh and seq else None,
    )
    return page(request, "operations/sources.html", context)


def _batches(session: Session, words: Wording) -> list[BatchLine]:
    newest = session.exec(select(Batch).order_by(col(Batch.created).desc()).limit(SHOWN)).all()
    return [
        BatchLine(
            source_name(words, one.source),
            one.file,
            one.delivered_on,
            one.agreement or "",
            one.landed,
            one.declared_rows,
            one.accepted,
            one.quarantined,
        )
        for one in newest
    ]


def _findings(words: Wording, found: list[figures.Figure]) -> list[FindingLine]:
    rules: dict[tuple[str, str], dict[str, int]] = {}
    for one in found:
        rules.setdefault((one.part, one.detail), {})[one.kind] = one.count
    lines = [
        FindingLine(rule_sentence(words, rule), rule, severity, of, sum(of.values()))
        for (rule, severity), of in rules.items()
    ]
    return sorted(lines, key=lambda line: (-line.whole, line.rule))


def _fresh(words: Wording, found: list[figures.Figure], year: int) -> list[FreshLine]:
    lines = []
    for source in sorted({one.kind for one in found}):
        own = [one for one in found if one.kind == source]
        whole = sum(one.count for one in own)
        of = {
            back: sum(one.count for one in own if one.part.startswith(str(year - back)))
            for back in (0, 1)
        }
        undated = sum(one.count for one in own if not one.part)
        older = whole - undated - of[0] - of[1]
        shares = [n / whole for n in (of[0], of[1], older)]
        lines.append(FreshLine(source_name(words, source), whole, undated, *shares))
    return lines
