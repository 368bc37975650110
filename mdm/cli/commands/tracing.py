"""`audit trace` and `audit breach`."""

from __future__ import annotations

import click


@click.command()
def trace() -> None:
    """From a golden value back to where it came from."""


@click.command()
def breach() -> None:
    """Whom a key, a client or an officer could have touched."""
