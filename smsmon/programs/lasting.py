"""Runs a program of others that goes on, such as one that follows a log, and hears what it says."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

from smsmon.programs import end, exit_descriptor

_CHUNK = 65_536
_KEPT = 1_000
"""Bytes kept of the end of what it complains of."""
_PR_SET_PDEATHSIG = 1
"""prctl(2), Linux."""
_LOOK_EVERY = 0.5
"""Seconds between two looks whether it is over, where the system does not tell."""


class Lasting:
    """A program that runs until it is ended, or over: of it, or of what it says, nobody waits.

    It has a session of its own, and nothing on its standard input. What it says stays in its pipe
    until it is read: one that says more than is taken waits. It is over when it exits, or closes
    its output; then, and when it is ended, all that it started goes too. When we are killed it is
    killed as well, where the system does that: one that is silent would never find out by its pipe.
    """

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start it; blocks for a moment. The thread that does so should live as long as we do: the
        system kills it with that one. Raises ``OSError`` or ``ValueError`` when it cannot be."""
        self._process = subprocess.Popen(  # noqa: S603 - the user's own program, without a shell
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
            start_new_session=True,
            preexec_fn=_dies_with_us(),
        )
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        assert self._process.stderr is not None  # noqa: S101 - asked for above
        self._said = self._process.stdout.fileno()
        self._complained = self._process.stderr.fileno()
        self._exits = exit_descriptor(self._process.pid)
        for each in (self._said, self._complained):
            os.set_blocking(each, False)
        self._complains = True
        """Its standard error is open yet."""
        self.complaint = b""
        """The end of what it wrote to its standard error."""

    @property
    def code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    async def read(self) -> bytes:
        """What it says next, as soon as there is something; empty once it is over."""
        while True:
            over = self.code is not None
            if (said := _read(self._said)) is not None:
                return said
            if over:
                return b""
            await self._stirs()

    async def exited(self, within: float) -> bool:
        """True once it exited, as it does soon after it closed its output; seconds to wait."""
        if self._exits is not None and self.code is None:
            await readable({self._exits}, within)
        self._hear_complaints()
        return self.code is not None

    async def _stirs(self) -> None:
        """Wait until it says something, complains, or exits."""
        descriptors = {self._said, *({self._complained} if self._complains else ())}
        if self._exits is not None:
            descriptors.add(self._exits)
        await readable(descriptors, None if self._exits is not None else _LOOK_EVERY)
        self._hear_complaints()

    def _hear_complaints(self) -> None:
        while heard := _read(self._complained):
            self.complaint = (self.complaint + heard)[-_KEPT:]
        self._complains = heard is None

    def end(self) -> None:
        """End it, and all that it started. Blocks for some milliseconds, for a second at most."""
        self._hear_complaints()
        end(self._process, os.fstat(self._said).st_ino, apart=True)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        if self._exits is not None:
            os.close(self._exits)
            self._exits = None


def _dies_with_us() -> Callable[[], object] | None:
    """What a new process does to be killed when who started it is over; None: it cannot."""
    try:
        import ctypes

        prctl = ctypes.PyDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


async def readable(descriptors: set[int], within: float | None = None) -> None:
    """Wait until one of them can be read without waiting, or is at its end; or so many seconds."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    for each in descriptors:
        loop.add_reader(each, ready.set)
    try:
        async with asyncio.timeout(within):
            await ready.wait()
    except TimeoutError:
        pass
    finally:
        for each in descriptors:
            loop.remove_reader(each)


def _read(descriptor: int) -> bytes | None:
    """What is there; empty at its end, None where nothing is there yet."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None
