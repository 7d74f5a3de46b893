"""A reader that takes nothing, a stdin that gives nothing, a name server that is silent.

None of them keeps a command from ending within two seconds of a signal, nor `watch` from polling.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from smsmon.simulator.faults import Hang, TroubleWindow
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from smsmon.times import utc
from tests.cli.program import TIMEOUT, Program
from tests.support.keeper import wait_until

ENDED_WITHIN = 2.0
"""Seconds, as README says; what a busy machine adds is in ``SLACK``."""
SLACK = 1.5
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}
_TO_STDOUT, _FROM_STDIN = ["1", "0x1"], ["0", "0x0"]
"""System call and descriptor, as Linux on x86-64 tells them."""

until = partial(wait_until, patience=TIMEOUT)


def waits_in(process: subprocess.Popen[bytes], call: list[str]) -> bool:
    """True while a thread of the process waits in this system call."""
    told = []
    for each in Path(f"/proc/{process.pid}/task").glob("*/syscall"):
        with contextlib.suppress(OSError):
            told.append(each.read_text().split()[:2])
    return call in told


def ends(process: subprocess.Popen[bytes], number: int) -> None:
    """It ends in time, with the exit code of the signal."""
    start = time.monotonic()
    process.send_signal(number)
    code = process.wait(TIMEOUT)
    assert time.monotonic() - start < ENDED_WITHIN + SLACK
    assert code == SIGNALS[signal.Signals(number)]


@contextlib.contextmanager
def started(
    program: Program, argv: Sequence[str], stdout: int, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=program.env(), cwd="/"
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def full() -> Iterator[tuple[int, int]]:
    """A pipe that takes nothing more: the end to read and the end to write."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write, b"\n")
    os.set_blocking(write, True)
    yield read, write
    for end in (read, write):
        with contextlib.suppress(OSError):
            os.close(end)


def drained(read: int, write: int) -> Iterator[bytes]:
    """The lines that are in the pipe and come, to its end."""
    os.close(write)
    with open(read, "rb", closefd=False) as file:
        yield from (line for line in file if line.strip())


@pytest.fixture(scope="module")
def busy() -> Iterator[ServerThread]:
    """An account with a message that changes all the time, and one that is never answered."""
    now = time.time()
    turning = [Change(now + i * 0.37, ("Waiting", "Delivered")[i % 2]) for i in range(4000)]
    people = [SimRecipient(f"+3363998{i:04}", tuple(turning)) for i in range(20)]
    messages = [SimMessage("700", people), SimMessage("980", people)]
    with ServerThread(World(messages=messages)) as server:
        server.faults.windows = (TroubleWindow(Hang(), ids=frozenset({"980"})),)
        yield server


