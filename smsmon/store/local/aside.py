"""A damaged database is set aside, so that nothing of it is lost and a new one can begin."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from smsmon.store.errors import of_os_error
from smsmon.store.local.files import database_of, journals_of, locked, signature
from smsmon.store.local.soundness import is_sound


def set_aside(path: Path, inode: int | None, now: float) -> Path | None:
    """Rename the database at ``path``, whose file is ``inode`` if that is known; its new name.

    None when there is no need: another process was faster, or what looked like damage was a
    passing fault. Raises ``StoreError``.
    """
    with locked(path):
        current = signature(path)
        if current is None or inode not in (None, current.inode) or is_sound(path):
            return None
        return _renamed(path, now)


def _renamed(path: Path, now: float) -> Path:
    target = database_of(path)
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = target.with_name(f"{target.name}.damaged-{stamp}")
    number = 1
    while kept.exists():
        number += 1
        kept = target.with_name(f"{target.name}.damaged-{stamp}-{number}")
    try:
        target.rename(kept)
        for left, taken in zip(journals_of(target), journals_of(kept), strict=True):
            with contextlib.suppress(FileNotFoundError):
                left.rename(taken)
    except OSError as error:
        raise of_os_error(path, error, "write") from error
    return kept
