"""Errors a user can meet: each says what happened and what to do, and carries the exit code of the command line."""

from __future__ import annotations


class HubError(Exception):
    """What went wrong, in the user's words, without personal data.

    `exit_code` is what the command line ends with; `hint` says what to do next; `code` names it where
    pages have words of their own for it.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class UsageError(HubError):
    """The command was called in a way it cannot follow."""

    exit_code = 2


class HomeError(HubError):
    """The home is missing, damaged, locked or of another version."""

    exit_code = 3


class InputError(HubError):
    """A file, or what was typed, cannot be taken as it is: unreadable, unknown layout, broken contract."""

    exit_code = 4


class UnknownError(InputError):
    """What was named is not there: a snapshot, a job, an account."""


class ConflictError(InputError):
    """What was asked for stands already, or something that stands is in its way."""


class RuleError(HubError):
    """A rule document is wrong: unknown key, missing attribute, impossible value."""

    exit_code = 5


class CapacityError(HubError):
    """The work does not fit: too many candidate pairs, too little memory, disk full."""

    exit_code = 6


class DiskFullError(CapacityError):
    """The disk of the home, or that under the database, is full."""


class AccessError(HubError):
    """The act is not allowed, or its purpose was not given."""

    exit_code = 7


class IntegrityError(HubError):
    """Stored data does not open or does not agree with its record: altered, or the wrong key."""

    exit_code = 8
