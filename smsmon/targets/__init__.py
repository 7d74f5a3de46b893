"""Where alerts speak: commands, and by apprise chats, mail and pagers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smsmon.settings import Settings
    from smsmon.targets.base import Target


def open_targets(settings: Settings, environ: Mapping[str, str]) -> Mapping[str, Target]:
    """All who can be told, by name. Nothing is read, or run, yet.

    The command of a rule is a target of its own, ``command:RULE``.
    """
    from smsmon.targets.apprise_target import AppriseTarget
    from smsmon.targets.command import CommandTarget

    found: dict[str, Target] = {}
    for name, each in settings.targets.items():
        if each.command is not None:
            found[name] = CommandTarget(name, each.command, settings, environ)
        elif (source := each.url_source) is not None:
            found[name] = AppriseTarget(name, source, settings, environ)
    for rule, alert in settings.alerts.items():
        if alert.command is not None:
            name = f"command:{rule}"
            found[name] = CommandTarget(name, alert.command, settings, environ)
    return found
