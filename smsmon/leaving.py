"""How a process ends: within seconds of being told to, whatever hangs, and with no core file.

Python runs a signal's handler in the main thread, between two steps of it: a main thread that
waits for a name server, for a disk or for a reader that takes nothing never comes to it. So the
kernel's own note of a signal (``signal.set_wakeup_fd``) is read by a thread, which asks for the
end, and sees to it when nothing comes of that.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Final

from smsmon import exit_codes

WITHIN = 1.5
"""Seconds after which the process ends, however far it is with leaving."""

CODES: Final = {
    signal.SIGINT: exit_codes.INTERRUPTED,
    signal.SIGTERM: exit_codes.TERMINATED,
    signal.SIGHUP: exit_codes.TERMINATED,
}
"""Each signal that says stop, and the exit code that tells of it."""


_AGAIN = 0.01
"""Seconds after which what was lost in a finalizer is raised again: it has ended by then."""
_PR_SET_DUMPABLE = 4
"""prctl(2), Linux."""


class ToldToStop(BaseException):
    """The process was told to stop. Raised in the main thread, where nobody else is asked."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Watchman:
    """The thread that hears signals, and those it asks to end."""

    def __init__(self) -> None:
        self._asked: list[Callable[[int], None]] = []
        self._last_words: Callable[[], None] | None = None
        self._heard, self._note = os.pipe()
        for end in (self._heard, self._note):
            os.set_blocking(end, False)
        self.told = False
        self.deaf = False
        """ctrl+c is for another program, which has the terminal."""
        self.raised = 0
        """The exit code that was raised in the main thread, whatever became of that."""
        self.held: list[int] | None = None
        """What is not raised yet, while that is held back."""
        self._over = False
        self._lost = False
        """What was raised for a signal went no further than a finalizer."""
        self._hook = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        self._before = signal.set_wakeup_fd(self._note, warn_on_full_buffer=False)
        # Whoever started us with SIGHUP ignored (nohup) wants us to live through it.
        self._handlers = {
            number: signal.signal(number, self._in_main_thread)
            for number in CODES
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
        }
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self._thread = threading.Thread(target=self._run, name="signals", daemon=True)
        self._thread.start()

    def open(self) -> None:
        """Hear those too that whoever started us has blocked: nobody means that to last."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._handlers)

    def end(self) -> None:
        """Hear no more; all handlers are as before."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        signal.set_wakeup_fd(self._before)
        sys.unraisablehook = self._hook
        self._over = True
        os.write(self._note, b"\0")  # noqa: TID251 - to ourselves
        self._thread.join()
        os.close(self._heard)
        os.close(self._note)

    @contextmanager
    def asked(
        self, end: Callable[[int], None], last_words: Callable[[], None] | None = None
    ) -> Iterator[None]:
        """Call ``end`` when told to stop, and ``last_words`` when that does not help."""
        before = self._last_words
        self._asked.append(end)
        self._last_words = last_words or before
        try:
            yield
        finally:
            self._last_words = before
            self._asked.remove(end)

    def _in_main_thread(self, number: int, _: object) -> None:
        if self._asked or self._ignored(number):
            return
        code = CODES[signal.Signals(number)]
        if self.held is None:
            self.raised = code
            raise ToldToStop(code)
        self.held.append(code)

    def _unraisable(self, failed: sys.UnraisableHookArgs) -> None:
        """Python runs handlers wherever it is, and drops what they raise in a ``__del__``, say."""
        if isinstance(failed.exc_value, ToldToStop):
            self._lost = True
            number = next(each for each, code in CODES.items() if code == failed.exc_value.code)
            os.write(self._note, bytes([number]))  # noqa: TID251 - to ourselves
        else:
            self._hook(failed)

    def _ignored(self, number: int) -> bool:
        return self.deaf and number == signal.SIGINT

    def _run(self) -> None:
        code, deadline = 0, 0.0
        while not self._over:
            left = max(0.0, deadline - monotonic()) if code else None
            if not select.select([self._heard], [], [], left)[0]:
                if self._last_words is not None:
                    self._last_words()
                os._exit(code)
            for number in os.read(self._heard, 256):
                if self._lost:
                    self._lost = False
                    sleep(_AGAIN)
                    signal.pthread_kill(threading.main_thread().ident or 0, number)
                elif number in self._handlers and not code and not self._ignored(number):
                    self.told = True
                    code, deadline = CODES[signal.Signals(number)], monotonic() + WITHIN
                    for ask in self._asked[-1:]:
                        ask(code)


_watchman: Watchman | None = None


def told() -> bool:
    """True once the process was told to stop."""
    return _watchman is not None and _watchman.told


def raised() -> int:
    """The exit code of the signal for which `ToldToStop` was raised; 0 when it never was.

    Whoever was interrupted may have made another exception of it: an import, a class that is made.
    """
    return 0 if _watchman is None else _watchman.raised


@contextmanager
def heeding_signals() -> Iterator[Watchman]:
    """SIGINT, SIGTERM and SIGHUP end the process by `ToldToStop`, and for certain after ``WITHIN``.

    To be entered in the main thread; inside another one it changes nothing.
    """
    global _watchman
    if _watchman is not None:
        yield _watchman
        return
    _watchman = Watchman()
    try:
        _watchman.open()
        yield _watchman
    finally:
        watchman, _watchman = _watchman, None
        watchman.end()


@contextmanager
def held_back() -> Iterator[None]:
    """Meanwhile nothing is raised for a signal in this thread: it is at the end."""
    if _watchman is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    codes = _watchman.held = []
    try:
        yield
    finally:
        _watchman.held = None
    if codes:
        _watchman.raised = codes[0]
        raise ToldToStop(codes[0])


@contextmanager
def not_interrupted() -> Iterator[None]:
    """Meanwhile ctrl+c is no matter of ours: a program that we run has the terminal."""
    with heeding_signals() as watchman:
        watchman.deaf = True
        try:
            yield
        finally:
            watchman.deaf = False


@contextmanager
def in_loop(
    end: Callable[[int], object], last_words: Callable[[], None] | None = None
) -> Iterator[None]:
    """Meanwhile ``end`` is called with the exit code instead, once, in the event loop that runs.

    ``last_words`` is called in another thread, just before the process ends by force.
    """
    import asyncio

    loop = asyncio.get_running_loop()

    def ask(code: int) -> None:
        with suppress(RuntimeError):  # the loop is closed: all is over
            loop.call_soon_threadsafe(end, code)

    with heeding_signals() as watchman, watchman.asked(ask, last_words):
        yield


def no_core_files() -> None:
    """Let no crash leave the memory of this process on a disk: the key is in it.

    A limit of 0 stops core files. Where the kernel hands cores to a program (systemd-coredump,
    apport) it does not look at that limit, but it does at whether the process may be dumped. A
    process that may not be is also closed to debuggers and profilers of other processes, root's
    aside. Programs that we start get the limit, which they may lift, and may be dumped.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
