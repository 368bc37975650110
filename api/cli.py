"""`dtsen serve`: the service."""

from __future__ import annotations

import click


@click.command()
def serve() -> None:
    """To be filled."""
