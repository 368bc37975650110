"""Making things to work with: a home (`init`), and people nobody is (`synth`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm.cli.answers import emit_json, say, table
from mdm.cli.session import Session, pass_session, shared_options
from mdm.cli.synthetic import make_files
from mdm.folders import make_folder
from synthetic.shipped import shipped

if TYPE_CHECKING:
    from mdm.hub.migrate import Revision
    from mdm.settings import Settings


@click.command()
@shared_options
@click.option("--database-url", help="A PostgreSQL database, instead of SQLite in the home.")
@click.option("--memory-limit", help="Memory the columnar engine may use, such as 4GB.")
@pass_session
def init(session: Session, *, database_url: str | None, memory_limit: str | None) -> None:
    """Make a home: root key, lake and hub; or bring one up to date after an upgrade of this program.
    Doing it again changes nothing."""
    from mdm.homes import prepare_home

    ready = prepare_home(session.home, database_url=database_url, memory_limit=memory_limit)
    settings = ready.hub.settings
    ready.hub.close()
    if session.json:
        key = settings.root_key if settings.key_provider == "file" else None
        told = {"made": ready.made, "upgraded": ready.upgraded}
        emit_json(session, {"home": session.home, "root_key": key, **told})
        return
    say(session, f"Home: {session.home}")
    if not ready.made:
        _say_upgraded(session, ready.upgraded)
        return
    _say_root_key(session, settings)
    say(session, "Next: dtsen land SOURCE FILE…")


def _say_root_key(session: Session, settings: Settings) -> None:
    if settings.key_provider == "file":
        say(session, f"Root key: {settings.root_key}")
        say(session, "Copy the root key to a safe place now: without it nothing here opens again.")
        return
    say(session, f"Root key: {settings.vault_key} in the key service at {settings.vault_address}")
    say(session, "Keep backups of the key service: without this key nothing here opens again.")


def _say_upgraded(session: Session, upgraded: Sequence[Revision]) -> None:
    if not upgraded:
        say(session, "It stood already, and its database is up to date: nothing was changed.")
        return
    say(session, "It stood already. Its database was brought up to date:")
    for one in upgraded:
        say(session, f"  {one.name}  {one.sentence}")
    say(
        session,
        "What is published stands as the older program made it, until the next `dtsen run`.",
    )


@click.command()
@shared_options
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--people", type=click.IntRange(min=1), help="How many people there are.")
@click.option(
    "--records", type=click.IntRange(min=1), help="Or: about how many rows the files hold together."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Same seed, same files.",
)
@click.option(
    "--scenario",
    default="default",
    show_default=True,
    help=f"Which errors, how often: {', '.join(shipped())}, or a YAML file like theirs.",
)
@click.option(
    "--format",
    "fmt",
    type=click.Choice(["csv", "csv.gz", "parquet", "xlsx"]),
    default="csv",
    show_default=True,
    help="Form of the files.",
)
@pass_session
def synth(
    session: Session,
    *,
    out: Path,
    people: int | None,
    records: int | None,
    seed: int,
    scenario: str,
    fmt: str,
) -> None:
    """Write every provider's files about people who do not exist, and the truth beside them."""
    if (people is None) == (records is None):
        raise click.UsageError("Give either --people or --records.")
    make_folder(out)
    made = make_files(
        session.progress,
        out,
        people=people,
        records=records,
        seed=seed,
        scenario=scenario,
        fmt=fmt,
    )
    if session.json:
        emit_json(session, {"out": out, "made": made})
        return
    session.out.print(table(f"Files in {out}", ["file", "rows"], list(made.files.items())))
    say(
        session, f"{made.people:,} people, {made.families:,} families, {made.dwellings:,} dwellings"
    )
    say(session, f"The truth about them: {out / 'truth'}")
