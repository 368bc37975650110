"""`findings`: what goes back to the providers."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from mdm.cli.answers import emit_json, say, table
from mdm.cli.asking import operator
from mdm.cli.files import NewFile
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options
from mdm.looks import count_findings, unchecked


@click.command()
@shared_options
@click.option("--source", help="Of one source only.")
@click.option("--batch", help="Of one batch only (see status --json).")
@click.option(
    "--out",
    type=NewFile(),
    help="Write them to this file (.csv or .xlsx), the quarantined rows beside them.",
)
@pass_session
def findings(session: Session, *, source: str | None, batch: str | None, out: Path | None) -> None:
    """What rules found, by rule; with --out, the file that goes back to the provider.

    The file holds personal data as typed: file, row, column, rule, value, reason and what to do.
    Quarantined rows are written in the provider's own layout, to be mended and delivered again. Rules
    speak when a file is validated, which is the first thing that `train` and `run` do.
    """
    if out is not None and out.suffix.lower() not in (".csv", ".xlsx"):
        raise click.UsageError("The file to write must end in .csv or .xlsx.")
    with opened(session) as hub:
        counted = count_findings(hub, source, batch)
        waiting = unchecked(hub, source, batch)
        written = None
        if out is not None:
            from mdm.validation.findings import write_findings

            with session.progress.task("write findings"):
                fmt: Literal["csv", "xlsx"] = "xlsx" if out.suffix.lower() == ".xlsx" else "csv"
                written = write_findings(hub, out, source, batch, fmt, actor=operator())
    if session.json:
        emit_json(session, {"findings": counted, "unchecked": waiting, "written": written})
        return
    columns = ("source", "layout", "rule", "severity", "findings")
    rows = [(c.source, c.layout, c.rule, c.severity, c.findings) for c in counted]
    session.out.print(table("Findings", columns, rows))
    if waiting:
        say(
            session,
            f"Of files landed since the last run ({waiting:,}) rules say nothing yet. Next: dtsen run",
        )
    if written is not None:
        say(
            session,
            f"Findings: {written.findings:,}. Quarantined rows: {written.quarantined:,}. They are in "
            + ", ".join(str(path) for path in written.files),
        )
    elif counted:
        say(session, "For the provider: dtsen findings --source SOURCE --out FILE.xlsx")
