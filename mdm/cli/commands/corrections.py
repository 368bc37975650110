"""`corrections`: what officers corrected, how it stands, and what goes back to the civil registry."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from mdm.cli.answers import emit_json, say, table
from mdm.cli.asking import operator
from mdm.cli.files import NewFile
from mdm.cli.groups import Group
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options


@click.group(cls=Group)
def corrections() -> None:
    """Corrections of officers: how many wait where, and the return files (data balikan)."""


@corrections.command(name="list")
@shared_options
@pass_session
def list_(session: Session) -> None:
    """How many corrections there are, by kind and state; nobody is named."""
    from sqlmodel import select

    from mdm.hub.tables import Correction

    with opened(session) as hub, hub.sessions.read() as reading:
        found = Counter(reading.exec(select(Correction.kind, Correction.state)).all())
    rows = [(kind, state, count) for (kind, state), count in sorted(found.items())]
    if session.json:
        names = ("kind", "state", "count")
        emit_json(session, {"corrections": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    session.out.print(table("Corrections", ("kind", "state", "corrections"), rows))


@corrections.command(name="return")
@shared_options
@click.option(
    "--to", required=True, metavar="SOURCE", help="The provider that owns the data: kemendagri."
)
@click.option(
    "--out",
    required=True,
    type=NewFile(),
    help="The file to write (.csv or .xlsx). It holds personal data.",
)
@click.option("--again", is_flag=True, help="With what was told before, too.")
@pass_session
def return_(session: Session, *, to: str, out: Path, again: bool) -> None:
    """Write what corrections and the civil registry say otherwise, for the registry to act on.

    Each line names the registry's own record and column, what it holds and what was proved, the reason, the
    date of the evidence and where the evidence lies. What was told is watched in every later run; what was taken back
    since comes first, once (PEMBATALAN).
    """
    from mdm.corrections import returns

    with opened(session) as hub:
        written = returns.write(hub, to, out, actor=operator(), again=again)
    if session.json:
        emit_json(session, {"lines": written, "file": out})
        return
    say(session, f"{written:,} lines for {to} in {out}.")
