"""`dtsen snapshot`: to be filled."""

from __future__ import annotations

import click


@click.group()
def snapshot() -> None:
    """To be filled."""
