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
    from smsmon.targets.command import CommandTarget

    commands = {name: each.command for name, each in settings.targets.items()}
    commands |= {f"command:{name}": each.command for name, each in settings.alerts.items()}
    return {
        name: CommandTarget(name, command, settings, environ)
        for name, command in commands.items()
        if command
    }
