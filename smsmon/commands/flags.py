"""What commands have in common: options that override settings, values of options, groups."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

import click

from smsmon.commands import completing
from smsmon.commands.context import GIVEN, KeyPath

if TYPE_CHECKING:
    from smsmon.ranges import Range

    Seconds = click.ParamType[float]
else:
    Seconds = click.ParamType  # generic for type checkers only, in older releases


F = TypeVar("F", bound=Callable[..., Any])


def profile_flag(command: F) -> F:
    """``--profile NAME``: another account than the current one."""
    return _flag(
        "--profile",
        ("profile",),
        metavar="NAME",
        shell_complete=completing.profiles,
        help="The account to use.",
    )(command)


def owner_flag(command: F) -> F:
    """``--profile NAME``: the account that messages of the watchlist belong to."""
    return click.option(
        "--profile",
        metavar="NAME",
        shell_complete=completing.profiles,
        help="The account the messages belong to.",
        callback=_no_key,
    )(command)


def _no_key(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    from smsmon.secret import is_most_likely_key

    if name is not None and is_most_likely_key(name):
        raise click.UsageError("--profile names an account, and this looks like an API key.")
    return name


def privacy_flag(command: F) -> F:
    """``--privacy`` and ``--no-privacy``."""
    return _flag(
        "--privacy/--no-privacy", ("display", "privacy"), help="Mask phone numbers, or do not."
    )(command)


def utc_flag(command: F) -> F:
    """``--utc`` and ``--no-utc``."""
    return _flag("--utc/--no-utc", ("display", "utc"), help="Show times in UTC, or in local time.")(
        command
    )


DIMENSIONS = ("tag", "source", "label", "country", "profile", "minute")
"""By what messages are put together; what each is stands in `smsmon.groups`."""


def group_flag(help: str) -> Callable[[F], F]:
    """``--group BY``, as ``dimension``."""
    return click.option("--group", "dimension", type=click.Choice(DIMENSIONS), help=help)


def csv_flags(command: F) -> F:
    """``--csv`` and ``--excel``."""
    excel = click.option(
        "--excel", "table", flag_value="excel", help="CSV that opens by a click: BOM, semicolons."
    )
    of_csv = click.option(
        "--csv", "table", flag_value="csv", help="Print CSV, safe for spreadsheets."
    )
    return of_csv(excel(command))


def plain_flag(command: F) -> F:
    """``--plain`` and ``--no-plain``."""
    return _flag(
        "--plain/--no-plain",
        ("display", "plain"),
        help="The console in words alone, for a screen reader or Braille.",
    )(command)


def timeout_flag(command: F) -> F:
    """``--timeout SECONDS``."""
    return _flag(
        "--timeout",
        ("network", "timeout"),
        type=Number(0.1, 300),
        metavar="SECONDS",
        help="How long one whole exchange may take.",
    )(command)


def log_flag(command: F) -> F:
    """``--log text|json``."""
    return _flag(
        "--log",
        ("watch", "log"),
        type=click.Choice(["text", "json"]),
        help="How notices are written to stderr; json: one object a line, for journald.",
    )(command)


def _flag(declaration: str, path: KeyPath, **attributes: Any) -> Callable[[F], F]:
    def keep(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value is not None:
            ctx.meta.setdefault(GIVEN, {})[path] = value

    return click.option(declaration, default=None, expose_value=False, callback=keep, **attributes)


class Number(click.FloatRange):
    """A number within bounds. ``nan`` lies within any, for who asks whether it is outside."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value!r} is no number that can be used here.", param, ctx)
        return float(number)


class Duration(Seconds):
    """Seconds, written as ``90``, ``90s``, ``10m``, ``2h30m`` or ``7d``."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        from smsmon.filters.questions import BadValue, parse_duration

        try:
            return parse_duration(value)
        except BadValue:
            self.fail(f"{value!r} is no duration: write 90s, 10m, 2h or 7d.", param, ctx)


def range_flags(what: str) -> Callable[[F], F]:
    """``--since`` and ``--until``, as people say them; ``what`` is told of ``--since``."""

    def add(command: F) -> F:
        until = click.option(
            "--until",
            metavar="WHEN",
            shell_complete=completing.ranges,
            help="Up to then; a day counts whole. Unless given, now.",
        )
        since = click.option(
            "--since",
            metavar="WHEN",
            shell_complete=completing.ranges,
            help=f"{what} 22:00, yesterday, 'yesterday 22:00', monday, 12h, 2026-11-22T18:00; or"
            " with an end of their own: 'last night' (22:00-08:00), 'last week', 22:00-06:00.",
        )
        return since(until(command))

    return add


def range_asked(
    since: str | None, until: str | None, *, in_utc: bool, otherwise: float | None = None
) -> Range:
    """The range of these flags; all there is before its end if no beginning is given, or
    ``otherwise`` seconds of it.
    """
    import time
    from datetime import UTC

    from smsmon.commands.output import fail
    from smsmon.ranges import BadRange, between
    from smsmon.times import LocalZone

    now = time.time()
    zone = UTC if in_utc else LocalZone()
    try:
        return between(since, until, now, zone, otherwise=now if otherwise is None else otherwise)
    except BadRange as error:
        fail(str(error))


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
