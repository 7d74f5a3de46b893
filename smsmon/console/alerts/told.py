"""What is told when alerts begin and end: lines of the log, a notice, what is news, the desktop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from smsmon.alerts import Severity, State, Subject
from smsmon.console.alert_words import about
from smsmon.console.notices import Notice
from smsmon.console.notices import Severity as Urgency
from smsmon.console.signs import ALERT, ALERT_TONES, Tone
from smsmon.console.tables.log import LogLine
from smsmon.console.terminal.notifying import (
    TMUX_ASKED,
    Tmux,
    notification,
    tmux_said,
    way_to_notify,
)
from smsmon.times import counted

if TYPE_CHECKING:
    from smsmon.monitor.alerts import Alert

_SPELLED_OUT = 5
"""More messages than this under one rule are counted instead of listed."""
_NAMED = 3
"""Of many messages so many are named."""

_URGENCY: dict[Severity, Urgency] = {
    Severity.INFO: "information",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "error",
}


def lines(alerts: Sequence[Alert]) -> list[LogLine]:
    """The lines of the log that tell what began and ended together."""
    told = []
    for group in _groups(alerts):
        first = group[0]
        tone = ALERT_TONES[first.rule.severity] if first.firing else Tone.GOOD
        if len(group) <= _SPELLED_OUT:
            told += [_line(each, tone) for each in group]
        else:
            text = f"{_what(first)}: {_whom(group)}"
            told.append(LogLine(first.at, None, "", text, tone, "alerts"))
    return told


def notice(alerts: Sequence[Alert]) -> Notice:
    """One notice for all that began and ended together, and how urgent it is."""
    said = [_said(group) for group in _groups(alerts)]
    worst = max((each.rule.severity for each in alerts if each.firing), default=Severity.INFO)
    return Notice("\n".join(said), _URGENCY[worst])


def noteworthy(alerts: Sequence[Alert], state_of: Callable[[str, Subject], State]) -> list[Alert]:
    """All but what held when we first looked, and somebody has answered: it asks nothing of
    whoever opens another console."""
    return [
        each
        for each in alerts
        if not (each.firing and each.old) or state_of(each.rule.name, each.subject) is State.FIRING
    ]


def news(alerts: Sequence[Alert], state_of: Callable[[str, Subject], State]) -> list[Alert]:
    """What began, was not there before somebody looked, and nobody answered yet."""
    return [
        each
        for each in alerts
        if each.firing and not each.old and state_of(each.rule.name, each.subject) is State.FIRING
    ]


def in_short(alerts: Sequence[Alert]) -> tuple[str, str]:
    """Title and text of one notification for all of these; at least one."""
    groups = _groups(sorted(alerts, key=lambda each: -each.rule.severity))
    what = groups[0][0].rule.name if len(groups) == 1 else counted(len(alerts), "alert")
    return f"smsmon: {what}", ", ".join(_said(group, sign=False) for group in groups)


def _groups(alerts: Sequence[Alert]) -> list[list[Alert]]:
    """Those of one rule and one end together, in their order."""
    groups: dict[tuple[str, bool, bool, str], list[Alert]] = {}
    for each in alerts:
        key = (each.rule.name, each.firing, each.old and each.firing, each.why)
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _what(alert: Alert) -> str:
    name = alert.rule.name
    if not alert.firing:
        return f"alert {name} is over" + (f", {alert.why}" if alert.why else "")
    already = " held already" if alert.old else ""
    return f"{ALERT.glyph} alert {name}{already}"


def _facts(alert: Alert) -> str:
    """What is so, in words; of what is over, or where nobody knows, nothing."""
    return f": {alert.facts}" if alert.firing and alert.facts else ""


def _said(group: Sequence[Alert], *, sign: bool = True) -> str:
    """One rule's alerts in a sentence."""
    first = group[0]
    what = _what(first) if sign else first.rule.name
    if len(group) == 1 and first.firing:
        return f"{what} {about(first.subject, first.label)}{_facts(first)}"
    return f"{what}: {_whom(group)}"


def _line(alert: Alert, tone: Tone) -> LogLine:
    if alert.message_id:
        text = f"{_what(alert)}{_facts(alert)}"
        return LogLine(alert.at, alert.message_id, "", text, tone, quoting=True)
    return LogLine(alert.at, None, "", _said([alert]), tone, "alerts", quoting=True)


def _whom(group: Sequence[Alert]) -> str:
    if len(group) == 1:
        return about(group[0].subject, group[0].label)
    named = ", ".join(about(each.subject) for each in group[:_NAMED])
    more = f" and {len(group) - _NAMED:,} more" if len(group) > _NAMED else ""
    what = "messages" if group[0].message_id else "alerts"
    return f"{len(group):,} {what}: {named}{more}"


class Notifier(Protocol):
    """Tells what is news where the operator is by now."""

    def tell(self, alerts: Sequence[Alert]) -> None:
        """These fire, and are news; perhaps none."""


class _Silent:
    def tell(self, alerts: Sequence[Alert]) -> None:
        """Nobody is told."""


SILENT: Notifier = _Silent()


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
