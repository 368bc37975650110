"""Step 2, validate: landed rows → accepted tables, quarantine and findings.

The contracts are turned into SQL (`readings.py`), the quality rules too (`quality.py`); one
pass per layout. A batch gets its findings once; later runs only make the accepted tables again.
Records of people who were erased by law leave a new batch first (`mdm/rights/leaveout.py`); approved
corrections join last (`mdm/corrections/joining.py`). For every batch, landed = accepted +
quarantined + erased, or the run stops.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Future, wait
from datetime import datetime

import pyarrow as pa
from sqlmodel import col, select

from matching.engine import Engine
from matching.places import load_places
from matching.rules import load_standardise
from mdm.compose import Hub
from mdm.contracts import Contracts, Layout, contract_for, load_contracts
from mdm.contracts.accepted import COLUMNS, KINDS, ORIGIN, Kind
from mdm.corrections.joining import join
from mdm.corrections.turning import Typed
from mdm.errors import IntegrityError
from mdm.hub.tables import Batch
from mdm.lake import LakeFile
from mdm.rights.leaveout import leave_out
from mdm.validation.absent import mark_left_out, none_left_out, note_left_out
from mdm.validation.counts import BatchCounts, Counts, record
from mdm.validation.doubles import set_apart
from mdm.validation.former import anybody_moved, begin_moves, mark_former, note_former
from mdm.validation.hands import settle
from mdm.validation.quality import findings_sql, hits_sql, load_quality
from mdm.validation.readings import accepted_sql, complete, landed_columns, typed_sql
from mdm.validation.renumbered import note_renumbered
from mdm.validation.undated import note_undated
from mdm.validation.versions import keep_hands, none_confirmed, number_current
from mdm.work.ahead import ahead
from mdm.work.beside import Beside
from mdm.work.progress import Progress
from reference.codes import code_table
from reference.text import quote

FINDINGS = "findings"
_NO_DWELLING = "SELECT ''::VARCHAR office, ''::VARCHAR dwelling_ref LIMIT 0"

#: A layout with its source, and the batches in it.
_Own = tuple[tuple[str, Layout], list[Batch]]
#: The findings written, by batch, and what became of each batch.
_Checked = tuple[dict[str, LakeFile], list[BatchCounts]]


def validate(
    hub: Hub,
    engine: Engine,
    progress: Progress,
    batches: Sequence[str] | None = None,
    before: datetime | None = None,
    *,
    corrections: Collection[str] | None = None,
) -> Counts:
    """Make `<kind>_accepted` in the engine from everything landed; write the findings of new
    batches.

    `batches` limits the work to those; None takes all. `before`: with the corrections approved by
    then; `corrections`: with these, of those approved. Call it under the work lock. IntegrityError
    when the rows of a batch do not add up.
    """
    contracts = load_contracts(hub.settings.home / "contracts")
    leave_out(hub, batches)
    held = _batches(hub, batches)
    _reference(engine)
    engine.table("known_dwelling", _NO_DWELLING)
    layouts = _layouts(held, contracts)
    files: dict[str, LakeFile] = {}
    counts: list[BatchCounts] = []
    with (
        progress.task("validate", total=sum(batch.landed for batch in held)) as advance,
        Beside(engine) as beside,
    ):
        current = dict.fromkeys(KINDS, 0)
        for kind in KINDS:
            none_confirmed(engine, kind)
            none_left_out(engine, kind)
        for ((source, layout), own), checked in _check(hub, beside, layouts):
            found, counted = checked.result()
            files |= found
            counts += counted
            landed, typed = _tables(source, layout)
            # Layouts come by source and name, so that `rid` follows (source, layout, record key).
            start = current[layout.kind] + 1
            current[layout.kind] += number_current(engine, layout, typed, start)
            keep_hands(engine, source, layout, landed, typed)
            note_left_out(engine, layout.kind, typed)
            engine.drop(landed)
            advance(sum(batch.landed for batch in own))
        for kind in KINDS:
            _accept(engine, kind, [own for own, _ in layouts if own[1].kind == kind])
        _note_moves(engine, [own for own, _ in layouts])
        corrected = join(
            hub,
            engine,
            [Typed(source, layout, _tables(source, layout)[1]) for (source, layout), _ in layouts],
            current,
            before,
            only=corrections,
        )
        for kind, table in corrected.items():
            _accept(engine, kind, [one for one, _ in layouts if one[1].kind == kind], table)
    engine.drop("known_dwelling")
    record(hub, held, counts, files)
    accepted = sum(count.accepted for count in counts)
    added = sum(int(engine.scalar(f"SELECT count(*) FROM {table}")) for table in corrected.values())
    return Counts(tuple(counts), current, accepted - sum(current.values()), added)


def mark(engine: Engine) -> None:
    """Tell the standardised records what the deliveries say of them: who is left out, and who moved."""
    for kind in KINDS:
        mark_left_out(engine, kind)
    mark_former(engine)


def let_go(engine: Engine) -> None:
    """Drop what stands behind the accepted tables, and these: standardising has read them."""
    for kind in KINDS:
        engine.run(f"DROP VIEW IF EXISTS {kind}_accepted")
    behind = ("typed_", *(f"{kind}_corrected" for kind in KINDS))
    engine.drop(*(name for name in engine.tables() if name.startswith(behind)))


def _note_moves(engine: Engine, layouts: Sequence[tuple[str, Layout]]) -> None:
    """Which cards go by another number now, and who is in another village, as far as registers tell."""
    registers = load_standardise().registry_sources
    persons = [
        _tables(*own)[1] for own in layouts if own[0] in registers and own[1].kind == "person"
    ]
    listed = ", ".join(map(quote, registers))
    note_renumbered(engine, persons, f"SELECT * FROM family_accepted WHERE source IN ({listed})")
    begin_moves(engine)
    for source, layout in layouts:
        if source in registers:
            note_former(engine, layout.kind, _tables(source, layout)[1])
    for source, layout in layouts if anybody_moved(engine) else ():
        if source not in registers:
            note_undated(engine, layout.kind, _tables(source, layout)[1])


def _tables(source: str, layout: Layout) -> tuple[str, str]:
    """The engine's tables of a layout: landed, typed."""
    return f"landed_{source}_{layout.name}", f"typed_{source}_{layout.name}"


