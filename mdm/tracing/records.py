"""Source records of an entity: where the run's links say they stand, and the rows as they landed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import Session, col, select

from matching.rules import Kind
from mdm import links
from mdm.compose import Hub
from mdm.contracts import LANDED_ORIGIN, LANDED_TAIL, Layout, contract_for, load_contracts
from mdm.errors import HubError
from mdm.hub.runs import kept_by
from mdm.hub.tables import Batch, Run
from mdm.survivorship import SourceRecord
from mdm.tracing.facts import Delivery, Found
from mdm.tracing.values import Key, key_of
from mdm.tracing.vouching import events_of


@dataclass
class KeptRecord:
    """One source record of an entity in one run: its number there, where it stands in a file."""

    rid: int
    key: Key
    batch: str | None
    file: str | None
    row: int | None
    implied: bool
    date: str | None = None
    landed: dict[str, str | None] | None = None
    findings: list[Found] = field(default_factory=list)


def kept(
    hub: Hub, run: Run, table: str, columns: Sequence[str], where: Mapping[str, Iterable[Any]]
) -> list[dict[str, Any]]:
    """Rows of a table that a run kept, where a column has one of some values; any of `where` holds."""
    reader = hub.lake.reader(f"run/{table}", owner=kept_by(run), columns=list(columns))
    if reader is None:
        return []
    wanted = {name: pa.array(list(values), reader.schema.field(name).type)
              for name, values in where.items()}  # fmt: skip
    found: list[dict[str, Any]] = []
    for batch in reader:
        masks = [pc.is_in(batch.column(name), value_set=some) for name, some in wanted.items()]
        mask = masks[0]
        for other in masks[1:]:
            mask = pc.or_(mask, other)
        if pc.any(mask).as_py():
            found += batch.filter(mask).to_pylist()
    return found


def standing(hub: Hub, run: Run, kind: Kind, entity_id: str) -> list[KeptRecord]:
    """The records that a run linked to an entity, in order of their numbers."""
    with hub.sessions.read() as session:
        linked = links.of_entities(hub, session, run, kind, [entity_id]).to_pylist()
    keys = {
        row["rid"]: (row["source"], row["layout"], row["record_key"])
        for row in linked
        if row["rid"] is not None
    }
    if not keys:
        return []
    places = kept(
        hub, run, f"{kind}_origin", ["rid", "batch", "file", "row", "implied"], {"rid": keys}
    )
    where = {row["rid"]: row for row in places}
    return [
        KeptRecord(
            rid,
            keys[rid],
            where[rid]["batch"],
            where[rid]["file"],
            where[rid]["row"],
            bool(where[rid]["implied"]),
        )
        for rid in sorted(keys)
        if rid in where
    ]


def date_them(records: Sequence[KeptRecord], chosen_from: Sequence[SourceRecord]) -> None:
    """The dates of the records, as the profile has them."""
    dates = {key_of(one): one.date for one in chosen_from}
    for record in records:
        record.date = dates.get(record.key)


def land_again(hub: Hub, records: Sequence[KeptRecord]) -> None:
    """Fetch the rows as they landed, and what validation found in them."""
    contracts = load_contracts(hub.settings.home / "contracts")
    by_batch: dict[str, list[KeptRecord]] = {}
    for record in records:
        if record.batch is not None and record.row is not None and not record.implied:
            by_batch.setdefault(record.batch, []).append(record)
    for batch, own in by_batch.items():
        source, layout_name, _ = own[0].key
        rows = {record.row: record for record in own}
        for row in _rows(hub, f"landed/{source}/{layout_name}", batch, rows):
            layout = _layout(contracts, source, layout_name)
            rows[row["row"]].landed = _cells(row, layout)
        for row in _rows(hub, "findings", batch, rows):
            said = Found(row["column_name"], row["rule"], row["severity"], row["reason"])
            rows[row["row"]].findings.append(said)


def columns_behind(hub: Hub, record: KeptRecord, parts: Iterable[str]) -> dict[str, str]:
    """Attribute → the provider's column (or columns) it was read from, where one is."""
    source, layout_name, _ = record.key
    layout = _layout(load_contracts(hub.settings.home / "contracts"), source, layout_name)
    if layout is None:
        return {}
    aliases = {"rt": "rt_rw", "rw": "rt_rw", "region_today": "region", "village_name": "region"}
    behind = {
        part: layout.column_of(part) or layout.column_of(aliases.get(part, part)) for part in parts
    }
    return {part: columns for part, columns in behind.items() if columns}


def deliveries(session: Session, batches: Iterable[str]) -> tuple[Delivery, ...]:
    """The batches, each with the number of its event in the audit log."""
    query = select(Batch).where(col(Batch.id).in_(list(batches)))
    rows = session.exec(query.order_by(col(Batch.created), col(Batch.id))).all()
    events = events_of(session, [(row.id, "land") for row in rows])
    return tuple(_delivery(row, events.get((row.id, "land"))) for row in rows)


def _delivery(row: Batch, event: int | None) -> Delivery:
    return Delivery(
        id=row.id,
        source=row.source,
        layout=row.layout,
        file=row.file,
        checksum=row.checksum,
        format=row.format,
        landed_at=row.created,
        delivered_on=row.delivered_on,
        agreement=row.agreement,
        handover_on=row.handover_on,
        period=row.period,
        declared_rows=row.declared_rows,
        landed=row.landed,
        accepted=row.accepted,
        quarantined=row.quarantined,
        event=event,
    )


def _rows(
    hub: Hub, dataset: str, batch: str, rows: Mapping[int | None, Any]
) -> list[dict[str, Any]]:
    """Some rows of a batch, read where they stand."""
    found = hub.lake.pick(dataset, batch, "row", [row for row in rows if row is not None])
    return [] if found is None else found.to_pylist()


def _layout(contracts: Any, source: str, name: str) -> Layout | None:
    try:
        return contract_for(contracts, source).layout(name)
    except HubError:
        return None


def _cells(row: Mapping[str, Any], layout: Layout | None) -> dict[str, str | None]:
    """The provider's own columns, by the names it gave them."""
    if layout is None:
        ours = {*LANDED_ORIGIN, *LANDED_TAIL}
        return {name: value for name, value in row.items() if name not in ours}
    names = {column: layout.landed_name(column) for column in layout.columns}
    return {column: row.get(name) for column, name in names.items()}
