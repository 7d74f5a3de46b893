"""What the history notes besides reports: the watchlist, what went unread, what accounts held.

Which messages are on the watchlist, and how they are described; from when to when messages were not
read though that was promised; what accounts held, written where it is another than before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from types import MappingProxyType

from smsmon.known import STALE_GRACE, Key, key_of, overdue_from
from smsmon.model import Entry
from smsmon.store.past import BalanceSeen, Unread
from smsmon.store.sql.columns import ms, ms_until, seconds
from smsmon.store.sql.database import Connection, Row
from smsmon.store.sql.exchange import forget_polls

Changes = Mapping[Key, tuple[Entry | None, float]]
"""What came to the watchlist, or is described anew, or left it (None); each with since when."""
_NONE: Changes = MappingProxyType({})


def note_list(
    connection: Connection,
    entries: Sequence[Entry],
    at: float,
    since: Changes = _NONE,
    until: float = inf,
) -> None:
    """Note that these are on the watchlist, and nothing else; but for what changed ``since``, and
    what was first read after ``until``: it may have come since then.
    """
    told = {key_of(entry): entry for entry in entries} | {k: e for k, (e, _) in since.items()}
    watched = {key: entry for key, entry in told.items() if entry is not None}
    forget_polls(connection, {message_id for message_id, _ in watched})
    # Those that left long ago are many more: what is not watched by now is not looked at.
    on_it = connection.execute(
        "SELECT message_id, profile, label, tags FROM message"
        " WHERE removed_at IS NULL AND NOT coalesce(first_read_at, 0) > ?",
        (ms_until(until),),
    )
    described = {(id, profile): tuple(rest) for id, profile, *rest in on_it}
    _leave(connection, dict.fromkeys(described.keys() - watched.keys(), at))
    _describe(
        connection,
        (entry for key, entry in watched.items() if described.get(key) != description(entry)),
    )


def note_listed(connection: Connection, changes: Changes) -> None:
    """Note what came to it, is described anew, and left it: at the price of that alone."""
    left = {key: at for key, (entry, at) in changes.items() if entry is None}
    if left:
        _leave(connection, left)
        query = "DELETE FROM last_poll WHERE message_id = ? AND profile = ?"
        connection.executemany(query, [*left])
    _describe(connection, (entry for entry, _ in changes.values() if entry is not None))


def description(entry: Entry) -> tuple[str, str]:
    """Label and tags, as the history has them."""
    return entry.label, "\n".join(entry.tags)


def _leave(connection: Connection, left: Mapping[Key, float]) -> None:
    (agreed_at,) = connection.execute("SELECT agreed_at FROM clock").fetchone()
    moments = {key: max(ms(at), agreed_at or 0) for key, at in left.items()}
    # Not before what was seen of it: the clock may be behind.
    connection.executemany(
        "UPDATE message SET removed_at = CASE WHEN read_at > ? THEN read_at ELSE ? END"
        " WHERE message_id = ? AND profile = ? AND removed_at IS NULL",
        [(at, at, *key) for key, at in moments.items()],
    )


def _describe(connection: Connection, entries: Iterable[Entry]) -> None:
    connection.executemany(
        "UPDATE message SET label = ?, tags = ?, removed_at = NULL, due_at = NULL"
        " WHERE message_id = ? AND profile = ?",
        [(*description(entry), *key_of(entry)) for entry in entries],
    )


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


def note_unread(
    connection: Connection, row: int, key: Key, read_at: float | None, until: float
) -> None:
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


def unread_stretches(
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


_HELD = "amount, currency, credits, credits_eco, credits_hlr, to_send"
_LAST = f"SELECT {_HELD} FROM balance WHERE profile = ? ORDER BY at DESC LIMIT 1"  # noqa: S608
_SEEN = f"""
    SELECT at, {_HELD} FROM balance WHERE profile = :profile AND at < :until AND at >= coalesce(
        (SELECT max(at) FROM balance WHERE profile = :profile AND at <= :since), :since
    ) ORDER BY at"""  # noqa: S608 - a constant
_RECORD = (
    f"INSERT INTO balance (profile, at, {_HELD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    " ON CONFLICT (profile, at) DO UPDATE SET amount = excluded.amount,"
    " currency = excluded.currency, credits = excluded.credits, credits_eco = excluded.credits_eco,"
    " credits_hlr = excluded.credits_hlr, to_send = excluded.to_send"
)
_LARGEST = 2**63 - 1


def record_balances(connection: Connection, balances: Iterable[tuple[str, BalanceSeen]]) -> None:
    """Record what accounts hold, each with its account, where it is another than before."""
    for profile, seen in balances:
        held = _held(seen)
        if connection.execute(_LAST, (profile,)).fetchone() != held:
            connection.execute(_RECORD, (profile, ms(seen.at), *held))


def balances(
    connection: Connection, profile: str, since: float = 0.0, until: float = inf
) -> list[BalanceSeen]:
    """What an account held in that time, oldest first; what it held when it began comes first."""
    rows = connection.execute(
        _SEEN,
        {"profile": profile, "since": ms(since), "until": ms_until(until)},
    )
    return [BalanceSeen(at / 1000, *held) for at, *held in rows]


def drop_balances(connection: Connection, limit: int) -> None:
    """Drop those up to ``limit``, but for what each account holds still."""
    connection.execute(
        "DELETE FROM balance WHERE at <= ? AND at < (SELECT max(at) FROM balance newer"
        " WHERE newer.profile = balance.profile)",
        (limit,),
    )


def _held(seen: BalanceSeen) -> Row:
    numbers = (
        None if number is None else max(-_LARGEST, min(number, _LARGEST))
        for number in (seen.credits, seen.credits_eco, seen.credits_hlr, seen.to_send)
    )
    return seen.amount, seen.currency, *numbers
