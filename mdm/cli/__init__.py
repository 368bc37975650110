"""The command line `dtsen`: one file per group of verbs, in `commands/`."""

from mdm.cli.app import main

__all__ = ["main"]
