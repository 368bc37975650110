"""Errors of access that the service answers in a way of its own."""

from __future__ import annotations

from mdm.errors import AccessError


class NotIdentifiedError(AccessError):
    """Nobody the hub knows. The caller is always told the same; `why` is for tests and counts."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "The hub does not know who is asking.", "Ask for a new token, or log in again."
        )
        self.why = why


class OneTimeOverError(AccessError):
    """A right password that an administrator handed over too long ago."""

    def __init__(self) -> None:
        super().__init__(
            "The time of this one-time password is over.",
            "Ask an administrator of users to reset the account: that gives a new one.",
        )


class SecondPersonError(AccessError):
    """The act waits for another person's approval."""

    def __init__(self, approval: str, roles: tuple[str, ...]) -> None:
        super().__init__(
            f"This needs the approval of another person: {' or '.join(roles)}.",
            f"The request waits as {approval}; ask the same again, with this approval, when it is given.",
        )
        self.approval = approval
