"""``history.db``: how a connection to it is opened, in its newest version (see ``migrations``), and
how SQLite has what the databases have otherwise.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from smsmon import files
from smsmon.phones import e164
from smsmon.store.errors import (
    BY_ITSELF,
    Busy,
    Damaged,
    DiskFull,
    NotWritable,
    StoreError,
    of_os_error,
)
from smsmon.store.local.files import (
    database_of,
    is_there,
    journals_of,
    locked,
    make_folder,
    place_of,
)
from smsmon.store.local.migrations import MIGRATIONS, Script
from smsmon.store.sql.database import Connection, Parameters

APPLICATION_ID = 0x736D736D
"""``smsm``: tells ``file`` and us that the database is ours."""
BUSY_WAIT = 2.0
"""Seconds a statement waits for another process's transaction before it counts as locked."""
WAL_LIMIT = 4 * 2**20
"""Bytes that the write-ahead log is cut back to after a checkpoint."""

LEFT = (
    "It is left as it is; the console or `smsmon watch` mends it at its next start, or sets it"
    " aside and begins a new one."
)
"""What becomes of a damaged database."""


def open_for_writing(path: Path, migrations: Sequence[Script] = MIGRATIONS) -> LocalConnection:
    """The database at ``path``, made or migrated if need be. Raises ``StoreError``.

    Each commit survives a killed process. A power cut may take the last few with it, never the
    database: the next poll sees again what they held.
    """
    target = database_of(path)
    make_folder(target.parent)
    _prepare(path, target)
    # One console at a time: SQLite makes nobody wait for a change of the journal's mode.
    with speaking_of(path), locked(path, BUSY_WAIT):
        connection = connect(target)
        try:
            refuse(connection, path, len(migrations))
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
            migrate(connection, path, migrations)
        except BaseException:
            connection.close()
            raise
    return connection


def open_for_reading(path: Path) -> LocalConnection:
    """A connection that can only read; to one that stands in for the file (see ``stands_in``)
    when there is none yet, when its writer has not filled it yet, or when it is of an older
    version and cannot be written.

    Raises ``StoreError``.
    """
    target = database_of(path)
    with speaking_of(path):
        if not is_there(path):
            return empty(path)
        uri = f"file:{quote(os.fsencode(target))}?mode=ro"  # a name need not be UTF-8
        connection = connect(uri, uri=True, for_all=True)
        try:
            refuse(connection, path, len(MIGRATIONS))
            version = version_of(connection)
            if 0 < version < len(MIGRATIONS):
                try:
                    open_for_writing(path).close()
                except (NotWritable, DiskFull, Busy):
                    connection = _migrated_copy(connection, path)
            elif version == 0:  # its writer is about to make it
                connection.close()
                connection = empty(path)
        except BaseException:
            connection.close()
            raise
    return connection


def connect(target: Path | str, *, uri: bool = False, for_all: bool = False) -> LocalConnection:
    """A connection to a database, which may be named by a URI; ``for_all`` threads."""
    return sqlite3.connect(
        target,
        timeout=BUSY_WAIT,
        isolation_level=None,
        check_same_thread=not for_all,
        factory=LocalConnection,
        uri=uri,
    )


def _prepare(path: Path, target: Path) -> None:
    """Make the file, or close the one that is there to all but its owner. Raises ``StoreError``.

    Made here and not by SQLite, which knows no mode but the umask's; its journals take the mode
    and the owner of the database. One that exists is not opened: to close it again would drop
    the locks that other connections of this process hold on it.
    """
    try:
        found = files.must_be_file(target)
        if found is None:
            with contextlib.suppress(FileExistsError):
                files.create(target, bytes)
        elif found.st_mode & 0o077:
            for each in (target, *journals_of(target)):
                with contextlib.suppress(FileNotFoundError, PermissionError):
                    each.chmod(stat.S_IMODE(each.stat().st_mode) & 0o700)
    except OSError as error:
        raise of_os_error(path, error, "write") from error


def empty(path: Path) -> LocalConnection:
    """A history without anything in it, in memory; ``path`` is what it stands for."""
    connection = connect(":memory:", for_all=True)
    migrate(connection, path, MIGRATIONS)
    return connection


def _migrated_copy(connection: LocalConnection, path: Path) -> LocalConnection:
    """The older database of ``connection``, copied aside and migrated there."""
    with contextlib.closing(connection):
        copy = connect("", for_all=True)
        try:
            connection.backup(copy)
            migrate(copy, path, MIGRATIONS)
        except BaseException:
            copy.close()
            raise
    return copy


def stands_in(connection: LocalConnection) -> bool:
    """True for what stands in for a file that is not made yet, or cannot be migrated: what is
    written to the file later never shows in it.
    """
    (nowhere,) = connection.execute(
        "SELECT ifnull(file, '') = '' FROM pragma_database_list"
    ).fetchone()
    return bool(nowhere)


