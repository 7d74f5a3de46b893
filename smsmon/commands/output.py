"""How commands speak: results to stdout, everything else to stderr, one sentence a trouble."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, Literal, NoReturn

from smsmon import exit_codes
from smsmon.commands.door import Door
from smsmon.text import painted
from smsmon.times import LocalZone, aligned, counted, duration, utc
from smsmon.times import moment as told_moment


class Failure(Exception):
    """A command that cannot do its work: one sentence for the user, and the exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def fail(message: str, exit_code: int = exit_codes.USAGE) -> NoReturn:
    """Stop the command with a sentence that says what to do."""
    raise Failure(message, exit_code)


def fail_to_write(name: object, error: OSError) -> NoReturn:
    """Stop the command: the file ``name``, as it is shown, cannot be written."""
    from smsmon import files  # ``--version`` does without

    fail(f"{name} cannot be written ({files.why(error)}).")


def emit(text: str) -> None:
    """A line of the result, to stdout. A reader that went away is left to `smsmon.run`."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError as error:
        not_written(error)


def not_written(error: OSError) -> NoReturn:
    """Fail because stdout takes nothing; a reader that went away is left to `smsmon.run`."""
    if isinstance(error, BrokenPipeError):
        raise error
    fail(unwritten(error))


def unwritten(error: OSError) -> str:
    """The sentence that the output could not be written, and why."""
    from smsmon.files import why  # with pathlib a twentieth of `smsmon --version`

    return f"The output could not be written ({why(error)})."


Level = Literal["error", "warning", "info"]
PRIORITIES: Final = {"error": 3, "warning": 4, "info": 6}
"""Level → its priority of syslog(3) and journald."""
_BEGINNING = "smsmon: "
"""Of diagnostics in text. Where they are objects, nobody has to find them among others."""
_diagnostics: Literal["text", "json"] = "text"


def log_as(form: Literal["text", "json"]) -> None:
    """Write diagnostics in this form from now on; json: each is an object."""
    global _diagnostics
    _diagnostics = form


def say(message: str, level: Level = "warning", **fields: str) -> None:
    """A diagnostic: stderr, one line, without what could be a key.

    ``fields`` tell what it is about, where diagnostics are objects: event, profile, id.
    """
    with contextlib.suppress(OSError):  # nowhere is left to complain to
        sys.stderr.write(f"{_diagnostic(message, level, **fields)}\n")
        sys.stderr.flush()


def _diagnostic(message: str, level: Level, **fields: str) -> str:
    from smsmon.secret import without_likely_keys

    text = painted(without_likely_keys(message)[:_LINE])
    if _diagnostics == "text":
        return text
    told = {
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "level": level,
        "priority": PRIORITIES[level],
        "message": text.removeprefix(_BEGINNING),
    }
    return json_line(told | {name: painted(value) for name, value in fields.items()})


def listed(ids: Iterable[str], shown: int = 10) -> str:
    """Ids in a sentence: all of a few, the first and the number of many."""
    ids = list(ids)
    if len(ids) <= shown:
        return ", ".join(ids)
    return f"{', '.join(ids[:shown])} and {len(ids) - shown:,} more ({len(ids):,} in all)"


def progress(message: str) -> None:
    """A diagnostic that only a person wants: silent unless stderr is a terminal."""
    if sys.stderr.isatty():
        say(message, "info")


class Progress:
    """How far long work is: one line that counts, rewritten in place; nothing in a pipe."""

    def __init__(self, done: str, total: int | None = None) -> None:
        """``done`` is the word for it: ``read``. ``total`` is None where it is not known."""
        self._done = done
        self._total = "" if total is None else f" of {total:,}"
        self._count = 0
        self._shown_at = time.monotonic()
        self._shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._show("")

    def step(self, more: int = 1) -> None:
        """So many more."""
        self._count += more
        now = time.monotonic()
        if now - self._shown_at >= _PROGRESS_EVERY and sys.stderr.isatty():
            self._shown_at = now
            self._show(f"{self._count:,}{self._total} {self._done}")

    def _show(self, text: str) -> None:
        if isinstance(sys.stderr, Door) and os.environ.get("TERM") != "dumb":
            self._shown = True
            with contextlib.suppress(OSError):
                sys.stderr.rewrite(text)


def on_terminal() -> bool:
    """True when stdout is a terminal, so that a person reads it."""
    return sys.stdout.isatty()


def when(moment: float | None, *, in_utc: bool = False) -> str:
    """A moment (epoch seconds) for a table: short on a terminal, whole in a pipe.

    On a terminal, as the console has it: ``12:04:31`` today, ``21 Nov 12:04`` before, in local
    time, or in UTC with a ``Z``. In a pipe ``2026-11-21T12:04:31Z``. Empty for None.
    """
    if not on_terminal():
        return utc(moment) or ""
    zone = UTC if in_utc else LocalZone()
    told = aligned(told_moment(moment, time.time(), zone))
    return f"{told}Z" if in_utc and ":" in told else told


def took(seconds: float) -> str:
    """A duration for a table: ``4 m 26 s`` on a terminal, seconds in a pipe."""
    if not on_terminal():
        return str(round(seconds, 1))
    return duration(seconds)


def use_signs(signs: str) -> None:
    """Print more than ASCII to terminals or not, as the setting ``display.signs`` has it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Door):
            stream.signs = signs


