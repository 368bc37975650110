"""What every command shares: the home, how to answer, where progress goes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from rich.console import Console

from mdm.cli.bars import progress_for
from mdm.errors import CapacityError
from mdm.work.progress import Progress

DEFAULT_HOME = Path(".dtsen")
PIPE_WIDTH = 180
Command = TypeVar("Command", bound=Callable[..., Any])


class UntoldError(CapacityError):
    """What was asked is done, and its answer cannot be written where it goes."""

    def __init__(self) -> None:
        super().__init__(
            "The answer could not be written whole: what it goes to takes no more.",
            "If a change was asked for, it is made: look before you ask again. Where the answer goes to a file, "
            "make room on its disk.",
        )


class _Console(Console):
    """A console that leaves it to the command line to end when its reader went away, or takes no more. Work goes on
    though nobody can be told how it goes: a log's disk that is full ends no run."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError

    def print(self, *objects: Any, **options: Any) -> None:
        try:
            super().print(*objects, **options)
        except BrokenPipeError:
            raise
        except OSError:
            if not self.stderr:
                raise UntoldError from None


def _console(*, stderr: bool = False) -> Console:
    """A console; in a file or a pipe lines are as long as they need to be."""
    console = _Console(stderr=stderr)
    return console if console.is_terminal else _Console(stderr=stderr, width=PIPE_WIDTH)


@dataclass
class Session:
    """The choices of one call. Answers go to `out` (stdout), everything else to `err` (stderr)."""

    home: Path = DEFAULT_HOME
    json: bool = False
    quiet: bool = False
    answered: bool = False  # a document has been written, and there is one for a call
    out: Console = field(default_factory=_console)
    err: Console = field(default_factory=lambda: _console(stderr=True))

    def write(self, text: str) -> None:
        """A line of the answer as it stands. UntoldError where it cannot be written."""
        self.answered = True
        try:
            self.out.file.write(text + "\n")
            self.out.file.flush()
        except BrokenPipeError:
            raise
        except OSError:
            raise UntoldError from None

    @property
    def progress(self) -> Progress:
        return progress_for(self.err, quiet=self.quiet)


pass_session = click.make_pass_decorator(Session)


def _store(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep a choice. What the environment says was heard before the first verb: behind it, it would undo what was
    typed there."""
    if value is None or param.name is None:
        return
    if isinstance(
        value, Path
    ):  # `--home=~/hub`, and what a service's file of variables says, no shell expands
        value = Path(os.path.expanduser(value))  # noqa: PTH111 - Path's own raises for `~nobody`
    typed = ctx.get_parameter_source(param.name) is not ParameterSource.ENVIRONMENT
    if typed or ctx.parent is None:
        setattr(ctx.ensure_object(Session), param.name, value)


_OPTIONS = (
    click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="DTSEN_HOME",
        expose_value=False,
        callback=_store,
        help=f"Folder of the hub: keys, lake, hub.  [default: $DTSEN_HOME or {DEFAULT_HOME}]",
    ),
    click.option(
        "--json",
        is_flag=True,
        default=None,
        expose_value=False,
        callback=_store,
        help="Answer with one JSON document on standard output.",
    ),
    click.option(
        "--quiet",
        "-q",
        is_flag=True,
        default=None,
        expose_value=False,
        callback=_store,
        help="No progress on standard error; notices and errors stay.",
    ),
)


def shared_options(command: Command) -> Command:
    """--home, --json and --quiet: taken before the verb and after it, the later one counts."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
