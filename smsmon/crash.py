"""The note that is left when the program fails: what, where, no values of variables, no key."""

from __future__ import annotations

import os
import platform
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from smsmon import __version__, files
from smsmon.locations import LocationError, Locations
from smsmon.secret import without_passwords
from smsmon.text import safe

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