def without_terminal() -> list[str]:
    """Which of stdin, stdout and stderr no person sits at."""
    streams = (("stdin", sys.stdin), ("stdout", sys.stdout), ("stderr", sys.stderr))
    return [
        name for name, stream in streams if stream is None or stream.closed or not stream.isatty()
    ]


@contextlib.contextmanager
def without_waiting(gap: Callable[[int], str], failed: Callable[[OSError], None]) -> Iterator[None]:
    """Inside, printing waits for no reader: for an event loop (see `Door.without_waiting`).

    ``gap`` makes the line for stdout that says how many found no room; ``failed`` is called, in
    another thread, when stdout takes nothing any more.
    """
    with contextlib.ExitStack() as stack:
        if isinstance(sys.stderr, Door):
            stack.enter_context(
                sys.stderr.without_waiting(
                    lambda number: _diagnostic(no_room(number), "warning"), lambda _: None
                )
            )
        if isinstance(sys.stdout, Door):
            stack.callback(_tell_unwritten, sys.stdout)
            stack.enter_context(sys.stdout.without_waiting(gap, failed))
        yield


def no_room(number: int) -> str:
    """The line that stands for so many that found no room."""
    what = counted(number, "line")
    return f"smsmon: {what} found no room here, because nothing was read for a while."


def _tell_unwritten(stdout: Door) -> None:
    if stdout.unwritten:
        say(f"smsmon: {counted(stdout.unwritten, 'line')} of the output found no reader.")


def print_json(value: Any) -> None:
    """One JSON value and a line end; ASCII only where stdout, or a terminal, takes no more."""
    emit(_json(value, indent=_indent()))


def print_json_line(value: Any) -> None:
    """One JSON value on one line, at once: for what is read while it grows."""
    emit(json_line(value))


def json_line(value: Any) -> str:
    """One JSON value on one line, without an end."""
    return _json(value, separators=(",", ":"))


def _json(value: Any, **style: Any) -> str:
    """``value`` as JSON; with every odd character escaped when there is one, in a path say."""
    import json

    text = json.dumps(value, ensure_ascii=not _stdout_is_utf8(), **style)
    if text.replace("\n", "").isprintable():
        return text
    return json.dumps(value, ensure_ascii=True, **style).replace("\x7f", "\\u007f")


def _stdout_is_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf8")


def _indent() -> int | None:
    return 2 if on_terminal() else None


_LINE = 2_000
"""Longest diagnostic, in characters."""
_PROGRESS_EVERY = 0.5
"""Seconds before work counts as long, and between two looks at how far it is."""
