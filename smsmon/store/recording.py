"""What one poll brought, written into ``history.db``: only what differs, and nothing twice.

What is written is the difference between the report and what the database holds, and the
database's revision tells whether another console has written meanwhile. So a report that was
recorded before, here or elsewhere, adds nothing.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from smsmon.model import Counts, Entry, Event
from smsmon.recipients import STOP_YES, Recipients
from smsmon.store.columns import (
    COLUMNS,
    differing,
    is_change,
    of_rows,
    placed,
    rearranged,
    stored,
    word,
)
from smsmon.store.stands import Polls, forget_polls


class AppliedPoll(Protocol):
    """What the monitor tells about one poll (its ``Applied``)."""

    @property
    def message_id(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def events(self) -> tuple[Event, ...]: ...


class WatchedMessage(Polls, Protocol):
    """What the monitor knows of the message after that poll (its ``Watched``)."""

    @property
    def entry(self) -> Entry: ...
    @property
    def recipients(self) -> Recipients: ...
    @property
    def first_seen(self) -> array[float]: ...
    @property
    def changed_at(self) -> array[float]: ...
    @property
    def absent(self) -> Mapping[int, float]: ...
    @property
    def counts(self) -> Counts: ...
    @property
    def digest(self) -> bytes | None: ...
    @property
    def read_at(self) -> float | None: ...
    @property
    def asked_at(self) -> float | None: ...
    @property
    def first_read_at(self) -> float | None: ...
    @property
    def last_change_at(self) -> float | None: ...
    @property
    def completed_at(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Update:
    """A message as it stood after one poll: nothing in it changes any more."""

    at: float
    entry: Entry
    recipients: Recipients
    first_seen: array[float] | None
    """A copy of the column, where new slots are possible; else None."""
    changed_at: array[float] | None
    absent: Mapping[int, float]
    counts: Counts
    digest: bytes | None
    read_at: float | None
    asked_at: float | None
    first_read_at: float | None
    last_change_at: float | None
    completed_at: float | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the database holds of one message, as of a revision."""

    row: int
    revision: int
    recipients: Recipients
    absent: Mapping[int, float] = field(default_factory=dict)


