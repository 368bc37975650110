"""The second step of a value: the rows as they landed, opened on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlmodel import col, select

from api.actions import declares
from api.web.auditor.sight import ACTION, find, looked
from api.web.errors import Told
from api.web.operations.named import rule_sentence
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from api.web.wording import IN
from mdm.compose import Hub
from mdm.corrections.terms import FILE
from mdm.hub.tables import Correction
from mdm.tracing.landed import LandedRow, landed_rows
from mdm.tracing.outline import outline
from mdm.tracing.values import chosen, parts_of


@dataclass(frozen=True)
class RowsPage:
    """The rows behind one value, each with its record's number; `reasons`: rule → why it found something; `proposals`:
    number → id of those that records come from instead of a row."""

    entity_id: str
    attribute: str
    label: Any
    rows: list[tuple[int, LandedRow]]
    reasons: dict[str, str]
    proposals: dict[int, str]


@declares(ACTION)
@post(
    "/telusur/{entity_id:str}/nilai/{attribute:str}/baris",
    status_code=200,
    request_max_body_size=2048,
    sync_to_thread=True,
)
def rows(
    request: AnyRequest,
    entity_id: FromPath[str],
    attribute: FromPath[str],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """The provider's cells, as they stood in the file."""
    with hub.sessions.read() as session:
        sight = find(hub, session, request, entity_id=entity_id)
        choices = chosen(sight.target.explanation.choices, [attribute])
        if len(choices) != 1 or choices[0].attribute not in sight.fields:
            raise Told(404, "auditor.no-value")
        found = outline(hub, session, sight.target, [attribute])
    (value,) = found.values
    behind = sorted({value.record, *(loser.record for loser in value.losers)})
    looked(hub, request, sight, {attribute}, revealed="landed rows")
    landed = landed_rows(
        hub, [found.records[at] for at in behind], found.deliveries, parts_of(choices[0])
    )
    corrected = [one.place.row for one in landed if one.place.file == FILE]
    with hub.sessions.read() as session:
        about = select(Correction.number, Correction.id).where(
            col(Correction.number).in_(corrected)
        )
        proposals = dict(session.exec(about).all())
    words = IN[visitor_of(request).language]
    reasons = {one.rule: rule_sentence(words, one.rule) for row in landed for one in row.findings}
    numbered = [(at + 1, row) for at, row in zip(behind, landed, strict=True)]
    return page(
        request,
        "auditor/rows.html",
        RowsPage(sight.entity_id, attribute, value.label, numbered, reasons, proposals),
    )


HANDLERS: list[ControllerRouterHandler] = [rows]
