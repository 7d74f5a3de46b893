"""From when to when messages were not read though that was promised: noted, and asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from smsmon.known import STALE_GRACE, Key, overdue_from
from smsmon.store.past import Unread
from smsmon.store.sql.columns import ms, seconds
from smsmon.store.sql.database import Connection

_UNREAD = """
    SELECT m.message_id, m.profile, u.since, u.until
    FROM unread u JOIN message m ON m.id = u.message
    WHERE u.until > ? AND u.since < ? ORDER BY u.since"""
_STANDS = """
    SELECT p.message_id, p.profile, coalesce(m.read_at, p.read_at), p.promise, p.fault_since
    FROM last_poll p LEFT JOIN message m ON m.message_id = p.message_id AND m.profile = p.profile"""
_NOT_ASKED = (
    "SELECT 1 FROM event WHERE message_id = ? AND at >= ? AND kind IN ('paused', 'removed') LIMIT 1"
)
"""Whether nobody promised any more to read a message, from some moment on."""
_FAILED_FIRST = (
    "SELECT min(at) FROM event WHERE message_id = :id AND kind IN ('stale', 'not found')"
    " AND at > coalesce((SELECT max(at) FROM event WHERE message_id = :id"
    " AND kind IN ('paused', 'removed')), 0)"
)
"""When a message that was never read failed first: each process counts its own failures anew."""


def note(connection: Connection, row: int, key: Key, read_at: float | None, until: float) -> None:
    """Note that a message in ``row``, read last at ``read_at``, was read ``until`` later than
    promised, if it was.
    """
    if read_at is not None and until - read_at <= STALE_GRACE:
        return  # nearly always: it takes no look at what was promised
    found = connection.execute(
        "SELECT promise, fault_since FROM last_poll WHERE message_id = ? AND profile = ?", key
    ).fetchone()
    promise, fault_since = map(seconds, found or (None, None))
    since, overdue = read_at, overdue_from(read_at, promise)
    if read_at is None and fault_since is not None:  # never read before: since that failed
        since = overdue = _failed_first(connection, key[0]) or fault_since
    if since is None or overdue is None or until <= overdue:
        return
    if _was_asked(connection, key[0], since):
        connection.execute(
            "INSERT INTO unread (message, since, until) VALUES (?, ?, ?)"
            " ON CONFLICT (message, since) DO UPDATE SET until = excluded.until",
            (row, ms(since), ms(until)),
        )


def _failed_first(connection: Connection, message_id: str) -> float | None:
    (moment,) = connection.execute(_FAILED_FIRST, {"id": message_id}).fetchone()
    return seconds(moment)


def _was_asked(connection: Connection, message_id: str, since: float) -> bool:
    """True when it was neither paused nor removed from ``since`` on."""
    return connection.execute(_NOT_ASKED, (message_id, ms(since))).fetchone() is None


def stretches(
    connection: Connection, stretch: tuple[int, int], until: float
) -> dict[Key, list[Unread]]:
    """The stretches in which messages were not read, of those that reach into the time asked."""
    found: defaultdict[Key, list[Unread]] = defaultdict(list)
    for message_id, profile, began, ended in connection.execute(_UNREAD, stretch):
        found[message_id, profile].append(Unread(began / 1000, ended / 1000))
    for key, began_at in _still(connection, until):
        found[key].append(Unread(began_at, None))
    return found


def _still(connection: Connection, until: float) -> Iterable[tuple[Key, float]]:
    """Messages that were overdue at ``until`` and were not read since; and since when not."""
    stands = connection.execute(_STANDS).fetchall()
    for message_id, profile, *moments in stands:
        read_at, promise, fault_since = map(seconds, moments)
        since, overdue = read_at, overdue_from(read_at, promise)
        if read_at is None and fault_since is not None:  # it was tried, and never read
            since = overdue = _failed_first(connection, message_id) or fault_since
        if since is None or overdue is None or overdue >= until:
            continue
        if _was_asked(connection, message_id, since):
            yield (message_id, profile), since