class Recording:
    """One connection's recording. Every method runs within the caller's transaction.

    After a rollback call ``forget_all``: what was known no longer holds.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[str, Known] = {}
        self._words: dict[str, int] = {}

    def forget_all(self) -> None:
        """Drop what is known of the database; it is read again where needed."""
        self._known.clear()
        self._words.clear()

    def adopt(self, message_id: str, known: Known) -> None:
        """Take over what a reader of the database found, to spare reading it again."""
        self._known[message_id] = known

    def revision(self, message_id: str) -> int:
        """The revision of a message that was recorded or adopted last; 0 when none was."""
        known = self._known.get(message_id)
        return 0 if known is None else known.revision

    def report(self, update: Update) -> None:
        """Record a report: the message's row, the recipients that differ, their changes."""
        known, reading = self._current(update)
        if reading is not None and update.at < reading:
            return  # another console recorded a later answer: this one is old news
        slots = placed(known.recipients.phones, update.recipients.phones)
        given = update.recipients
        absent = update.absent
        if slots is None and absent:
            slots = range(len(given))
        if slots is not None:
            given = rearranged(known.recipients, given, slots, absent)
            since = {slot: absent.get(place) for place, slot in enumerate(slots)}
            absent = {
                slot: known.absent.get(slot) or since.get(slot) or update.at
                for slot in range(len(given))
                if slot not in since or since[slot] is not None
            }
        revision = known.revision + 1
        self._change(known, given, revision, update.at)
        self._append(known, given, revision, update, slots)
        self._miss(known, absent)
        self._describe(known, revision, Counts.of(given, len(absent)), update)
        self._known[update.entry.id] = Known(known.row, revision, given, absent)

    def reads(self, reads: Iterable[tuple[str, float]]) -> None:
        """Note that messages were truly read at these moments, and nothing had changed."""
        self._connection.executemany(
            "UPDATE message SET read_at = max(ifnull(read_at, 0), ?) WHERE message_id = ?",
            [(_ms(at), message_id) for message_id, at in reads],
        )

    def events(self, events: Iterable[Event]) -> None:
        """Append to the log."""
        self._connection.executemany(
            "INSERT INTO event (at, kind, message_id, profile, detail) VALUES (?, ?, ?, ?, ?)",
            [(_ms(e.at), str(e.kind), e.message_id, e.profile, e.detail) for e in events],
        )

    def watching(self, entries: Sequence[Entry], at: float) -> None:
        """Note which messages are on the watchlist, and how they are described there."""
        watched = {entry.id: entry for entry in entries}
        forget_polls(self._connection, watched.keys())
        for message_id in self._known.keys() - watched.keys():
            del self._known[message_id]  # read again, should a late answer still come
        rows = self._connection.execute(
            "SELECT message_id, profile, label, tags, removed_at FROM message"
        ).fetchall()
        described = []
        for message_id, profile, label, tags, removed_at in rows:
            entry = watched.get(message_id)
            if entry is None:
                if removed_at is None:
                    self._connection.execute(
                        "UPDATE message SET removed_at = ? WHERE message_id = ?",
                        (_ms(at), message_id),
                    )
            elif (profile, label, tags, removed_at) != (*_description(entry), None):
                described.append((*_description(entry), message_id))
        self._connection.executemany(
            "UPDATE message SET profile = ?, label = ?, tags = ?, removed_at = NULL"
            " WHERE message_id = ?",
            described,
        )

    def _current(self, update: Update) -> tuple[Known, float | None]:
        """What the database holds now; and when it was read, if others wrote that."""
        message_id = update.entry.id
        row = self._connection.execute(
            "SELECT id, revision, read_at FROM message WHERE message_id = ?", (message_id,)
        ).fetchone()
        known = self._known.get(message_id)
        if row is None:
            cursor = self._connection.execute(
                "INSERT INTO message (message_id, profile, label, tags, revision, total,"
                " delivered, not_delivered, waiting, unknown, stop)"
                " VALUES (?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0)",
                (message_id, *_description(update.entry)),
            )
            assert cursor.lastrowid is not None  # noqa: S101 - an INSERT has one
            return Known(cursor.lastrowid, 0, Recipients()), None
        number, revision, read_at = row
        if known is not None and (known.row, known.revision) == (number, revision):
            return known, None
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM recipient WHERE message = ? ORDER BY slot",  # noqa: S608
            (number,),
        ).fetchall()
        texts = dict(self._connection.execute("SELECT id, text FROM word"))
        columns = of_rows(rows, texts)
        known = Known(number, revision, columns.recipients, columns.absent)
        return known, None if read_at is None else read_at / 1000

    def _change(self, known: Known, given: Recipients, revision: int, at: float) -> None:
        before = known.recipients
        slots = differing(before, given)
        if not slots:
            return
        moment = _ms(at)
        changes = []
        rows = []
        for slot in slots:
            news = is_change(before, given, slot)
            word_id = self._word(word(given, slot))
            if news:
                changes.append(
                    (
                        known.row,
                        slot,
                        revision,
                        moment,
                        before.statuses[slot],
                        given.statuses[slot],
                        word_id,
                        before.stops[slot] == STOP_YES,
                        given.stops[slot] == STOP_YES,
                        before.dates[slot],
                        given.dates[slot],
                    )
                )
            rows.append(
                (
                    given.statuses[slot],
                    word_id,
                    given.stops[slot],
                    given.dates[slot],
                    given.reasons.get(slot),
                    moment if news else None,
                    known.row,
                    slot,
                )
            )
        self._connection.executemany(
            "UPDATE recipient SET status = ?, word = ?, stop = ?, date = ?, reason = ?,"
            " changed_at = ifnull(?, changed_at) WHERE message = ? AND slot = ?",
            rows,
        )
        self._insert_changes(changes)

    def _append(
        self,
        known: Known,
        given: Recipients,
        revision: int,
        update: Update,
        slots: Sequence[int] | None,
    ) -> None:
        start = len(known.recipients)
        if len(given) == start:
            return
        moment = _ms(update.at)
        first_seen = dict.fromkeys(range(start, len(given)), moment)
        changed_at = dict.fromkeys(range(start, len(given)), 0)
        places = range(len(given)) if slots is None else slots
        if update.first_seen is not None and update.changed_at is not None:
            for place, slot in enumerate(places):
                if slot >= start:
                    first_seen[slot] = _ms(update.first_seen[place])
                    changed_at[slot] = _ms(update.changed_at[place])
        words = [self._word(text) for text in given.vocabulary]
        self._connection.executemany(
            "INSERT INTO recipient VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            [
                (
                    known.row,
                    slot,
                    stored(given.phones[slot]),
                    given.statuses[slot],
                    words[given.words[slot]],
                    given.stops[slot],
                    given.dates[slot],
                    first_seen[slot],
                    changed_at[slot],
                    given.reasons.get(slot),
                )
                for slot in range(start, len(given))
            ],
        )
        if start:  # whoever is in the first report did not "appear": it was our first look
            self._insert_changes(
                (
                    known.row,
                    slot,
                    revision,
                    first_seen[slot],
                    None,
                    given.statuses[slot],
                    words[given.words[slot]],
                    False,
                    given.stops[slot] == STOP_YES,
                    0,
                    given.dates[slot],
                )
                for slot in range(start, len(given))
            )

    def _insert_changes(self, rows: Iterable[tuple[int | bool | None, ...]]) -> None:
        self._connection.executemany(
            "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
        )

    def _miss(self, known: Known, absent: Mapping[int, float]) -> None:
        """Note whom the reports leave out since when, and whom they list again."""
        slots = absent.keys() ^ known.absent.keys()
        self._connection.executemany(
            "UPDATE recipient SET absent_since = ? WHERE message = ? AND slot = ?",
            [(_ms(absent.get(slot, 0.0)), known.row, slot) for slot in slots],
        )

    def _describe(self, known: Known, revision: int, counts: Counts, update: Update) -> None:
        self._connection.execute(
            "UPDATE message SET revision = ?, digest = ?, first_read_at = ifnull(first_read_at, ?),"
            " read_at = ?, asked_at = ?, last_change_at = ?, completed_at = ?, total = ?,"
            " delivered = ?, not_delivered = ?, waiting = ?, unknown = ?, stop = ?, absent = ?"
            " WHERE id = ?",
            (
                revision,
                update.digest,
                _ms_or_none(update.first_read_at),
                _ms_or_none(update.read_at),
                _ms_or_none(update.asked_at),
                _ms_or_none(update.last_change_at),
                _ms_or_none(update.completed_at),
                counts.total,
                counts.delivered,
                counts.not_delivered,
                counts.waiting,
                counts.unknown,
                counts.stop,
                counts.absent,
                known.row,
            ),
        )

    def _word(self, text: str) -> int:
        number = self._words.get(text)
        if number is None:
            self._connection.execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (text,))
            (number,) = self._connection.execute(
                "SELECT id FROM word WHERE text = ?", (text,)
            ).fetchone()
            self._words[text] = number
        return int(number)


def _description(entry: Entry) -> tuple[str, str, str]:
    return entry.profile, entry.label, "\n".join(entry.tags)


def _ms(moment: float) -> int:
    return round(moment * 1000)


def _ms_or_none(moment: float | None) -> int | None:
    return None if moment is None else _ms(moment)