def _batches(hub: Hub, only: Sequence[str] | None) -> list[Batch]:
    with hub.sessions.read() as session:
        held = session.exec(select(Batch).order_by(col(Batch.created), col(Batch.id))).all()
    return [batch for batch in held if only is None or batch.id in only]


def _reference(engine: Engine) -> None:
    """Put the reference tables that validation asks into the engine."""
    load_places(engine)
    if not engine.exists("ref_code"):
        engine.register("ref_code", code_table())


def _lists(engine: Engine) -> set[tuple[str, str]]:
    """The code lists there are, by concept and system."""
    rows = engine.fetch("SELECT DISTINCT concept, system FROM ref_code").to_pylist()
    return {(row["concept"], row["system"]) for row in rows}


def _layouts(batches: Sequence[Batch], contracts: Contracts) -> list[_Own]:
    """The layouts that have batches: households first, then by source and name.

    The dwellings that households name are what persons' dwelling numbers are held against.
    """
    own: dict[tuple[str, str], list[Batch]] = {}
    for batch in batches:
        own.setdefault((batch.source, batch.layout), []).append(batch)
    order = {"household": 0, "family": 1, "person": 2}
    found = [
        ((source, contract_for(contracts, source).layout(layout)), rows)
        for (source, layout), rows in own.items()
    ]
    return sorted(found, key=lambda item: (order[item[0][1].kind], item[0][0], item[0][1].name))


def _check(
    hub: Hub, beside: Beside, layouts: Sequence[_Own]
) -> list[tuple[_Own, Future[_Checked]]]:
    """Begin to type, hold against the rules and count each layout, two at a time; those of persons
    when all of households are done, for they are held against the dwellings that these name."""

    def begin(own: _Own) -> Future[_Checked]:
        (source, layout), batches = own

        def check(engine: Engine) -> _Checked:
            _type(hub, engine, source, layout, batches)
            tables = _tables(source, layout)
            set_apart(engine, layout, *tables)
            deliveries = {(batch.delivered_on, batch.created) for batch in batches}
            handed = len(deliveries) > 1 and settle(engine, layout, *tables)
            files = _find(hub, engine, source, layout, batches, handed=handed)
            return files, _count(engine, source, layout, batches)

        return beside.do(check)

    begun = [(own, begin(own)) for own in layouts if own[0][1].kind != "person"]
    wait([one for own, one in begun if own[0][1].kind == "household"])
    begun += [(own, begin(own)) for own in layouts if own[0][1].kind == "person"]
    return begun


