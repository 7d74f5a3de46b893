"""Wires the parts together: settings → key → client → engine → stores.

Used by the console and by the headless commands alike. Everything is imported when it is
needed: the console paints before it pays for ``httpx`` and SQLite. No Textual here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smsmon.api.client import SmsPartner
    from smsmon.api.key import ApiKey
    from smsmon.clock import Clock
    from smsmon.monitor.alerts import Rule
    from smsmon.monitor.schedule import Limits
    from smsmon.settings import Profile, Settings


class AccountProblem(Exception):
    """A profile that cannot be used as it is set up: one sentence with what to do."""

    def __init__(self, profile: str, message: str) -> None:
        super().__init__(message)
        self.profile = profile


def read_key(name: str, profile: Profile, environ: Mapping[str, str] | None = None) -> ApiKey:
    """The profile's API key, from wherever its settings say. Blocks on a file or a command.

    ``environ`` is the process's own unless given. Raises `AccountProblem`; no text of it holds
    anything of the key.
    """
    from smsmon.api.key import ApiKey, read_key_file, run_key_command

    source = profile.key_source
    try:
        if source.kind == "file" and isinstance(source.value, str):
            return read_key_file(Path(source.value).expanduser())
        if source.kind == "command":
            return run_key_command(source.value)
        if environ is None:
            import os

            environ = os.environ
        variable = str(source.value)
        text = environ.get(variable, "")
        if not text.strip():
            raise AccountProblem(
                name,
                f"No API key for profile {name}: set {variable}, or name a file or a command"
                f" with api_key_file or api_key_command under [profiles.{name}] in config.toml.",
            )
        return ApiKey.parse(text)
    except ValueError as error:
        raise AccountProblem(name, f"Profile {name}, key from {source}: {error}") from None


def open_client(
    name: str, settings: Settings, clock: Clock, *, key: ApiKey | None = None
) -> SmsPartner:
    """The client for one profile; close it with ``aclose()``. Raises `AccountProblem`."""
    profile = settings.profiles.get(name)
    if profile is None:
        raise AccountProblem(
            name,
            f"There is no profile {name} in config.toml (known: {', '.join(settings.profiles)})."
            " Add it, or give its messages another with `smsmon edit --profile`.",
        )
    key = key or read_key(name, profile)

    # httpx offers a command line of its own, and loads rich and pygments for it: 30 ms of every
    # start. None makes that import fail, and httpx then does without, as it does when they are
    # not installed.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is allowed
    from smsmon.api.client import SmsPartner

    network = settings.network
    try:
        return SmsPartner(
            key,
            base_url=profile.base_url,
            answer_format=profile.answer_format,
            timeout=network.timeout,
            body_limit=network.body_limit_bytes,
            clock=clock,
            proxy=network.proxy,
            ca_file=Path(network.ca_file).expanduser() if network.ca_file else None,
        )
    except ValueError as error:
        raise AccountProblem(name, f"Profile {name}: {error}") from None


def limits_of(settings: Settings) -> Limits:
    """The engine's limits as the settings have them."""
    from smsmon.monitor.schedule import Limits

    polling = settings.polling
    return Limits(
        per_minute=polling.budget,
        min_interval=polling.min_interval,
        max_interval=polling.max_interval,
        concurrency=polling.concurrency,
    )


def profile_of(entry_profile: str, settings: Settings) -> str:
    """The profile an entry is polled under: its own, or the current one if it says "default"
    and no profile has that name."""
    if entry_profile == "default" and "default" not in settings.profiles:
        return settings.profile
    return entry_profile


def rules_of(settings: Settings) -> tuple[Rule, ...]:
    """The rules of the alerts as the settings have them."""
    if not settings.alerts:
        return ()
    from smsmon.filter_tests import parse_duration
    from smsmon.filterable import MESSAGE_FIELDS
    from smsmon.filters import parse
    from smsmon.monitor.alerts import Rule, Severity

    return tuple(
        Rule(
            name,
            parse(alert.when, MESSAGE_FIELDS),
            parse_duration(alert.hold),
            parse_duration(alert.clear),
            Severity[alert.severity.upper()],
            alert.bell,
        )
        for name, alert in settings.alerts.items()
    )
