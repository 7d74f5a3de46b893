"""What becomes of a fault of our own that does not end the program: a note, and a sentence.

Nothing fails unseen: tasks, threads and whatever logs an exception end up here, and the
console's workers too.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import Any

_POLLS = "smsmon.monitor"
_OURS = "smsmon"
"""The logger whose records about exceptions count; libraries log what they survive."""


POLLING = "Polling"
"""What failed when nothing may be polled any more."""


@dataclass(frozen=True, slots=True)
class Failed:
    """One failure."""

    what: str
    error: BaseException
    first: bool
    """False: it has failed in this way before, and a note about it was written then."""
    note: Path | None
    """Where the note is; None when none was written."""

    @property
    def sentence(self) -> str:
        """For the operator."""
        kind = type(self.error).__name__
        where = f" A note about it is in {self.note}." if self.note else ""
        return f"{self.what} failed: a fault of smsmon itself ({kind}).{where}"


class Failures:
    """Notes faults: a note for each kind and place, however often it happens.

    ``tell`` is given what failed, how, and where the note is, in any thread.
    """

    def __init__(self, tell: Callable[[Failed], None], folder: Path | None = None) -> None:
        self._tell = tell
        self.folder = folder
        """Where the notes go; None is where they usually go."""
        self._known: set[tuple[type[BaseException], str]] = set()
        self._lock = threading.Lock()

    def note(self, what: str, error: BaseException) -> None:
        """``what`` failed with ``error``."""
        frames = extract_tb(error.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        with self._lock:
            first = (type(error), place) not in self._known
            self._known.add((type(error), place))
        note = None
        if first:
            from smsmon.crash import write_crash_note  # rarely needed, and not free to load

            note = write_crash_note(error, self.folder)
        self._tell(Failed(what, error, first, note))

    @contextmanager
    def catching(self) -> Iterator[None]:
        """Note what fails in threads, and what is logged, until the end of the block."""
        logger, handler = logging.getLogger(_OURS), _Handler(self)
        propagate, logger.propagate = logger.propagate, False  # else it is printed, into nowhere
        logger.addHandler(handler)
        hooks = threading.excepthook, sys.unraisablehook
        threading.excepthook = self._in_thread
        sys.unraisablehook = self._unraisable
        try:
            yield
        finally:
            threading.excepthook, sys.unraisablehook = hooks
            logger.removeHandler(handler)
            logger.propagate = propagate

    def in_loop(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A loop's exception handler (see ``set_exception_handler``)."""
        told = str(context.get("message") or "An event")
        self.note("A background task", context.get("exception") or RuntimeError(told))

    def _in_thread(self, failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
            self.note("A thread", failed.exc_value)

    def _unraisable(self, failed: sys.UnraisableHookArgs) -> None:
        if isinstance(failed.exc_value, Exception):
            self.note("Cleaning up", failed.exc_value)


class _Handler(logging.Handler):
    """Notes the exceptions that are logged."""

    def __init__(self, failures: Failures) -> None:
        super().__init__(logging.ERROR)
        self._failures = failures

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and (error := record.exc_info[1]) is not None:
            polling = record.name.startswith(_POLLS)
            self._failures.note(POLLING if polling else record.getMessage().capitalize(), error)
