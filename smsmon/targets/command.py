"""A command that is told of alerts: no shell, no key, bounded in time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from smsmon.accounts import known_keys
from smsmon.api.masking import SHORTEST_MASKED
from smsmon.programs import Ended, Outcome, beside, run
from smsmon.settings.types import API_KEY_VARIABLE
from smsmon.shapes import episode_json
from smsmon.targets.base import Notification, NotTold
from smsmon.text import safe

if TYPE_CHECKING:
    from smsmon.api.key import ApiKey
    from smsmon.settings import Settings

WITHIN = 30.0
"""Seconds a command may take."""
_SHOWN = 200
"""Characters of what it says that are passed on."""


class CommandTarget:
    """A command of the settings; it gets the facts as JSON on its standard input."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        settings: Settings,
        environ: Mapping[str, str],
        within: float = WITHIN,
    ) -> None:
        self.name = name
        self._command = tuple(command)
        self._settings = settings
        self._environ = environ
        self._within = within

    async def tell(self, notification: Notification) -> None:
        environ = environment(self._settings, self._environ, known_keys())
        trouble = await run_hook(self._command, facts_of(notification), environ, self._within)
        if trouble:
            raise NotTold(trouble)


def facts_of(told: Notification) -> dict[str, Any]:
    """What a command gets, to be written as JSON."""
    return {
        "title": told.title,
        "lines": list(told.lines),
        "edge": str(told.edge),
        "severity": told.severity.slug,
        "test": not told.episodes,
        "alerts": [
            {**episode_json(each, told.edge, private=told.private), "edge": str(told.edge)}
            for each in told.episodes
        ],
    }


def environment(
    settings: Settings, environ: Mapping[str, str], keys: Iterable[ApiKey] = ()
) -> dict[str, str]:
    """``environ`` without any variable that holds an API key, whatever its name.

    ``keys`` are the keys known from elsewhere: of files and commands.
    """
    names = {API_KEY_VARIABLE}
    for profile in settings.profiles.values():
        if profile.key_source.kind == "env":
            names.add(str(profile.key_source.value))
        if profile.api_key_env is not None:
            names.add(profile.api_key_env)
    secrets = {key.reveal() for key in keys} | {environ.get(name, "").strip() for name in names}
    return {
        name: value
        for name, value in environ.items()
        if name not in names and not any(_tells(value, secret) for secret in secrets)
    }


def _tells(value: str, secret: str) -> bool:
    """True if a variable's value holds the key: alone, or in an address or a header."""
    if len(secret) < SHORTEST_MASKED:
        return bool(secret) and value.strip() == secret
    return secret.lower() in value.lower()


async def run_hook(
    command: Sequence[str],
    facts: Mapping[str, Any],
    environ: Mapping[str, str],
    within: float = WITHIN,
) -> str:
    """Run ``command`` with ``facts`` as JSON on its stdin; gives what went wrong, or nothing.

    It is over when it exits; what it left running then is its own affair. The command and all
    it started are ended when it takes longer, or when this is cancelled.
    """
    name = safe(command[0], _SHOWN)
    try:
        outcome = await beside(_run, command, facts, environ, within)
    except (OSError, ValueError) as error:
        why = safe(getattr(error, "strerror", None) or type(error).__name__)
        return f"The alert command {name} could not be started ({why})."
    if outcome.ended is Ended.LATE:
        return f"The alert command {name} was ended: it took longer than {within:g} seconds."
    if outcome.code == 0:
        return ""
    words = safe(" ".join(outcome.said.decode(errors="replace").split()), _SHOWN)
    how = f"exit code {outcome.code}"
    return f"The alert command {name} failed ({how})" + (f": {words}" if words else ".")


def _run(
    command: Sequence[str], facts: Mapping[str, Any], environ: Mapping[str, str], within: float
) -> Outcome:
    given = json.dumps(facts).encode() + b"\n"
    return run(command, hear="stderr", within=within, given=given, environ=environ)
