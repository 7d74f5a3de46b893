"""Runs other people's programs: a command that prints the key, a command that an alert names.

No shell. Such a program is bounded in time and in what is taken of what it says. It is over when
it exits, whoever still has its pipes open: these are read as far as they are filled, and let go.
One that is ended before takes along all it started, see `end`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from contextvars import ContextVar, copy_context
from enum import Enum
from typing import Any, Literal, TypeVar

from msgspec import Struct

from smsmon.leaving import held_back, not_interrupted

_PAUSE = 0.005
"""Seconds between two looks whether what was ended is gone."""
ENDING = 1.0
"""Seconds that ending may take; a program that hangs in a disk may outlive them."""


def exit_descriptor(pid: int) -> int | None:
    """What becomes readable when the process is over; None where the system has no such thing."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def end(process: subprocess.Popen[bytes], pipe: int, *, apart: bool) -> None:
    """End a program, if it is not over, and with it what it started."""
    until = time.monotonic() + ENDING
    with contextlib.suppress(OSError):
        process.send_signal(signal.SIGSTOP)  # it starts nothing new while we look
    _end_kin(process, pipe, until, apart=apart)
    if apart and process.returncode is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, until - time.monotonic()))
    _end_kin(process, pipe, until, apart=apart)


def _end_kin(process: subprocess.Popen[bytes], pipe: int, until: float, *, apart: bool) -> None:
    while True:
        root = process.pid if process.returncode is None else None
        kin = _kin(root, pipe, apart=apart)
        for pid in kin:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not kin or time.monotonic() >= until:
            return
        time.sleep(_PAUSE)


def _kin(root: int | None, pipe: int, *, apart: bool) -> set[int]:
    """What a program started and still runs: its children and theirs, whatever group they chose;
    its session, if that is its own; and who else holds its pipe (by inode), whoever is left of
    its parents. A daemon that let go of everything, such as gpg-agent, is none of them.

    ``root`` is the program itself; None once it is over, when its number may be another's. Where
    there is no ``/proc``, nothing is known, and its group alone is ended.
    """
    parents: dict[int, int] = {}
    found = set()
    for pid in _processes():
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{pid}/stat", "rb") as file:
                state, parent, _, session = file.read().rpartition(b")")[2].split()[:4]
            if state == b"Z" or pid in (root, os.getpid()):
                continue
            parents[pid] = int(parent)
            # A child of ours has every pipe for a moment, until it becomes another program.
            starting = int(parent) == os.getpid()
            if (apart and int(session) == root) or (not starting and _holds(pid, pipe)):
                found.add(pid)
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return found | {pid for pid in family if pid is not None and pid != root}


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _holds(pid: int, pipe: int) -> bool:
    """True if the process has the pipe open. Raises ``OSError`` where one may not look."""
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # closed since
            if os.readlink(f"{folder}/{name}") == f"pipe:[{pipe}]":
                return True
    return False


KEPT = 4_096
"""Bytes that are kept of what a program says: its beginning."""
_CHUNK = 65_536
_LOOK_EVERY = 0.05
"""Seconds between two looks whether it is over, where the system does not tell."""

T = TypeVar("T")


class Ended(Enum):
    """Why a program did not come to its end."""

    LATE = "took too long"
    FLOOD = "said too much"
    STOPPED = "nobody waits for it any more"


class Outcome(Struct, frozen=True):
    """What came of a program."""

    said: bytes
    """The beginning of what it said, `KEPT` bytes at most."""
    code: int = 0
    """Its exit code; negative: the signal that ended it."""
    ended: Ended | None = None
    """Set when it was ended by us; ``code`` means nothing then."""


def run(
    argv: Sequence[str],
    *,
    hear: Literal["stdout", "stderr"],
    within: float,
    given: bytes | None = None,
    environ: Mapping[str, str] | None = None,
    flood: int | None = None,
) -> Outcome:
    """Run ``argv``; gives its exit code and the beginning of what it says on ``hear``.

    With ``given`` on its stdin it runs in a session of its own, unseen. Without, it shares our
    terminal, to ask for a passphrase there; what still has its pipe open when it exits is ended.
    It is ended after ``within`` seconds, when it said more than ``flood`` bytes, and when this
    is interrupted. Raises ``OSError`` or ``ValueError`` when it cannot be started.
    """
    apart = given is not None
    leave = False

    def let_go(inode: int) -> None:
        if not leave:
            end(process, inode, apart=apart)

    with ExitStack() as stack:
        with held_back():  # a program that is begun is known, and ended
            process = subprocess.Popen(  # noqa: S603 - the user's own program, without a shell
                list(argv),
                stdin=subprocess.PIPE if apart else None,
                stdout=subprocess.PIPE if hear == "stdout" else subprocess.DEVNULL,
                stderr=subprocess.PIPE
                if hear == "stderr"
                else subprocess.DEVNULL
                if apart
                else None,
                env=environ,
                start_new_session=apart,
            )
            pipe = process.stdout if hear == "stdout" else process.stderr
            assert pipe is not None  # noqa: S101 - asked for above
            for each in (process.stdin, pipe):
                if each is not None:
                    stack.callback(_close, each)
            stack.callback(let_go, os.fstat(pipe.fileno()).st_ino)
        outcome = _Talk(process, pipe.fileno(), given or b"", flood).hold(within)
        leave = apart and outcome.ended is None
        return outcome


