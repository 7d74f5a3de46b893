"""Has the terminal show a notification of the desktop when alerts fire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from smsmon.alerts import Severity
from smsmon.console.alerts.told import in_short
from smsmon.console.terminal.notifying import (
    TMUX_ASKED,
    Tmux,
    notification,
    tmux_said,
    way_to_notify,
)

if TYPE_CHECKING:
    from smsmon.monitor.alerts import Alert

LEAST = Severity.WARNING
"""What matters less is no reason to call somebody."""
_WITHIN = 1.0
"""Seconds that tmux may take to answer."""
_GIVEN = ("PATH", "HOME", "LANG", "TERM", "TMUX", "TMUX_PANE", "TMUX_TMPDIR")
"""The variables that tmux needs to find its server."""


async def ask_tmux(environ: Mapping[str, str]) -> Tmux | None:
    """What tmux says of itself and of the terminal outside; None where it does not answer.

    It is asked anew each time: who sits before it, and from where, changes.
    """
    from smsmon.programs import beside, run

    pane = ["-t", environ["TMUX_PANE"]] if environ.get("TMUX_PANE") else []
    given = {name: environ[name] for name in _GIVEN if name in environ}
    argv = ["tmux", "display-message", *pane, "-p", TMUX_ASKED]
    try:
        outcome = await beside(
            partial(run, argv, hear="stdout", within=_WITHIN, given=b"", environ=given)
        )
    except (OSError, ValueError):
        return None
    if outcome.code or outcome.ended is not None:
        return None
    return tmux_said(outcome.said.decode("utf-8", "replace"))


class DesktopNotifier:
    """Tells what is news through the terminal, unless the operator looks at it."""

    def __init__(
        self,
        write: Callable[[str], None],
        environ: Mapping[str, str],
        setting: Callable[[], str],
        seen: Callable[[], bool | None],
        words: Callable[[str], str],
        start: Callable[..., object],
        ask: Callable[[Mapping[str, str]], Awaitable[Tmux | None]] = ask_tmux,
    ) -> None:
        """``write`` sends a whole sequence to the terminal, between two frames. ``seen``: whether
        the terminal has the focus; None: nobody knows. ``words`` masks numbers where they are
        masked. ``start`` starts a worker.
        """
        self._write = write
        self._environ = environ
        self._setting = setting
        self._seen = seen
        self._words = words
        self._start = start
        self._ask = ask

    def tell(self, alerts: Sequence[Alert]) -> None:
        grave = [each for each in alerts if each.rule.severity >= LEAST]
        if grave and self._setting() != "off" and not self._seen():
            title, text = in_short(grave)

            async def tell() -> None:
                await self._notify(title, self._words(text))

            self._start(tell, group="notification")

    async def _notify(self, title: str, text: str) -> None:
        in_tmux = bool(self._environ.get("TMUX"))
        tmux = await self._ask(self._environ) if in_tmux else None
        way = way_to_notify(self._setting(), self._environ, tmux)
        if way is not None:
            self._write(notification(way, title, text, in_tmux=in_tmux))
