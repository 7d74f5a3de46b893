"""What becomes of a fault of our own that does not end the program: a note, and a sentence.

Nothing fails unseen: tasks, threads and whatever logs an exception end up here, and the
console's workers too.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any

from msgspec import Struct

from smsmon import __version__, files
from smsmon.locations import LocationError, Locations
from smsmon.secret import without_passwords
from smsmon.text import safe

_POLLS = "smsmon.monitor"
_OURS = "smsmon"
"""The logger whose records about exceptions count; libraries log what they survive."""


POLLING = "Polling"
"""What failed when nothing may be polled any more."""


class Failed(Struct, frozen=True):
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
            note = write_crash_note(error, self.folder)
        self._tell(Failed(what, error, first, note))

    @contextmanager
    def catching(self) -> Iterator[None]:
        """Note what fails in threads, and what is logged, until the end of the block."""
        logger, handler = logging.getLogger(_OURS), _Handler(self)
        propagate, logger.propagate = logger.propagate, False  # else it is printed, into nowhere
        logger.addHandler(handler)
        hooks = threading.excepthook, sys.unraisablehook

        def unraisable(failed: sys.UnraisableHookArgs) -> None:
            if isinstance(failed.exc_value, Exception):
                self.note("Cleaning up", failed.exc_value)
            else:
                hooks[1](failed)

        threading.excepthook, sys.unraisablehook = self._in_thread, unraisable
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


class _Handler(logging.Handler):
    """Notes the exceptions that are logged."""

    def __init__(self, failures: Failures) -> None:
        super().__init__(logging.ERROR)
        self._failures = failures

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and (error := record.exc_info[1]) is not None:
            polling = record.name.startswith(_POLLS)
            self._failures.note(POLLING if polling else record.getMessage().capitalize(), error)


NOTES_KEPT = 20
"""Crash notes kept in the folder; the oldest go first."""
_MESSAGE_LIMIT = 2_000
_KEY_SHAPED = re.compile(r"[0-9A-Za-z_-]{24,}")
"""Long unbroken words: keys have 40 digits. A key that a message quotes goes with them."""
_KEY_PARAMETER = re.compile(r"(api_?key\W{0,3})[^\s&'\"]+", re.IGNORECASE)


def write_crash_note(error: BaseException, directory: Path | None = None) -> Path | None:
    """Write a note about ``error`` and return its place; None when no folder takes it.

    The note holds the kinds of the exceptions, their messages with everything key-shaped struck
    out, and the places in the code. It holds no local variable.
    """
    now = datetime.now(UTC)
    try:
        directory = directory or Locations.find().crashes
        path = directory / f"crash-{now:%Y%m%d-%H%M%S-%f}.txt"
        files.create(path, lambda: crash_text(error, now).encode(errors="replace"))
        for old in sorted(directory.glob("crash-*.txt"))[:-NOTES_KEPT]:
            old.unlink(missing_ok=True)
    except (OSError, LocationError):
        return None
    return path


def crash_text(error: BaseException, now: datetime) -> str:
    """What the note says."""
    lines = [
        f"smsmon {__version__} failed at {now:%Y-%m-%dT%H:%M:%SZ}",
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}",
        f"Command: {safe(_command_word())}",
        "",
    ]
    for link in _chain(error):
        lines.append(f"{type(link).__module__}.{type(link).__qualname__}: {_message(link)}")
        lines += [
            f"  {safe(frame.filename, 300)}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(link.__traceback__)
        ]
        lines.append("")
    return "\n".join(lines)


def strike_keys(text: str) -> str:
    """``text`` without anything that could be a key, and without the passwords of addresses."""
    text = without_passwords(text)
    if key := os.environ.get("SMSMON_API_KEY"):
        text = text.replace(key, "••••")
    # Keys from files and commands: of any length, and of characters that other words have too.
    if masking := sys.modules.get("smsmon.api.masking"):
        text = str(masking.without_living_keys(text))
    return _KEY_SHAPED.sub("••••", _KEY_PARAMETER.sub(r"\1••••", text))


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        return "(its message could not be made)"
    # Struck before it is cut: half a key would not look like one.
    return safe(strike_keys(text), _MESSAGE_LIMIT)


def _chain(error: BaseException) -> list[BaseException]:
    """The error, then what it came from, down to the first."""
    chain = [error]
    while (cause := error.__cause__ or error.__context__) is not None and cause not in chain:
        chain.append(cause)
        error = cause
    return chain


def _command_word() -> str:
    """The command's name and nothing of its arguments."""
    return next((word for word in sys.argv[1:] if word.isalpha()), "console")
