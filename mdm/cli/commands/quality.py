"""How good the links are (`evaluate`), and the links themselves (`export`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import click

from matching.evaluation import Evaluation, Measure, Scores, rounded
from mdm.cli.answers import emit_json, say, table
from mdm.cli.asking import operator
from mdm.cli.files import NewFile
from mdm.cli.groups import Group
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options

KIND = click.Choice(["person", "family", "household"])


@click.command()
@shared_options
@click.option(
    "--truth",
    required=True,
    type=click.Path(path_type=Path),
    help="CSV or Parquet: source, file, row (1 = first data row), entity, grouping columns.",
)
@click.option("--kind", required=True, type=KIND, help="Pairs of which.")
@click.option("--by", multiple=True, metavar="COLUMN", help="Break down by it; may be repeated.")
@click.option(
    "--mistakes",
    type=NewFile(),
    help="Write the missed and the false pairs, by file and row (.csv or .parquet).",
)
@pass_session
def evaluate(
    session: Session, *, truth: Path, kind: str, by: tuple[str, ...], mistakes: Path | None
) -> None:
    """Compare the published links with the truth: precision, recall, F1, with 95 % intervals.

    Rows of the truth that no link names count as missed. In a breakdown a pair belongs to a group
    as often as its records do: whole if both carry the group's value, half if one does.
    """
    from mdm.checking import check

    with opened(session) as hub:
        checked = check(hub, cast(Any, kind), truth, by, session.progress, wrong_pairs=mistakes)
    found, listed = checked.evaluation, checked.listed
    if session.json:
        told = {} if listed is None else {"mistakes": {"listed": listed, "pairs": checked.wrong}}
        emit_json(session, {"kind": kind, "evaluation": found, **told})
        return
    show(session, kind, found)
    if listed is not None:
        rest = (
            ""
            if listed == checked.wrong
            else "; more of a kind, or of one large entity, are left out"
        )
        say(session, f"{listed:,} of {checked.wrong:,} wrong pairs in {mistakes}{rest}.")


@click.group(cls=Group)
@shared_options
def export() -> None:
    """Write what the hub holds to a file."""


@export.command()
@shared_options
@click.option("--kind", required=True, type=KIND, help="Links of which.")
@click.option(
    "--out",
    required=True,
    type=NewFile(),
    help="The file to write: .parquet or .csv.",
)
@pass_session
def links(session: Session, *, kind: str, out: Path) -> None:
    """source, file, row, record_key, entity_id of every linked row; .parquet or .csv.

    Households: dwelling rows, and the family rows placed in them. A record that the newest delivery of its file leaves
    out has no row.
    """
    from mdm.export import export_links

    with opened(session) as hub:
        rows = export_links(hub, cast(Any, kind), out, session.progress, actor=operator())
    if session.json:
        emit_json(session, {"kind": kind, "out": out, "rows": rows})
    else:
        say(session, f"{rows:,} rows in {out}")


def show(session: Session, kind: str, found: Evaluation) -> None:
    """The evaluation as tables."""
    rows = [
        _line("pairs", found.pairs),
        _line("whole clusters", found.clusters),
        _line("B-cubed", found.b_cubed),
    ]
    columns = ("of", "precision", "recall", "F1")
    session.out.print(table(f"{kind}: {found.records:,} rows of the truth", columns, rows))
    say(
        session,
        f"{found.found_pairs:,} of {found.true_pairs:,} true pairs found, "
        f"{found.given_pairs - found.found_pairs:,} false pairs given; "
        f"{found.missing:,} rows not linked at all, {found.outside:,} links outside the truth.",
    )
    if found.groups:
        groups = [
            (g.column, g.value, g.records, figure(g.scores.precision), figure(g.scores.recall))
            for g in found.groups
        ]
        heads = ("by", "group", "rows", "precision", "recall")
        session.out.print(table("By group", heads, groups))


def _line(name: str, scores: Scores) -> tuple[str, str, str, str]:
    return name, figure(scores.precision), figure(scores.recall), figure(scores.f1)


def figure(measure: Measure) -> str:
    """A share with its interval, as text."""
    if measure.value is None:
        return "–"
    interval = ""
    if measure.low is not None and measure.high is not None:
        interval = f" ({rounded(measure.low, 4)}–{rounded(measure.high, 4)})"
    return rounded(measure.value, 4) + interval
