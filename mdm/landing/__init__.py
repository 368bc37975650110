"""Step 1, land: a provider's files → landed records, as they stood, each file a batch.

The files of one call are one delivery: they become part of the hub together or not at all. They are
streamed: a file larger than memory lands, and nothing plain touches the disk on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import date, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import pyarrow as pa
from sqlmodel import Session, col, func, select

from matching.engine import Engine
from mdm import audit
from mdm.audit import vouched
from mdm.compose import Hub
from mdm.contracts import contract_for, load_contracts
from mdm.days import local
from mdm.files import Survey, open_file, survey
from mdm.hub.columns import now
from mdm.hub.tables import Batch
from mdm.ids import short_id
from mdm.landing import late
from mdm.landing.delivered import expand
from mdm.landing.handover import office_of, read_handover
from mdm.landing.headers import match_header, recognise
from mdm.landing.intake import (
    Delivery,
    Plan,
    Written,
    file_findings,
    hold_earlier,
    landed_rows,
    whole_file_findings,
)
from mdm.landing.landed import landed_schema, prepare
from mdm.landing.offices import refuse_elsewhere
from mdm.landing.results import BatchResult, Landed, tell
from mdm.work.ahead import ahead
from mdm.work.progress import Progress

AT_ONCE = 2  # files; each holds a row group or two in memory


def land(
    hub: Hub,
    source: str,
    paths: Sequence[Path],
    *,
    progress: Progress,
    delivered_on: date | None = None,
    bast: Path | None = None,
    office: str | None = None,
    layout: str | None = None,
    anyway: bool = False,
) -> Landed:
    """Land the files (or the files of the directories) of one delivery; one result per file, in
    order, and which files of the handover record are missing.

    A handover record (`bast.yaml`) among them or beside them is read, not landed. `delivered_on` is
    by default the date of the handover record, else today; of a file that seems older than that the user is told. A
    file landed before changes nothing.
    UsageError for an unknown source, layout or office, or one outside which most rows lie (`anyway`: it delivers
    them all the same), InputError for a file that cannot be taken; then nothing is landed.
    """
    contract = contract_for(load_contracts(hub.settings.home / "contracts"), source)
    found, record = expand(paths, progress)
    handover = read_handover(bast or record, found)
    from_office = office_of(office or handover.office)
    with hub.lock("land"):
        moment = _moment(hub, progress)
        today = local(moment).date()
        day = delivered_on or handover.date_ or today
        if day > today + timedelta(days=1):  # which it is in Jayapura two hours earlier
            progress.note(
                "The day of the handover lies in the future: later deliveries may count as older."
            )
        delivery = Delivery(contract, handover, day, from_office, moment)
        hub.lake.sweep()
        plans, repeated = _plan(hub, delivery, found, layout, progress)
        written = _write(hub, delivery, plans, progress)
        if delivery.office is not None and not anyway:
            for item in written:
                refuse_elsewhere(item.plan.survey.name, item.offices, delivery.office)
        results = {item.plan.survey.path: _result(delivery, item) for item in written} | repeated
        landed = Landed((results[path] for path in found), handover)
        if written and len(landed) > 1 and handover.rows not in (None, landed.rows):
            counts = f"{handover.rows} / {landed.rows}"
            last = written[-1]
            last.files += file_findings(
                hub, delivery, last, [("declared_rows_differ", None, counts)]
            )
        _adopt(hub, delivery, written)
        if delivered_on is None and handover.date_ is None:
            late.warn(hub, delivery, written, progress)
    tell(progress, landed, handover, delivery.office)
    return landed


def _moment(hub: Hub, progress: Progress) -> datetime:
    """When the delivery lands: now, and after all that landed before it. By that it counts as newer than those of its
    day; a clock that was set back would make it older, for ever."""
    moment = now()
    with hub.sessions.read() as session:
        last = session.exec(select(func.max(col(Batch.created)))).one()
    if last is None or moment > last:
        return moment
    progress.note(
        f"This machine's clock stands before the last landing ({last:%Y-%m-%d %H:%M} UTC). What lands now counts as "
        "later all the same; set the clock right."
    )
    return last + timedelta(microseconds=1)


def _plan(
    hub: Hub,
    delivery: Delivery,
    paths: Sequence[Path],
    layout: str | None,
    progress: Progress,
) -> tuple[list[Plan], dict[Path, BatchResult]]:
    """Recognise every file before anything is written; files landed before are set apart."""
    plans: list[Plan] = []
    repeated: dict[Path, BatchResult] = {}
    seen: dict[tuple[str, str], str] = {}
    contract = delivery.contract
    for path in paths:
        with progress.task(f"look at {path.name}"):
            looked = survey(path)
        file = open_file(
            looked,
            contract.file.encoding,
            contract.file.delimiter,
            lambda header: recognise(contract, header),
        )
        chosen, header = match_header(contract, file.header, looked.name, layout)
        before = _before(hub, contract.source, chosen.name, looked)
        key = (chosen.name, looked.checksum)
        if before is not None or key in seen:
            repeated[path] = before or BatchResult(
                looked.name, chosen.name, 0, 0, 0, 0, None, "", delivery.delivered_on,
                already=True, landed_as=seen[key],
            )  # fmt: skip
            continue
        seen[key] = looked.name
        declared = delivery.handover.declared(looked.name, len(paths))
        plans.append(Plan(looked, file, chosen, header, declared))
    return plans, repeated


def _before(hub: Hub, source: str, layout: str, looked: Survey) -> BatchResult | None:
    """The batch this very file became earlier."""
    query = select(Batch).where(
        Batch.source == source, Batch.layout == layout, Batch.checksum == looked.checksum
    )
    with hub.sessions.read() as session:
        batch = session.exec(query).first()
    if batch is None:
        return None
    return BatchResult(
        looked.name, layout, batch.landed, 0, batch.landed, 0, batch.declared_rows, batch.id,
        batch.delivered_on, already=True, landed_as=batch.file, landed_for=batch.provider,
    )  # fmt: skip


def _write(
    hub: Hub, delivery: Delivery, plans: Sequence[Plan], progress: Progress
) -> list[Written]:
    """Stream every file into the lake, a few at once: reading waits while writing works."""
    given_up = Event()
    free: SimpleQueue[Engine] = SimpleQueue()
    engines = [hub.engine() for _ in range(min(AT_ONCE, len(plans)))]
    for engine in engines:
        free.put(engine)

    def write(plan: Plan) -> Written:
        if given_up.is_set():
            raise CancelledError
        engine = free.get()
        try:
            return _write_one(hub, engine, delivery, plan, progress=progress, given_up=given_up)
        finally:
            free.put(engine)

    with ExitStack() as stack:
        for engine in engines:
            stack.callback(engine.close)
        pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE, "land"))
        doing = [pool.submit(write, plan) for plan in plans]
        try:
            return [one.result() for one in doing]
        except BaseException:
            given_up.set()
            raise


def _write_one(
    hub: Hub,
    engine: Engine,
    delivery: Delivery,
    plan: Plan,
    *,
    progress: Progress,
    given_up: Event,
) -> Written:
    """Stream one file into the lake, unless the delivery is given up."""
    item = Written(plan, short_id(), [])
    dataset = f"landed/{delivery.contract.source}/{plan.layout.name}"
    earlier = hold_earlier(hub, engine, delivery.contract.source, plan.layout)
    prepare(engine, plan.layout)
    with progress.task(f"land {plan.survey.name}", total=plan.declared) as advance:

        def go_on(rows: int) -> None:
            if given_up.is_set():
                raise CancelledError
            advance(rows)

        with closing(ahead(landed_rows(engine, delivery, item, earlier))) as rows:
            reader = pa.RecordBatchReader.from_batches(landed_schema(plan.layout), rows)
            # In the order of rows, so that a trace reads one without the rest.
            file = hub.lake.write(dataset, reader, owner=item.batch, advance=go_on, order=("row",))
        item.files.append(file)
    item.files += whole_file_findings(hub, delivery, item)
    return item


def _adopt(hub: Hub, delivery: Delivery, written: Sequence[Written]) -> None:
    """Make the delivery part of the hub, in one unit of work."""
    if not written:
        return
    with hub.sessions.begin() as session:
        for item in written:
            hub.lake.adopt(session, item.files)
            session.add(_batch(delivery, item))
            session.flush()
            _note(session, delivery, item)


def _batch(delivery: Delivery, item: Written) -> Batch:
    plan, handover = item.plan, delivery.handover
    return Batch(
        id=item.batch,
        source=delivery.contract.source,
        layout=plan.layout.name,
        file=plan.survey.name,
        checksum=plan.survey.checksum,
        format=plan.survey.format,
        provider=delivery.office,
        delivered_on=delivery.delivered_on,
        agreement=handover.agreement,
        handover_on=handover.date_,
        period=handover.period,
        declared_rows=plan.declared,
        landed=item.rows,
        unchanged=item.unchanged,
        created=delivery.moment,
    )


def _note(session: Session, delivery: Delivery, item: Written) -> None:
    audit.record(
        session,
        "system",
        "land",
        batch=item.batch,
        source=delivery.contract.source,
        layout=item.plan.layout.name,
        rows=item.rows,
        holds=vouched.standing(session, (vouched.FILES, item.batch)),
    )


def _result(delivery: Delivery, item: Written) -> BatchResult:
    plan = item.plan
    return BatchResult(
        plan.survey.name,
        plan.layout.name,
        item.rows,
        item.rows - item.unchanged,
        item.unchanged,
        item.bad,
        plan.declared,
        item.batch,
        delivery.delivered_on,
        header_row=plan.file.header_row,
        offices=dict(item.offices) if delivery.office is None else {},
        cut_off=item.cut_off,
        joined=item.joined,
        repeated=item.repeated,
    )
