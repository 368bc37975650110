"""`subject restrict | lift | erase`: rights of a data subject, carried out."""

from __future__ import annotations

import click

from mdm.cli.answers import emit_json, say, table
from mdm.cli.asking import ask_nik, operator
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options

_ENTITY = click.option(
    "--entity", metavar="ID", help="The entity id; without it, the NIK is asked for."
)
_BASIS = click.option(
    "--basis",
    required=True,
    metavar="CODE",
    help="The legal basis, such as uu27-2022-art43 for an erasure, -art41 for a restriction; no personal data.",
)
_CASE = click.option("--case", metavar="NO", help="The case it belongs to.")


@click.command()
@shared_options
@_ENTITY
@_BASIS
@_CASE
@pass_session
def restrict(session: Session, *, entity: str | None, basis: str, case: str | None) -> None:
    """Restrict the processing of one person's data (UU 27/2022, article 41), until it is lifted."""
    from mdm.rights import restriction, whom

    with opened(session) as hub:
        target = entity or whom.entity_of(hub, ask_nik())
        made = restriction.restrict(hub, target, basis=basis, actor=operator(), case=case)
    if session.json:
        emit_json(session, {"restriction": made})
        return
    say(session, f"Restricted: {made}. No programme sees this person until it is lifted.")


@click.command()
@shared_options
@_ENTITY
@_BASIS
@_CASE
@pass_session
def lift(session: Session, *, entity: str | None, basis: str, case: str | None) -> None:
    """Lift every restriction on one person."""
    from mdm.rights import restriction, whom

    with opened(session) as hub:
        target = entity or whom.entity_of(hub, ask_nik())
        lifted = restriction.lift(hub, target, basis=basis, actor=operator(), case=case)
    if session.json:
        emit_json(session, {"lifted": lifted})
        return
    say(session, f"Restrictions lifted: {lifted}.")


@click.command()
@shared_options
@_ENTITY
@_BASIS
@click.option("--approval", metavar="ID", help="The approval of another person.")
@pass_session
def erase(session: Session, *, entity: str | None, basis: str, approval: str | None) -> None:
    """Erase one person for ever (UU 27/2022, articles 43-44): nobody can undo it.

    The first call asks another person for approval, and ends with the number of the request; call
    again with --approval when it is given.
    """
    from mdm.rights import erasing, shredlist, whom

    with opened(session) as hub:
        target = entity or whom.entity_of(hub, ask_nik())
        done = erasing.erase(
            hub,
            target,
            reason=basis,
            actor=operator(),
            approval=approval,
            progress=session.progress,
        )
        path = shredlist.path_of(hub)
    if session.json:
        emit_json(session, {"erased": done, "shred_list": path})
        return
    say(session, f"Erased: {done.records:,} source records, {done.rows:,} landed rows.")
    if done.jobs:
        say(session, f"Ended, and to be asked again: {done.jobs:,} jobs about this person.")
    if done.handed_out:
        columns = ("who", "what", "purpose", "job", "times", "last")
        rows = [(o.actor, o.action, o.purpose, o.job, o.times, o.last) for o in done.handed_out]
        session.out.print(table("Told before; ask them to delete it", columns, rows))
    say(session, f"Copy the shred list to a safe place now, apart from any backup: {path}")
