"""Progress that remembers: what a command would have told its user."""

from __future__ import annotations

from mdm.work.progress import Silent


class Heard(Silent):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        """One more."""
        self.notes.append(message)
