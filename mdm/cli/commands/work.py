"""The work itself: `land`, `train`, `run`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from mdm.cli.answers import emit_json, say, table
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options


@click.command()
@shared_options
@click.argument("source")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
@click.option("--delivered-on", type=click.DateTime(["%Y-%m-%d"]), help="Day of the handover.")
@click.option("--bast", type=click.Path(path_type=Path), help="The handover record (YAML or JSON).")
@click.option("--office", help="Kemendagri kab/kota code of the office that delivers (pemda).")
@click.option("--layout", help="Layout of the files, where the columns alone do not tell it.")
@pass_session
def land(
    session: Session,
    *,
    source: str,
    paths: tuple[Path, ...],
    delivered_on: datetime | None,
    bast: Path | None,
    office: str | None,
    layout: str | None,
) -> None:
    """Take a provider's files: SOURCE is kemendagri, kemensos, pemda or another contract's name.

    CSV (also gzip), Parquet and XLSX; format, encoding and layout are recognised. Landing the same
    file again changes nothing.
    """
    from mdm.landing import land as land_files  # noqa: PLC0415 - loads the whole hub

    with opened(session) as hub:
        batches = land_files(
            hub,
            source,
            list(paths),
            progress=session.progress,
            delivered_on=delivered_on.date() if delivered_on else None,
            bast=bast,
            office=office,
            layout=layout,
        )
    if session.json:
        emit_json(session, {"batches": batches})
        return
    columns = ("file", "layout", "rows", "new", "unchanged", "declared", "batch")
    rows = [(b.file, b.layout, b.rows, b.new, b.unchanged, b.declared, b.batch) for b in batches]
    session.out.print(table(f"Landed from {source}", columns, rows))


@click.command()
@shared_options
@pass_session
def train(session: Session) -> None:
    """Learn the match weights from the landed records, without labels; `run` uses them next."""
    from mdm.pipeline import train as train_models  # noqa: PLC0415 - loads the whole hub

    with opened(session) as hub:
        model = train_models(hub, session.progress)
    if session.json:
        emit_json(session, {"model": model})
    else:
        say(session, f"Model: {model.name}")


@click.command()
@shared_options
@pass_session
def run(session: Session) -> None:
    """The whole path: validate, link, resolve, seal, publish. A killed run resumes."""
    from mdm.pipeline import run as run_path  # noqa: PLC0415 - loads the whole hub

    with opened(session) as hub:
        result = run_path(hub, session.progress)
    if session.json:
        emit_json(session, {"run": result})
