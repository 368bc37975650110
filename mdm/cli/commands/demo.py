"""`demo`: everything at once, on people nobody is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.text import Text

from mdm.cli.answers import emit_json, say, table
from mdm.cli.commands.quality import figure
from mdm.cli.session import Session, pass_session, shared_options
from mdm.cli.synthetic import make_files
from mdm.work.progress import Progress

if TYPE_CHECKING:
    from mdm.demo import Shown


@click.command()
@shared_options
@click.option(
    "--people", type=click.IntRange(min=200), default=20_000, show_default=True, help="How many."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=2026,
    show_default=True,
    help="Same seed, same people.",
)
@pass_session
def demo(session: Session, *, people: int, seed: int) -> None:
    """See it all on people who do not exist: files in, golden profiles out, and a page about it.

    Makes the three providers' files and the truth about them, lands them, learns the weights,
    links, resolves, seals, publishes, evaluates, and writes one HTML page. Uses a home of its own.
    """
    from mdm.demo import DELIVERY, land_all, link_all, refuse_other_homes, show
    from mdm.homes import create_home

    progress: Progress = session.progress
    hub = create_home(session.home)
    try:
        refuse_other_homes(hub)
        if not (hub.settings.home / DELIVERY / "truth").exists():
            make_files(
                progress, hub.settings.home / DELIVERY, people=people, records=None, seed=seed
            )
        land_all(hub, progress)
        link_all(hub, progress)
        shown = show(hub, progress)
    finally:
        hub.close()
    if session.json:
        emit_json(session, shown)
        return
    rows = [
        (kind, figure(e.pairs.precision), figure(e.pairs.recall), figure(e.pairs.f1))
        for kind, e in shown.quality.items()
    ]
    columns = ("pairs of", "precision", "recall", "F1")
    session.out.print(table("Published links against the truth", columns, rows))
    say(session, f"The page: {shown.report}")
    say(session, "")
    say(session, "Try next:")
    for command in shown.next:
        say(session, f"  {command}")
    say(session, "")
    say(session, "The service, in one terminal; the calls of a demonstration programme in another:")
    for command in shown.calls:  # unbroken, to be pasted
        session.out.print(Text(f"  {command}"), soft_wrap=True)
    say(session, "")
    _tell_users(session, shown)


def _tell_users(session: Session, shown: Shown) -> None:
    """The accounts of the workbench: told once, since the hub keeps no password."""
    if not shown.users:
        say(
            session, f"The workbench: {shown.address} with the accounts of the first demonstration."
        )
        say(
            session,
            "Their passwords were told then. To set a new one, or begin again in a new home:",
        )
        session.out.print(Text(f"  {shown.reset} peninjau"), soft_wrap=True)
        return
    say(session, "The workbench, one account per role. The passwords are told this once:")
    for user in shown.users:  # unbroken, to be pasted
        where = f"{user.role} {user.region}".strip()
        line = f"  {user.login:<16}{user.password:<26}{where}"
        session.out.print(Text(line), soft_wrap=True)
        if user.secret:
            session.out.print(Text(f"  {'':<16}second factor: {user.secret}"), soft_wrap=True)
    say(session, f"Open {shown.address} while the service runs, and sign in.")
    if shown.nik:
        say(
            session,
            f"The officers work in one region: under Perbaikan let them search for {shown.nik}.",
        )
    say(
        session, "A second factor's secret goes into any authenticator, which then shows the codes."
    )
