"""Other people's programs: over when they exit, bounded, and gone with what they started."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from smsmon.leaving import ToldToStop, heeding_signals
from smsmon.programs import KEPT, Ended, Outcome, beside, run
from smsmon.programs.lasting import Lasting

PATIENCE = 30.0
"""Seconds that a process may take to start, or to be gone."""
FOREVER = 600.0


class Held:
    """A pipe that programs hold open for as long as they live."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def next(self) -> bytes:
        """What is said on it next; nothing once nobody holds it any more."""
        ready, _, _ = select.select([self._reader], [], [], PATIENCE)
        assert ready, "somebody holds it still"
        return os.read(self._reader, 100)

    @property
    def is_held(self) -> bool:
        """True while one who has said all lives."""
        return not select.select([self._reader], [], [], 0)[0]

    def close(self) -> None:
        os.close(self._reader)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    pipe = Held(tmp_path / "held")
    yield pipe
    pipe.close()


def shell(script: str, pipe: Held | None = None) -> list[str]:
    """A script whose fd 3 is the pipe."""
    if pipe is None:
        return ["sh", "-c", script]
    return ["sh", "-c", f'exec 3>"$0"; {script}', str(pipe.path)]


HEAR: list[Literal["stdout", "stderr"]] = ["stdout", "stderr"]


@pytest.mark.parametrize("hear", HEAR)
@pytest.mark.parametrize("given", [None, b"facts\n"])
def test_what_it_says_and_its_code_come_back(
    hear: Literal["stdout", "stderr"], given: bytes | None
) -> None:
    script = "echo out; echo err >&2; exit 7"
    told = {"stdout": b"out\n", "stderr": b"err\n"}[hear]
    assert run(shell(script), hear=hear, within=PATIENCE, given=given) == Outcome(told, 7)


@pytest.mark.parametrize(
    "child",
    [
        "sleep 600 & ",
        "setsid sleep 600 & ",
        "(setsid sleep 600 &) ; ",
        "trap '' HUP TERM; sleep 600 & ",
    ],
)
@pytest.mark.parametrize("given", [None, b""])
def test_it_is_over_when_it_exits_whoever_has_its_pipes_open(
    child: str, given: bytes | None, held: Held
) -> None:
    outcome = run(shell(f"{child} echo said", held), hear="stdout", within=PATIENCE, given=given)
    assert outcome == Outcome(b"said\n")
    if given is None:
        assert held.next() == b"", "what holds a pipe that the key went through is ended"
    else:
        assert held.is_held, "what an alert's command leaves running is its own affair"


STARTED = [
    "sleep 600 & echo up >&3; wait",
    "sleep 600 & echo up >&3; sleep 600",
    "sh -c 'sleep 600 & sleep 600 & echo up >&3; wait'",
    "setsid sleep 600 & echo up >&3; wait",
    "setsid sh -c 'sleep 600 & echo up >&3; wait' & wait",
    "(setsid sleep 600 &) ; echo up >&3; sleep 600",
    "(setsid sh -c 'setsid sleep 600 & sleep 600' &) ; echo up >&3; sleep 600",
    "trap '' TERM HUP INT; sleep 600 & echo up >&3; while :; do sleep 1; done",
    "echo up >&3; while :; do sleep 0.01; done",
]
"""Programs that start others, in their own group or in another one, and stay, or do not."""


@pytest.mark.parametrize("script", STARTED)
@pytest.mark.parametrize("given", [None, b""])
def test_what_takes_too_long_is_ended_with_all_it_started(
    script: str, given: bytes | None, held: Held
) -> None:
    outcome = run(shell(script, held), hear="stdout", within=0.5, given=given)
    assert outcome.ended is Ended.LATE
    assert held.next() == b"up\n"
    assert held.next() == b""


@pytest.mark.parametrize("script", STARTED)
@pytest.mark.parametrize("given", [None, b""])
async def test_when_nobody_waits_any_more_it_is_ended_with_all_it_started(
    script: str, given: bytes | None, held: Held
) -> None:
    def work() -> Outcome:
        return run(shell(script, held), hear="stdout", within=FOREVER, given=given)

    waiting = asyncio.create_task(beside(work))
    assert await asyncio.to_thread(held.next) == b"up\n"
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert held.next() == b""


def test_an_interrupt_ends_it_with_all_it_started(held: Held) -> None:
    def interrupt() -> None:
        assert held.next() == b"up\n"
        os.kill(os.getpid(), signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    command = shell(f"read line; {STARTED[3]}", held)
    with pytest.raises(KeyboardInterrupt):
        run(command, hear="stdout", within=FOREVER, given=b"go\n")
    interrupter.join()
    assert held.next() == b""


def test_a_signal_while_it_is_begun_ends_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[bytes]] = []

    class Slow(subprocess.Popen[bytes]):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)  # type: ignore[call-overload]
            begun.append(self)
            os.kill(os.getpid(), signal.SIGTERM)
            sum(range(1_000))

    monkeypatch.setattr(subprocess, "Popen", Slow)
    with heeding_signals(), pytest.raises(ToldToStop):
        run(["sleep", "600"], hear="stdout", within=60)
    assert begun[0].returncode == -signal.SIGKILL