def _type(hub: Hub, engine: Engine, source: str, layout: Layout, batches: Sequence[Batch]) -> None:
    """Read the layout's landed rows into the engine and make its typed table."""
    landed, typed = _tables(source, layout)
    dataset = f"landed/{source}/{layout.name}"
    owners, columns = [batch.id for batch in batches], landed_columns(layout)
    rows = 0
    everything = {file.owner for file in hub.lake.files(dataset)} <= set(owners)
    if everything and (reader := hub.lake.reader(dataset, columns=columns)) is not None:
        # Reading and decrypting overlap with what the engine does with the rows.
        rows = engine.register(
            landed, pa.RecordBatchReader.from_batches(reader.schema, ahead(iter(reader)))
        )
    elif not everything:
        readers = [hub.lake.reader(dataset, owner, columns) for owner in owners]
        rows = _register_some(engine, landed, [one for one in readers if one is not None])
    if rows != sum(batch.landed - batch.erased for batch in batches):
        raise IntegrityError(
            f"The lake holds {rows} rows of {source}/{layout.name}, the batches say otherwise.",
            "Restore the home from its backup.",
        )
    complete(engine, landed, columns)
    engine.table(typed, typed_sql(layout, landed, _lists(engine)))
    if layout.kind == "household":
        engine.run(
            f"INSERT INTO known_dwelling SELECT DISTINCT office, dwelling_ref FROM {typed} "
            "WHERE dwelling_ref IS NOT NULL"
        )


def _register_some(engine: Engine, landed: str, readers: Sequence[pa.RecordBatchReader]) -> int:
    """The landed rows of some batches only, in one table."""
    parts = [f"{landed}_{place}" for place in range(len(readers))]
    for part, reader in zip(parts, readers, strict=True):
        engine.register(part, reader)
    rows = engine.table(
        landed, " UNION ALL BY NAME ".join(f"SELECT * FROM {part}" for part in parts)
    )
    engine.drop(*parts)
    return rows


def _find(
    hub: Hub,
    engine: Engine,
    source: str,
    layout: Layout,
    batches: Sequence[Batch],
    *,
    handed: bool,
) -> dict[str, LakeFile]:
    """Write the findings of the batches that have none yet: one lake file per batch. `handed`: keys changed hands."""
    new = [batch.id for batch in batches if batch.accepted is None]
    if not new:
        return {}
    name = f"{source}_{layout.name}"
    found, hits = f"found_{name}", f"hits_{name}"
    tables, rules = _tables(source, layout), load_quality()
    engine.table(hits, hits_sql(layout, tables, rules, handed=handed))
    engine.table(found, findings_sql(layout, source, (*tables, hits), rules, new, handed=handed))
    files = {}
    for batch in new:
        rows = (
            f'SELECT * FROM {found} WHERE batch = {quote(batch)} ORDER BY "row", rule, column_name'
        )
        files[batch] = hub.lake.write(FINDINGS, engine.stream(rows), owner=batch, order=("row",))
    engine.drop(found, hits)
    return files


def _count(
    engine: Engine, source: str, layout: Layout, batches: Sequence[Batch]
) -> list[BatchCounts]:
    """Accepted and quarantined rows per batch; IntegrityError when they do not add up to what
    landed.
    """
    rows = engine.fetch(
        f"SELECT batch, count(*) FILTER (WHERE accepted) AS accepted, "
        f"count(*) FILTER (WHERE NOT accepted) AS refused "
        f"FROM {_verdicts(source, layout)} GROUP BY batch"
    ).to_pylist()
    found = {row["batch"]: (int(row["accepted"]), int(row["refused"])) for row in rows}
    counts = []
    for batch in batches:
        accepted, refused = found.get(batch.id, (0, 0))
        if accepted + refused + batch.erased != batch.landed:
            raise IntegrityError(
                f"Batch {batch.id}: {batch.landed} rows landed, but {accepted} accepted, "
                f"{refused} quarantined and {batch.erased} erased.",
                "Restore the home from its backup.",
            )
        counts.append(
            BatchCounts(
                batch.id,
                source,
                layout.name,
                batch.file,
                batch.landed,
                accepted,
                refused,
                batch.erased,
            )
        )
    return counts


def _verdicts(source: str, layout: Layout) -> str:
    """All landed rows of a layout with whether they are accepted, as a subquery."""
    landed, typed = _tables(source, layout)
    return (
        f"(SELECT batch, accepted FROM {typed} UNION ALL "
        f"SELECT batch, FALSE FROM {landed} WHERE _problem IS NOT NULL)"
    )


def _accept(
    engine: Engine, kind: Kind, layouts: Sequence[tuple[str, Layout]], corrected: str | None = None
) -> None:
    """Make the accepted table of a kind: a view of the typed tables of its layouts, which stay, so
    that no wide row is copied, and of a table of corrections.
    """
    parts = [accepted_sql(layout, source, _tables(source, layout)[1]) for source, layout in layouts]
    if not parts:
        shape = {**ORIGIN, **COLUMNS[kind]}
        nulls = (f'NULL::{sql_type} AS "{name}"' for name, sql_type in shape.items())
        parts = [f"SELECT {', '.join(nulls)} LIMIT 0"]
    parts += [f"SELECT * FROM {corrected}"] if corrected else []
    engine.run(f"CREATE OR REPLACE VIEW {kind}_accepted AS {' UNION ALL '.join(parts)}")
