"""What the history holds: the questions of an ``Archive``."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import inf

from smsmon import phones
from smsmon.known import AccountState, Key, LastPoll, Remembered, Summary
from smsmon.model import Event, Final, Transition
from smsmon.recipients import EARLIEST_DATE, STOP_UNTOLD, STOP_YES, Recipient
from smsmon.store.past import (
    Absence,
    BalanceSeen,
    DeliveryTimes,
    Grouping,
    Happened,
    InShort,
    NumberFound,
    Sighting,
)
from smsmon.store.sql import exchange, happenings, noted, queries
from smsmon.store.sql.columns import ms, ms_until, seconds
from smsmon.store.sql.database import Asked, Connection, Dialect, Row, marks, parts, rows_in
from smsmon.store.sql.queries import STATUSES, rows_of, transition_of

_SIGHTING = (
    "SELECT m.message_id, m.profile, m.label, m.read_at, r.message, r.slot, r.phone, r.status,"
    " w.text, r.stop, r.date, r.first_seen, r.changed_at, r.reason, r.absent_since"
    " FROM recipient r JOIN message m ON m.id = r.message JOIN word w ON w.id = r.word"
)
_NEWEST_FIRST = "CASE r.date WHEN 0 THEN r.first_seen / 1000 ELSE r.date END DESC"
_CHANGES_OF_PHONES = (
    "SELECT c.message, c.slot, c.before, c.after, w.text, c.stop_before, c.stop_after, c.date,"
    " c.observed_at FROM recipient r JOIN change c ON c.message = r.message AND c.slot = r.slot"
    " JOIN word w ON w.id = c.word WHERE r.phone IN"
)
# A recipient was under way from the API's date of its waiting, or from when we first saw it
# wait, whichever is earlier; it was delivered at the API's date or, where that makes no sense,
# when we saw it. A date is a whole second: it may seem to lie up to one before the moment.
_DELIVERED = """
    SELECT message, slot, phone, CASE
        WHEN date * 1000 + 1000 > start AND date * 1000 <= observed_at + 3600000
        THEN date * 1000 - start ELSE observed_at - start END
    FROM (
        SELECT c.message, c.slot, c.revision, r.phone, c.date, c.observed_at, CASE
            WHEN c.before = 1 AND c.date_before >= :earliest
                AND c.date_before * 1000 < r.first_seen
            THEN c.date_before * 1000 ELSE r.first_seen END AS start
        FROM change c JOIN recipient r ON r.message = c.message AND r.slot = c.slot
        WHERE c.after = 2 AND c.before IN (0, 1) AND c.observed_at >= :since
            AND c.observed_at < :until
    ) delivered ORDER BY message, slot, revision"""


def delivery_times(
    connection: Connection,
    by: Grouping,
    ids: Sequence[str] | None = None,
    since: float = 0.0,
    until: float = inf,
) -> list[DeliveryTimes]:
    """How long deliveries took; the most measured first."""
    rows = {row[0]: row for row in rows_of(connection, ids)}
    durations: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
    last, phone_of = (0, 0), connection.dialect.phone_of
    parameters = {"earliest": EARLIEST_DATE, "since": ms(since), "until": ms_until(until)}
    for message, slot, phone, took in connection.stream(_DELIVERED, parameters):
        if (message, slot) != last and message in rows:
            for key in _keys(by, rows[message], phone_of(phone)):
                durations[key].append(max(0, took) / 1000)
        last = (message, slot)
    found = [
        DeliveryTimes(key, len(all), *(_quantile(all, share) for share in (0.5, 0.9, 0.99)))
        for key, all in zip(durations, map(sorted, durations.values()), strict=True)
    ]
    return sorted(found, key=lambda each: (-each.measured, each.key))


def _keys(by: Grouping, message: Row, phone: str) -> Sequence[str]:
    match by:
        case "message":
            return (message[1],)
        case "tag":
            return tuple(message[4].split("\n"))
        case "country":
            return (phones.region(phone),)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which ``share`` of them lie, between two neighbours in proportion."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def find_number(connection: Connection, text: str, limit: int = 200) -> NumberFound:
    """Everything ever seen about the phone number ``text``.

    A whole number is an index look-up whatever the history's size; a fragment reads the index
    of numbers once (about a quarter of a second for a million).
    """
    if phones.why_not_sought(text):
        return NumberFound(text, False, (), False)
    wanted, dialect = phones.sought(text), connection.dialect
    # What the API gave in a spelling of its own is stored as it came.
    numbers = (f"+{digits}" for digits in wanted.numbers())
    spelled = filter(None, (*numbers, text.strip(), wanted.anywhere))
    rows = _sightings(connection, dict.fromkeys(map(dialect.stored, spelled)), limit + 1)
    exact = bool(rows)
    if not rows:
        candidates = connection.execute(dialect.fragment, (wanted.core,))
        meant = (key for (key,) in candidates if wanted.matches(dialect.phone_of(key)))
        rows = _sightings(connection, islice(meant, limit + 1), limit + 1)
    changes = _changes_by_place(connection, {row[6] for row in rows[:limit]})
    sightings = tuple(
        _sighting(row, changes.get((row[4], row[5]), ()), dialect) for row in rows[:limit]
    )
    return NumberFound(text, exact, sightings, len(rows) > limit)


def _sightings(connection: Connection, keys: Iterable[int | str], limit: int) -> list[Row]:
    """The first ``limit`` recipients that have a phone of ``keys``, which are in order or fit in
    one statement.
    """
    rows: list[Row] = []
    for part in parts(tuple(keys)):
        rows += connection.execute(
            f"{_SIGHTING} WHERE r.phone IN ({marks(part)})"
            f" ORDER BY {connection.dialect.by_phone}, {_NEWEST_FIRST} LIMIT ?",
            (*part, limit - len(rows)),
        ).fetchall()
        if len(rows) == limit:
            break
    return rows


def _sighting(row: Row, changes: Sequence[Row], dialect: Dialect) -> Sighting:
    message_id, profile, label, read_at, _, slot, key, status, word, stop, date, *rest = row
    first_seen, changed_at, reason, absent_since = rest
    phone = dialect.phone_of(key)
    return Sighting(
        message_id=message_id,
        label=label,
        slot=slot,
        recipient=Recipient(
            phone=phone,
            status=STATUSES[status],
            raw_status=word,
            stop=None if stop == STOP_UNTOLD else stop == STOP_YES,
            date=date or None,
            reason=reason or "",
        ),
        first_seen=first_seen / 1000,
        changed_at=seconds(changed_at or None),
        read_at=seconds(read_at),
        transitions=tuple(
            transition_of((message_id, profile, slot, key, *change), dialect.phone_of)
            for change in changes
        ),
        absent_since=seconds(absent_since or None),
        profile=profile,
    )


def _changes_by_place(
    connection: Connection, keys: Collection[int | str]
) -> dict[tuple[int, int], list[Row]]:
    """(Message, slot) → its changes, oldest first, of every place that has one of ``keys``."""
    found: dict[tuple[int, int], list[Row]] = {}
    order = "ORDER BY c.message, c.slot, c.revision"
    for message, slot, *change in rows_in(connection, _CHANGES_OF_PHONES, keys, order):
        found.setdefault((message, slot), []).append(tuple(change))
    return found


class TableArchive(Asked):
    """The questions of an ``Archive``, for one that can be asked."""

    def messages(self, ids: Sequence[str] | None = None, profile: str | None = None) -> list[Key]:
        return self.ask(lambda db: queries.messages(db, ids, profile))

    def left(self, since: float, sent_since: float = 0.0) -> list[Key]:
        return self.ask(lambda db: queries.left(db, since, sent_since))

    def summaries(self, wanted: Iterable[Key]) -> list[Summary]:
        return self.ask(lambda db: queries.summaries_of(db, wanted))

    def load(self, wanted: Iterable[str | Key]) -> Iterator[Remembered]:
        return self.each(lambda db: queries.load(db, wanted))

    def polls(self) -> Mapping[Key, LastPoll]:
        return dict(self.ask(exchange.polls))

    def accounts(self) -> Sequence[AccountState]:
        return self.ask(exchange.accounts)

    def find_number(self, text: str, limit: int = 200) -> NumberFound:
        return self.ask(lambda db: find_number(db, text, limit))

    def recipient_changes(self, wanted: str | Key, slot: int) -> tuple[Transition, ...]:
        return self.ask(lambda db: queries.recipient_changes(db, wanted, slot))

    def absences(self, wanted: str | Key, slot: int) -> tuple[Absence, ...]:
        return self.ask(lambda db: queries.absences(db, wanted, slot))

    def timeline(
        self, message_id: str, limit: int = 10_000, since: float = 0.0, until: float = inf
    ) -> Happened:
        return self.ask(lambda db: happenings.timeline(db, message_id, limit, since, until))

    def timelines(
        self, ids: Iterable[str], since: float = 0.0, until: float = inf
    ) -> Iterator[tuple[str, Happened]]:
        return self.each(lambda db: happenings.timelines(db, ids, since, until))

    def happened(self, since: float, until: float = inf, limit: int = 10_000) -> Happened:
        return self.ask(lambda db: happenings.happened(db, since, until, limit))

    def account_events(self, since: float, until: float = inf) -> list[Event]:
        return self.ask(lambda db: happenings.account_events(db, since, until))

    def in_short(self, since: float, until: float) -> list[InShort]:
        return self.ask(lambda db: happenings.in_short(db, since, until))

    def delivery_times(
        self,
        by: Grouping,
        *,
        ids: Sequence[str] | None = None,
        since: float = 0.0,
        until: float = inf,
    ) -> list[DeliveryTimes]:
        return self.ask(lambda db: delivery_times(db, by, ids, since, until))

    def finals(self, since: float, until: float = inf) -> Iterator[Final]:
        return self.each(lambda db: happenings.finals(db, since, until))

    def balances(self, profile: str, since: float = 0.0, until: float = inf) -> list[BalanceSeen]:
        return self.ask(lambda db: noted.balances(db, profile, since, until))
