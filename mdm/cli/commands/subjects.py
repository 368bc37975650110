"""`subject`: what a data subject may ask for (UU 27/2022)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from reference.sentences import Language


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
    help="Language of what is shown.",
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
    lang: Language,
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
        _show(session, found, lang, out)


def _show(session: Session, found: SubjectReport, lang: Language, out: Path | None) -> None:
    from mdm.audit.called import act_called, purpose_called
    from mdm.subjects.page import words_in

    word = words_in(lang)
    columns = (word["attribute"], word["value"], word["source"], word["why"])
    for profile in found.profiles:
        rows: list[tuple[Any, ...]] = [
            (
                value.label.in_language(lang),
                said(profile.kind, value.attribute, value.value, lang),
                profile.records[value.record].source,
                value.sentence.in_language(lang),
            )
            for value in profile.values
        ]
        status = profile.status_sentence.in_language(lang)
        title = f"{word[profile.kind]} {profile.entity_id}: {status}"
        session.out.print(table(title, columns, rows))
    readings = [
        (
            one.at,
            one.actor,
            act_called(one.action).in_language(lang),
            purpose_called(one.purpose).in_language(lang) if one.purpose else None,
            one.case,
        )
        for one in found.readings
    ]
    asked = (word["at"], word["who"], word["act"], word["purpose"], word["case"])
    session.out.print(table(word["readings"], asked, readings))
    if out is not None:
        say(session, f"The page: {out}")
