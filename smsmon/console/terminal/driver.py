"""The terminal as the console uses it: Textual's driver, made to survive what terminals do.

What Textual's own does not: it spins at full speed once the terminal is gone, dies of a byte
that is no UTF-8, blocks the event loop on a line that stalls, starts a second reader when a
stopped process is continued, and leaves a blank screen after ``fg``.
"""

from __future__ import annotations

import asyncio
import os
import select
import selectors
import signal
import sys
import termios
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import ExitStack, suppress
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.message import Message

from smsmon.console.terminal.input import Typed
from smsmon.console.terminal.private import SizedDriver, held

if TYPE_CHECKING:
    from textual.app import App

_READ = 4096
_LOOK_EVERY = 0.1
"""Seconds between two looks whether an escape is a key of its own; Textual's number."""
_LAST_WORDS = 2.0
"""Seconds a terminal has to take what restores it."""
LEAVE = (
    "\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l\x1b[0m"
)
"""Undoes all that the console ever asks of a terminal."""


class TerminalGone(Message):
    """Nobody sits at the terminal any more, and never will again."""


class LineSpeed(Message):
    """The line to the terminal has become slow, or is fast again."""

    def __init__(self, slow: bool) -> None:
        super().__init__()
        self.slow = slow


class Drained(Message):
    """The line was behind and is not any more: what was to be painted meanwhile may be now."""


class Returned(Message):
    """The program was stopped and goes on: the terminal shows nothing of it."""


class InputFailed(Message):
    """Reading keys failed of a fault of our own."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class _Leaving(Event):
    """An event that can be waited for beside files, while it is open."""

    def __init__(self) -> None:
        super().__init__()
        self._pipe: tuple[int, ...] = ()

    def open(self) -> None:
        self._pipe = os.pipe()

    def fileno(self) -> int:
        return self._pipe[0]

    def set(self) -> None:
        super().set()
        if self._pipe:
            os.write(self._pipe[1], b"\0")

    def close(self) -> None:
        pipe, self._pipe = self._pipe, ()
        for end in pipe:
            os.close(end)


class TerminalDriver(SizedDriver):
    """Reads and writes the terminal."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self.console_app = app
        self._events = asyncio.get_running_loop()
        # A signal comes in the middle of anything; the loop has a better moment.
        signal.signal(signal.SIGTSTP, lambda *_: self._soon(self._stop))
        signal.signal(signal.SIGCONT, lambda *_: self._soon(self._continue))
        self._writer: TerminalWriter | None = None
        self.exit_event = self._leaving = _Leaving()
        self._held = ExitStack()
        self._stopping = False
        file = sys.__stderr__ or sys.stderr
        self._encoding = file.encoding
        self._descriptor = file.fileno()
        self._first_attributes = _attributes(self.fileno)

    # Painting

    def write(self, data: str) -> None:
        writer = self._writer
        if writer is not None:
            writer.write(data.encode(self._encoding, "replace"))
            if writer.behind:
                self._soon(self._hold)

    def _hold(self) -> None:
        """Paint nothing while the line is behind; what has to be painted adds up meanwhile."""
        if self._writer is not None and self._writer.behind and not held(self.console_app):
            self._held.enter_context(self.console_app.batch_update())

    def _go_on(self) -> None:
        self._held.close()
        self.send_message(Drained())

    def size_of_terminal(self) -> tuple[int, int]:
        # The terminal knows its size; COLUMNS and LINES are what it was when somebody looked.
        try:
            columns, lines = os.get_terminal_size(self._descriptor)
        except OSError:
            columns = lines = 0
        return columns or 80, lines or 24

    # Keys

    def run_input_thread(self) -> None:
        decode = getincrementaldecoder("utf-8")("replace").decode
        typed, leaving = Typed(), self._leaving
        with selectors.DefaultSelector() as selector:
            keys = selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(leaving, selectors.EVENT_READ)
            while not leaving.is_set():
                text = ""
                # With nothing to wait for it sleeps: ten looks a second cost as much as a clock.
                ready = selector.select(_LOOK_EVERY if typed.ticking else None)
                if any(key is keys for key, _ in ready):
                    try:
                        read = os.read(self.fileno, _READ)
                    except BlockingIOError:
                        continue
                    except OSError:  # EIO: it was hung up, or belongs to somebody else now
                        read = b""
                    if not read:
                        self._tell(TerminalGone())
                        return
                    text = decode(read)
                try:
                    for event in typed.feed(text) if text else typed.tick():
                        self.process_message(event)
                except Exception as error:
                    typed = Typed()
                    self._tell(InputFailed(error))

    # Coming and going

    def start_application_mode(self) -> None:
        self._leaving.open()
        self._writer = TerminalWriter(
            self._descriptor,
            slow=lambda slow: self._tell(LineSpeed(slow)),
            drained=lambda: self._soon(self._go_on),
            gone=lambda: self._tell(TerminalGone()),
        )
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's has no types
        if getattr(self.console_app, "shows_cursor", False):
            self.write("\x1b[?25h")

    def stop_application_mode(self) -> None:
        if self._writer is not None:
            self._writer.forget()
        super().stop_application_mode()

    def close(self) -> None:
        super().close()
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close(_LAST_WORDS)
        self._held.close()
        self._leaving.close()

    def leave_now(self) -> None:
        """Give the terminal back without waiting for anything; for when all else hangs."""
        with suppress(OSError, termios.error):
            if self._first_attributes is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._first_attributes)
            if select.select([], [self._descriptor], [], 0)[1]:
                os.write(self._descriptor, LEAVE.encode())

    # Being stopped, and going on

    def _stop(self) -> None:
        """Give the terminal back, stop the whole job, and come back when it is continued."""
        if not self.comes_back_by_itself or self._writer is None:
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        self._stopping = True
        self.suspend_application_mode()
        # The whole job, so that a shell sees it stop when there is a `make` or `sudo` in
        # between; and not with SIGSTOP, which also stops those whom nobody can continue.
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        self._come_back()
        self._stopping = False

    def _continue(self) -> None:
        """Go on after a SIGSTOP, which nobody sees coming: who knows what was done meanwhile."""
        if self.comes_back_by_itself and self._writer is not None:
            self._stopping = True
            self.suspend_application_mode()
            self._come_back()
            self._stopping = False

    def _come_back(self) -> None:
        while not _in_foreground(self.fileno):
            os.kill(os.getpid(), signal.SIGSTOP)
        self.resume_application_mode()
        self.send_message(self.SignalResume())
        self.send_message(Returned())

    # Threads

    def _soon(self, call: Callable[[], object]) -> None:
        """Have the loop call; nothing when it has ended."""
        with suppress(RuntimeError):
            self._events.call_soon_threadsafe(call)

    def _tell(self, message: Message) -> None:
        """Tell the app, from any thread; nothing when it has ended."""
        self._soon(lambda: self.console_app.post_message(message))


