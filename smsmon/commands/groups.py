"""A command that is a group of others, such as ``smsmon history``."""

from __future__ import annotations

import click

_WHOLE = 1_000
"""Longer than any first sentence."""


class Group(click.Group):
    """Lists its commands with whole sentences, and asks for one of them in one line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:  # click would put the help into one sentence
            names = ", ".join(self.list_commands(ctx))
            raise click.UsageError(f"`{ctx.command_path}` needs one of: {names}", ctx)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, self.commands[name].get_short_help_str(_WHOLE))
                    for name in self.list_commands(ctx)
                ]
            )
