"""The doctor looks at who is told of alerts: can each be told? Nothing is sent."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

from smsmon.commands.doctor import Finding, Health, finding
from smsmon.keylike import place_shown
from smsmon.programs import why_not_started
from smsmon.settings import Settings
from smsmon.settings.secrets import open_to_others
from smsmon.settings.telling import Target
from smsmon.targets.apprise_target import INSTALL, AppriseTarget, is_installed
from smsmon.targets.base import NotTold
from smsmon.targets.secrecy import read_address
from smsmon.text import SENTENCE_LIMIT, safe


def looked_at(settings: Settings) -> Iterator[Finding]:
    """Each target, and the command of each rule."""
    for name, target in settings.targets.items():
        if target.command is not None:
            yield command_found(f"target {name}", target.command[0])
        else:
            yield from _address(name, target, settings)
    for name, alert in settings.alerts.items():
        if alert.command is not None:
            yield command_found(f"alert {name}", alert.command[0])


def command_found(part: str, program: str) -> Finding:
    """Whether a program can be started."""
    shown = safe(place_shown(program), SENTENCE_LIMIT)
    if why := why_not_started(program):
        return finding(part, "command", Health.BAD, f"{shown} cannot be run: {why}")
    return finding(part, "command", Health.GOOD, shown)


def _address(name: str, target: Target, settings: Settings) -> Iterator[Finding]:
    part, source = f"target {name}", target.url_source
    if source is None:
        return
    try:
        read_address(source, os.environ)
    except ValueError as error:
        yield finding(part, "address", Health.BAD, error)
        return
    yield finding(part, "address", Health.GOOD, f"found in {source}")
    if told := open_to_others(source, "address"):
        yield finding(part, "address file", Health.POOR, "open", told)
    if not is_installed():
        yield finding(part, "apprise", Health.BAD, "missing", f"It tells this target: {INSTALL}.")
        return
    try:
        kind = asyncio.run(AppriseTarget(name, source, settings, os.environ).look())
    except NotTold as error:
        yield finding(part, "apprise", Health.BAD, error)
    else:
        advice = f"Whether it arrives is told by `smsmon alert test {name}`."
        yield finding(part, "apprise", Health.GOOD, f"{kind}; nothing was sent", advice)
