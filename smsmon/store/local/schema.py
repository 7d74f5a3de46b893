"""``history.db``: its tables, its versions, and how a connection to it is opened.

Moments we observed are milliseconds since the epoch, the API's own dates are seconds; both
UTC. A phone is an integer where it is E.164 (``33612345678``), else the text that came.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from smsmon import files
from smsmon.store.errors import Busy, Damaged, DiskFull, NotWritable, StoreError, of_os_error
from smsmon.store.local.columns import respelled
from smsmon.store.local.files import database_of, is_there, journals_of, locked, make_folder

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

_V1 = (
    """CREATE TABLE message (
        id INTEGER PRIMARY KEY,
        message_id TEXT NOT NULL UNIQUE,
        profile TEXT NOT NULL,
        label TEXT NOT NULL,
        tags TEXT NOT NULL,           -- one a line
        revision INTEGER NOT NULL,    -- grows by one with each recorded report
        digest BLOB,                  -- of the last true report
        first_read_at INTEGER,
        read_at INTEGER,
        last_change_at INTEGER,
        completed_at INTEGER,
        removed_at INTEGER,           -- from the watchlist; NULL while it is on it
        total INTEGER NOT NULL,
        delivered INTEGER NOT NULL,
        not_delivered INTEGER NOT NULL,
        waiting INTEGER NOT NULL,
        unknown INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        absent TEXT NOT NULL          -- slots the last report left out: "3 17 18"
    )""",
    # No type for phone: with one, SQLite would make the text "0612345678" a number.
    """CREATE TABLE recipient (
        message INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        phone NOT NULL,
        status INTEGER NOT NULL,      -- model.Status
        word INTEGER NOT NULL,        -- the API's own word, in table word
        stop INTEGER NOT NULL,        -- 0 no, 1 yes, 2 the report did not say
        date INTEGER NOT NULL,        -- the API's date of the status; 0: none
        first_seen INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,  -- 0: never seen to change
        reason TEXT,                  -- why its row could not be understood
        PRIMARY KEY (message, slot)
    ) WITHOUT ROWID""",
    "CREATE INDEX recipient_by_phone ON recipient (phone)",
    # The key is the guard: one report changes a recipient once.
    """CREATE TABLE change (
        message INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        observed_at INTEGER NOT NULL,
        before INTEGER,               -- NULL: it appeared in this report
        after INTEGER NOT NULL,
        word INTEGER NOT NULL,
        stop_before INTEGER NOT NULL,
        stop_after INTEGER NOT NULL,
        date_before INTEGER NOT NULL,
        date INTEGER NOT NULL,
        PRIMARY KEY (message, slot, revision)
    ) WITHOUT ROWID""",
    "CREATE INDEX change_by_moment ON change (observed_at)",
    "CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    """CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        message_id TEXT,              -- NULL: it concerns the account
        profile TEXT NOT NULL,
        detail TEXT NOT NULL
    )""",
    "CREATE INDEX event_by_moment ON event (at)",
    "CREATE INDEX event_by_message ON event (message_id, at)",
)

# What the processes on one home tell each other.
_SHARED = (
    # Whoever polls has this epoch: what an earlier one still tries to record is refused. Each
    # recording has a number of its own, and followers read what has a higher one.
    "CREATE TABLE lease (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL,"
    " sequence INTEGER NOT NULL)",
    "INSERT INTO lease VALUES (1, 0, 0)",
    """CREATE TABLE last_poll (
        message_id TEXT PRIMARY KEY,
        profile TEXT NOT NULL,
        sequence INTEGER NOT NULL,    -- of the recording that wrote it
        read_at INTEGER,
        asked_at INTEGER,
        promise INTEGER,              -- milliseconds from that read to the next
        next_due INTEGER,
        settled_at INTEGER,
        fault TEXT,                   -- model.FaultKind; NULL: the last poll went well
        reason TEXT NOT NULL,
        fault_since INTEGER
    ) WITHOUT ROWID""",
    "CREATE INDEX last_poll_by_sequence ON last_poll (sequence)",
    """CREATE TABLE account (
        profile TEXT PRIMARY KEY,
        condition TEXT NOT NULL,
        fault TEXT,
        reason TEXT NOT NULL,
        since INTEGER,
        retry_at INTEGER,
        failing_since INTEGER,
        heard INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE wish (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        who TEXT NOT NULL,            -- the process that asks
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        what TEXT NOT NULL
    )""",
    # Alerts whose command ran when they fired, until it ran when they were over.
    """CREATE TABLE told (
        rule TEXT NOT NULL,
        message_id TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (rule, message_id)
    ) WITHOUT ROWID""",
)

_V2 = (
    # Since when the reports leave it out; 0: the last one lists it.
    "ALTER TABLE recipient ADD COLUMN absent_since INTEGER NOT NULL DEFAULT 0",
    """UPDATE recipient
        SET absent_since = (SELECT ifnull(read_at, 1) FROM message WHERE id = recipient.message)
        WHERE (message, slot) IN (
            SELECT m.id, place.value FROM message m,
            json_each('[' || replace(m.absent, ' ', ',') || ']') place
        )""",
    # A message id belongs to an account: of each that it was read with, there is one message.
    """CREATE TABLE message_of_account (
        id INTEGER PRIMARY KEY,
        message_id TEXT NOT NULL,
        profile TEXT NOT NULL,
        label TEXT NOT NULL,
        tags TEXT NOT NULL,           -- one a line
        revision INTEGER NOT NULL DEFAULT 0, -- grows by one with each report that is recorded
        digest BLOB,                  -- of the last true report
        first_read_at INTEGER,
        read_at INTEGER,
        asked_at INTEGER,             -- when what was read last had been asked for
        last_change_at INTEGER,
        completed_at INTEGER,
        settled_at INTEGER,
        removed_at INTEGER,           -- from the watchlist or this account; NULL while it is there
        due_at INTEGER,               -- when it was first found to be old enough to be dropped
        total INTEGER NOT NULL DEFAULT 0,
        delivered INTEGER NOT NULL DEFAULT 0,
        not_delivered INTEGER NOT NULL DEFAULT 0,
        waiting INTEGER NOT NULL DEFAULT 0,
        unknown INTEGER NOT NULL DEFAULT 0,
        stop INTEGER NOT NULL DEFAULT 0,
        absent INTEGER NOT NULL DEFAULT 0, -- of total, those that the last report left out
        UNIQUE (message_id, profile)
    )""",
    """INSERT INTO message_of_account SELECT
        id, message_id, profile, label, tags, revision, digest, first_read_at, read_at, read_at,
        last_change_at, completed_at, NULL, removed_at, NULL,
        total, delivered, not_delivered, waiting, unknown, stop,
        (SELECT count(*) FROM recipient WHERE message = message.id AND absent_since)
        FROM message""",
    "DROP TABLE message",
    "ALTER TABLE message_of_account RENAME TO message",
    # The last moment at which our clock and the server's agreed.
    "CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), agreed_at INTEGER)",
    "INSERT INTO clock VALUES (1, NULL)",
    # What version 1 kept as it came, or as a mainland number though it is of a department
    # overseas: reports spell it otherwise now, and it would look like another recipient.
    """UPDATE recipient SET phone = respelled(phone) WHERE phone >= ''
        OR phone BETWEEN 33260000000 AND 33269999999 OR phone BETWEEN 33590000000 AND 33599999999
        OR phone BETWEEN 33639000000 AND 33639999999 OR phone BETWEEN 33690000000 AND 33699999999
        OR phone BETWEEN 33708000000 AND 33709999999""",
    *_SHARED,
)

_V3 = (
    # Until when the server asked to be left alone, as it was told when an account went down.
    "ALTER TABLE event ADD COLUMN until INTEGER",
    # From which report to which one a recipient was left out, once he was back.
    """CREATE TABLE absence (
        message INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (message, slot, since)
    ) WITHOUT ROWID""",
)

_V4 = (
    # From which read to which one a message was not read for longer than was promised.
    """CREATE TABLE unread (
        message INTEGER NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (message, since)
    ) WITHOUT ROWID""",
    "CREATE INDEX unread_by_end ON unread (until)",
)

Script = Sequence[str]
MIGRATIONS: Sequence[Script] = (_V1, _V2, _V3, _V4)
"""``MIGRATIONS[n]`` are the statements that make a database of version n one of version n + 1;
version 0 is an empty file."""


def open_for_writing(path: Path, migrations: Sequence[Script] = MIGRATIONS) -> sqlite3.Connection:
    """The database at ``path``, made or migrated if need be. Raises ``StoreError``.

    Each commit survives a killed process. A power cut may take the last few with it, never the
    database: the next poll sees again what they held.
    """
    target = database_of(path)
    make_folder(target.parent)
    _prepare(path, target)
    # One console at a time: SQLite makes nobody wait for a change of the journal's mode.
    with speaking_of(path), locked(path, BUSY_WAIT):
        connection = sqlite3.connect(target, timeout=BUSY_WAIT, isolation_level=None)
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


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that can only read; to one that stands in for the file (see ``stands_in``)
    when there is none yet, when its writer has not filled it yet, or when it is of an older
    version and cannot be written.

    Raises ``StoreError``.
    """
    target = database_of(path)
    with speaking_of(path):
        if not is_there(path):
            return _empty(path)
        uri = f"file:{quote(os.fsencode(target))}?mode=ro"  # a name need not be UTF-8
        connection = sqlite3.connect(
            uri, timeout=BUSY_WAIT, isolation_level=None, uri=True, check_same_thread=False
        )
        try:
            refuse(connection, path, len(MIGRATIONS))
            version = _version(connection)
            if 0 < version < len(MIGRATIONS):
                try:
                    open_for_writing(path).close()
                except (NotWritable, DiskFull, Busy):
                    connection = _migrated_copy(connection, path)
            elif version == 0:  # its writer is about to make it
                connection.close()
                connection = _empty(path)
        except BaseException:
            connection.close()
            raise
    return connection


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


def _empty(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(connection, path, MIGRATIONS)
    return connection


def _migrated_copy(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """The older database of ``connection``, copied aside and migrated there."""
    with contextlib.closing(connection):
        copy = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        try:
            connection.backup(copy)
            migrate(copy, path, MIGRATIONS)
        except BaseException:
            copy.close()
            raise
    return copy


def stands_in(connection: sqlite3.Connection) -> bool:
    """True for what stands in for a file that is not made yet, or cannot be migrated: what is
    written to the file later never shows in it.
    """
    (nowhere,) = connection.execute(
        "SELECT ifnull(file, '') = '' FROM pragma_database_list"
    ).fetchone()
    return bool(nowhere)


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Script]) -> None:
    """Bring the database to the newest version, all of it or nothing. Raises ``StoreError``."""
    if _version(connection) == len(migrations):
        return
    with transaction(connection):
        version = _version(connection)  # another process may have been faster
        refuse(connection, path, len(migrations))
        connection.create_function("respelled", 1, respelled, deterministic=True)
        for script in migrations[version:]:
            for statement in script:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: committed at the end, rolled back on any exception."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk or a damaged page may have rolled it back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


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
        remedy = "It is tried again; if this goes on, look for the process that holds it."
        return Busy(path, "another process holds it locked", remedy)
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(path, "the disk is full", "Free some room; it is tried again by itself.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM) or (
        said.startswith("unable to open")
    ):
        remedy = f"Allow this user to write {path.parent}, or set SMSMON_HOME to another folder."
        return NotWritable(path, f"it cannot be opened for this ({said})", remedy)
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(path, f"the disk fails ({said})", "Look at the disk; it is tried again.")
    return StoreError(path, f"SQLite says: {said}", "It is tried again by itself.")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse(connection: sqlite3.Connection, path: Path, newest: int) -> None:
    """Raise for a database that is not ours to write: ``StoreError`` for one of a newer version,
    ``Damaged`` for another program's.
    """
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
