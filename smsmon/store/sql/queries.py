"""Questions to the history: each a function of a connection, and nothing is written.

What those promise that have the name of a method of ``Archive`` is told there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from smsmon.known import Key, Remembered, Summary
from smsmon.model import Arrival, Counts, Event, EventKind, Transition
from smsmon.recipients import Status
from smsmon.store.past import Absence
from smsmon.store.sql.columns import COLUMNS, NO_COLUMNS, Columns, final_at, ms, of_rows, seconds
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
_CHANGES_BETWEEN = (
    f"{TRANSITION} WHERE c.message = ? AND c.revision > ? AND c.revision <= ?"
    " ORDER BY c.revision, c.slot"
)
EVENT = "SELECT kind, at, message_id, profile, detail, until, id FROM event"

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


class ReadRecipients:
    """Reads the recipients of messages; the words of the API that it came upon are kept."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}

    def __call__(self, connection: Connection, messages: Sequence[int]) -> dict[int, Columns]:
        """Number of a message → its recipients; of those that have any."""
        if not messages:
            return {}
        found = connection.execute(
            f"{_RECIPIENTS} ({marks(messages)}) ORDER BY message, slot", messages
        ).fetchall()
        some = {number: [*rows] for number, rows in groupby(found, itemgetter(-1))}
        changes = _after(connection, messages)
        return {
            number: of_rows(
                rows,
                self._words(connection, rows),
                connection.dialect,
                final_at(changes.get(number, ())),
            )
            for number, rows in some.items()
        }

    def _words(self, connection: Connection, rows: Iterable[Row]) -> Mapping[int, str]:
        """The words of ``rows``, and more, by their numbers."""
        if not self._texts.keys() >= {row[2] for row in rows}:
            self._texts = dict(connection.execute("SELECT id, text FROM word"))
        return self._texts


def load(
    connection: Connection, wanted: Iterable[str | Key], read: ReadRecipients | None = None
) -> Iterator[Remembered]:
    """Messages as last seen, with their recipients, in the order asked; unknown ones give none.

    An id alone means the account that it belongs to now.
    """
    read = read or ReadRecipients()
    left = list(wanted)
    while left:
        # As of one moment: a digest must never be newer than the recipients beside it.
        with connection.snapshot():
            messages, left = _first_of(connection, left)
            numbers = [row[0] for row, _ in messages]
            columns = read(connection, numbers)
            found = [
                _remembered(_summary(row, key), columns.get(row[0], NO_COLUMNS), row[0])
                for row, key in messages
            ]
        yield from found


def _after(connection: Connection, messages: Sequence[int]) -> dict[int, list[Row]]:
    """Message → all changes of its recipients that changed once they were final."""
    if not messages:
        return {}
    found = connection.execute(f"{_WITH_CHANGES_AFTER} ({marks(messages)})", messages)
    numbers = [number for (number,) in found.fetchall()]
    changes = connection.many(_CHANGED_AFTER, [(each, each) for each in numbers])
    return dict(zip(numbers, changes, strict=True))


def _remembered(summary: Summary, columns: Columns, row: int) -> Remembered:
    return Remembered(
        summary=summary,
        recipients=columns.recipients,
        first_seen=columns.first_seen,
        changed_at=columns.changed_at,
        absent=columns.absent,
        final_at=columns.final_at,
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
    connection: Connection, wanted: Sequence[tuple[int, int, int]]
) -> Iterator[tuple[Transition, ...]]:
    """What the revisions after one and up to another changed, oldest first: of each message of
    ``wanted``, by its number and those two.
    """
    for rows in connection.many(_CHANGES_BETWEEN, wanted):
        yield transitions_of(connection, rows)


def last_event(connection: Connection) -> int:
    """The number of the newest event; 0 when there is none."""
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()
    return int(newest)


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
    kind, at, message_id, profile, detail, until, _ = row
    return Event(EventKind(kind), at / 1000, message_id, profile, detail, until and until / 1000)
