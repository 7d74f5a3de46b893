"""A command that is told of alerts: no shell, no key, bounded in time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from smsmon.alerts import Edge
from smsmon.api.masking import without_living_keys
from smsmon.programs import Ended, Outcome, beside, run
from smsmon.secret import place_shown, without_keys
from smsmon.shapes import episode_json
from smsmon.targets import Notification, NotTold, environment, must_be_ours
from smsmon.text import safe

if TYPE_CHECKING:
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
        environ = environment(self._settings, self._environ)
        try:
            await run_hook(self._command, facts_of(notification), environ, self._within)
        except NotTold as error:
            why = str(error)
            told = f"Target {self.name}: {why[0].lower()}{why[1:]}"
            raise NotTold(told, in_doubt=error.in_doubt) from None


def facts_of(told: Notification) -> dict[str, Any]:
    """What a command gets, to be written as JSON."""
    return {
        "title": told.title,
        "lines": list(told.lines),
        "edge": str(told.edge),
        "severity": told.severity.slug,
        "test": told.test,
        "again": told.again,
        "alerts": [
            {**episode_json(each, edge, private=told.private), "edge": str(edge)}
            for each in told.episodes
            for edge in (told.edge if each.firing else Edge.OVER,)  # some may be over by now
        ],
    }


async def run_hook(
    command: Sequence[str],
    facts: Mapping[str, Any],
    environ: Mapping[str, str],
    within: float = WITHIN,
) -> None:
    """Run ``command`` with ``facts`` as JSON on its stdin. Raises `NotTold` where that went wrong.

    It is over when it exits; what it left running then is its own affair. The command and all
    it started are ended when it takes longer, or when this is cancelled.
    """
    name = safe(place_shown(command[0]), _SHOWN)
    try:
        outcome = await beside(_run, command, facts, environ, within)
    except (OSError, ValueError) as error:
        why = safe(getattr(error, "strerror", None) or type(error).__name__)
        raise NotTold(f"The alert command {name} could not be started ({why}).") from None
    if outcome.ended is Ended.LATE:
        late = f"The alert command {name} was ended: it took longer than {within:g} seconds."
        raise NotTold(late, in_doubt=True)
    if outcome.code == 0:
        return
    words = without_living_keys(" ".join(outcome.said.decode(errors="replace").split()))
    words = safe(without_keys(words), _SHOWN)
    how = f"exit code {outcome.code}"
    raise NotTold(f"The alert command {name} failed ({how})" + (f": {words}" if words else "."))


def _run(
    command: Sequence[str], facts: Mapping[str, Any], environ: Mapping[str, str], within: float
) -> Outcome:
    given = json.dumps(facts).encode() + b"\n"
    must_be_ours()
    return run(command, hear="stderr", within=within, given=given, environ=environ)
