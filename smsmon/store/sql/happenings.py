"""What happened in a stretch of time, asked of the history: each change, or added up.

What those promise that have the name of a method of ``Archive`` is told there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from math import inf

from smsmon.groups import told_to_be_sent, took
from smsmon.known import Key
from smsmon.model import Arrival, Entry, Event, EventKind, Final, Transition
from smsmon.phones import region
from smsmon.store.past import Happened, InShort, of_accounts, with_alerts
from smsmon.store.sql import alerts
from smsmon.store.sql.columns import ms, ms_until, seconds
from smsmon.store.sql.database import Connection, marks, parts
from smsmon.store.sql.noted import unread_stretches
from smsmon.store.sql.queries import EVENT, STATUSES, TRANSITION, event_of, transitions_of

_ADDED_UP = """
    SELECT message,
        count(*) FILTER (WHERE after = 2 AND coalesce(before, -1) != 2),
        count(*) FILTER (WHERE after = 3 AND coalesce(before, -1) != 3),
        count(*) FILTER (WHERE after = 1 AND coalesce(before, -1) != 1),
        count(*) FILTER (WHERE after = 0 AND coalesce(before, -1) != 0),
        count(*) FILTER (WHERE stop_after > stop_before),
        count(*) FILTER (WHERE stop_after < stop_before), max(observed_at)
    FROM change WHERE observed_at >= ? AND observed_at < ? GROUP BY message"""
# Only the first time that somebody became final took him time. Who was final at first look is news
# of what a source brought: it was told as sent.
_FINALS = """
    SELECT c.message AS message, r.phone,
        CASE WHEN c.after IN (2, 3) AND c.after != coalesce(c.before, -1) THEN c.after ELSE 0 END,
        c.stop_after > c.stop_before, c.observed_at AS at,
        CASE WHEN c.before IN (0, 1) AND c.after IN (2, 3) AND NOT EXISTS (
            SELECT 1 FROM change e WHERE e.message = c.message AND e.slot = c.slot
            AND e.revision < c.revision AND (e.before IN (2, 3) OR e.after IN (2, 3))
        ) THEN c.observed_at - r.first_seen END, c.date, c.slot AS slot, c.revision AS revision
    FROM change c JOIN recipient r ON r.message = c.message AND r.slot = c.slot
    WHERE c.observed_at >= ? AND c.observed_at < ? AND (
        c.after IN (2, 3) AND c.after != coalesce(c.before, -1) OR c.stop_after > c.stop_before
    )
    UNION ALL SELECT message, phone, status, stop = 1, first_seen, 0, date, slot, 0 FROM (
        SELECT r.message AS message, r.phone AS phone, r.first_seen AS first_seen, r.slot AS slot,
            coalesce((SELECT c.before FROM change c WHERE c.message = r.message
                AND c.slot = r.slot ORDER BY c.revision LIMIT 1), r.status) AS status,
            coalesce((SELECT c.stop_before FROM change c WHERE c.message = r.message
                AND c.slot = r.slot ORDER BY c.revision LIMIT 1), r.stop) AS stop,
            coalesce((SELECT c.date_before FROM change c WHERE c.message = r.message
                AND c.slot = r.slot ORDER BY c.revision LIMIT 1), r.date) AS date
        FROM message m JOIN recipient r ON r.message = m.id AND r.first_seen = m.first_read_at
        WHERE m.source != '' AND m.first_read_at >= ? AND m.first_read_at < ?
    ) first WHERE status IN (2, 3)
    ORDER BY at, message, slot, revision"""
_TAGGED = (
    "SELECT message_id, profile, tags, label, source, added_at, sent_at FROM message WHERE id = ?"
)
_MESSAGES_AT_ONCE = 1_000
_SIZES = "SELECT message_id, sum(total) FROM message WHERE message_id IN"
_RECIPIENTS_AT_ONCE, _MESSAGES_ASKED = 5_000, 100
"""Of whom, and of how many messages, all that happened is asked for by one statement."""
_DESCRIBED = "SELECT message_id, profile, label FROM message WHERE id = ?"
_LABEL = "SELECT label FROM message WHERE message_id = ? AND profile = ?"
_NUMBERS = ("delivered", "not_delivered", "waiting", "unknown", "stop", "stop_withdrawn")
_EVENTS = """
    SELECT message_id, profile, kind, count(*), max(at) FROM event
    WHERE at >= ? AND at < ? AND message_id IS NOT NULL GROUP BY message_id, profile, kind"""
_MISSING = "SELECT message_id, profile FROM last_poll WHERE fault = 'not_found'"
_DOWN = "SELECT profile FROM account WHERE condition != 'ok'"
_OF_ACCOUNTS = (
    f"{EVENT} WHERE message_id IS NULL AND at >= ? AND at < ? AND kind LIKE 'account%'"
    " ORDER BY at, id"
)


def timeline(
    connection: Connection,
    message_id: str,
    limit: int = 10_000,
    since: float = 0.0,
    until: float = inf,
) -> Happened:
    """What happened to a message; the newest ``limit`` changes."""
    stretch = ms(since), ms_until(until)
    rows = connection.execute(
        f"{TRANSITION} WHERE m.message_id = ? AND +c.observed_at >= ? AND +c.observed_at < ?"
        " ORDER BY c.observed_at DESC, c.slot DESC, c.revision DESC LIMIT ?",
        (message_id, *stretch, limit + 1),
    ).fetchall()
    events = connection.execute(
        f"{EVENT} WHERE message_id = ? AND at >= ? AND at < ? ORDER BY at, id",
        (message_id, *stretch),
    )
    return Happened(
        transitions_of(connection, reversed(rows[:limit])),
        tuple(map(event_of, events)),
        len(rows) > limit,
    )


def timelines(
    connection: Connection, ids: Iterable[str], since: float, until: float
) -> Iterator[tuple[str, Happened]]:
    """All that happened to each of these."""
    for some in _of_some_recipients(connection, ids):
        changes: dict[str, list[Transition]] = {}
        with connection.snapshot():
            # Nothing is asked of their moments: PostgreSQL would read all that is of that time.
            rows = connection.execute(
                f"{TRANSITION} WHERE m.message_id IN ({marks(some)})"
                " ORDER BY c.observed_at, c.slot, c.revision",
                some,
            )
            for each in transitions_of(connection, rows):
                if since <= each.observed_at < until:
                    changes.setdefault(each.message_id, []).append(each)
            rows = connection.execute(
                f"{EVENT} WHERE message_id IN ({marks(some)}) ORDER BY at, id", some
            )
            events: dict[str | None, list[Event]] = {}
            for event in map(event_of, rows):
                if since <= event.at < until:
                    events.setdefault(event.message_id, []).append(event)
        for id in some:
            yield id, Happened(tuple(changes.get(id, ())), tuple(events.get(id, ())), False)


def _of_some_recipients(connection: Connection, ids: Iterable[str]) -> Iterator[list[str]]:
    """``ids`` in portions of few messages that have no more than some recipients, or of one."""
    for part in parts(tuple(ids)):
        rows = connection.execute(f"{_SIZES} ({marks(part)}) GROUP BY message_id", part)
        sizes, some, recipients = dict(rows.fetchall()), list[str](), 0
        for id in part:
            recipients += sizes.get(id, 0)
            if some and (recipients > _RECIPIENTS_AT_ONCE or len(some) == _MESSAGES_ASKED):
                yield some
                some, recipients = [], sizes.get(id, 0)
            some.append(id)
        yield some


def happened(
    connection: Connection, since: float, until: float = inf, limit: int = 10_000
) -> Happened:
    """What changed in all messages; the oldest ``limit`` of each kind."""
    stretch = ms(since), ms_until(until)
    rows = connection.execute(
        f"{TRANSITION} WHERE c.observed_at >= ? AND c.observed_at < ?"
        " ORDER BY c.observed_at, c.message, c.slot, c.revision LIMIT ?",
        (*stretch, limit + 1),
    ).fetchall()
    events = connection.execute(
        f"{EVENT} WHERE at >= ? AND at < ? ORDER BY at, id LIMIT ?", (*stretch, limit + 1)
    ).fetchall()
    return Happened(
        transitions_of(connection, rows[:limit]),
        tuple(map(event_of, events[:limit])),
        len(rows) > limit or len(events) > limit,
    )


def finals(connection: Connection, since: float, until: float = inf) -> Iterator[Final]:
    """Each recipient who became final, and each STOP that appeared, oldest first."""

    phone_of = connection.dialect.phone_of

    @lru_cache(_MESSAGES_AT_ONCE)
    def told(message: int) -> Entry:
        id, profile, tags, label, source, *moments = connection.execute(
            _TAGGED, (message,)
        ).fetchone()
        added_at, sent_at = map(seconds, moments)
        came = Arrival(source, 0.0, sent_at=sent_at) if source else None
        tagged = tuple(filter(None, tags.split("\n")))
        return Entry(id, label, tagged, added_at=added_at or 0.0, profile=profile, arrival=came)

    stretch = ms(since), ms_until(until)
    for message, phone, status, stop, at, lasted, date, *_ in connection.stream(
        _FINALS, (*stretch, *stretch)
    ):
        entry = told(message)
        sent = told_to_be_sent(entry)
        seconds_taken, dated = None if lasted is None else lasted / 1000, True
        if lasted is not None and sent is not None:
            seconds_taken, dated = took(sent, date, at / 1000)
        yield Final(
            at / 1000,
            entry.id,
            entry.profile,
            entry.tags,
            region(phone_of(phone)),
            STATUSES[status] if status else None,
            bool(stop),
            seconds_taken,
            entry.label,
            entry.source,
            dated,
        )


def in_short(connection: Connection, since: float, until: float) -> list[InShort]:
    """What happened, a row for each message and account of which there is something to tell."""
    stretch = ms(since), ms(until)
    rows: dict[Key, InShort] = {}
    for message, *numbers, last_at in connection.execute(_ADDED_UP, stretch):
        id, profile, label = connection.execute(_DESCRIBED, (message,)).fetchone()
        counts = dict(zip(_NUMBERS, numbers, strict=True))
        rows[id, profile] = InShort(id, profile, label, **counts, last_at=last_at / 1000)

    def row(key: Key) -> InShort:
        if key in rows:
            return rows[key]
        (label,) = connection.execute(_LABEL, key).fetchone() or ("",)
        return InShort(*key, label)

    for *names, kind, count, at in connection.execute(_EVENTS, stretch):
        key = (names[0], names[1])
        before = row(key)
        rows[key] = replace(
            before,
            events=(*before.events, (EventKind(kind), count)),
            last_at=max(at / 1000, before.last_at or 0.0),
        )
    missing = {(id, profile) for id, profile in connection.execute(_MISSING)}
    for key, unread in unread_stretches(connection, stretch, until).items():
        is_missing = unread[-1].until is None and key in missing
        rows[key] = replace(row(key), unread=tuple(unread), missing=is_missing)
    order = list(EventKind)
    told = [
        replace(each, events=tuple(sorted(each.events, key=lambda one: order.index(one[0]))))
        for each in rows.values()
    ]
    down = {each[0] for each in connection.execute(_DOWN)}
    told += of_accounts(account_events(connection, 0.0, until), since, down)
    return with_alerts(told, alerts.episodes(connection, since, until))


def account_events(connection: Connection, since: float, until: float = inf) -> list[Event]:
    """What happened to accounts, oldest first."""
    return [*map(event_of, connection.execute(_OF_ACCOUNTS, (ms(since), ms_until(until))))]
