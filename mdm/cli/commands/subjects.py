"""`dtsen subject`: to be filled."""

from __future__ import annotations

import click


@click.group()
def subject() -> None:
    """To be filled."""
