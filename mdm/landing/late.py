"""Whether a file seems older than the day it counts from, where nobody said its day.

By that day its rows count as newer than all that landed before. Two signs speak against it, and neither is proof: a
date in the file's name, and changes that end before those of the provider's former file, further back than usual.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from sqlmodel import col, select

from matching import cleaners, dates
from matching.engine import Engine
from mdm.compose import Hub
from mdm.hub.tables import Batch
from mdm.landing.intake import Delivery, Written
from mdm.work.progress import Progress
from reference.text import identifier

USUAL = timedelta(days=31)  # by which a file may lag behind its day
FEW = 100  # rows: the newest change of fewer, such as rows that come back mended, says nothing
#: 2026-03, 202603, 2026_03_15, 20260315: not in the middle of a longer number.
_NAMED = re.compile(
    r"(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])(?:\2(0[1-9]|[12]\d|3[01]))?(?!\d)", re.ASCII
)


def warn(hub: Hub, delivery: Delivery, written: Sequence[Written], progress: Progress) -> None:
    """Tell of files that have just landed as of a day that nobody said, and seem older."""
    for item in written:
        if found := " and ".join(_signs(hub, delivery, item)):
            progress.note(
                f"{item.plan.survey.name} counts as of {delivery.delivered_on}, for nobody said its day, and as newer "
                f"than all that landed before; but {found}. If it is late: dtsen withdraw {item.batch} "
                "--reason wrong-day, and land it with --delivered-on YYYY-MM-DD."
            )


def _signs(hub: Hub, delivery: Delivery, item: Written) -> Iterator[str]:
    day = delivery.delivered_on
    if (named := _named(item.plan.survey.name)) and day - named > USUAL:
        yield f"its name says {named:%Y-%m}"
    before = _before(hub, delivery, item) if item.rows >= FEW else None
    if before is None or before.delivered_on is None:
        return
    engine = hub.engine()
    try:
        now = _newest(hub, engine, delivery, item, (item.batch, day))
        then = _newest(hub, engine, delivery, item, (before.id, before.delivered_on))
    finally:
        engine.close()
    if now and then and now < then and day - now > before.delivered_on - then + USUAL:
        yield f"its newest change is of {now}, and that of {before.file}, landed before, of {then}"


def _named(name: str) -> date | None:
    """The latest day that the name of a file may mean; of a month its last."""
    found = []
    for year, _, month, day in _NAMED.findall(name):
        last = monthrange(int(year), int(month))[1]
        found.append(date(int(year), int(month), min(int(day or last), last)))
    return max(found, default=None)


def _before(hub: Hub, delivery: Delivery, item: Written) -> Batch | None:
    """What the same provider delivered of the same layout last, before this delivery."""
    query = select(Batch).where(
        Batch.source == delivery.contract.source,
        Batch.layout == item.plan.layout.name,
        col(Batch.provider).is_not_distinct_from(delivery.office),
        Batch.created < delivery.moment,
        Batch.landed >= FEW,
    )
    with hub.sessions.read() as session:
        return session.exec(query.order_by(col(Batch.created).desc()).limit(1)).first()


def _newest(
    hub: Hub, engine: Engine, delivery: Delivery, item: Written, batch: tuple[str, date]
) -> date | None:
    """The newest day on which a row of a delivered file (its name and day) was changed; None where none says any."""
    layout, (owner, day) = item.plan.layout, batch
    if layout.value_date is None:
        return None
    column = layout.landed_name(layout.value_date)
    dataset = f"landed/{delivery.contract.source}/{layout.name}"
    reader = hub.lake.reader(dataset, owner, [column])
    if reader is None or column not in reader.schema.names:
        return None
    engine.register("delivered", reader)
    delivered = f"DATE '{day}'"
    read = dates.date("cut", layout.value_date_order, delivered)
    tidy = cleaners.tidy(identifier(column))
    newest: date | None = engine.scalar(
        f"SELECT max({dates.plausible('read', delivered)}) FROM (SELECT {read} AS read FROM "
        f"(SELECT {dates.day('tidy')} AS cut FROM (SELECT {tidy} AS tidy FROM delivered)))"
    )
    engine.drop("delivered")
    return newest
