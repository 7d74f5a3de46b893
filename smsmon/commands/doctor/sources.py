"""The doctor looks at the sources: is there something to read, and does anybody read it?"""

from __future__ import annotations

import os
from collections.abc import Iterator

from smsmon.commands.doctor import Finding, Health, finding
from smsmon.commands.doctor.targets import command_found
from smsmon.files import must_be_file
from smsmon.locations import Locations, expanded
from smsmon.settings import Settings
from smsmon.sources.standing import file_of, look


def looked_at(settings: Settings, locations: Locations) -> Iterator[Finding]:
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
