"""Questions to the history: each a function of a connection, and nothing is written.

What those promise that have the name of a method of ``Archive`` is told there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from smsmon.known import NO_MOMENTS, Key, Remembered, Summary
from smsmon.model import Arrival, Counts, Event, EventKind, Transition
from smsmon.recipients import Status
from smsmon.store.past import Absence
from smsmon.store.sql.columns import COLUMNS, Columns, ms, of_rows, seconds
from smsmon.store.sql.database import Connection, Row, marks, parts, rows_in

STATUSES = tuple(sorted(Status))
"""The statuses by their stored numbers, 0 to 3: a look-up is ten times cheaper than a call."""

_SUMMARY = (
    "SELECT id, message_id, profile, label, tags, revision, digest, first_read_at, read_at,"
    " last_change_at, completed_at, removed_at, total, delivered, not_delivered, waiting,"
    " unknown, stop, absent, asked_at, settled_at, added_at, source, sent_at FROM message"
)
_KEY = "SELECT id, message_id, profile FROM message"
_OF_NOW = "removed_at IS NOT NULL, removed_at DESC, id DESC"
"""Of several accounts that one message id was read with, the one it belongs to now comes first."""
TRANSITION = (
    "SELECT m.message_id, m.profile, c.slot, r.phone, c.before, c.after, w.text, c.stop_before,"
    " c.stop_after, c.date, c.observed_at FROM change c JOIN message m ON m.id = c.message"
    " JOIN recipient r ON r.message = c.message AND r.slot = c.slot"
    " JOIN word w ON w.id = c.word"
)
_CHANGES_OF_ONE = (
    "SELECT c.before, c.after, w.text, c.stop_before, c.stop_after, c.date, c.observed_at"
    " FROM change c JOIN word w ON w.id = c.word"
    " WHERE c.message = ? AND c.slot = ? ORDER BY c.revision"
)
EVENT = "SELECT kind, at, message_id, profile, detail, until FROM event"

_RECIPIENTS = f"SELECT {COLUMNS}, message FROM recipient WHERE message IN"  # noqa: S608
_WITH_CHANGES_AFTER = "SELECT DISTINCT message FROM change WHERE before IN (2, 3) AND message IN"
"""The messages with recipients that changed once they were final: few are."""
_CHANGED_AFTER = """
    SELECT slot, before, observed_at FROM change WHERE message = ? AND slot IN (
        SELECT slot FROM change WHERE message = ? AND before IN (2, 3)
    ) ORDER BY slot, revision"""
"""All changes of the recipients that changed once they were final."""
_MESSAGES_TOGETHER, _RECIPIENTS_TOGETHER = 500, 10_000
"""How many messages, of how many recipients, are loaded by one set of questions."""


def messages(
    connection: Connection, ids: Sequence[str] | None = None, profile: str | None = None
) -> list[Key]:
    """Which messages are known, each with an account."""
    rows: dict[str, Row] = {}
    for row in rows_of(connection, ids, _KEY):
        if profile is None or row[2] == profile:
            rows.setdefault(row[1], row)
    found = {row[1]: (row[1], row[2]) for row in sorted(rows.values())}
    return [found[each] for each in dict.fromkeys(found if ids is None else ids) if each in found]


def left(connection: Connection, since: float, sent_since: float) -> list[Key]:
    """The messages that left from ``since`` on, but for those known to be sent before."""
    rows = connection.execute(
        "SELECT message_id, profile FROM message WHERE removed_at >= ?"
        " AND (sent_at IS NULL OR sent_at >= ?) AND (added_at IS NULL OR added_at >= ?)"
        " ORDER BY id",
        (ms(since), ms(sent_since), ms(sent_since)),
    )
    return [(id, profile) for id, profile in rows]


def summaries_of(connection: Connection, wanted: Iterable[Key]) -> list[Summary]:
    """What is known of these without their recipients, in the order asked."""
    found: list[Summary] = []
    for part in parts(tuple(wanted)):
        rows = rows_of(connection, [each[0] for each in part])
        known = {(row[1], row[2]): row for row in rows}
        found += [_summary(known[each], each) for each in part if each in known]
    return found


def load(connection: Connection, wanted: Iterable[str | Key]) -> Iterator[Remembered]:
    """Messages as last seen, with their recipients, in the order asked; unknown ones give none.

    An id alone means the account that it belongs to now.
    """
    texts: dict[int, str] = {}
    left = list(wanted)
    while left:
        # As of one moment: a digest must never be newer than the recipients beside it.
        with connection.snapshot():
            messages, left = _first_of(connection, left)
            numbers = [row[0] for row, _ in messages]
            recipients, changes = _recipients(connection, numbers), _after(connection, numbers)
            found = []
            for row, key in messages:
                rows = recipients.get(row[0], ())
                if not texts.keys() >= {one[2] for one in rows}:
                    texts = dict(connection.execute("SELECT id, text FROM word"))
                columns = of_rows(rows, texts, connection.dialect)
                found.append(
                    _remembered(_summary(row, key), columns, changes.get(row[0], ()), row[0])
                )
        yield from found


def _recipients(connection: Connection, messages: Sequence[int]) -> dict[int, list[Row]]:
    """Message → its recipients, by slot."""
    if not messages:
        return {}
    rows = connection.execute(
        f"{_RECIPIENTS} ({marks(messages)}) ORDER BY message, slot", messages
    ).fetchall()
    return {message: [*some] for message, some in groupby(rows, itemgetter(-1))}


def _after(connection: Connection, messages: Sequence[int]) -> dict[int, list[Row]]:
    """Message → all changes of its recipients that changed once they were final."""
    if not messages:
        return {}
    found = connection.execute(f"{_WITH_CHANGES_AFTER} ({marks(messages)})", messages)
    numbers = [number for (number,) in found.fetchall()]
    changes = connection.many(_CHANGED_AFTER, [(each, each) for each in numbers])
    return dict(zip(numbers, changes, strict=True))


def _remembered(summary: Summary, columns: Columns, changes: Iterable[Row], row: int) -> Remembered:
    return Remembered(
        summary=summary,
        recipients=columns.recipients,
        first_seen=columns.first_seen,
        changed_at=columns.changed_at,
        absent=columns.absent,
        final_at=_final_at(changes),
        row=row,
    )


def _first_of(
    connection: Connection, wanted: list[str | Key]
) -> tuple[list[tuple[Row, Key]], list[str | Key]]:
    """The rows of the first messages of ``wanted`` that were ever read, each with its key; and all
    behind them.
    """
    some = wanted[:_MESSAGES_TOGETHER]
    known: dict[str | Key, Row] = {}
    for row in rows_of(connection, [each if isinstance(each, str) else each[0] for each in some]):
        known.setdefault(row[1], row)
        known[row[1], row[2]] = row
    found: list[tuple[Row, Key]] = []
    recipients = 0
    for place, each in enumerate(some):
        message = known.get(each)
        if message is None or message[8] is None:
            continue
        recipients += message[12]
        if found and recipients > _RECIPIENTS_TOGETHER:
            return found, wanted[place:]
        found.append((message, (message[1], message[2]) if isinstance(each, str) else each))
    return found, wanted[len(some) :]


def recipient_changes(
    connection: Connection, wanted: str | Key, slot: int
) -> tuple[Transition, ...]:
    """Every change ever seen of one recipient, oldest first."""
    where, values = _chosen(wanted)
    row = connection.execute(f"{_SUMMARY} WHERE {where}", values).fetchone()
    phone = (
        row
        and connection.execute(
            "SELECT r.phone FROM recipient r WHERE r.message = ? AND r.slot = ?", (row[0], slot)
        ).fetchone()
    )
    if not phone:
        return ()
    changes = connection.execute(_CHANGES_OF_ONE, (row[0], slot))
    phone_of = connection.dialect.phone_of
    return tuple(
        transition_of((row[1], row[2], slot, phone[0], *change), phone_of) for change in changes
    )


def absences(connection: Connection, wanted: str | Key, slot: int) -> tuple[Absence, ...]:
    """From when to when the reports left one recipient out, oldest first; he is back since."""
    where, values = _chosen(wanted)
    row = connection.execute(f"{_SUMMARY} WHERE {where}", values).fetchone()
    found = connection.execute(
        "SELECT since, until FROM absence WHERE message = ? AND slot = ? ORDER BY since",
        (row[0] if row else None, slot),
    )
    return tuple(Absence(since / 1000, until / 1000) for since, until in found)


def changes_between(
    connection: Connection, row: int, after: int, up_to: int
) -> tuple[Transition, ...]:
    """What the revisions of one message after one and up to another changed, oldest first."""
    rows = connection.execute(
        f"{TRANSITION} WHERE c.message = ? AND c.revision > ? AND c.revision <= ?"
        " ORDER BY c.revision, c.slot",
        (row, after, up_to),
    )
    return transitions_of(connection, rows)


def events(connection: Connection, where: str, values: Row) -> list[Event]:
    """The events that are ``where``, in the order in which they were recorded."""
    return [*map(event_of, connection.execute(f"{EVENT} WHERE {where} ORDER BY id", values))]


def last_event(connection: Connection) -> int:
    """The number of the newest event; 0 when there is none."""
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()
    return int(newest)


def _final_at(changes: Iterable[Row]) -> Mapping[int, float]:
    """When each was first seen final: at the change before the first that began with it."""
    found: dict[int, float] = {}
    last: tuple[int, float] = (-1, 0.0)
    for slot, before, observed_at in changes:
        if last[0] != slot:
            last = (slot, 0.0)
        if before in (Status.DELIVERED, Status.NOT_DELIVERED):
            found.setdefault(slot, last[1])
        # One that appeared with this change was seen for the first time: no change of its own.
        last = (slot, 0.0 if before is None else observed_at / 1000)
    return found or NO_MOMENTS


def rows_of(
    connection: Connection, ids: Sequence[str] | None, asked: str = _SUMMARY
) -> Iterable[Row]:
    """The rows of these messages, or of all: of one id, the one of its account now comes first."""
    if ids is None:
        return connection.execute(f"{asked} ORDER BY {_OF_NOW}")
    return rows_in(connection, f"{asked} WHERE message_id IN", ids, f"ORDER BY {_OF_NOW}")


def _chosen(wanted: str | Key) -> tuple[str, tuple[str, ...]]:
    """The condition that picks one row of ``message``, and its values."""
    if isinstance(wanted, str):
        return f"message_id = ? ORDER BY {_OF_NOW} LIMIT 1", (wanted,)
    return "message_id = ? AND profile = ?", wanted


def _summary(row: Row, key: Key) -> Summary:
    """What a row says of the message ``key``, whose texts it takes: others have these very ones."""
    return Summary(
        *key,
        label=row[3],
        tags=tuple(filter(None, row[4].split("\n"))),
        revision=row[5],
        digest=row[6],
        first_read_at=seconds(row[7]),
        read_at=seconds(row[8]),
        asked_at=seconds(row[19]),
        last_change_at=seconds(row[9]),
        completed_at=seconds(row[10]),
        settled_at=seconds(row[20]),
        removed_at=seconds(row[11]),
        counts=Counts(*row[12:19]),
        added_at=seconds(row[21]),
        arrival=Arrival(row[22], 0.0, sent_at=seconds(row[23])) if row[22] else None,
    )


def transitions_of(connection: Connection, rows: Iterable[Row]) -> tuple[Transition, ...]:
    """The changes of ``rows`` (``TRANSITION``)."""
    phone_of = connection.dialect.phone_of
    return tuple(transition_of(row, phone_of) for row in rows)


def transition_of(row: Row, phone_of: Callable[[int | str], str]) -> Transition:
    message_id, profile, slot, phone, before, after, word, *rest = row
    stop_before, stop_after, date, observed_at = rest
    return Transition(
        message_id=message_id,
        slot=slot,
        phone=phone_of(phone),
        before=None if before is None else STATUSES[before],
        after=STATUSES[after],
        raw_status=word,
        stop_before=bool(stop_before),
        stop_after=bool(stop_after),
        date=date or None,
        observed_at=observed_at / 1000,
        profile=profile,
    )


def event_of(row: Row) -> Event:
    kind, at, message_id, profile, detail, until = row
    return Event(EventKind(kind), at / 1000, message_id, profile, detail, until and until / 1000)
