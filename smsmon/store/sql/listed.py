"""What the history notes of the watchlist: which messages are on it, and how they are described."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from types import MappingProxyType

from smsmon.known import Key, key_of
from smsmon.model import Entry
from smsmon.store.sql.columns import ms, ms_until
from smsmon.store.sql.database import Connection
from smsmon.store.sql.exchange import forget_polls

Changes = Mapping[Key, tuple[Entry | None, float]]
"""What came to the watchlist, or is described anew, or left it (None); each with since when."""
_NONE: Changes = MappingProxyType({})


def note_all(
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


def note(connection: Connection, changes: Changes) -> None:
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
