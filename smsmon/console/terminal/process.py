"""The console as a process: what it does when it is told to stop, fails, or loses its terminal.

Every way out is the same one: the terminal is given back, the history written, the connections
closed. Should that hang (a disk that is gone), it ends all the same (see `smsmon.leaving`).
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

from textual import events, on
from textual.css.query import NoMatches
from textual.geometry import Offset
from textual.screen import Screen
from textual.worker import Worker

from smsmon import exit_codes
from smsmon.console.terminal.canvas import Canvas, Painted
from smsmon.console.terminal.driver import (
    Drained,
    InputFailed,
    LineSpeed,
    Returned,
    TerminalDriver,
    TerminalGone,
)
from smsmon.console.terminal.input import KeysInOrder
from smsmon.console.terminal.private import CompositorUpdate, WatchedWorkers, bound_pieces
from smsmon.console.terminal.words import reading_place
from smsmon.failures import POLLING, Failed, Failures
from smsmon.heap import give_back
from smsmon.leaving import in_loop

TRY_AGAIN = 5.0
"""Seconds after which work that failed of a fault of our own is begun anew."""
ENGINE_GROUP = "engine"
"""The group of the worker that polls."""
SLOW_FRAMES = 4
"""Repaints a second at most, over a slow line."""


class TerminalApp(KeysInOrder, inherit_bindings=False):
    """An app that may be left alone in a terminal for days."""

    def __init__(self, *, shows_cursor: bool = False) -> None:
        """``shows_cursor``: the terminal's own cursor stands where the operator does."""
        if os.environ.get("NO_COLOR") == "":  # as good as unset, say no-color.org; Rich differs
            del os.environ["NO_COLOR"]
        bound_pieces()
        super().__init__(driver_class=TerminalDriver)
        self.failures = Failures(self._failure_noted)
        self._watched_workers = WatchedWorkers(self, self._worker_failed)
        self._paint_lost = False
        self._canvas = Canvas()
        self.shows_cursor = shows_cursor
        self._last_pressed = ""
        self.in_sight: bool | None = None
        """Whether the terminal has the focus; None: it never said."""
        self._cursor_at = Offset()
        """Where the terminal's own cursor stands."""
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
        left = isinstance(worker.node, Screen) and worker.node not in self.screen_stack
        if left and isinstance(error, NoMatches):
            return  # it was left while its work came to its end: its parts are gone
        polls = worker.group == ENGINE_GROUP
        self.failures.note(POLLING if polls else f"The work on the {worker.group}", error)

    async def keep_going(self, what: str, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Do ``work`` for good: when it fails, or ends, note it and begin again after a pause."""
        while True:
            try:
                await work()
                raise RuntimeError("it ended")
            except Exception as error:
                self.failures.note(what, error)
            await self.wait_to_try_again()

    async def wait_to_try_again(self) -> None:
        """The pause after a failure, ``TRY_AGAIN`` seconds."""
        await asyncio.sleep(TRY_AGAIN)

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

    def refresh_css(self, animate: bool = True) -> None:
        if self.screen_stack:  # else nothing is styled yet
            super().refresh_css(animate)

    @on(TerminalGone)
    def _leave_a_terminal_that_is_gone(self) -> None:
        self.exit(return_code=exit_codes.TERMINATED)

    @on(LineSpeed)
    def _mind_the_line(self, message: LineSpeed) -> None:
        self.line_is_slow(message.slow)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Resize):
            self._canvas.forget()  # terminals fold the lines that they show
        if isinstance(event, events.Key):
            self._last_pressed = event.key
        if isinstance(event, events.AppFocus | events.AppBlur):
            self.in_sight = isinstance(event, events.AppFocus)
        await super().on_event(event)

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
        written = self._canvas.paint(update, self.console)
        if self.shows_cursor:
            before, self._cursor_at = self._cursor_at, self.reading_place
            self.cursor_position = self._cursor_at
            if written is None and before != self._cursor_at:
                return Painted("")
        return written

    def write_between_frames(self, sequence: str) -> None:
        """Send a sequence that paints nothing: whole, and never in the middle of a frame."""
        if self.terminal_driver is not None:
            self.terminal_driver.write(sequence)

    @property
    def reading_place(self) -> Offset:
        """Where the terminal's own cursor belongs: on what the next key is about."""
        return reading_place(self.screen, self._last_pressed)

    @on(Returned)
    def action_redraw(self) -> None:
        """Paint the whole screen, whatever the terminal shows by now."""
        self._canvas.forget()
        self.screen.refresh()


def run(app: TerminalApp) -> int:
    """Run ``app`` in this process's terminal; gives the exit code.

    Raises what the app failed of, once the terminal is given back: the caller tells the user.
    """
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


_SETTLED_AFTER = 5.0
"""Seconds after which whatever a start loads is there."""
_YOUNG = 700
"""New objects after which the young are looked at, which is over before a key could wait for it."""
_PASSES = 10, 5
"""Looks at the young for one at those that are older; as many of these for a full pass."""
_COLLECT_EVERY = 1.0
"""Seconds between two looks whether Python has made a full pass."""
_ALL_EVERY = 600.0
"""Seconds between two passes over everything, what was spared included."""
_ALL_AT_LAST = 3600.0
"""Seconds after which such a pass is made though somebody is typing."""
_QUIET = 20.0
"""Seconds without a key after which nobody minds a pass."""


class Collecting:
    """Spares what has outlived a full pass, until there is a quiet moment to look at it again.

    A full pass looks at every object that lives. With some hundred thousand of them, most of which
    stay for good, that took up to 90 ms every few seconds while reports came in.

    Everything is done from the event loop, and nothing from within a pass, which begins wherever
    an object is made, in any thread.
    """

    def __init__(self, last_key: Callable[[], float]) -> None:
        """``last_key`` gives when a key was pressed last, monotonic."""
        self._last_key = last_key
        self._all_at = monotonic()
        self._passes: int | None = None
        """How many full passes there were when something was spared last; None: nothing was."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """From when the start is over, during which nothing is collected; needs a running loop."""
        self._timer = asyncio.get_running_loop().call_later(_SETTLED_AFTER, self._first)

    def end(self) -> None:
        """Leave the collector as it usually is."""
        gc.enable()
        if self._timer is not None:
            self._timer.cancel()
        if self._passes is not None:
            gc.unfreeze()

    def _first(self) -> None:
        gc.set_threshold(_YOUNG, *_PASSES)
        gc.enable()
        # All that a start made is looked at in the first quiet moment: keys are pressed by now.
        self._spare()
        self._all_at = monotonic() - _ALL_EVERY
        self._look_later()

    def _look(self) -> None:
        now = monotonic()
        since, quiet = now - self._all_at, now - self._last_key() > _QUIET
        if since > _ALL_AT_LAST or (since > _ALL_EVERY and quiet):
            self._collect_all()
            return
        if self._passes != _full_passes():
            gc.collect(1)  # what came since is not spared unseen
            self._spare()
        self._look_later()

    def _collect_all(self) -> None:
        gc.unfreeze()
        gc.collect()
        self._spare()
        give_back()
        self._all_at = monotonic()
        self._look_later()

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_COLLECT_EVERY, self._look)

    def _spare(self) -> None:
        gc.freeze()
        if self._passes is not None:
            # A full pass waits for a quarter of what the last one left. Of nothing: else the next
            # after one over everything looks at 150,000 new objects, and a key waits for that.
            gc.collect()
        self._passes = _full_passes()


def _full_passes() -> int:
    return int(gc.get_stats()[-1]["collections"])
