"""What another process records, read by those that follow it; and what they wish of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from smsmon.known import Key, Remembered
from smsmon.model import Transition
from smsmon.store.local import queries, stands
from smsmon.store.local.reader import Reader
from smsmon.store.shared import Cursor, Newer, Recorded, Wish


class LocalFollower:
    """One connection that looks whether there is something new.

    While nobody writes, a look costs next to nothing: SQLite counts the changes of a database.
    """

    def __init__(self, path: Path, revisions: Mapping[Key, int]) -> None:
        """``revisions`` are those that are known, by now."""
        self._reader = Reader(path)
        self._revisions = revisions
        self._looked_at: tuple[sqlite3.Connection, int] | None = None

    def changed(self) -> bool:
        def look(connection: sqlite3.Connection) -> tuple[sqlite3.Connection, int]:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            return connection, version

        before, self._looked_at = self._looked_at, self._reader.ask(look)
        return before is None or before[0] is not self._looked_at[0] or before != self._looked_at

    def end(self) -> Cursor:
        query = "SELECT ifnull(max(id), 0) FROM event"
        return Cursor(0, self._reader.ask(lambda db: int(db.execute(query).fetchone()[0])))

    def newer(self, cursor: Cursor) -> Newer:
        return self._reader.ask(lambda connection: newer(connection, cursor, self._revisions))

    def wishes(self) -> list[Wish]:
        return self._reader.ask(stands.wishes)

    def close(self) -> None:
        self._looked_at = None
        self._reader.close()


def newer(connection: sqlite3.Connection, cursor: Cursor, revisions: Mapping[Key, int]) -> Newer:
    """What was recorded since ``cursor``, in the order of its events."""
    connection.execute("BEGIN")
    try:
        (sequence,) = connection.execute("SELECT sequence FROM lease").fetchone()
        if sequence < cursor.sequence:
            cursor = Cursor()  # the database is another one
        polls = stands.polls_since(connection, cursor.sequence)
        recorded = connection.execute(
            "SELECT m.message_id, m.profile, m.revision FROM last_poll p JOIN message m"
            " ON m.message_id = p.message_id AND m.profile = p.profile WHERE p.sequence > ?",
            (cursor.sequence,),
        ).fetchall()
        last, events = queries.events_after(connection, cursor.event)
        accounts = stands.accounts(connection)
    finally:
        connection.execute("COMMIT")
    changed = [(id, of) for id, of, revision in recorded if revision != revisions.get((id, of), 0)]
    loaded = {each.summary.key: each for each in queries.load(connection, changed)}

    def changes(known: Remembered) -> tuple[Transition, ...]:
        after = revisions.get(known.summary.key, 0)
        return queries.changes_between(connection, known.row, after, known.summary.revision)

    messages = [
        Recorded(key, poll, loaded[key], changes(loaded[key]))
        if key in loaded
        else Recorded(key, poll)
        for key, poll in polls
    ]
    return Newer(Cursor(sequence, last), messages, events, accounts)
