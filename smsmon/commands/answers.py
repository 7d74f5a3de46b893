"""``add --from-send-answers``: takes messages from what the API answered to sends, as it comes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from smsmon import files
from smsmon.commands.ids import shown_name
from smsmon.commands.output import fail, say
from smsmon.model import Entry
from smsmon.sentences import counted
from smsmon.sources.arrived import LINE_LIMIT, Arrived, NotTaken, SendAnswers
from smsmon.store.entries import Done

_CHUNK = 65_536
_TOLD = 20
"""Lines not taken that are told one by one."""


def take_answers(
    name: str, entry_of: Callable[[Arrived], Entry], add: Callable[[list[Entry]], Done]
) -> None:
    """Add what the answers in the file ``name`` (``-`` for stdin) tell, each as soon as it is read.

    So ``send-tool | smsmon add --from-send-answers`` watches a message while the tool goes on
    sending. Lines that tell of no message are said, and exit code 2 then tells that there were
    some; fails where there is no answer at all.
    """
    reading, shown = SendAnswers(), shown_name(name)
    new = known = left = 0
    for lines, first in _lines(name):
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
    if left > _TOLD:
        say(f"… and {left - _TOLD:,} more.")
    if not new + known:
        more = f": {counted(left, 'answer')} left out" if left else ""
        fail(f"{shown} holds no answer to a send with a message id{more}.")
    say(f"Added {new:,}, watched already {known:,}.")
    if left:
        fail(f"Left out {counted(left, 'answer')}: see above.")


def _said(each: NotTaken) -> str:
    return f"{each.why} ({each.text})"


def _lines(name: str) -> Iterator[tuple[list[str], int]]:
    """The lines of a file or of stdin as they come, some at a time, and the number of the first."""
    number, rest = 1, b""
    with _opened(name) as descriptor:
        while data := os.read(descriptor, _CHUNK):
            *lines, rest = (rest + data).split(b"\n")
            if lines:
                yield [each.decode("utf-8", "replace") for each in lines], number
                number += len(lines)
            rest = rest[-LINE_LIMIT:]
    if rest:
        yield [rest.decode("utf-8", "replace")], number


@contextmanager
def _opened(name: str) -> Iterator[int]:
    given = 0 if name == "-" else files.descriptor_of(name)
    if given is not None:
        if name == "-" and (sys.stdin is None or sys.stdin.closed):
            fail("There is no stdin to read answers from.")
        yield given
        return
    try:
        files.must_be_file(name)
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        fail(f"{name} cannot be read ({getattr(error, 'strerror', None) or error}).")
    try:
        yield descriptor
    finally:
        os.close(descriptor)
