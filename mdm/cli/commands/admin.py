"""`dtsen admin`: to be filled."""

from __future__ import annotations

import click


@click.group()
def admin() -> None:
    """To be filled."""
