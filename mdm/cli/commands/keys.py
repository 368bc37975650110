"""`keys`: the versions of every key, and what is done with them. Every act is on record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm.cli.answers import emit_json, say, table
from mdm.cli.asking import operator
from mdm.cli.files import NewFile
from mdm.cli.groups import Group
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options

if TYPE_CHECKING:
    from mdm.rotation import KeyLine


@click.group(cls=Group)
def keys() -> None:
    """The keys of the hub: list, rotate, wrap anew, destroy; the shred list.

    \b
    A rotation, step by step:
      dtsen keys rotate profile         a new version; the old one still opens
      dtsen keys rewrap profile         everything under the new version
      dtsen keys destroy profile 1      when another person has approved it
    For `identifier` the middle step is `dtsen keys refile`; for root, audit and export there is none.
    """


@keys.command("list")
@shared_options
@pass_session
def list_(session: Session) -> None:
    """Every version of every key, and how much still needs it. Nothing secret."""
    from mdm.rotation import key_lines

    with opened(session) as hub:
        lines = key_lines(hub)
    if session.json:
        emit_json(session, {"keys": lines})
        return
    columns = ("key", "version", "state", "since", "needed by")
    session.out.print(table("Keys", columns, [_row(line) for line in lines]))


def _row(line: KeyLine) -> tuple[object, ...]:
    return line.purpose, line.version, line.state, line.created, line.needed


@keys.command()
@shared_options
@click.argument("purpose")
@pass_session
def rotate(session: Session, *, purpose: str) -> None:
    """Make a new version of a key (root, profile, identifier, lake, audit, export, access).

    Readers and writers go on meanwhile.
    """
    from mdm.rotation import BRINGING
    from mdm.rotation import rotate as turn

    with opened(session) as hub:
        version = turn(hub, purpose, actor=operator())
    if session.json:
        emit_json(session, {"purpose": purpose, "version": version})
        return
    say(session, f"The {purpose} key is now version {version}; older versions still open.")
    if purpose in BRINGING:
        say(session, f"Next: dtsen keys {BRINGING[purpose]}")
        return
    say(session, "Nothing has to be brought under it. When `dtsen keys list` shows that nothing")
    say(session, f"needs the old one any more: dtsen keys destroy {purpose} {version - 1}")


@keys.command()
@shared_options
@click.argument("purpose")
@pass_session
def rewrap(session: Session, *, purpose: str) -> None:
    """Bring everything under the newest version of a key; killed, it goes on where it stopped."""
    _bring(session, purpose)


@keys.command()
@shared_options
@pass_session
def refile(session: Session) -> None:
    """After a rotation of `identifier`: file every NIK anew, from the sealed profiles."""
    _bring(session, "identifier")


def _bring(session: Session, purpose: str) -> None:
    from mdm.rotation import rewrap as bring

    with opened(session) as hub, hub.lock(f"keys rewrap {purpose}"):
        done = bring(hub, purpose, actor=operator(), progress=session.progress)
    if session.json:
        emit_json(session, {"purpose": purpose, "done": done})
        return
    said = ", ".join(f"{number:,} {what}" for what, number in done.items())
    say(
        session,
        f"Under the newest version of the {purpose} key: {said or 'nothing has to be brought'}.",
    )
    if done.get("left"):
        say(
            session,
            "What is left is told by no profile: it goes when its entity is published anew.",
        )


@keys.command()
@shared_options
@click.argument("purpose")
@click.argument("version", type=click.IntRange(min=1))
@click.option("--approval", metavar="ID", help="The approval of another person.")
@pass_session
def destroy(session: Session, *, purpose: str, version: int, approval: str | None) -> None:
    """Forget an old version for ever: what it alone opens, opens for nobody again.

    Refused while anything needs it. The first call asks another person for approval, and ends with
    the number of the request; call again with --approval when it is given.
    """
    from mdm.rotation import destroy as forget

    with opened(session) as hub, hub.lock(f"keys destroy {purpose}"):
        forget(hub, purpose, version, actor=operator(), approval=approval)
    if session.json:
        emit_json(session, {"purpose": purpose, "destroyed": version})
        return
    say(session, f"Version {version} of the {purpose} key is gone.")
    say(session, "Copies of it in backups are not: see docs/keys.md.")


@keys.group("shred-list")
def shred_list() -> None:
    """Who was erased, as keyed codes: keep a copy apart from every backup of the hub."""


@shred_list.command()
@shared_options
@click.argument("out", type=NewFile())
@pass_session
def export(session: Session, *, out: Path) -> None:
    """Write a copy of the list, checked, to OUT. It names nobody."""
    from mdm.rights import shredlist

    with opened(session) as hub, hub.sessions.read() as reading:
        held = shredlist.load(hub, reading)
    lines = held.lines if held else []
    out.write_bytes(b"".join(lines))
    erasures = len(held.erasures) if held else 0
    if session.json:
        emit_json(session, {"out": out, "erasures": erasures})
        return
    say(session, f"{erasures:,} erasures: {out}")


@shred_list.command()
@shared_options
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_session
def replay(session: Session, *, file: Path) -> None:
    """Erase again whom FILE says was erased, where this hub has forgotten it: after a restore."""
    from mdm.rights import erasing, shredlist

    with opened(session) as hub, hub.lock("replay the shred list"):
        shred = shredlist.opened(hub, shredlist.read_file(file))
        done = erasing.replay(hub, shred, session.progress, actor=operator())
    if session.json:
        emit_json(session, {"replayed": done})
        return
    say(session, f"{done:,} erasures carried out again.")
