"""Whether a database makes sense, and what can be done where it does not."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from smsmon.store.errors import Damaged, of_os_error
from smsmon.store.local.files import database_of, journals_of, locked, signature
from smsmon.store.local.schema import BUSY_WAIT, LEFT, MIGRATIONS, migrate, refuse, speaking_of
from smsmon.text import safe

_COLUMNS = (
    "SELECT made.name, told.name FROM sqlite_master made, pragma_table_info(made.name) told"
    " WHERE made.type = 'table'"
)


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Read every page once, and look whether each index agrees with its table, and all are there.

    Half a second for a million recipients. Raises ``Damaged`` when something makes no sense.
    """
    with speaking_of(path), contextlib.closing(sqlite3.connect(":memory:")) as whole:
        (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == len(MIGRATIONS):
            migrate(whole, path, MIGRATIONS)
            for table, column in set(whole.execute(_COLUMNS)) - set(connection.execute(_COLUMNS)):
                said = f"{table}.{column} is missing"
    if said != "ok":
        raise Damaged(path, f"the file is damaged ({safe(said)})", LEFT)


def mend(connection: sqlite3.Connection, path: Path) -> bool:
    """As `check`, but where the tables are sound and an index is not, make the indexes anew.

    True when that was done. Raises ``Damaged``.
    """
    try:
        check(connection, path)
    except Damaged:
        with speaking_of(path):
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if said != "ok":
                raise
            try:
                connection.execute("REINDEX")
            except sqlite3.IntegrityError:
                said = ""
        if not said:
            raise
        check(connection, path)
        return True
    return False


def is_sound(path: Path) -> bool:
    """False when the database at ``path`` is damaged or another program's."""
    try:
        with (
            speaking_of(path),
            contextlib.closing(sqlite3.connect(database_of(path), timeout=BUSY_WAIT)) as connection,
        ):
            refuse(connection, path, len(MIGRATIONS))
            check(connection, path)
    except Damaged:
        return False
    return True


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
