"""Figures by region for everybody: small numbers are hidden, and what would give them away."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter
from sqlmodel import Session, select

from api.actions import declares
from api.web.forms import Number
from api.web.languages import LANGUAGES
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from api.web.wording import IN, Wording
from mdm.compose import Hub
from mdm.figures import newest
from mdm.figures.open import COUNTRY, ELSEWHERE, GROUPS, OpenFigures, OpenRow, open_figures
from mdm.hub.tables import Run
from reference.regions import place_name

UNITS = {"orang": "person", "keluarga": "family"}  # as the address says it
_Region = Annotated[str | None, QueryParameter(name="wilayah", max_length=8)]
_Unit = Annotated[str | None, QueryParameter(name="satuan", max_length=10)]
_COUNTING = threading.Lock()
_HEADER = ("tingkat", "kode", "nama", "satuan", "desil", "jumlah")


@dataclass(frozen=True)
class Line:
    """A region with its name; `path` where one can look deeper."""

    row: OpenRow
    name: str
    path: str | None


@dataclass(frozen=True)
class FiguresPage:
    """The page of a region. `trail`: what it lies in; `whole`: the region itself."""

    unit: str
    code: str
    name: str
    trail: list[tuple[str, str]]
    whole: OpenRow | None
    lines: list[Line]
    groups: tuple[str, ...]
    as_of: datetime | None
    chart: str | None


@declares("page.open")
@get("/publik", sync_to_thread=True)
def figures_page(
    request: AnyRequest, hub: NamedDependency[Hub], region: _Region = None, satuan: _Unit = None
) -> Response[bytes]:
    """Figures of the country, a province, a regency."""
    words = IN[visitor_of(request).language]
    unit = satuan if satuan in UNITS else "orang"
    with hub.sessions.read() as session:
        seq = newest(session)
        found = opened(request.app.state, session, seq, UNITS[unit]) if seq else OpenFigures({})
        as_of = session.exec(select(Run.finished).where(Run.seq == seq)).first() if seq else None
    code = region if region and region in found.rows and len(region) <= 4 else COUNTRY
    language = words.language
    context = FiguresPage(
        unit=unit,
        code=code,
        name=region_name(words, code),
        trail=[(region_name(words, at), at) for at in _above(code)],
        whole=found.rows.get(code),
        lines=[_line(words, row, unit) for row in found.within(code)],
        groups=GROUPS if len(code) < 4 else (),
        as_of=as_of,
        chart=f"/publik/grafik/{seq}/{language}/{unit}.svg" if seq and not code else None,
    )
    return page(request, "public/figures.html", context)


@declares("page.open")
@get("/publik/angka.csv", sync_to_thread=True)
def figures_file(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """All of it as one file: a row for each region, unit and desil; an empty number is hidden."""
    words = IN["id"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    with hub.sessions.read() as session:
        seq = newest(session)
        for unit, kind in UNITS.items() if seq else ():
            found = opened(request.app.state, session, seq or 0, kind)
            for row in found.rows.values():
                writer.writerows(_cells(words, row, unit))
    headers = {"Content-Disposition": 'attachment; filename="dtsen-angka.csv"'}
    return Response(out.getvalue().encode(), media_type="text/csv; charset=utf-8", headers=headers)


@declares("page.open")
@get("/publik/grafik/{seq:int}/{language:str}/{file:str}", sync_to_thread=True)
def figures_chart(
    request: AnyRequest,
    hub: NamedDependency[Hub],
    seq: Number,
    language: FromPath[str],
    file: FromPath[str],
) -> Response[bytes]:
    """The country by desil; of the newest run only, so that there are four pictures at most."""
    unit = file.removesuffix(".svg")
    wanted = next((one for one in LANGUAGES if one == language), None)
    with hub.sessions.read() as session:
        if (
            wanted is None
            or unit not in UNITS
            or not file.endswith(".svg")
            or seq != newest(session)
        ):
            raise NotFoundException
        found = opened(request.app.state, session, seq, UNITS[unit])
    kept = _kept(request.app.state, seq)
    if (unit, wanted) not in kept:
        from api.web.public.drawing import by_desil  # noqa: PLC0415 - loads the drawer

        with _COUNTING:
            kept[unit, wanted] = by_desil(found.rows[COUNTRY], IN[wanted]).encode()
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(kept[unit, wanted], media_type="image/svg+xml", headers=headers)


def opened(state: State, session: Session, seq: int, kind: str) -> OpenFigures:
    """The open figures of the newest run, counted once and kept."""
    kept = _kept(state, seq)
    if kind not in kept:
        with _COUNTING:
            kept[kind] = open_figures(session, seq, kind)
    found: OpenFigures = kept[kind]
    return found


def region_name(words: Wording, code: str) -> str:
    """The name of a region; in words for the country, and for what has no place."""
    if code == COUNTRY:
        return words.t("public.country")
    if code.endswith(ELSEWHERE):
        return words.t("public.elsewhere")
    return place_name(code) or code


def _kept(state: State, seq: int) -> dict[Any, Any]:
    """What is kept of one run; another run's goes."""
    if state.get("open figures", (0, {}))[0] != seq:
        state["open figures"] = (seq, {})
    kept: dict[Any, Any] = state["open figures"][1]
    return kept


def _above(code: str) -> list[str]:
    return [at for at in (COUNTRY, code[:2]) if at != code] if code else []


def _line(words: Wording, row: OpenRow, unit: str) -> Line:
    deeper = row.level in ("province", "regency") and not row.code.endswith(ELSEWHERE)
    path = f"/publik?satuan={unit}&wilayah={row.code}" if deeper else None
    return Line(row, region_name(words, row.code), path)


def _cells(words: Wording, row: OpenRow, unit: str) -> Iterator[tuple[object, ...]]:
    counted: Mapping[str, int | None] = {"semua": row.whole, **row.groups}
    for group, n in counted.items():
        name = region_name(words, row.code)
        yield row.level, row.code, name, unit, group or "tanpa", "" if n is None else n
