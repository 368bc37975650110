"""`status`: what has landed, what runs did, what readers see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mdm.cli.answers import emit_json, say, table
from mdm.cli.files import NewFile
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options
from mdm.looks import INTERRUPTED, Status, look

if TYPE_CHECKING:
    from mdm.compose import Hub


@click.command()
@shared_options
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True, help="How many.")
@click.option(
    "--report",
    type=NewFile(),
    help="Also write the published run as one HTML page: counts and charts, no personal data.",
)
@pass_session
def status(session: Session, *, runs: int, report: Path | None) -> None:
    """Batches, runs, the stages of the last run, and what is published."""
    with opened(session) as hub:
        seen = look(hub, runs)
        if report is not None:
            _write_report(session, hub, report)
    if session.json:
        emit_json(session, seen)
        return
    _show(session, seen)
    if report is not None:
        say(session, f"The page: {report}")


def _write_report(session: Session, hub: Hub, out: Path) -> None:
    from mdm.report import write
    from mdm.report.collect import collect

    with session.progress.task("write the page"):
        write(out, collect(hub))


def _show(session: Session, seen: Status) -> None:
    for note in seen.notes:
        say(session, note)
    if not seen.batches:
        say(session, "Nothing has landed yet. Next: dtsen land SOURCE FILE…")
        return
    columns = ("source", "layout", "file", "landed", "accepted", "quarantined", "delivered")
    rows: list[tuple[Any, ...]] = [
        (b.source, b.layout, b.file, b.landed, b.accepted, b.quarantined, b.delivered_on)
        for b in seen.batches
    ]
    session.out.print(table("Batches", columns, rows))
    if not seen.runs:
        say(session, "No run yet. Next: dtsen run")
        return
    ran = [(r.seq, r.status, r.started, r.seconds, r.model) for r in seen.runs]
    session.out.print(table("Runs", ("run", "status", "started", "seconds", "model"), ran))
    if seen.runs[0].status == INTERRUPTED:
        say(session, f"Run {seen.runs[0].seq} was interrupted. Next: dtsen run takes it up.")
    stages = [(s.stage, s.status, s.rows, s.seconds) for s in seen.stages]
    if stages:
        heads = ("stage", "status", "rows", "seconds")
        session.out.print(table(f"Stages of run {seen.runs[0].seq}", heads, stages))
    kinds = list(seen.published.items())
    session.out.print(table("Published golden profiles", ("kind", "profiles"), kinds))
