"""The rules of alerts, as the settings have them: read, and ready to be looked at.

They are made here and not in ``monitor.alerts``, which knows no settings. The commands, the
console and the one that tells alerts all take them from here.
"""

from __future__ import annotations

from smsmon.alerts import About, Severity
from smsmon.filters import parse
from smsmon.filters.questions import parse_duration
from smsmon.filters.subjects import FIELDS_ABOUT
from smsmon.monitor.alerts import Rule
from smsmon.settings import Settings
from smsmon.settings.telling import Alert


def rules_of(settings: Settings) -> tuple[Rule, ...]:
    """The rules that are looked at, the built-in ones among them."""
    return tuple(rule_of(name, alert) for name, alert in settings.alerts.items() if alert.enabled)


def rule_of(name: str, alert: Alert) -> Rule:
    """One rule. Raises ``FilterError`` where its conditions cannot be read."""
    about = About(alert.about)
    fields = FIELDS_ABOUT[about]
    return Rule(
        name,
        parse(alert.when, fields),
        parse_duration(alert.hold),
        parse_duration(alert.clear),
        Severity[alert.severity.upper()],
        alert.bell,
        about,
        parse(alert.until, fields) if alert.until else None,
        parse_duration(alert.window),
    )


def night_holds(settings: Settings) -> frozenset[str]:
    """The accounts whose messages the API holds back at night, on Sundays and holidays."""
    return frozenset(name for name, each in settings.profiles.items() if each.night_hold)
