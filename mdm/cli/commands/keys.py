"""`dtsen keys`: to be filled."""

from __future__ import annotations

import click


@click.group()
def keys() -> None:
    """To be filled."""