def _attributes(descriptor: int) -> list[Any] | None:
    try:
        return termios.tcgetattr(descriptor)
    except termios.error:
        return None


def _in_foreground(descriptor: int) -> bool:
    """False when another job has the terminal; painting would be over its shoulder."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # not our controlling terminal: nobody keeps order on it
        return True


BEHIND = 16 * 1024
"""Bytes waiting above which no more should be painted: about a full screen at 140 × 40."""
SLOW_AFTER = 0.25
"""Seconds that the terminal takes nothing after which its line counts as slow."""
FAST_AFTER = 30.0
"""Seconds without such a stop after which it counts as fast again."""
_CHUNK = 8 * 1024
"""Bytes written at once. Every write hands the interpreter over and has to win it back."""
_CANCEL = b"\x18"
"""A terminal in the middle of an escape sequence forgets it."""


class TerminalWriter:
    """Writes to a terminal. Every method may be called in any thread; none but ``close`` waits.

    Textual's own writer blocks the event loop once thirty writes wait, and dies of the first
    error: on a line that stalls nothing would be polled any more, and when the terminal is gone
    the program would hang for ever.

    ``slow`` is told when the line becomes slow, and when it is fast again; ``drained`` when
    nothing waits any more after more than ``BEHIND`` did; ``gone`` once, when the terminal takes
    nothing ever again. All three are called in the writer's own thread.
    """

    def __init__(
        self,
        descriptor: int,
        *,
        slow: Callable[[bool], None],
        drained: Callable[[], None],
        gone: Callable[[], None],
    ) -> None:
        self._descriptor = descriptor
        self._tell_slow = slow
        self._tell_drained = drained
        self._tell_gone = gone
        self._waiting = bytearray()
        self._news = threading.Condition()
        self._closing = False
        self._gone = False
        self._behind = False
        self._slow = False
        self._stopped_at = 0.0
        self._thread = threading.Thread(target=self._run, name="terminal output", daemon=True)
        self._thread.start()

    @property
    def behind(self) -> bool:
        """True from when too much waits until nothing does."""
        return self._behind

    def write(self, data: bytes) -> None:
        """Have ``data`` written after all that waits. Nothing happens once it is closed or gone."""
        with self._news:
            if data and not self._closing and not self._gone:
                self._waiting += data
                self._behind = self._behind or len(self._waiting) > BEHIND
                self._news.notify_all()

    def forget(self) -> None:
        """Give up what waits, if the line is behind: what comes next is more urgent."""
        with self._news:
            if self._behind:
                self._waiting[:] = _CANCEL

    def close(self, within: float) -> bool:
        """Write what waits, for so many seconds at most; True when all of it is out."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        self._thread.join(within)
        return not self._thread.is_alive() and not self._gone

    def _run(self) -> None:
        try:
            while chunk := self._next():
                self._send(chunk)
        except OSError:  # EIO, EPIPE: nobody is there any more
            with self._news:
                self._gone = True
                self._waiting.clear()
            self._tell_gone()

    def _next(self) -> bytes:
        """The next bytes to write, waiting for them; none when there never will be any."""
        drained = False
        with self._news:
            if not self._waiting:
                drained, self._behind = self._behind, False
        if drained:
            self._tell_drained()
        with self._news:
            while not self._waiting and not self._closing:
                self._news.wait()
            chunk = bytes(self._waiting[:_CHUNK])
            del self._waiting[:_CHUNK]
            return chunk

    def _send(self, chunk: bytes) -> None:
        start = monotonic()
        while chunk:
            try:
                chunk = chunk[os.write(self._descriptor, chunk) :]
            except BlockingIOError:  # another program made the terminal's file non-blocking
                select.select([], [self._descriptor], [])
        now = monotonic()
        if now - start > SLOW_AFTER:
            self._stopped_at = now
            if not self._slow:
                self._slow = True
                self._tell_slow(True)
        elif self._slow and now - self._stopped_at > FAST_AFTER:
            self._slow = False
            self._tell_slow(False)
