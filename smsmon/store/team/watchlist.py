"""The watchlist of a team, in rows: what everybody watches.

Each change is carried out on what is there at that moment, in one transaction that holds the row
with the list's number: who comes at the same time waits for it. The number grows with each change,
so that to ask whether somebody else was there is to ask for one row. A replica that was promoted
may lack the last changes, and gives their numbers to others: so each counts on its time line alone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import msgspec

from smsmon.clock import Clock
from smsmon.model import Entry
from smsmon.store.entries import EditedList, Operation
from smsmon.store.errors import StoreError
from smsmon.store.shared import News
from smsmon.store.sql.arrivals import TableArrivals
from smsmon.store.sql.database import Connection as AnyConnection
from smsmon.store.sql.database import Row
from smsmon.store.team.connection import Connection
from smsmon.store.team.database import LINE, Database

_Version = tuple[Any, ...]
"""The number, and of which time line it is (``LINE``)."""
_VERSION = f"SELECT version, {LINE} FROM watchlist_version"  # noqa: S608
_COLUMNS = (
    "message_id, place, label, tags, note, added_at, paused, profile, extra, note_by, note_at"
)
_LIST = f"SELECT {_COLUMNS} FROM watchlist ORDER BY place, message_id"  # noqa: S608
_PUT = (
    f"INSERT INTO watchlist ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    " ON CONFLICT (message_id) DO UPDATE SET place = excluded.place, label = excluded.label,"
    " tags = excluded.tags, note = excluded.note, added_at = excluded.added_at,"
    " paused = excluded.paused, profile = excluded.profile, extra = excluded.extra,"
    " note_by = excluded.note_by, note_at = excluded.note_at"
)


class TeamWatchlist(EditedList):
    """The ``WatchlistStore`` in a team's database."""

    told = True

    def __init__(self, database: Database, clock: Clock | None = None, who: str = "") -> None:
        super().__init__(clock, who)
        self._database = database
        self._guard = threading.RLock()
        self._entries: tuple[Entry, ...] = ()
        self._version: _Version = ()
        """Of the list that is known; empty: none is yet."""
        self._broken: StoreError | None = None

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._entries

    @property
    def broken(self) -> StoreError | None:
        return self._broken

    def load(self) -> list[Entry]:
        with self._guard:
            try:
                version, entries = self._database.ask(_read)
            except StoreError as error:
                self._broken = error
                raise
            self._know(version, entries)
            return list(entries)

    def poll_changes(self) -> list[Entry] | None:
        with self._guard:
            try:
                found = self._database.ask(self._newer)
            except StoreError as error:
                self._broken = error
                raise
            self._broken = None
            if found is None:
                return None
            self._know(*found)
            return list(self._entries)

    def update(self, operation: Operation) -> list[Entry]:
        with self._guard:
            with self._database.writing() as connection:
                connection.execute(f"{_VERSION} FOR UPDATE")
                version, before = _read(connection)
                entries = tuple(operation(list(before)))
                if _write(connection, before, entries):
                    version = (version[0] + 1, *version[1:])
                    connection.execute("UPDATE watchlist_version SET version = ?", version[:1])
                    self._database.ring(connection, News.WATCHLIST)
            self._know(version, entries)
            return list(entries)

    def _newer(self, connection: Connection) -> tuple[_Version, tuple[Entry, ...]] | None:
        version = connection.execute(_VERSION).fetchone()
        return None if version == self._version else _read(connection)

    def _know(self, version: _Version, entries: tuple[Entry, ...]) -> None:
        self._version, self._entries, self._broken = version, entries, None


def _read(connection: Connection) -> tuple[_Version, tuple[Entry, ...]]:
    version = connection.execute(_VERSION).fetchone() or ()
    return version, tuple(map(_entry, connection.execute(_LIST)))


def _write(connection: Connection, before: Sequence[Entry], after: Sequence[Entry]) -> bool:
    """Write the rows in which the lists differ; False where there are none."""
    was = {entry.id: _row(entry, place) for place, entry in enumerate(before)}
    now = {entry.id: _row(entry, place) for place, entry in enumerate(after)}
    gone = [(id,) for id in was.keys() - now.keys()]
    put = [row for id, row in now.items() if was.get(id) != row]
    if gone:
        connection.executemany("DELETE FROM watchlist WHERE message_id = ?", gone)
    if put:
        connection.executemany(_PUT, put)
    return bool(gone or put)


def _row(entry: Entry, place: int) -> Row:
    return (
        entry.id,
        place,
        entry.label,
        "\n".join(entry.tags),
        entry.note,
        round(entry.added_at),
        entry.paused,
        entry.profile,
        msgspec.json.encode(entry.extra).decode() if entry.extra else "",
        entry.note_by,
        entry.note_at,
    )


def _entry(row: Row) -> Entry:
    id, _, label, tags, note, added_at, paused, profile, extra, note_by, note_at = row
    return Entry(
        id,
        label,
        tuple(filter(None, tags.split("\n"))),
        note,
        float(added_at),
        bool(paused),
        profile,
        msgspec.json.decode(extra) if extra else {},
        note_by,
        note_at,
    )


class TeamArrivals(TableArrivals):
    """The ``ArrivalStore`` by a connection to the database: whoever listens looks at once."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        super().__init__(database, clock, f"name, {LINE}")
        self._team = database

    def _changed(self, db: AnyConnection) -> None:
        assert isinstance(db, Connection)  # noqa: S101 - of ``database``
        self._team.ring(db, News.ARRIVALS)