def on_this_terminal(argv: Sequence[str]) -> int:
    """Let a program of the operator have our terminal until it exits; gives its exit code.

    Meanwhile ctrl+c is for that program alone. Raises ``OSError`` when it cannot be started.
    """
    with not_interrupted():
        return subprocess.call(list(argv))  # noqa: S603 - the user's own program, without a shell


def why_not_started(program: str) -> str:
    """Why ``program`` cannot be started, by its name alone: a part of a sentence; else empty."""
    if shutil.which(program) is not None:
        return ""
    if os.sep not in program:
        return "there is no such program on PATH"
    if os.path.isdir(program):
        return "it is a folder"
    if os.path.exists(program):
        return "it is not executable"
    tilde = program.startswith("~")
    return "write its path in full, without ~" if tilde else "there is no such file"


async def beside(work: Callable[..., T], *args: object) -> T:
    """As ``asyncio.to_thread``, for work that runs programs: when this is cancelled, they end.

    The thread is its own, and no end of the process waits for it.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()
    done.add_done_callback(lambda each: each.cancelled() or each.exception())  # seen, whatever
    stop = _Stop()
    context = copy_context()
    context.run(_stopping.set, stop)

    def settle(finish: Callable[[Any], None], value: object) -> None:
        if not done.done():
            finish(value)

    def labour() -> None:
        finish: Callable[[Any], None] = done.set_result
        try:
            value: object = context.run(work, *args)
        except BaseException as error:
            finish, value = done.set_exception, error
        finally:
            stop.ear.close()
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(settle, finish, value)

    threading.Thread(target=labour, name="beside", daemon=True).start()
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        stop.now()
        await asyncio.wait([done], timeout=ENDING)
        raise
    finally:
        stop.now()


class _Stop:
    """Asked for by who waits for a program, seen by the thread that runs it."""

    def __init__(self) -> None:
        self.ear, self._mouth = socket.socketpair()

    def now(self) -> None:
        """Stop; again and again if one likes."""
        self._mouth.close()


_stopping: ContextVar[_Stop | None] = ContextVar("_stopping", default=None)


class _Talk:
    """What goes to and fro with a program until it is over."""

    def __init__(
        self, process: subprocess.Popen[bytes], pipe: int, given: bytes, flood: int | None
    ) -> None:
        self._process = process
        self._pipe = pipe
        self._given = given
        self._flood = flood
        self._said = b""
        self._heard = 0

    def hold(self, within: float) -> Outcome:
        """Talk until the program is over, or has to be ended."""
        deadline = time.monotonic() + within
        with selectors.DefaultSelector() as waiting, contextlib.ExitStack() as stack:
            exited = exit_descriptor(self._process.pid)
            if exited is not None:
                stack.callback(os.close, exited)
                waiting.register(exited, selectors.EVENT_READ)
            if (stop := _stopping.get()) is not None:
                waiting.register(stop.ear, selectors.EVENT_READ, stop)
            self._register(waiting)
            while self._process.poll() is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return Outcome(self._said, ended=Ended.LATE)
                ready = waiting.select(left if exited is not None else min(left, _LOOK_EVERY))
                if any(isinstance(key.data, _Stop) for key, _ in ready):
                    return Outcome(self._said, ended=Ended.STOPPED)
                for key, _ in ready:
                    if key.data is not None and not key.data():
                        waiting.unregister(key.fileobj)
                        if key.fileobj is self._process.stdin:
                            _close(key.fileobj)
                if self._flooded:
                    return Outcome(self._said, ended=Ended.FLOOD)
        before = -1
        while before < self._heard and len(self._said) < KEPT:
            before = self._heard
            self._hear()
        return Outcome(self._said, self._process.returncode)

    def _register(self, waiting: selectors.BaseSelector) -> None:
        os.set_blocking(self._pipe, False)
        waiting.register(self._pipe, selectors.EVENT_READ, self._hear)
        if self._process.stdin is not None:
            os.set_blocking(self._process.stdin.fileno(), False)
            waiting.register(self._process.stdin, selectors.EVENT_WRITE, self._give)

    @property
    def _flooded(self) -> bool:
        return self._flood is not None and self._heard > self._flood

    def _hear(self) -> bool:
        """Read what is there; false when nothing will come any more."""
        try:
            heard = os.read(self._pipe, _CHUNK)
        except BlockingIOError:
            return True
        self._heard += len(heard)
        self._said += heard[: KEPT - len(self._said)]
        return bool(heard)

    def _give(self) -> bool:
        """Write as much as it takes; false when there is no more to write."""
        assert self._process.stdin is not None  # noqa: S101 - registered only then
        try:
            written = os.write(self._process.stdin.fileno(), self._given[:_CHUNK])  # noqa: TID251 - a pipe
        except BlockingIOError:
            return True
        except OSError:  # it need not read
            written = len(self._given)
        self._given = self._given[written:]
        return bool(self._given)


def _close(stream: Any) -> None:
    with contextlib.suppress(OSError):
        stream.close()
