"""The metrics in a file, for node_exporter's textfile collector."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from smsmon.files import replaced
from smsmon.programs import beside
from smsmon.text import SENTENCE_LIMIT, safe

MODE = 0o644
"""Of a new file: the collector runs as another user, and nothing in it is secret."""


async def write(path: Path, text: bytes) -> str:
    """Write the file whole; gives why that failed, in a sentence, or nothing."""
    try:
        await beside(_write, path, text)
    except OSError as error:
        why = safe(error.strerror or type(error).__name__)
        name = safe(str(path), SENTENCE_LIMIT)
        return f"The metrics cannot be written to {name}: {why}."
    return ""


def _write(path: Path, text: bytes) -> None:
    with replaced(path, mode=MODE) as file:
        file.write(text)


async def remove(path: Path) -> str:
    """Take the file away: what nobody writes any more is not to be read as new."""
    with contextlib.suppress(OSError):
        await beside(_remove, path)
    return ""


def _remove(path: Path) -> None:
    Path(os.path.realpath(path)).unlink()  # a link stays one
