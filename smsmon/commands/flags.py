"""The options that override settings, the same on every command that reads settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from smsmon.commands.durations import Number

F = TypeVar("F", bound=Callable[..., Any])
Path = tuple[str, ...]
_PLACE = "smsmon.flags"
"""Where the values given stand in click's ``meta``, which commands share with their group."""


def profile_flag(command: F) -> F:
    """``--profile NAME``: another account than the current one."""
    return _flag("--profile", ("profile",), metavar="NAME", help="The account to use.")(command)


def owner_flag(command: F) -> F:
    """``--profile NAME``: the account that messages of the watchlist belong to."""
    return click.option(
        "--profile",
        metavar="NAME",
        help="The account the messages belong to.",
        callback=_no_key,
    )(command)


def _no_key(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    from smsmon.keylike import is_most_likely_key

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


def timeout_flag(command: F) -> F:
    """``--timeout SECONDS``."""
    return _flag(
        "--timeout",
        ("network", "timeout"),
        type=Number(0.1, 300),
        metavar="SECONDS",
        help="How long one whole exchange may take.",
    )(command)


def given_flags() -> dict[Path, Any]:
    """The settings that flags of the running command override."""
    context = click.get_current_context(silent=True)
    return dict(context.meta.get(_PLACE, {})) if context else {}


def _flag(declaration: str, path: Path, **attributes: Any) -> Callable[[F], F]:
    def keep(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value is not None:
            ctx.meta.setdefault(_PLACE, {})[path] = value

    return click.option(declaration, default=None, expose_value=False, callback=keep, **attributes)
