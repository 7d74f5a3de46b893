"""The doctor looks at sources and targets: is there something to read, can each be told?

Nothing is read, run or sent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

from smsmon.commands.doctor import Finding, Health, finding
from smsmon.files import must_be_file
from smsmon.locations import Locations, expanded
from smsmon.programs import why_not_started
from smsmon.secret import place_shown
from smsmon.settings import Settings
from smsmon.settings.secrets import open_to_others
from smsmon.settings.telling import Target
from smsmon.sources.standing import file_of, look
from smsmon.targets import NotTold, read_address
from smsmon.targets.apprise_target import INSTALL, AppriseTarget, is_installed
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


def sources_looked_at(settings: Settings, locations: Locations) -> Iterator[Finding]:
    """Each source: what it reads, and how it stands where it is read. Reads and runs nothing."""
    for name, source in settings.sources.items():
        part = f"source {name}"
        if source.file is not None:
            yield _log(part, source.file)
        elif source.command is not None:
            yield command_found(part, source.command[0])
        yield _reading(part, name, locations)


def _log(part: str, file: str) -> Finding:
    path = expanded(file)
    try:
        there = must_be_file(path)
    except OSError as error:
        return finding(part, "log", Health.BAD, f"{path} cannot be read ({error.strerror})")
    if there is None:
        advice = "It is read from its beginning once it is there."
        return finding(part, "log", Health.POOR, f"{path} is not there", advice)
    if not os.access(path, os.R_OK):
        return finding(part, "log", Health.BAD, f"{path} cannot be read", "Allow this user to.")
    return finding(part, "log", Health.GOOD, path)


def _reading(part: str, name: str, locations: Locations) -> Finding:
    try:
        standing, read_now = look(file_of(locations.sources, name))
    except OSError as error:
        return finding(part, "reading", Health.POOR, f"not known ({error.strerror})")
    if standing is not None and standing.trouble:
        return finding(part, "reading", Health.POOR, standing.trouble)
    if not read_now:
        advice = "The console and `smsmon watch` read it while they run."
        return finding(part, "reading", Health.NOTE, "nobody reads it now", advice)
    by = standing.reader if standing is not None else "a process"
    if standing is not None and standing.left_out:
        advice = f"`smsmon source try {name}` shows the lines that look meant and tell of none."
        return finding(part, "reading", Health.POOR, f"left out: {standing.left_out}", advice)
    return finding(part, "reading", Health.GOOD, f"by {by}")