@pytest.mark.parametrize("script", ["yes", "yes & yes", "setsid yes & wait", "cat /dev/zero"])
def test_what_says_too_much_is_ended_and_no_more_is_kept_than_the_beginning(
    script: str, held: Held
) -> None:
    tracemalloc.start()
    try:
        outcome = run(shell(script, held), hear="stdout", within=PATIENCE, flood=2**20)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert outcome.ended is Ended.FLOOD
    assert len(outcome.said) == KEPT
    assert most < 2**20
    assert held.next() == b""


def test_chatter_within_its_time_is_no_fault() -> None:
    script = "head -c 3000000 /dev/zero >&2; echo done >&2"
    outcome = run(shell(script), hear="stderr", within=PATIENCE, given=b"")
    assert outcome == Outcome(b"\0" * KEPT)


@pytest.mark.parametrize("script", ["exit 0", "exec 0<&-; exit 0", "head -c 10 >/dev/null"])
def test_it_need_not_read_what_it_is_given(script: str) -> None:
    outcome = run(shell(script), hear="stderr", within=PATIENCE, given=b"x" * 2**20)
    assert outcome == Outcome(b"")


def test_all_that_it_is_given_arrives_whatever_its_size() -> None:
    outcome = run(shell("wc -c"), hear="stdout", within=PATIENCE, given=b"x" * 3_000_000)
    assert outcome.said.split() == [b"3000000"]


def test_other_programs_of_ours_are_left_alone(held: Held) -> None:
    with_pipe = shell("echo up >&3; read line; echo lived; exit 0", held)
    outcomes: list[Outcome] = []
    read, write = os.pipe()
    other = threading.Thread(
        target=lambda: outcomes.append(run(with_pipe, hear="stdout", within=PATIENCE, given=None))
    )
    before = os.dup(0)
    os.dup2(read, 0)
    try:
        other.start()
        assert held.next() == b"up\n"
        assert run(shell("sleep 600"), hear="stdout", within=0.2, given=b"").ended is Ended.LATE
    finally:
        os.write(write, b"go\n")
        other.join()
        os.dup2(before, 0)
        for each in (before, read, write):
            os.close(each)
    assert outcomes == [Outcome(b"lived\n")]


@pytest.mark.parametrize("argv", [["no-such-program"], ["nul\0"], ["sh", "nul\0"], ["/"]])
def test_what_cannot_be_started_is_an_error(argv: list[str]) -> None:
    with pytest.raises((OSError, ValueError)):
        run(argv, hear="stdout", within=PATIENCE)


async def test_what_the_work_raises_is_raised_where_it_is_waited_for() -> None:
    with pytest.raises(ZeroDivisionError):
        await beside(lambda: 1 // 0)
    assert await beside(lambda: 3) == 3


def test_no_descriptor_is_left_open() -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = descriptors()
    for script, within in [("exit 0", PATIENCE), ("sleep 600", 0.1)]:
        for given in (None, b"x"):
            run(shell(script), hear="stdout", within=within, given=given)
            asyncio.run(beside(run_quietly, shell("exit 0")))
    assert descriptors() == before


def run_quietly(argv: list[str]) -> Outcome:
    return run(argv, hear="stdout", within=PATIENCE, given=b"")


async def test_a_program_that_goes_on_is_heard_as_it_speaks_and_goes_with_what_it_started(
    held: Held,
) -> None:
    script = "echo one; echo why >&2; (echo child >&3; sleep 600) & sleep 600"
    program = Lasting(shell(script, held), os.environ)
    assert await program.read() == b"one\n"
    assert held.next() == b"child\n"
    assert program.code is None
    program.end()
    assert held.next() == b""
    assert program.complaint == b"why\n"


async def test_a_program_is_over_when_it_exits_whoever_has_its_output_open_still(
    held: Held,
) -> None:
    program = Lasting(shell("sleep 600 & exec 3>&-; echo last; exit 3", held), os.environ)
    assert await program.read() == b"last\n"
    assert await program.read() == b""
    assert program.code == 3
    program.end()
    assert held.next() == b""


@pytest.mark.skipif(sys.platform != "linux", reason="no other system does it")
def test_a_silent_program_that_goes_on_does_not_outlive_who_is_killed(held: Held) -> None:
    begins = (
        "import os, sys, time; from smsmon.programs.lasting import Lasting;"
        "program = Lasting(sys.argv[1:], os.environ); time.sleep(600)"
    )
    program = shell("echo begun >&3; exec sleep 600", held)
    with subprocess.Popen([sys.executable, "-c", begins, *program]) as ours:
        assert held.next() == b"begun\n"
        ours.kill()
    assert held.next() == b""
