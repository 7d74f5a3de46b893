"""The metrics in a file, for node_exporter's textfile collector."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from smsmon.files import open_lock, replaced
from smsmon.programs import beside
from smsmon.text import SENTENCE_LIMIT, safe

MODE = 0o644
"""Of a new file: the collector runs as another user, and nothing in it is secret."""


class MetricsFile:
    """Writes one file, as long as no other smsmon does: of two, each would take the other's place.

    Whose it is tells a lock on a file beside it, which goes with its holder.
    """

    def __init__(self) -> None:
        self._lock: int | None = None
        self._written = False

    async def write(self, path: Path, text: bytes) -> str:
        """Write the file whole; gives why that failed, in a sentence, or nothing."""
        name = safe(str(path), SENTENCE_LIMIT)
        try:
            await beside(self._write, path, text)
        except BlockingIOError:
            return (
                f"Another smsmon writes its metrics to {name}, so this one does not: give it"
                " another watch.metrics_file."
            )
        except OSError as error:
            why = safe(error.strerror or type(error).__name__)
            return f"The metrics cannot be written to {name}: {why}."
        return ""

    async def remove(self, path: Path) -> str:
        """Take the file away: what nobody writes any more is not to be read as new."""
        await beside(self._remove, path)
        return ""

    def _write(self, path: Path, text: bytes) -> None:
        self._make_it_ours(path)
        with replaced(path, mode=MODE) as file:
            file.write(text)
        self._written = True

    def _remove(self, path: Path) -> None:
        target = Path(os.path.realpath(path))  # a link stays one
        if self._written:
            with contextlib.suppress(OSError):
                target.unlink()
        if self._lock is not None:
            with contextlib.suppress(OSError):
                _lock_of(target).unlink()
            os.close(self._lock)
        self._lock, self._written = None, False

    def _make_it_ours(self, path: Path) -> None:
        """Raises ``BlockingIOError`` while another process has it.

        In a folder that takes no new file, and on a disk without locks, nobody can tell.
        """
        target = Path(os.path.realpath(path))
        lock = _lock_of(target)
        while self._lock is None:
            try:
                handle = open_lock(lock, target)
            except OSError:
                return
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(handle), os.stat(lock)):
                    self._lock = handle
            except FileNotFoundError:
                continue  # its holder took it away meanwhile
            except BlockingIOError:
                raise
            except OSError:
                return
            finally:
                if self._lock != handle:
                    os.close(handle)


def _lock_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.lock")
