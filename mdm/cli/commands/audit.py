"""`dtsen audit`: to be filled."""

from __future__ import annotations

import click


@click.group()
def audit() -> None:
    """To be filled."""
