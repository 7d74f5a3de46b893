"""The console as a process: what it does when it is told to stop, fails, or loses its terminal.

Every way out is the same one: the terminal is given back, the history written, the connections
closed. Should that hang (a disk that is gone), it ends all the same (see `smsmon.leaving`).
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.worker import Worker

from smsmon import exit_codes
from smsmon.console.terminal.canvas import Canvas
from smsmon.console.terminal.driver import (
    Drained,
    InputFailed,
    LineSpeed,
    Returned,
    TerminalDriver,
    TerminalGone,
)
from smsmon.console.terminal.garbage import Collecting, share_one_pool
from smsmon.console.terminal.input import KeysInOrder
from smsmon.console.terminal.private import CompositorUpdate, WatchedWorkers, begin_again
from smsmon.failures import POLLING, Failed, Failures
from smsmon.leaving import in_loop

TRY_AGAIN = 5.0
"""Seconds after which work that failed of a fault of our own is begun anew."""
ENGINE_GROUP = "engine"
"""The group of the worker that polls."""
SLOW_FRAMES = 4
"""Repaints a second at most, over a slow line."""


class TerminalApp(KeysInOrder, inherit_bindings=False):
    """An app that may be left alone in a terminal for days."""

    LASTING: ClassVar[frozenset[str]] = frozenset()
    """Groups of workers without which the screen stands still: begun anew when one fails."""

    def __init__(self) -> None:
        if os.environ.get("NO_COLOR") == "":  # as good as unset, say no-color.org; Rich differs
            del os.environ["NO_COLOR"]
        super().__init__(driver_class=TerminalDriver)
        self.failures = Failures(self._failure_noted)
        self._watched_workers = WatchedWorkers(self, self._worker_failed)
        self._paint_lost = False
        self._canvas = Canvas()
        self.told: int | None = None
        """The exit code that a signal asks for."""

    # For the console to say

    def failed(self, failed: Failed) -> None:
        """Something of our own failed, and the program goes on: let the operator see it."""

    def line_is_slow(self, slow: bool) -> None:
        """The line to the terminal has become slow, or is fast again."""

    # Failures

    @property
    def workers(self) -> WatchedWorkers:
        return self._watched_workers

    def _worker_failed(self, worker: Worker[Any], error: BaseException) -> None:
        polls = worker.group == ENGINE_GROUP
        self.failures.note(POLLING if polls else f"The work on the {worker.group}", error)
        if worker.group in self.LASTING:
            self.set_timer(TRY_AGAIN, partial(begin_again, worker))

    def _failure_noted(self, failed: Failed) -> None:
        if self.is_running:
            with suppress(RuntimeError):  # the loop has just ended
                self.call_later(self.failed, failed)

    def leave(self, code: int) -> None:
        """Leave with this exit code, because a signal says so."""
        self.told = code
        self.exit(return_code=code)

    def leave_now(self) -> None:
        """Give the terminal back, for when leaving hangs; called in any thread."""
        if isinstance(self.terminal_driver, TerminalDriver):
            self.terminal_driver.leave_now()

    # The terminal

    @on(TerminalGone)
    def _leave_a_terminal_that_is_gone(self) -> None:
        self.exit(return_code=exit_codes.TERMINATED)

    @on(LineSpeed)
    def _mind_the_line(self, message: LineSpeed) -> None:
        self.line_is_slow(message.slow)

    @on(Returned)
    def _paint_all(self) -> None:
        self.screen.refresh()

    @on(Drained)
    def _paint_the_rest(self) -> None:
        lost, self._paint_lost = self._paint_lost, False
        if lost:
            self.screen.refresh()
        else:
            self.screen.check_idle()

    @on(InputFailed)
    def _note_failed_input(self, message: InputFailed) -> None:
        self.failures.note("Reading a key", message.error)

    def lost(self) -> None:
        self._paint_lost = True  # a new layout, which Textual paints once and never again

    def to_write(self, update: CompositorUpdate) -> CompositorUpdate | None:
        return self._canvas.paint(update, self.console)

    def action_redraw(self) -> None:
        """Paint the whole screen, whatever the terminal shows by now."""
        self._canvas = Canvas()
        self.screen.refresh()


def run(app: TerminalApp) -> int:
    """Run ``app`` in this process's terminal; gives the exit code.

    Raises what the app failed of, once the terminal is given back: the caller tells the user.
    """
    share_one_pool()
    with _signals_restored(), app.failures.catching():
        asyncio.run(_run(app))
    if app.told is not None:
        # What fails of a screen half made, because it ends, is no reason for another exit code.
        return app.told
    if app.crash is not None:
        raise app.crash
    return app.return_code or 0


async def _run(app: TerminalApp) -> None:
    asyncio.get_running_loop().set_exception_handler(app.failures.in_loop)
    collecting = Collecting(lambda: app.last_key)
    collecting.begin()
    try:
        with in_loop(app.leave, app.leave_now):
            await app.run_async()
    finally:
        collecting.end()


@contextmanager
def _signals_restored() -> Iterator[None]:
    """Put the handlers back that were there before; Textual leaves the defaults."""
    numbers = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


async def keep_running(
    work: Callable[[], Coroutine[Any, Any, object]],
    failed: Callable[[BaseException], None],
    pause: Callable[[], Coroutine[Any, Any, object]],
) -> None:
    """Run ``work`` for good: when it fails, or ends, tell it and start again after a ``pause``."""
    while True:
        try:
            await work()
            raise RuntimeError("it ended")
        except Exception as error:
            failed(error)
        await pause()
