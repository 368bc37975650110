"""`profile`: one person's golden profile, with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from mdm.cli.answers import emit_json, say, table
from mdm.cli.asking import ask_nik, operator
from mdm.cli.opened import opened
from mdm.cli.session import Session, pass_session, shared_options
from mdm.errors import UnknownError
from mdm.saying import label, said
from reference.sentences import Language

if TYPE_CHECKING:
    from mdm.lookup import ProfileView
    from mdm.survivorship import Choice, SourceRecord


@click.command()
@shared_options
@click.argument("typed", nargs=-1, metavar="")
@click.option("--reveal", is_flag=True, help="Show plain values; needs --purpose, is audited.")
@click.option("--purpose", metavar="CODE", help="Why: verification, correction, grievance, …")
@click.option("--case", metavar="NO", help="The case the purpose belongs to.")
@click.option("--lang", type=click.Choice(["en", "id"]), default="en", help="Language of reasons.")
@pass_session
def profile(
    session: Session,
    *,
    typed: tuple[str, ...],
    reveal: bool,
    purpose: str | None,
    case: str | None,
    lang: Language,
) -> None:
    """Look a person up by NIK: every value with its source, its rule, and what lost to it.

    The NIK is asked for on standard input, never taken from the command line, where other users and
    the shell's history would see it. Values are masked without --reveal. Every look is audited.
    In the table `agree` says how many sources have the value, and ✗ marks a value that lost, and why.
    """
    if typed:
        raise click.UsageError("The NIK is read from standard input, never from the command line.")
    from mdm.lookup import profile_by_nik

    with opened(session) as hub:
        view = profile_by_nik(
            hub, ask_nik(), actor=operator(), purpose=purpose, case=case, reveal=reveal
        )
    if view is None:
        raise UnknownError(
            "There is no published profile under this NIK.",
            "Check the number; what landed after the last `dtsen run` is found after the next.",
        )
    if session.json:
        emit_json(session, {"profile": view})
    else:
        _show(session, view, lang)


def _show(session: Session, view: ProfileView, lang: Language) -> None:
    for one in (view, view.family, view.household):
        if one is not None:
            _show_one(session, one, lang)
    if view.also_on:
        say(session, f"{view.also_on} more profiles carry this NIK.")
    if not view.revealed:
        say(session, "Values are masked. Plain values: --reveal --purpose CODE [--case NO]")


def _show_one(session: Session, view: ProfileView, lang: Language) -> None:
    told = view.explanation
    rows = [_row(told.kind, choice, lang) for choice in told.choices if choice.value is not None]
    status = told.status_sentence.in_language(lang)
    title = f"{told.kind} {view.entity_id} · version {view.version} · {told.status}: {status}"
    columns = ("attribute", "value", "source", "agree", "why")
    session.out.print(table(title, columns, rows))


def _row(kind: str, choice: Choice, lang: Language) -> tuple[Any, ...]:
    """One attribute: the chosen value, and below it each loser with why it lost."""
    value = Text(said(kind, choice.attribute, choice.value, lang), style="bold")
    for loser in choice.losers:
        lost = f"\n✗ {said(kind, choice.attribute, loser.value, lang)} · {_place(loser.record)}"
        value.append(f"{lost} · {loser.because.in_language(lang)}", style="not bold dim")
    called = label(kind, choice.attribute, lang)
    return called, value, _place(choice.record), choice.sources, choice.sentence.in_language(lang)


def _place(record: SourceRecord) -> str:
    """Source and date of a record; the row it stands in is in the JSON answer."""
    return f"{record.source} {record.date}" if record.date else record.source
