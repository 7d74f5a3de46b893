"""What one poll brought, written into the history: only what differs, and nothing twice.

What is written is the difference between the report and what the database holds, and the
database's revision tells whether another process has written meanwhile. So a report that was
recorded before, here or elsewhere, adds nothing; and one that was asked for before the recorded
one was is refused within the transaction, with the events that it brought.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smsmon import merging
from smsmon.alignment import align
from smsmon.clock import late
from smsmon.known import Key, key_of
from smsmon.merging import Merged, differing, take_in
from smsmon.model import Counts, Entry, Event, EventKind
from smsmon.recipients import STOP_YES, Recipients
from smsmon.store.sql.columns import (
    ALL_KINDS,
    COLUMNS,
    Known,
    MessageRow,
    Turn,
    Update,
    ms,
    of_rows,
    seconds,
    word,
)
from smsmon.store.sql.database import Connection
from smsmon.store.sql.noted import description, note_unread

FEW = 100
"""Up to so many recipients to write, an update is written together with others; more are quicker
alone."""


class Recording:
    """One connection's recording. Every method runs within the caller's transaction.

    After a rollback call ``forget_all``: what was known no longer holds.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._known: dict[Key, Known] = {}
        self._words: dict[str, int] = {}
        self._news: dict[int, Turn | None] = {}
        """Number of an update of this transaction → how the database was and is; None where nothing
        of it is kept."""
        self._rows: dict[Key, MessageRow] = {}
        """The rows that this transaction has written: nobody else changes them in it."""
        self.refused: set[Key] = set()
        """Messages of which the database knew something newer than an update brought."""

    def forget_all(self) -> None:
        """Drop what is known of the database; it is read again where needed."""
        self._known.clear()
        self._rows.clear()
        self._words.clear()
        self._news.clear()
        self.refused.clear()

    def forget_turns(self) -> None:
        """Drop how messages stood in the last transaction: others may write before the next one."""
        self._rows.clear()
        self._news.clear()

    def forget(self, key: Key) -> None:
        """Drop what is known of a message; it is read again, should a late answer still come."""
        self._known.pop(key, None)

    def adopt(self, key: Key, known: Known) -> None:
        """Take over what a reader of the database found, to spare reading it again."""
        self._known[key] = known

    def revision(self, key: Key) -> int:
        """The revision of a message that was recorded or adopted last; 0 when none was."""
        known = self._known.get(key)
        return 0 if known is None else known.revision

    def brings_few(self, update: Update) -> bool:
        """True when there is little to write, as far as is known before the database is asked."""
        given, known = update.recipients, self._known.get(update.key)
        if len(given) < FEW:
            return True
        if known is None or known.source is None or len(known.source) != len(given):
            return False
        return len(merging.changed(known.source, given)) < FEW

    def report(self, update: Update, now: float) -> None:
        """Record a poll at wall time ``now``: the message's row, the recipients that differ,
        their changes. Its events come later, by ``events``.
        """
        row = self._rows.get(update.key) or self._row(update.key)
        if row is not None and late(seconds(row.asked_at), ms(update.asked_at) / 1000, now):
            self.refuse(update)
            return
        if not update.read:
            return
        if row is None:
            if not update.news:
                return  # the database is another one: all that is known comes anew
            row = self._new_row(update.entry)
        until = update.read_from or update.read_at or update.at
        note_unread(self.connection, row.id, update.key, seconds(row.read_at), until)
        known = self._current(update, row)
        if known.source is update.recipients:  # the very columns that are here already
            told, changed = known, False
        else:
            order = self._order(known, update)
            merged = take_in(known.recipients, update.recipients, order, update.absent)
            told = self._write(known, update, merged)
            changed = bool(merged.changed or (merged.added.start and merged.added))
        after = self._describe(row, update, told, changed=changed)
        self._news[update.number] = Turn(row, after, known.absent, told.absent)
        self._known[update.key], self._rows[update.key] = told, after

    def refuse(self, update: Update) -> None:
        """Keep nothing of a poll: the database knows, or will know, something newer."""
        self._known.pop(update.key, None)
        self._news[update.number] = None
        self.refused.add(update.key)

    def events(self, events: Sequence[tuple[Event, int]], *, again: bool = False) -> None:
        """Append to the log, each with the number of its update (0: of none): what another
        process told already, or what is not so, is left out; ``again``: and what a try before kept.
        """
        kinds = {number: self._true_kinds(number) for _, number in events}
        rows = [
            (ms(e.at), str(e.kind), e.message_id, e.profile, e.detail, ms(e.until))
            for e, number in events
            if e.kind in kinds[number]
        ]
        if again:
            moments = [row[:1] for row in rows]
            there = {row for found in self.connection.many(_THEN, moments) for row in found}
            rows = [row for row in rows if row not in there]
        self.connection.executemany(_TELL, rows)

    def _true_kinds(self, number: int) -> frozenset[EventKind]:
        """The kinds of events that are true of the database, of those that an update brought."""
        if number not in self._news:
            return ALL_KINDS
        turn = self._news[number]
        return frozenset() if turn is None else turn.true_kinds()

    def agreed(self, at: float) -> None:
        """Note that our clock and the server's agreed at this moment."""
        self.connection.execute("UPDATE clock SET agreed_at = ?", (ms(at),))

    # --- what is there -------------------------------------------------------------------

    def _row(self, key: Key) -> MessageRow | None:
        found = self.connection.execute(
            "SELECT id, revision, asked_at, first_read_at, last_change_at, completed_at,"
            " settled_at, read_at FROM message WHERE message_id = ? AND profile = ?",
            key,
        ).fetchone()
        return None if found is None else MessageRow(*found)

    def _new_row(self, entry: Entry) -> MessageRow:
        number = self.connection.insert(
            "INSERT INTO message (message_id, profile, label, tags, added_at, source, sent_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*key_of(entry), *description(entry), *_origin(entry)),
        )
        return MessageRow(number)

    def _current(self, update: Update, row: MessageRow) -> Known:
        """What the database holds now: read again when others wrote meanwhile."""
        known = self._known.get(update.key)
        if known is not None and (known.row, known.revision) == (row.id, row.revision):
            return known
        self._known.pop(update.key, None)
        if not row.revision:
            return Known(row.id, 0, Recipients())
        rows = self.connection.execute(
            f"SELECT {COLUMNS} FROM recipient WHERE message = ? ORDER BY slot",  # noqa: S608
            (row.id,),
        ).fetchall()
        texts = dict(self.connection.execute("SELECT id, text FROM word"))
        columns = of_rows(rows, texts, self.connection.dialect)
        return Known(row.id, row.revision, columns.recipients, columns.absent)

    def _order(self, known: Known, update: Update) -> Sequence[int] | None:
        """The slot here of each slot of the board."""
        given, before = update.recipients, known.recipients
        if update.anew or update.key not in self._known:
            return align(before, given, absent=known.absent)[0] if len(before) else None
        if known.order is None:
            return None
        behind = range(len(before), len(before) + len(given) - len(known.order))
        return [*known.order, *behind]

    # --- what is written -----------------------------------------------------------------

    def _write(self, known: Known, update: Update, merged: Merged) -> Known:
        """Write the recipients that differ and their changes; gives what is known then."""
        given, absent = merged.recipients, _absent(known, update, merged)
        revision = known.revision + 1
        self._change(known, merged, revision, update.at)
        self._append(known, merged, revision, update)
        if absent or known.absent:
            self._note_absent(known, absent, update.at)
        return Known(known.row, revision, given, absent, merged.slots, update.recipients)

    def _note_absent(self, known: Known, absent: Mapping[int, float], at: float) -> None:
        self.connection.executemany(
            "UPDATE recipient SET absent_since = ? WHERE message = ? AND slot = ?",
            [
                (ms(absent.get(slot, 0.0)), known.row, slot)
                for slot in absent.keys() ^ known.absent.keys()
            ],
        )
        self.connection.executemany(
            "INSERT INTO absence (message, slot, since, until) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (message, slot, since) DO UPDATE SET until = excluded.until",
            [
                (known.row, slot, ms(since), ms(at))
                for slot, since in known.absent.items()
                if slot not in absent
            ],
        )

    def _change(self, known: Known, merged: Merged, revision: int, at: float) -> None:
        before, given = known.recipients, merged.recipients
        moment, news = ms(at), set(merged.changed)
        rows = [
            (
                given.statuses[slot],
                self._word(word(given, slot)),
                given.stops[slot],
                given.dates[slot],
                given.reasons.get(slot),
                moment if slot in news else None,
                known.row,
                slot,
            )
            for slot in differing(before, given)
        ]
        self.connection.executemany(
            "UPDATE recipient SET status = ?, word = ?, stop = ?, date = ?, reason = ?,"
            " changed_at = coalesce(?, changed_at) WHERE message = ? AND slot = ?",
            rows,
        )
        self._insert_changes(
            known.row, revision, given, before, dict.fromkeys(merged.changed, moment)
        )

    def _append(self, known: Known, merged: Merged, revision: int, update: Update) -> None:
        if not merged.added:
            return
        given, moment, stored = merged.recipients, ms(update.at), self.connection.dialect.stored
        first_seen = dict.fromkeys(merged.added, moment)
        changed_at = dict.fromkeys(merged.added, 0)
        places = range(len(given)) if merged.slots is None else merged.slots
        if update.first_seen is not None and update.changed_at is not None:
            for place, slot in enumerate(places):
                if slot in first_seen:
                    first_seen[slot] = ms(update.first_seen[place])
                    changed_at[slot] = ms(update.changed_at[place])
        words = [self._word(text) for text in given.vocabulary]
        self.connection.executemany(
            "INSERT INTO recipient (message, slot, phone, status, word, stop, date, first_seen,"
            " changed_at, reason, absent_since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                    0,
                )
                for slot in merged.added
            ],
        )
        if merged.added.start:  # whoever is in the first report did not "appear"
            self._insert_changes(known.row, revision, given, None, first_seen)

    def _insert_changes(
        self,
        message: int,
        revision: int,
        given: Recipients,
        before: Recipients | None,
        moments: Mapping[int, int],
    ) -> None:
        """The changes of some slots (slot → when); ``before`` is None for those that appeared."""
        self.connection.executemany(
            "INSERT INTO change (message, slot, revision, observed_at, before, after, word,"
            " stop_before, stop_after, date_before, date) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    message,
                    slot,
                    revision,
                    moment,
                    None if before is None else before.statuses[slot],
                    given.statuses[slot],
                    self._word(word(given, slot)),
                    int(before is not None and before.stops[slot] == STOP_YES),
                    int(given.stops[slot] == STOP_YES),
                    0 if before is None else before.dates[slot],
                    given.dates[slot],
                )
                for slot, moment in moments.items()
            ],
        )

    def _describe(
        self, row: MessageRow, update: Update, told: Known, *, changed: bool
    ) -> MessageRow:
        """Write the message's row; gives it as it is then."""
        counts = Counts.of(told.recipients, len(told.absent))
        complete = counts.total > 0 and counts.final == counts.total
        if changed:
            changed_at: int | None = ms(update.at)
        elif row.last_change_at is None:
            changed_at = ms(update.last_change_at)
        else:
            changed_at = row.last_change_at
        settled_at = None if changed else ms(update.settled_at)
        after = MessageRow(
            row.id,
            told.revision,
            ms(update.asked_at),
            ms(update.first_read_at) if row.first_read_at is None else row.first_read_at,
            changed_at,
            (row.completed_at or ms(update.completed_at or update.at)) if complete else None,
            settled_at and (row.settled_at or settled_at),
            ms(update.at if update.read_at is None else update.read_at),
        )
        self.connection.execute(
            "UPDATE message SET revision = ?, digest = ?, read_at = ?, asked_at = ?,"
            " first_read_at = ?, last_change_at = ?, completed_at = ?, settled_at = ?, total = ?,"
            " delivered = ?, not_delivered = ?, waiting = ?, unknown = ?, stop = ?, absent = ?"
            " WHERE id = ?",
            (
                after.revision,
                update.digest,
                after.read_at,
                after.asked_at,
                after.first_read_at,
                after.last_change_at,
                after.completed_at,
                after.settled_at,
                counts.total,
                counts.delivered,
                counts.not_delivered,
                counts.waiting,
                counts.unknown,
                counts.stop,
                counts.absent,
                row.id,
            ),
        )
        return after

    def _word(self, text: str) -> int:
        number = self._words.get(text)
        if number is None:
            self.connection.execute(
                "INSERT INTO word (text) VALUES (?) ON CONFLICT (text) DO NOTHING", (text,)
            )
            (number,) = self.connection.execute(
                "SELECT id FROM word WHERE text = ?", (text,)
            ).fetchone()
            self._words[text] = number
        return int(number)


_THEN = "SELECT at, kind, message_id, profile, detail, until FROM event WHERE at = ?"
_TELL = "INSERT INTO event (at, kind, message_id, profile, detail, until) VALUES (?, ?, ?, ?, ?, ?)"


def _absent(known: Known, update: Update, merged: Merged) -> dict[int, float]:
    """Slot that the last report left out → since when."""
    places = range(len(update.recipients)) if merged.slots is None else merged.slots
    since = {places[place]: moment for place, moment in update.absent.items()}
    return {slot: known.absent.get(slot) or since.get(slot) or update.at for slot in merged.absent}


def _origin(entry: Entry) -> tuple[int | None, str, int | None]:
    """When it was added, or came, from where, and when it was sent."""
    came = entry.arrival
    source, sent_at = (came.source, came.sent_at) if came else ("", None)
    return ms(entry.added_at or None), source, ms(sent_at)
