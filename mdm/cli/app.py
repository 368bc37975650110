"""`dtsen`: the verbs, and how a call ends."""

from __future__ import annotations

import codecs
import importlib
import io
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import FrameType
from typing import TextIO, cast

import click

from mdm.cli.answers import emit_json
from mdm.cli.failures import (
    BROKEN_PIPE,
    INTERRUPTED,
    OK,
    USAGE,
    Failure,
    exit_codes,
    explain,
)
from mdm.cli.groups import Group
from mdm.cli.session import Session, UntoldError, shared_options

_ENDINGS = (signal.SIGINT, signal.SIGTERM)
AGAIN = 1.0  # seconds after a wish to end in which the same wish is not another

# Verb → its module in `mdm.cli.commands`, loaded only when the verb is called: help is quick.
VERBS = {
    "init": "homes",
    "demo": "demo",
    "synth": "homes",
    "land": "work",
    "withdraw": "work",
    "train": "work",
    "run": "work",
    "status": "looks",
    "findings": "findings",
    "profile": "profile",
    "evaluate": "quality",
    "export": "quality",
    "audit": "audit",
    "subject": "subjects",
    "admin": "admin",
    "keys": "keys",
    "snapshot": "snapshots",
    "corrections": "corrections",
}


class Verbs(Group):
    """The verbs in the order of the work, each loaded when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*VERBS, *sorted(_from_above())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        above = _from_above()
        if cmd_name in above:
            return cast(click.Command, above[cmd_name].load())
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"mdm.cli.commands.{VERBS[cmd_name]}")
        return cast(click.Command, getattr(module, cmd_name))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), text) for code, text in exit_codes().items()])


@cache
def _from_above() -> dict[str, EntryPoint]:
    """Verbs of the rooms above this one, such as `serve`: imports go down, so they name themselves."""
    return {found.name: found for found in entry_points(group="dtsen.verbs")}


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@shared_options
@click.version_option(package_name="dtsen-hub", prog_name="dtsen")
def app() -> None:
    """DTSEN Hub: the providers' files in, sealed golden profiles out.

    Persons, families (KK) and households (dwellings) from Kemendagri, Kemensos and Pemda; every
    value can say why it was chosen.

    \b
      dtsen init                        make a home: keys, lake, hub
      dtsen land kemensos FILE…         take a provider's files
      dtsen train                       learn the match weights, without labels
      dtsen run                         link, resolve, seal, publish
      dtsen profile                     look one person up (asks for the NIK)

    \b
    To see it all on 20,000 people who do not exist: dtsen demo
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script: run one call and leave with its exit code."""
    _quieten_libraries()
    _say_everything()
    _listen()
    code = call(sys.argv[1:] if arguments is None else arguments)
    if code == INTERRUPTED:
        for told in _ENDINGS:
            signal.signal(told, signal.SIG_IGN)  # heard: the same wish again would change the code
    try:
        sys.stderr.flush()
    except OSError:  # it takes no more: Python would say so, as it ends, by a code of its own
        _let_go(sys.stderr)
    sys.exit(code)


def _listen() -> None:
    """End as Ctrl-C does, also by SIGTERM, which stops containers and services. Who asks again at once, as those do who
    tell a process and its group, asks no more: they would break off the tidying that they began."""
    asked = float("-inf")

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        before, asked = asked, time.monotonic()
        if asked - before > AGAIN:
            signal.default_int_handler(number, frame)

    for told in _ENDINGS:
        signal.signal(told, end)


def call(arguments: Sequence[str]) -> int:
    """Run one call; every ending, good or bad, becomes an exit code here."""
    session = Session(json="--json" in arguments)
    try:
        return _ended(session, arguments)
    except BrokenPipeError:
        # The reader (head, less) went away: not our fault, and nothing to say to anyone.
        _let_go(sys.stdout)
        return BROKEN_PIPE
    except UntoldError as error:
        _let_go(sys.stdout)
        session.json = False  # the answer takes no document of it either
        return _report(session, explain(error))


def _ended(session: Session, arguments: Sequence[str]) -> int:
    try:
        app.main(args=list(arguments), prog_name="dtsen", standalone_mode=False, obj=session)
        return OK
    except (BrokenPipeError, UntoldError):
        raise
    except click.exceptions.Exit as ending:
        return int(ending.exit_code)
    except click.exceptions.NoArgsIsHelpError as asked:
        session.err.print(asked.format_message(), highlight=False, soft_wrap=True, markup=False)
        return USAGE
    except BaseException as error:  # the one place where nothing may escape
        return _report(session, explain(error))


def _report(session: Session, failure: Failure) -> int:
    session.err.print(f"[red]✗[/] {_escape(failure.message)}", highlight=False, soft_wrap=True)
    if failure.hint:
        session.err.print(f"  {_escape(failure.hint)}", highlight=False, soft_wrap=True)
    if session.json and not session.answered:
        emit_json(session, {"error": failure})
    return failure.exit_code


def _escape(text: str) -> str:
    return text.replace("[", r"\[")


def _let_go(stream: TextIO) -> None:
    """What is left of an answer goes nowhere: Python would try to write it once more as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _say_everything() -> None:
    """Answers are in UTF-8 where the machine names an encoding that lacks letters of them: in a bare container, under
    cron or an old locale, an act would be done, and then fail while it is told."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(encoding="utf-8")


def _quieten_libraries() -> None:
    """Warnings and tracebacks of libraries can carry values: none of them reaches a terminal."""
    warnings.simplefilter("ignore")
    threading.excepthook = lambda _args: None
