"""A hub, open for as long as a command needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mdm.cli.session import Session

if TYPE_CHECKING:
    from mdm.compose import Hub


@contextmanager
def opened(session: Session) -> Iterator[Hub]:
    """The home's hub; closed whatever happens. HomeError when there is none."""
    from mdm.homes import open_home

    hub = open_home(session.home)
    try:
        yield hub
    finally:
        hub.close()
