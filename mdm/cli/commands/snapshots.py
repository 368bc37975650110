"""`dtsen snapshot`: name a moment, so that an old question gets the old answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mdm.cli.answers import emit_json, say, table
from mdm.cli.asking import operator
from mdm.cli.groups import Group
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options

if TYPE_CHECKING:
    from mdm.hub.tables import Snapshot


@click.group(cls=Group)
def snapshot() -> None:
    """Name a moment: published profiles, desil, and the programme rules of that day.

    Nothing is copied. A question that names a snapshot gets the same answer for ever.
    """


@snapshot.command()
@shared_options
@click.argument("name")
@pass_session
def create(session: Session, *, name: str) -> None:
    """Name what is published now, with the rules in force: dtsen snapshot create 2026Q4"""
    from mdm.eligibility import doubts, snapshots

    with opened(session) as hub:
        made = snapshots.create(hub, name, actor=operator())
        notes = doubts.advice(hub.settings.home)
    _show(session, [made])
    for note in () if session.json else notes:
        say(session, note)


@snapshot.command(name="list")
@shared_options
@pass_session
def list_(session: Session) -> None:
    """All snapshots, oldest first."""
    from mdm.eligibility import snapshots

    with opened(session) as hub, hub.sessions.read() as reading:
        found = snapshots.everyone(reading)
    if not found and not session.json:
        say(session, "No snapshot yet. Next: dtsen snapshot create 2026Q4")
        return
    _show(session, found)


@snapshot.command()
@shared_options
@click.argument("name")
@pass_session
def show(session: Session, *, name: str) -> None:
    """One snapshot, with the programme rules that answer on it."""
    from mdm.eligibility import snapshots

    with opened(session) as hub, hub.sessions.read() as reading:
        found = snapshots.find(reading, name)
        moment = snapshots.moment(hub, reading, name)
    rules = [
        {
            "programme": one.programme,
            "edition": one.edition,
            "from": one.valid_from,
            "to": one.valid_to,
            "confidence": one.confidence,
        }
        for one in moment.library.programmes
    ]
    if session.json:
        emit_json(session, {**_told(found), "programmes": rules})
        return
    _show(session, [found])
    rows = [tuple(one.values()) for one in rules]
    session.out.print(table("Rules", ("programme", "edition", "from", "to", "confidence"), rows))


def _told(one: Snapshot) -> dict[str, Any]:
    return {
        "name": one.name,
        "run": one.run_seq,
        "on": one.on_date,
        "rules": one.rules,
        "desil_periods": one.periods,
        "actor": one.actor,
        "created": one.created,
    }


def _show(session: Session, found: list[Snapshot]) -> None:
    if session.json:
        emit_json(session, {"snapshots": [_told(one) for one in found]})
        return
    rows = [
        (one.name, one.run_seq, one.on_date, one.rules[:16], ", ".join(one.periods), one.created)
        for one in found
    ]
    session.out.print(
        table("Snapshots", ("name", "run", "on", "rules", "desil of", "created"), rows)
    )
