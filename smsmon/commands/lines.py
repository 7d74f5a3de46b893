"""``add --from-send-answers`` and ``--match``: takes messages from lines, as they come."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from smsmon import files
from smsmon.commands.context import open_watchlist, require_profiles
from smsmon.commands.ids import fail_to_read, shown_name
from smsmon.commands.output import fail, listed, say
from smsmon.locations import Locations
from smsmon.model import Entry
from smsmon.sources.arrived import Arrived, Matching, NotTaken, Reading, SendAnswers, Splitter
from smsmon.sources.followed import FollowedFile
from smsmon.store.entries import Done
from smsmon.times import counted

_CHUNK = 65_536
_LOOK_EVERY = 0.5
"""Seconds between two looks at a log that is followed."""
_TOLD = 20
"""Lines not taken that are told one by one."""


def add_from_lines(
    locations: Locations,
    described: Callable[[Entry], Entry],
    file: str,
    match: str | None,
    *,
    follow: bool,
) -> None:
    """What `add` does with lines: see there."""

    def entry_of(arrived: Arrived) -> Entry:
        found = Entry(arrived.id, arrived.label, arrived.tags, added_at=arrived.sent_at or 0.0)
        return described(found)

    if follow and file == "-":
        fail("--follow needs --file: stdin is followed anyway, to its end.")
    try:
        reading = SendAnswers() if match is None else Matching(match)
    except ValueError as error:
        fail(f"--match: {error}")
    require_profiles(locations, [described(Entry("")).profile], "Nothing was added. ")
    _take_lines(file, reading, entry_of, open_watchlist(locations).add, follow=follow)


def _take_lines(
    name: str,
    reading: Reading,
    entry_of: Callable[[Arrived], Entry],
    add: Callable[[list[Entry]], Done],
    *,
    follow: bool = False,
) -> None:
    """Add what the lines of the file ``name`` (``-`` for stdin) tell, each as soon as it is read.

    So ``send-tool | smsmon add --from-send-answers`` watches a message while the tool goes on
    sending. Lines that look meant and tell of no message are said, and exit code 2 then tells
    that there were some; fails where no line tells of one. ``follow``: what is written to the
    file from now on, through rotation, until interrupted.
    """
    shown = shown_name(name)
    new = known = left = 0
    place = 0
    for lines, first in _followed(Path(name)) if follow else _lines(name):
        entries = []
        for place, line in enumerate(lines, first):
            for each in reading.read(line):
                if isinstance(each, Arrived):
                    entries.append(entry_of(each))
                    continue
                left += 1
                if left <= _TOLD:
                    say(f"smsmon: {shown}, line {place}: {_said(each)}")
        if entries:
            done = add(entries)
            new += len(done.new)
            known += len(done.kept)
            if follow and done.new:
                say(f"Added {listed(entry.id for entry in done.new)}.")
    for unended in reading.end():
        left += 1
        say(f"smsmon: {shown}, line {place}: {_said(unended)}")
    if left > _TOLD:
        say(f"… and {left - _TOLD:,} more.")
    if not new + known:
        more = f": {counted(left, 'line')} left out" if left else ""
        fail(f"No line of {shown} tells of a message{more}.")
    say(f"Added {new:,}, watched already {known:,}.")
    if left:
        fail(f"Left out {counted(left, 'line')}: see above.")


def _said(each: NotTaken) -> str:
    return f"{each.why} ({each.text})"


def _followed(path: Path) -> Iterator[tuple[list[str], int]]:
    """What is written to a log from now on, until interrupted; told with its number from here."""
    log, number, told, begun = FollowedFile(path), 1, "", False
    while True:
        try:
            lines, trouble = log.lines(), ""
        except OSError as error:
            lines, trouble = [], f"{path} cannot be read ({error.strerror or error})."
        if trouble and trouble != told:
            say(f"smsmon: {trouble} It is tried again.")
        told = trouble
        if not (begun or trouble):
            begun = True
            say(f"Following {path}; ctrl+c ends it.")
        if lines:
            yield lines, number
            number += len(lines)
        else:
            time.sleep(_LOOK_EVERY)


def _lines(name: str) -> Iterator[tuple[list[str], int]]:
    """The lines of a file or of stdin as they come, some at a time, and the number of the first."""
    number, cut = 1, Splitter()
    with _opened(name) as descriptor:
        while data := os.read(descriptor, _CHUNK):
            if lines := cut.take(data):
                yield lines, number
                number += len(lines)
    if lines := cut.end():
        yield lines, number


@contextmanager
def _opened(name: str) -> Iterator[int]:
    given = 0 if name == "-" else files.descriptor_of(name)
    if given is not None:
        if name == "-" and (sys.stdin is None or sys.stdin.closed):
            fail("There is no stdin to read answers from.")
        yield given
        return
    try:
        descriptor = files.open_to_read(name)
    except (OSError, ValueError) as error:
        fail_to_read(name, error)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
