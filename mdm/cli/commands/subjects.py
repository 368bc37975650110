"""`subject`: what a data subject may ask for (UU 27/2022)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from mdm.cli.answers import emit_json, say, table
from mdm.cli.asking import ask_nik, operator
from mdm.cli.commands.rights import erase, lift, restrict
from mdm.cli.files import NewFile
from mdm.cli.groups import Group
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options
from mdm.errors import InputError
from mdm.saying import said

if TYPE_CHECKING:
    from mdm.subjects import SubjectReport


@click.group(cls=Group)
def subject() -> None:
    """The rights of the people in the hub."""


for _right in (restrict, lift, erase):
    subject.add_command(_right)


@subject.command()
@shared_options
@click.option("--entity", help="An entity id, instead of a NIK on standard input.")
@click.option(
    "--purpose", default="subject_access", show_default=True, metavar="CODE", help="What it is for."
)
@click.option("--case", metavar="NO", help="The case of the request.")
@click.option(
    "--lang",
    type=click.Choice(["id", "en"]),
    default="id",
    show_default=True,
    help="Language of the page.",
)
@click.option(
    "--out",
    type=NewFile(),
    help="Write the page a person can read (.html). It holds personal data.",
)
@pass_session
def report(
    session: Session,
    *,
    entity: str | None,
    purpose: str,
    case: str | None,
    lang: Literal["id", "en"],
    out: Path | None,
) -> None:
    """Everything held about one person: values, sources, reasons, decisions, who read it.

    The NIK is asked for on standard input. The report is in the audit log before it is shown.
    """
    from mdm.files.sheets import private_file
    from mdm.subjects import report as make
    from mdm.subjects import whom
    from mdm.subjects.page import render
    from mdm.tracing import TraceRequest

    if out is not None and out.suffix.lower() != ".html":
        raise InputError("The page is an .html file.", "For data: --json.")
    request = TraceRequest(nik=None if entity else ask_nik(), entity_id=entity)
    with opened(session) as hub:
        with hub.sessions.read() as reading:
            target = whom(hub, reading, request)
        found = make(hub, target, session.progress, actor=operator(), purpose=purpose, case=case)
    if out is not None:
        with private_file(out) as file:
            file.write(render(found, lang).encode())
    if session.json:
        emit_json(session, {"report": found})
    else:
        _show(session, found, out)


def _show(session: Session, found: SubjectReport, out: Path | None) -> None:
    for profile in found.profiles:
        rows: list[tuple[Any, ...]] = [
            (
                value.label.id,
                said(profile.kind, value.attribute, value.value, "id"),
                profile.records[value.record].source,
                value.sentence.id,
            )
            for value in profile.values
        ]
        title = f"{profile.kind} {profile.entity_id}: {profile.status_sentence.id}"
        session.out.print(table(title, ("data", "nilai", "sumber", "mengapa"), rows))
    readings = [(one.at, one.actor, one.action, one.purpose, one.case) for one in found.readings]
    columns = ("waktu", "siapa", "tindakan", "tujuan", "kasus")
    session.out.print(table("Siapa yang membaca atau menanyakan", columns, readings))
    if out is not None:
        say(session, f"The page: {out}")
