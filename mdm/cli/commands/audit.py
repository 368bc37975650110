"""`audit`: the log that proves itself: verify it, search it, sign it, hand it over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mdm.cli.answers import emit_json, say, say_exactly, table
from mdm.cli.asking import operator
from mdm.cli.commands.tracing import MOMENT, breach, trace, utc
from mdm.cli.files import NewFile
from mdm.cli.groups import Group
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options
from mdm.errors import InputError, IntegrityError, UnknownError, UsageError

if TYPE_CHECKING:
    from sqlmodel import Session as Reading

    from mdm.audit.search import Entry, Wanted
    from mdm.audit.verified import Verified
    from mdm.audit.verifier import Note


@click.group(cls=Group)
def audit() -> None:
    """The audit log: who did what, as a Merkle tree that anyone can verify offline."""


audit.add_command(trace)
audit.add_command(breach)


@audit.command()
@shared_options
@click.option(
    "--witnessed",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="A signed checkpoint that somebody outside kept: the log must still agree with it.",
)
@click.option("--events-only", is_flag=True, help="Leave out profiles, index of NIKs and lake.")
@pass_session
def verify(session: Session, *, witnessed: tuple[Path, ...], events_only: bool) -> None:
    """Check every event, every signed checkpoint, and against the log agreements, accounts, runs, rules and what
    people said; every sealed profile, the index of NIKs and KKs, and the files of the lake."""
    from mdm.audit.verifying import verify as check

    notes = [_read_note(path) for path in witnessed]
    with opened(session) as hub:
        found = check(hub, session.progress, notes, profiles=not events_only)
    if session.json:
        emit_json(session, {"holds": found.holds, **vars(found)})
    else:
        _show(session, found)
    if not found.holds:
        raise IntegrityError(
            "The audit log, or what it vouches for, does not hold.",
            "Keep everything as it is; look up the events about what is named (`dtsen audit events --about`), compare "
            "it with a backup of that day, and find out who could write to the database.",
        )


def _show(session: Session, found: Verified) -> None:
    for fault in found.faults:
        say(session, f"✗ {fault.sentence}")
    if found.more:
        say(session, f"✗ and {found.more:,} more")
    say(
        session,
        f"{found.events:,} events, {found.checkpoints:,} checkpoints, "
        f"{found.profiles:,} sealed profiles: "
        + ("everything holds." if found.holds else "something does not hold."),
    )
    if found.unheld:
        say(
            session,
            f"{sum(found.unheld.values()):,} things were written before the log held what they say, and cannot be "
            f"compared: {', '.join(sorted(found.unheld))}.",
        )
    if found.unsigned:
        say(session, f"{found.unsigned:,} events wait for the next checkpoint.")


@audit.command()
@shared_options
@click.option("--out", required=True, type=NewFile(or_folder=True), help="A .zip or new folder.")
@pass_session
def export(session: Session, *, out: Path) -> None:
    """Write the whole log with checkpoints, proofs, keys and a verifier that needs no hub."""
    from mdm.audit.exporting import export as hand_over

    with opened(session) as hub:
        done = hand_over(hub, out, session.progress, actor=operator())
    if session.json:
        emit_json(session, {"export": done})
        return
    say(session, f"{done.events:,} events under {done.checkpoints:,} checkpoints: {done.file}")
    for key in done.keys:
        say_exactly(session, f"Verifier key, to be handed over by another way: {key}")


@audit.command()
@shared_options
@click.option("--out", type=NewFile(), help="For a witness.")
@pass_session
def checkpoint(session: Session, *, out: Path | None) -> None:
    """Sign the log as it stands. What a witness outside keeps can never be rewritten unseen."""
    from mdm import audit as log

    with opened(session) as hub:
        signed = log.checkpoint(hub)
    if out is not None:
        out.write_text(signed.note, "utf-8")
    if session.json:
        emit_json(session, {"checkpoint": signed})
        return
    say_exactly(session, signed.note.rstrip("\n"))
    if out is not None:
        say(session, f"Written for a witness: {out}")


@audit.command()
@shared_options
@pass_session
def keys(session: Session) -> None:
    """The verifier keys of all times: make them public."""
    from mdm.audit.checkpoints import verifier_keys

    with opened(session) as hub, hub.sessions.read() as reading:
        found = verifier_keys(reading)
    if session.json:
        emit_json(session, {"keys": found})
        return
    for key in found:
        say_exactly(session, key)


@audit.command()
@shared_options
@click.option("--actor", "who", help="Whose acts: an id, a login, a client's name.")
@click.option("--about", multiple=True, help="An entity id, batch, run or job.")
@click.option("--action", help="Such as reveal, publish, land.")
@click.option("--purpose", help="The code of a purpose.")
@click.option("--since", type=MOMENT, help="From this moment on (UTC).")
@click.option("--until", type=MOMENT, help="Before this moment (UTC).")
@click.option("--before", type=click.IntRange(min=0), help="Go on below this event number.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many at most."
)
@pass_session
def events(
    session: Session,
    *,
    who: str | None,
    about: tuple[str, ...],
    action: str | None,
    purpose: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int,
) -> None:
    """Search the log, the newest events first. What is named and nowhere in the log is said to be so."""
    from mdm.access.named import as_logged
    from mdm.audit.search import Wanted, search

    if since is not None and until is not None and until <= since:
        raise UsageError("The time ends before it begins.", "Name --since, then a later --until.")
    with opened(session) as hub, hub.sessions.read() as reading:
        by = as_logged(reading, who)
        wanted = Wanted(by, about, action, purpose, utc(since), utc(until))
        page = search(reading, wanted, before=before, limit=limit)
        if not page.events:
            _refuse_unmet(reading, wanted)
    if session.json:
        emit_json(session, page)
        return
    columns = ("event", "at", "actor", "action", "says")
    session.out.print(table("Audit events", columns, [_row(entry) for entry in page.events]))
    if page.before is not None:
        say(session, f"More: --before {page.before}")
    if not page.events:
        say(session, "No event fits all of this.")


def _refuse_unmet(reading: Reading, wanted: Wanted) -> None:
    """UnknownError where a name that was typed is nowhere: not in the log, and of nobody and nothing that could be."""
    from mdm.access.named import all_names, id_of
    from mdm.audit.unmet import unmet
    from mdm.hub.tables import Entity

    for one in unmet(reading, wanted, all_names(reading)):
        if one.part == "actor" and id_of(reading, wanted.actor or "") is not None:
            continue  # somebody who has done nothing
        if one.part == "about" and any(reading.get(Entity, of) for of in wanted.subjects):
            continue
        meant = f"Did you mean {' or '.join(one.near)}? " if one.near else ""
        message, hint = _UNMET[one.part]
        raise UnknownError(message, meant + hint)


_UNMET = {
    "actor": (
        "The log knows no actor of this name.",
        "List them: dtsen admin user list, dtsen admin client list.",
    ),
    "about": (
        "No event of the log is about this.",
        "Name an entity id, batch, run or job, as the log writes them (--json).",
    ),
    "action": ("No event of the log has this action.", "Take one that `dtsen audit events` shows."),
    "purpose": ("No event of the log has this purpose.", "Name a code, such as verification."),
}


def _row(entry: Entry) -> Sequence[object]:
    said = ", ".join(f"{name}: {_short(value)}" for name, value in entry.details.items())
    return str(entry.seq), entry.at, entry.actor, entry.action, said


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"


@audit.command()
@shared_options
@click.argument("event", type=int)
@click.option("--out", type=NewFile(), help="Write it to a file.")
@pass_session
def proof(session: Session, *, event: int, out: Path | None) -> None:
    """Prove that an event is in the log: a text that the offline verifier checks."""
    from mdm.audit.proofs import prove

    with opened(session) as hub, hub.sessions.read() as reading:
        shown = prove(reading, event)
    if out is not None:
        out.write_text(shown.proof, "utf-8")
    if session.json:
        emit_json(session, {"proof": shown})
    elif out is None:
        say_exactly(session, shown.proof.rstrip("\n"))
    else:
        say(session, f"The proof: {out}")


@audit.command()
@shared_options
@pass_session
def reindex(session: Session) -> None:
    """Make the index of actors and subjects anew from the events."""
    from mdm.audit.indexed import reindex as again

    with opened(session) as hub, session.progress.task("index events"):
        entries = again(hub)
    if session.json:
        emit_json(session, {"entries": entries})
    else:
        say(session, f"{entries:,} entries.")


def _read_note(path: Path) -> Note:
    from mdm.audit.verifier import read_note

    try:
        return read_note(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise InputError(
            "The witnessed checkpoint cannot be read.", "Name the file `checkpoint --out` wrote."
        ) from None
