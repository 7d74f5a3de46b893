"""What alerts say on the screen: lines of the log, a notice; and which this console saw. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from smsmon.alerts import Severity
from smsmon.console.notices import Notice
from smsmon.console.notices import Severity as Urgency
from smsmon.console.signs import ALERT, ALERT_TONES, Tone
from smsmon.console.tables.log import LogLine
from smsmon.in_short import Alerted, Fired
from smsmon.monitor.alerts import Alert
from smsmon.text import painted

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
            text = _what(first)
            told += [_line(each, text, tone) for each in group]
        else:
            told.append(
                LogLine(first.at, None, "", f"{_what(first)}: {_whom(group)}", tone, "alerts")
            )
    return told


def notice(alerts: Sequence[Alert]) -> Notice:
    """One notice for all that began and ended together, and how urgent it is."""
    said = [f"{_what(group[0])}: {_whom(group)}" for group in _groups(alerts)]
    worst = max((each.rule.severity for each in alerts if each.firing), default=Severity.INFO)
    return Notice("\n".join(said), _URGENCY[worst])


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
    return f"{ALERT.glyph} alert {name}{already} ({alert.rule.condition.text})"


def _line(alert: Alert, text: str, tone: Tone) -> LogLine:
    if alert.message_id:
        return LogLine(alert.at, alert.message_id, "", text, tone)
    return LogLine(alert.at, None, "", f"{text}: {_whom([alert])}", tone, "alerts")


def _whom(group: Sequence[Alert]) -> str:
    if len(group) == 1:
        return f"{painted(str(group[0].subject))} {painted(group[0].label)}".rstrip()
    named = ", ".join(painted(str(each.subject)) for each in group[:_NAMED])
    more = f" and {len(group) - _NAMED:,} more" if len(group) > _NAMED else ""
    what = "messages: " if group[0].message_id else "of "
    return f"{len(group):,} {what}{named}{more}"


_KEPT = 10_000
"""Alerts that are over and still known; the oldest go first."""


class FiredAlerts:
    """The alerts that this console saw fire. The history keeps none: nobody knows of others."""

    def __init__(self, since: float) -> None:
        self.since = since
        """When this console began to look, wall time."""
        self._firing: dict[tuple[str, str], Fired] = {}
        self._over: deque[tuple[str, Fired]] = deque(maxlen=_KEPT)

    def note(self, alerts: Sequence[Alert]) -> None:
        """These fired, or are over."""
        for each in alerts:
            key = each.rule.name, each.message_id
            if each.firing:
                self._firing[key] = Fired(each.rule.name, each.began, None, each.rule.severity)
            elif fired := self._firing.pop(key, None):
                self._over.append((each.message_id, fired._replace(until=each.at)))

    def between(self, start: float, end: float) -> Alerted:
        """Those of each message that fired in this time, or at its beginning still did."""
        found: defaultdict[str, list[Fired]] = defaultdict(list)
        firing = ((message_id, fired) for (_, message_id), fired in self._firing.items())
        for message_id, fired in (*self._over, *firing):
            if fired.since < end and (fired.until is None or fired.until > start):
                found[message_id].append(fired)
        return found
