"""The work itself: `land`, `withdraw`, `train`, `run`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm.cli.answers import emit_json, say, table
from mdm.cli.asking import operator
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options
from mdm.looks import look, require_landed

#: Why a file is withdrawn. The log keeps one of these words: what is typed freely may name somebody.
REASONS = ("wrong-file", "wrong-day", "wrong-office", "wrong-layout")

if TYPE_CHECKING:
    from mdm.compose import Hub
    from mdm.run import RunResult


@click.command()
@shared_options
@click.argument("source")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
@click.option("--delivered-on", type=click.DateTime(["%Y-%m-%d"]), help="Day of the handover.")
@click.option("--bast", type=click.Path(path_type=Path), help="The handover record (YAML or JSON).")
@click.option("--office", help="Kemendagri kab/kota code of the office that delivers (pemda).")
@click.option("--layout", help="Layout of the files, where the columns alone do not tell it.")
@click.option("--anyway", is_flag=True, help="Also when most rows lie outside the office's region.")
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
    anyway: bool,
) -> None:
    """Take a provider's files: SOURCE is kemendagri, kemensos, pemda or another contract's name.

    CSV (also gzip), Parquet and XLSX; format, encoding and layout are recognised. Landing the same
    file again changes nothing.
    """
    from mdm.landing import land as land_files

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
            anyway=anyway,
        )
    if session.json:
        emit_json(session, {"batches": batches, "missing": batches.missing})
        return
    columns = ("file", "layout", "rows", "new", "unchanged", "declared", "landed", "counts as of")
    rows = [
        (
            *(b.file, b.layout, b.rows, b.new, b.unchanged, b.declared),
            *("before" if b.already else "now", b.delivered_on),
        )
        for b in batches
    ]
    session.out.print(table(f"Landed from {source}", columns, rows))


@click.command()
@shared_options
@click.argument("batch")
@click.option(
    "--reason", required=True, type=click.Choice(REASONS), help="Why: it stands in the audit log."
)
@pass_session
def withdraw(session: Session, *, batch: str, reason: str) -> None:
    """Take back a file that landed by mistake and that no run has taken yet.

    BATCH is its name in `land --json` and `status --json`. Its rows leave the lake; the same file may land again, as
    of its own day or for its own office.
    """
    from mdm.landing.withdrawing import withdraw as take_back

    with opened(session) as hub:
        found = take_back(hub, batch, reason=reason, actor=operator())
    if session.json:
        emit_json(session, {"withdrawn": found.id, "file": found.file, "rows": found.landed})
        return
    say(session, f"Withdrawn: {found.file}, {found.landed:,} rows. It may land again.")


@click.command()
@shared_options
@pass_session
def train(session: Session) -> None:
    """Learn the match weights from the landed records, without labels; `run` uses them next."""
    from mdm.pipeline import train as train_models

    with opened(session) as hub:
        require_landed(hub)
        learned = train_models(hub, session.progress)
        charts = _charts(hub)
    if session.json:
        emit_json(session, {"models": learned.models, "charts": charts})
        return
    session.out.print(table("Models", ("kind", "model"), list(learned.models.items())))
    _tell_charts(session, charts)


@click.command()
@shared_options
@click.option("--train", "learn", is_flag=True, help="Learn new match weights on the way.")
@pass_session
def run(session: Session, *, learn: bool) -> None:
    """The whole path: validate, link, resolve, seal, publish. A killed run resumes."""
    from mdm.pipeline import run as run_path

    with opened(session) as hub:
        require_landed(hub)
        result = run_path(hub, session.progress, train=learn)
        published = look(hub).published
        charts = _charts(hub) if learn else []
    if session.json:
        emit_json(session, {"run": result, "published": published, "charts": charts})
        return
    if result.unchanged:
        say(session, f"Nothing has changed since run {result.seq}: what it published stands.")
    show_run(session, result, published)
    _tell_charts(session, charts)


def _charts(hub: Hub) -> list[Path]:
    """Charts of the weights of models that have none yet."""
    from mdm.report.collect import draw_models

    return draw_models(hub)


def _tell_charts(session: Session, charts: Sequence[Path]) -> None:
    for chart in charts:
        say(session, f"Weights: {chart}")


def show_run(session: Session, result: RunResult, published: dict[str, int]) -> None:
    """Stages with their counts, the sum that must hold, and what readers see now."""
    rows = [
        (s.stage, s.seconds, "taken up" if s.taken_up else _counts(s.counts)) for s in result.stages
    ]
    if rows:
        columns = ("stage", "seconds", "came to")
        session.out.print(table(f"Run {result.seq}", columns, rows))
        _balance(session, result.stages[0].counts)
    kinds = list(published.items())
    session.out.print(table("Published golden profiles", ("kind", "profiles"), kinds))


def _balance(session: Session, counts: dict[str, int]) -> None:
    if {"landed", "accepted", "quarantined"} <= counts.keys():
        landed, accepted, kept_out = (counts[k] for k in ("landed", "accepted", "quarantined"))
        erased = f" + {counts['erased']:,} erased" if counts.get("erased") else ""
        say(
            session, f"{landed:,} landed = {accepted:,} accepted + {kept_out:,} quarantined{erased}"
        )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.items() if number)
