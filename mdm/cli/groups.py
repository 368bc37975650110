"""Groups of verbs: what each is for stands in the list as a whole sentence, however long."""

from __future__ import annotations

import click

WHOLE = 400  # characters of a first sentence


class Group(click.Group):
    """A group that wraps what its verbs say of themselves, and groups below it, too."""

    group_class = type

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [
            (name, one.get_short_help_str(WHOLE)) for name, one in found if one and not one.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