def migrate(connection: LocalConnection, path: Path, migrations: Sequence[Script]) -> None:
    """Bring the database to the newest version, all of it or nothing. Raises ``StoreError``."""
    if version_of(connection) == len(migrations):
        return
    with connection.transaction():
        version = version_of(connection)  # another process may have been faster
        refuse(connection, path, len(migrations))
        connection.create_function("respelled", 1, respelled, deterministic=True)
        for script in migrations[version:]:
            for statement in script:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[LocalConnection]:
    """A connection for one piece of work. Raises ``StoreError``."""
    with contextlib.closing(open_for_writing(path)) as connection, speaking_of(path):
        yield connection


@contextlib.contextmanager
def speaking_of(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about ``path`` into ``StoreError`` with a sentence for a person."""
    try:
        yield
    except sqlite3.Error as error:
        raise of_sqlite_error(path, error) from error


def of_sqlite_error(path: Path, error: sqlite3.Error) -> StoreError:
    """The ``StoreError`` that says ``error`` in plain words."""
    # The extended codes of one kind share their low byte.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        # SQLite does not tell why: a full disk, a quota and a limit look like a broken disk.
        database = database_of(path)
        try:
            files.must_have_room(database, *journals_of(database))
        except OSError as why:
            return of_os_error(path, why, "write")
    said = str(error)
    lacking = said.startswith(("no such table", "no such column"))
    if lacking or code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return Damaged(path, f"the file is damaged ({said})", LEFT)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        remedy = f"{BY_ITSELF} If this goes on, look for the process that holds it."
        return Busy(path, "another process holds it locked", remedy)
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(path, "the disk is full", f"Free some room. {BY_ITSELF}")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM) or (
        said.startswith("unable to open")
    ):
        remedy = f"Allow this user to write {path.parent}, or set SMSMON_HOME to another folder."
        return NotWritable(path, f"it cannot be opened for this ({said})", remedy)
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(path, f"the disk fails ({said})", f"Look at the disk. {BY_ITSELF}")
    return StoreError(path, f"SQLite says: {said}", BY_ITSELF)


def version_of(connection: Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse(connection: LocalConnection, path: Path, newest: int) -> None:
    """Raise for a database that is not ours to write: ``StoreError`` for one of a newer version,
    ``Damaged`` for another program's.
    """
    found = place_of(path)
    if found.log and found.log.st_size and found.database and not found.database.st_size:
        # SQLite would drop the journal, and all that may still be in it, at the first look.
        raise Damaged(path, "it was emptied or removed, and its journal was not", LEFT)
    # One statement, one moment: between two, another console may have made the tables.
    version, ours, tables = connection.execute(
        "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)"
        " FROM pragma_user_version, pragma_application_id"
    ).fetchone()
    if ours != APPLICATION_ID and (version or tables):
        raise Damaged(path, "this is no history of smsmon", LEFT)
    if version > newest:
        why = f"a newer smsmon wrote it (version {version}; this one reads up to {newest})"
        raise StoreError(path, why, "Update smsmon; the file is left as it is.")


class _Sqlite:
    """The ``Dialect`` of SQLite. A phone is an integer where it is E.164 (``33612345678``), else
    the text that came.
    """

    by_phone = "r.phone"
    # No text is less than the empty one, and every number is.
    fragment = (
        "SELECT DISTINCT phone FROM recipient WHERE instr(phone, ?) OR phone >= '' ORDER BY phone"
    )
    stamped = ""
    held = ""

    @staticmethod
    def stored(phone: str) -> int | str:
        digits = phone[1:]
        plain = phone[:1] == "+" and digits.isascii() and digits.isdigit() and len(digits) <= 15
        return int(digits) if plain and digits[:1] != "0" and digits else phone

    @staticmethod
    def phone_of(stored: int | str) -> str:
        return stored if isinstance(stored, str) else f"+{stored}"


SQLITE = _Sqlite()


class LocalConnection(sqlite3.Connection):
    """A connection that begins and ends its transactions itself (``isolation_level`` None)."""

    dialect = SQLITE

    def stream(self, query: str, parameters: Parameters = (), /) -> sqlite3.Cursor:
        return self.execute(query, parameters)

    def many(self, query: str, rows: Sequence[Parameters], /) -> Iterator[list[Any]]:
        return (self.execute(query, each).fetchall() for each in rows)

    def together(self) -> contextlib.AbstractContextManager[object]:
        return contextlib.nullcontext()

    def insert(self, query: str, parameters: Parameters, /) -> int:
        number = self.execute(query, parameters).lastrowid
        assert number is not None  # noqa: S101 - an INSERT has one
        return number

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # A full disk or a damaged page may have rolled it back already.
            if self.in_transaction:
                self.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        self.execute("BEGIN")
        try:
            yield
        finally:
            self.execute("COMMIT")


def respelled(key: int | str) -> int | str:
    """What is stored now for a phone that a history of version 1 holds as ``key``.

    There every national French number is one of the mainland, and other spellings are as they
    came.
    """
    digits = str(key)
    if isinstance(key, int) and not re.fullmatch(r"33[1-9][0-9]{8}", digits):
        return key
    number = e164(key if isinstance(key, str) else f"0{digits[2:]}")
    return SQLITE.stored(number) if number else key
