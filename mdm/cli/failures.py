"""How a command ends when it does not end well: one clear message, an exit code, never a traceback.

Nothing here repeats a value that a user typed or a file held: long runs of digits are masked, and
an unexpected error is named by its type and place in our code alone.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from mdm.errors import CapacityError, DiskFullError, HomeError, HubError, InputError, RuleError

OK = 0
USAGE = 2
INTERNAL = 70
INTERRUPTED = 130
BROKEN_PIPE = 141

_NUMBER = re.compile(r"\d{10,}")
_NO_THREAD = "can't start new thread"
_ENGINE_INTERRUPTED = "Query interrupted"
#: What a machine refuses: by the numbers of the system's errors (None: memory), what it is and what to do.
_REFUSED: tuple[tuple[type[HubError], tuple[int | None, ...], tuple[str, str]], ...] = (
    (CapacityError, (None,), (
        "The work does not fit into memory.",
        "Raise memory_limit in dtsen.yaml, name an encrypted `spill` directory there, or make room in it.",
    )),
    (DiskFullError, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG), (
        "The disk is full, or takes no more of this account.",
        "Make room, or raise the quota, then run again: it resumes.",
    )),
    (CapacityError, (errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE), (
        "This machine gives no more memory, processes or open files.",
        "Raise what the account may have (ulimit -a), or end what else runs; then run again: it resumes.",
    )),
    (HomeError, (errno.EIO,), (
        "A disk cannot be read or written.",
        "Look into the machine's own log, and keep the newest backup safe before anything else.",
    )),
    (InputError, (errno.EACCES, errno.EPERM, errno.EROFS), (
        "A file or directory may not be read or written.", "Check its rights.",
    )),
    (InputError, (errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG), (
        "A path that was named cannot be used: a part of it is a file where a folder should be, or it is too long.",
        "Check the path.",
    )),
)  # fmt: skip
_ROOT = Path(__file__).resolve().parents[2]
_ROOMS = {"api", "matching", "mdm", "migrations", "reference", "synthetic"}


@dataclass(frozen=True)
class Failure:
    """What the user is told, and the exit code."""

    exit_code: int
    kind: str
    message: str
    hint: str = ""


def exit_codes() -> dict[int, str]:
    """Every exit code and what it means, for help and for the README."""
    codes = {OK: "Done."}
    # The command line's own kinds; what only the service meets has no code of its own.
    kinds: list[type[HubError]] = [HubError, *HubError.__subclasses__()]
    for error in kinds:
        if error.__module__ != HubError.__module__:
            continue
        doc = (error.__doc__ or "").strip().splitlines()[0]
        codes[error.exit_code] = "The command failed." if error is HubError else doc
    codes[INTERNAL] = "An error inside the hub; the line printed names the place in the code."
    codes[INTERRUPTED] = "Interrupted; nothing half-done is visible."
    codes[BROKEN_PIPE] = "The reader of the answer went away."
    return dict(sorted(codes.items()))


def explain(error: BaseException) -> Failure:
    """What to tell a user about any exception."""
    match error:
        case HubError():
            return Failure(error.exit_code, type(error).__name__, error.message, error.hint)
        case click.ClickException():
            return Failure(USAGE, "UsageError", masked(error.format_message()), _usage_hint(error))
        case _ if _interrupted(error):
            message = "Interrupted. Nothing half-done is visible; run again to resume."
            return Failure(INTERRUPTED, "Interrupted", message)
        case _:
            refused = (_of_the_machine(one) for one in _causes(error))
            known = next((one for one in refused if one), None)
            return explain(known) if known else _internal(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what led to it: Splink wraps what DuckDB says."""
    while error is not None:
        yield error
        error = error.__cause__


def _interrupted(error: BaseException) -> bool:
    """Whether somebody pressed Ctrl-C. DuckDB says so in an error of its own."""
    return any(
        isinstance(one, (KeyboardInterrupt, click.Abort)) or str(one) == _ENGINE_INTERRUPTED
        for one in _causes(error)
    )


def _of_the_machine(error: BaseException) -> HubError | None:
    """Memory, disk and rights run out anywhere: said in the user's words, wherever they do."""
    if type(error).__name__ == "RuleDocumentError":
        return RuleError(str(error), "Mend the document; nothing was changed.")
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":
        number = None
    elif _spilled_over(error):
        number = errno.ENOSPC
    elif str(error) == _NO_THREAD:
        number = errno.EAGAIN
    elif isinstance(error, OSError) and error.errno:
        number = error.errno
    else:
        return None
    found = (kind(*words) for kind, numbers, words in _REFUSED if number in numbers)
    return next(found, None)


def _spilled_over(error: BaseException) -> bool:
    """Whether the disk that the engine spills to is full: it says so in a kind of its own, in the system's words."""
    return type(error).__name__ == "IOException" and os.strerror(errno.ENOSPC) in str(error)


def masked(text: str) -> str:
    """The text with long numbers hidden: a NIK typed in the wrong place must not reach a log."""
    return _NUMBER.sub("(number hidden)", text)


def _usage_hint(error: click.ClickException) -> str:
    ctx = getattr(error, "ctx", None)
    return f"See {ctx.command_path} --help." if ctx is not None else ""


def _internal(error: BaseException) -> Failure:
    place = _place(error)
    # The same fault has the same id, so that reports of it can be counted without their data.
    fault = hashlib.sha256(f"{type(error).__name__} {place}".encode()).hexdigest()[:8]
    message = f"internal error {fault}: {type(error).__name__} at {place}"
    return Failure(INTERNAL, "InternalError", message)


def _place(error: BaseException) -> str:
    """The innermost line of our own code, as room/file.py:line. Where the hub is installed, libraries lie beside it."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and path.relative_to(_ROOT).parts[0] in _ROOMS:
            return f"{path.relative_to(_ROOT).as_posix()}:{frame.lineno}"
    return "outside the hub's code"
