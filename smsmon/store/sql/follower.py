"""What one process recorded, read by the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from smsmon.known import Key, Remembered
from smsmon.model import Transition
from smsmon.store.shared import Cursor, Newer, Recorded
from smsmon.store.sql import exchange, queries
from smsmon.store.sql.database import Connection, Row

_REVISION = (
    "SELECT m.message_id, m.profile, m.revision FROM last_poll p JOIN message m"
    " ON m.message_id = p.message_id AND m.profile = p.profile"
)


class Tail(NamedTuple):
    """What of the record is newer than a cursor, as conditions of queries with their values."""

    cursor: Cursor
    """Its end."""
    polls: tuple[str, Row]
    """Of the rows ``p`` of ``last_poll``."""
    events: tuple[str, Row]
    """Of those of ``event``."""


def newer(
    connection: Connection,
    tail: Callable[[Connection], Tail],
    revisions: Mapping[Key, int],
) -> Newer:
    """What ``tail`` says to be newer, in the order of its events; the recipients of messages whose
    revision is another one than in ``revisions``.
    """
    with connection.snapshot():
        cursor, (where, values), of_events = tail(connection)
        polls = exchange.polls(connection, where, values)
        recorded = connection.execute(f"{_REVISION} WHERE {where}", values).fetchall()
        events = queries.events(connection, *of_events)
        stand = exchange.accounts(connection)
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
    return Newer(cursor, messages, events, stand)