@pytest.fixture(scope="module")
def watched(busy: ServerThread, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program on that account, with both on its list, and 700 in its history."""
    made = Program(
        tmp_path_factory.mktemp("stalled") / "home",
        {
            "SMSMON_BASE_URL": busy.base_url,
            "SMSMON_API_KEY": busy.key,
            "SMSMON_POLLING_MIN_INTERVAL": "1",
            "SMSMON_POLLING_MAX_INTERVAL": "1",
        },
    )
    made.run("add", "700", "980")

    def recorded() -> object:
        made.run("watch", "--for", "2s")
        return made.run("history", "info", "--json").json["changes"] > 0

    until(recorded, "the history knows 700")
    return made


PRINTING = [
    ("status", "700"),
    ("status", "700", "--recipients", "--json"),
    ("watch",),
    ("find", "3998"),
    ("history", "changes"),
    ("history", "info"),
    ("export", "recipients"),
    ("export", "watchlist"),
    ("ls",),
    ("config", "show"),
    ("config", "schema"),
    ("locate",),
    ("doctor", "--offline"),
    ("balance",),
    ("completion", "bash"),
    ("simulate",),
    ("--help",),
]


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_a_reader_that_takes_nothing_keeps_no_command_from_ending(
    watched: Program, full: tuple[int, int], arguments: tuple[str, ...]
) -> None:
    number = list(SIGNALS)[PRINTING.index(arguments) % len(SIGNALS)]
    with started(watched, watched.argv(*arguments), full[1]) as process:
        until(lambda: waits_in(process, _TO_STDOUT), "it waits for its reader")
        ends(process, number)


@pytest.mark.parametrize(
    ("arguments", "number"),
    zip([("watch",), ("history", "changes"), ("simulate",)], SIGNALS, strict=True),
)
def test_a_terminal_that_stands_still_keeps_no_command_from_ending(
    watched: Program, arguments: tuple[str, ...], number: int
) -> None:
    outside, inside = pty.openpty()
    termios.tcflow(inside, termios.TCOOFF)  # as ctrl+s does
    try:
        with started(watched, watched.argv(*arguments), inside) as process:
            until(lambda: waits_in(process, _TO_STDOUT), "it waits for its terminal")
            ends(process, number)
    finally:
        os.close(inside)
        os.close(outside)


@pytest.mark.parametrize(
    ("arguments", "number"),
    zip([("add", "-"), ("import", "-"), ("status", "-")], SIGNALS, strict=True),
)
def test_a_stdin_that_gives_nothing_keeps_no_command_from_ending(
    watched: Program, arguments: tuple[str, ...], number: int
) -> None:
    read, write = os.pipe()
    try:
        with started(watched, watched.argv(*arguments), subprocess.DEVNULL, read) as process:
            until(lambda: waits_in(process, _FROM_STDIN), "it waits for stdin")
            ends(process, number)
    finally:
        os.close(read)
        os.close(write)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("arguments", ["status 980", "status 980 --watch", "watch", "simulate"])
def test_waiting_for_an_answer_ends_with_the_signal(
    watched: Program, busy: ServerThread, arguments: str, number: int
) -> None:
    before = busy.server.requests.by_id["980"]
    with started(watched, watched.argv(*arguments.split()), subprocess.PIPE) as process:
        assert process.stdout is not None
        if arguments == "simulate":
            process.stdout.readline()
        else:
            until(lambda: busy.server.requests.by_id["980"] > before, "it asks")
        ends(process, number)


SILENT = """
import ctypes, os, socket, sys
def silent(*_, **__):
    open(asked, "w").close()
    # A call into C that signals do not end, as one of the resolver is.
    ctypes.CDLL(None).pthread_mutex_lock(mutex)
mutex = ctypes.create_string_buffer(64)
ctypes.CDLL(None).pthread_mutex_lock(mutex)
socket.getaddrinfo = silent
asked, *sys.argv[1:] = sys.argv[1:]
from smsmon.run import main
main()
"""


@pytest.mark.parametrize(
    ("arguments", "number"), zip([("doctor",), ("status", "300"), ("watch",)], SIGNALS, strict=True)
)
def test_a_name_server_that_is_silent_keeps_no_command_from_ending(
    offline: Program, arguments: tuple[str, ...], number: int
) -> None:
    offline.run("add", "300")
    asked = offline.home / "asked"
    argv = [sys.executable, "-c", SILENT, str(asked), *arguments]
    environ = {"SMSMON_API_KEY": "0" * 40, "SMSMON_BASE_URL": "https://silent.invalid/"}
    away = Program(offline.home, environ)
    with started(away, argv, subprocess.DEVNULL) as process:
        until(asked.exists, "it asks for the address")
        ends(process, number)


def test_watch_polls_on_while_its_reader_takes_nothing_and_loses_no_line(
    watched: Program, busy: ServerThread, full: tuple[int, int]
) -> None:
    with started(watched, watched.argv("watch"), full[1]) as process:
        until(lambda: waits_in(process, _TO_STDOUT), "it waits for its reader")
        before = busy.server.requests.by_id["700"]
        until(lambda: busy.server.requests.by_id["700"] >= before + 3, "it polls on")
        told = []
        late = utc(time.time() + 1) or ""
        for line in drained(*full):
            told.append(line)
            if json.loads(line).get("observed_at", "") > late:  # all that waited is out
                process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 143
        assert process.stderr is not None
        assert process.stderr.read() == b"smsmon: This process asks the API.\n"
    changes = [each for line in told if (each := json.loads(line))["type"] == "change"]
    assert changes
    recorded = watched.run("history", "changes", "--json", "700").out.splitlines()
    since = changes[0]["observed_at"]
    known = [each for line in recorded if (each := json.loads(line))["type"] == "change"]
    assert [each for each in known if each["observed_at"] >= since] == changes


def test_lines_without_a_reader_are_counted_when_watch_is_ended(
    watched: Program, full: tuple[int, int]
) -> None:
    with started(watched, watched.argv("watch"), full[1]) as process:
        until(lambda: waits_in(process, _TO_STDOUT), "it waits for its reader")
        ends(process, signal.SIGTERM)
        assert process.stderr is not None
        assert b"found no reader" in process.stderr.read()
