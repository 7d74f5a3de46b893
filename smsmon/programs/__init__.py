"""Runs other people's programs: a command that prints the key, a command that an alert names.

No shell. Such a program is bounded in time and in what is taken of what it says. It is over when
it exits, whoever still has its pipes open: these are read as far as they are filled, and let go.
One that is ended before takes along all it started, see `ending`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeVar

from smsmon.leaving import not_interrupted
from smsmon.programs.ending import ENDING, end, exit_descriptor

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


@dataclass(frozen=True, slots=True)
class Outcome:
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
    process = subprocess.Popen(  # noqa: S603 - the user's own program, without a shell
        list(argv),
        stdin=subprocess.PIPE if apart else None,
        stdout=subprocess.PIPE if hear == "stdout" else subprocess.DEVNULL,
        stderr=subprocess.PIPE if hear == "stderr" else subprocess.DEVNULL if apart else None,
        env=environ,
        start_new_session=apart,
    )
    pipe = process.stdout if hear == "stdout" else process.stderr
    assert pipe is not None  # noqa: S101 - asked for above
    leave = False
    try:
        outcome = _Talk(process, pipe.fileno(), given or b"", flood).hold(within)
        leave = apart and outcome.ended is None
        return outcome
    finally:
        if not leave:
            end(process, os.fstat(pipe.fileno()).st_ino, apart=apart)
        for each in (process.stdin, pipe):
            if each is not None:
                _close(each)


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
