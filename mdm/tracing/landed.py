"""The rows behind a value as they landed: the second step of a trace, read from the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mdm.compose import Hub
from mdm.tracing import records
from mdm.tracing.facts import Delivery, Found
from mdm.tracing.outline import Place
from mdm.tracing.records import KeptRecord


@dataclass(frozen=True)
class LandedRow:
    """A source record's row: the provider's columns behind some attributes, cell by cell, and what
    rules found in them. `cells` is None for a record without a row of its own (a family that only
    its members tell of), and for a row that was erased."""

    place: Place
    columns: Mapping[str, str]  # attribute → the provider's column, or columns
    cells: Mapping[str, str | None] | None
    findings: tuple[Found, ...]


def landed_rows(
    hub: Hub, places: Sequence[Place], deliveries: Sequence[Delivery], parts: Sequence[str]
) -> list[LandedRow]:
    """The rows of some records, as far as they stand behind some attributes."""
    standing = [
        KeptRecord(
            rid=-1 - at,
            key=(place.source, place.layout, place.record_key),
            batch=None if place.delivery is None else deliveries[place.delivery].id,
            file=place.file,
            row=place.row,
            implied=place.row is None,
        )
        for at, place in enumerate(places)
    ]
    records.land_again(hub, standing)
    return [_row(hub, place, one, parts) for place, one in zip(places, standing, strict=True)]


def _row(hub: Hub, place: Place, one: KeptRecord, parts: Sequence[str]) -> LandedRow:
    columns = records.columns_behind(hub, one, parts)
    behind = {name for joined in columns.values() for name in joined.split("+")}
    cells = one.landed
    if cells is not None:
        cells = {name: cell for name, cell in cells.items() if name in behind}
    found = tuple(said for said in one.findings if not said.column or said.column in behind)
    return LandedRow(place, columns, cells, found)
