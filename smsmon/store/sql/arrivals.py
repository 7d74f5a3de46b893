"""Messages that came by themselves, in tables: the ``ArrivalStore`` of a store that has them.

Who writes holds the one row of ``arrival_version`` first, so that numbers are given in the order in
which they can be seen. That row has the number of the last change, and each row the number of the
change that brought it: what is newer is found by that alone. What left is a row in
``arrival_left`` for a while; who has not looked since those were dropped reads all of it again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from sys import intern

from smsmon.clock import Clock, SystemClock
from smsmon.model import Arrival, Entry
from smsmon.store.arrivals import REMEMBERED, Arrivals, arrived
from smsmon.store.errors import StoreError, Unreachable
from smsmon.store.sql.columns import ms, ms_until, seconds, seconds_until
from smsmon.store.sql.database import Connection, Database, Row, rows_in

_COLUMNS = (
    "message_id, place, version, label, tags, profile, came_at, source, leave_after, phone, sent_at"
)
_ARRIVAL = f"SELECT {_COLUMNS} FROM arrival"  # noqa: S608
_PUT = f"INSERT INTO arrival ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_PHONES = "SELECT message_id, phone FROM arrival WHERE message_id IN"
_SEVERAL = "UPDATE arrival SET phone = '', version = ? WHERE message_id = ?"
_LEFT = (
    "INSERT INTO arrival_left (message_id, place, version, left_at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (message_id) DO UPDATE SET place = excluded.place, version = excluded.version,"
    " left_at = excluded.left_at"
)
_POSITION = (
    "INSERT INTO arrival_position (reader, position) VALUES (?, ?)"
    " ON CONFLICT (reader) DO UPDATE SET position = excluded.position"
)
_OF_ALL = "(SELECT {0} FROM arrival UNION ALL SELECT {0} FROM arrival_left) one"
LAST_ARRIVAL = (
    "UPDATE arrival_version SET"  # noqa: S608 - constants
    f" version = (SELECT coalesce(max(version), 0) FROM {_OF_ALL.format('version')}),"
    f" placed = (SELECT coalesce(max(place), 0) FROM {_OF_ALL.format('place')})"
)
"""Has the numbers that are given next be above all that are there."""


class TableArrivals:
    """The ``ArrivalStore`` in the tables of ``database``."""

    def __init__(self, database: Database, clock: Clock | None = None, line: str = "name") -> None:
        """``line`` are the columns of ``arrival_version`` that tell one store from another."""
        self._database = database
        self._clock = clock or SystemClock()
        self._version = f"SELECT version, forgotten, {line} FROM arrival_version"  # noqa: S608
        self._guard = threading.RLock()
        self._known: dict[str, Entry] = {}
        self._positions: dict[str, str] = {}
        self._seen = 0
        """The number of the last change that is known."""
        self._placed = 0
        """The last place that is known."""
        self._line: Row = ()
        """Of the store that was asked last; empty: none was yet."""

    @property
    def known(self) -> Sequence[Entry]:
        with self._guard:
            return tuple(self._known.values())

    def load(self) -> list[Entry]:
        with self._guard:
            self._database.ask(self._read)
            return list(self._known.values())

    def newer(self) -> Arrivals | None:
        with self._guard:
            found = self._database.ask(self._newer)
            if found is not None:
                return found if found.came or found.left else None
            # Another store by now, or one that lost the last changes.
            before = dict(self._known)
            try:
                self._restore()
            except Unreachable:
                raise
            except StoreError:
                pass  # who may only look leaves it to others
            self._database.ask(self._read)
            came = [each for id, each in self._known.items() if before.get(id) != each]
            left = [id for id in before if id not in self._known]
            return Arrivals(came, left, moved=True) if came or left else None

    def take(self, entries: Iterable[Entry], reader: str = "", position: str = "") -> int:
        now = self._clock.now()
        wanted = {each.id: each for each in (arrived(each, now) for each in entries)}
        with self._database.writing() as db:
            self._hold(db)
            phones = dict[str, str](rows_in(db, _PHONES, wanted))
            known = phones.keys() | _there(db, "arrival_left", wanted)
            known |= _there(db, "message", wanted)
            new = [each for id, each in wanted.items() if id not in known]
            several = [id for id, phone in phones.items() if phone and phone != _phone(wanted[id])]
            if new or several:
                version, placed = self._change(db, len(new))
                _put(db, [(each, placed + at) for at, each in enumerate(new, 1)], version)
                db.executemany(_SEVERAL, [(version, id) for id in several])
            if reader:
                db.execute(_POSITION, (reader, position))
            line = self._line_of(db)
        self._note(reader, position, line)
        return len(new)

    def leave(self, ids: Iterable[str]) -> None:
        wanted = dict.fromkeys(ids)
        now = self._clock.now()
        with self._database.writing() as db:
            self._hold(db)
            places = _places(db, "arrival", wanted)
            if not places:
                return
            version, _ = self._change(db)
            left = [(id, place, version, ms(now)) for id, place in places.items()]
            db.executemany(_LEFT, left)
            db.executemany("DELETE FROM arrival WHERE message_id = ?", [row[:1] for row in left])
            _forget(db, now - REMEMBERED)

    def give_back(self, entries: Iterable[Entry]) -> Sequence[str]:
        now = self._clock.now()
        wanted = {each.id: each for each in (arrived(each, now) for each in entries)}
        with self._database.writing() as db:
            self._hold(db)
            return self._give_back(db, wanted)

    def position(self, reader: str) -> str:
        query = "SELECT position FROM arrival_position WHERE reader = ?"

        def ask(db: Connection) -> tuple[str, Row]:
            row = db.execute(query, (reader,)).fetchone()
            return str(row[0]) if row else "", self._line_of(db)

        position, line = self._database.ask(ask)
        if position:
            self._note(reader, position, line)
        return position

    # --- inside --------------------------------------------------------------------------

    def _line_of(self, db: Connection) -> Row:
        _, _, *line = db.execute(self._version).fetchone()
        return tuple(line)

    def _note(self, reader: str, position: str, line: Row) -> None:
        """Know up to where a source was read, should the store be begun anew."""
        with self._guard:
            self._line = self._line or line
            if reader:
                self._positions[reader] = position

    def _read(self, db: Connection) -> None:
        """Know all that is there."""
        self._seen, _, *line = db.execute(self._version).fetchone()
        self._line = tuple(line)
        self._known, self._placed = {}, 0
        for row in db.execute(f"{_ARRIVAL} ORDER BY place, message_id"):
            self._known[row[0]], self._placed = _entry(row), row[1]

    def _newer(self, db: Connection) -> Arrivals | None:
        """What is newer than what is known; None where that cannot be told by the changes."""
        version, forgotten, *line = db.execute(self._version).fetchone()
        if self._line != tuple(line) or not forgotten <= self._seen <= version:
            return None
        if version == self._seen:
            return Arrivals((), ())
        rows = db.execute(
            f"{_ARRIVAL} WHERE version > ? ORDER BY place, message_id", (self._seen,)
        ).fetchall()
        gone = db.execute(
            "SELECT message_id FROM arrival_left WHERE version > ?", (self._seen,)
        ).fetchall()
        left = [id for (id,) in gone if id in self._known]
        if any(row[1] <= self._placed and row[0] not in self._known for row in rows):
            known, self._known = self._known, {}
            self._read(db)
            came = [self._known[row[0]] for row in rows]
            return Arrivals(came, [id for id in left if id in known], moved=True)
        for id in left:
            del self._known[id]
        came = [_entry(row) for row in rows]
        self._known.update((each.id, each) for each in came)
        self._seen = version
        if rows:
            self._placed = max(self._placed, rows[-1][1])
        return Arrivals(came, left)

    def _restore(self) -> None:
        """Give a store that was begun anew what is known here."""
        if not (self._line and (self._known or self._positions)):
            return
        with self._database.writing() as db:
            self._hold(db)
            version, _, *line = db.execute(self._version).fetchone()
            if tuple(line) == self._line and version >= self._seen:
                return  # it is only that what left was forgotten
            self._give_back(db, self._known)
            kept = {reader for (reader,) in db.execute("SELECT reader FROM arrival_position")}
            positions = self._positions.items()
            db.executemany(_POSITION, [each for each in positions if each[0] not in kept])

    def _give_back(self, db: Connection, wanted: dict[str, Entry]) -> list[str]:
        there = _there(db, "arrival", wanted)
        back = [each for id, each in wanted.items() if id not in there]
        if not back:
            return []
        stood = _places(db, "arrival_left", [each.id for each in back])
        version, placed = self._change(db, len(back))
        _put(db, [(each, stood.get(each.id, placed + at)) for at, each in enumerate(back, 1)],
             version)  # fmt: skip
        gone = [(id,) for id in stood]
        db.executemany("DELETE FROM arrival_left WHERE message_id = ?", gone)
        return [each.id for each in back]

    def _hold(self, db: Connection) -> None:
        """Nobody else changes anything until the transaction is over."""
        db.execute("SELECT version FROM arrival_version" + db.dialect.held)  # noqa: S608

    def _change(self, db: Connection, places: int = 0) -> tuple[int, int]:
        """The number of a change, and the last place that is taken before it takes ``places``."""
        db.execute(
            "UPDATE arrival_version SET version = version + 1, placed = placed + ?", (places,)
        )
        version, placed = db.execute("SELECT version, placed FROM arrival_version").fetchone()
        self._changed(db)
        return version, placed - places

    def _changed(self, db: Connection) -> None:
        """Something is another one when the transaction is over: for a store that tells others."""


def _there(db: Connection, table: str, ids: Iterable[str]) -> set[str]:
    query = f"SELECT message_id FROM {table} WHERE message_id IN"  # noqa: S608
    return {id for (id,) in rows_in(db, query, ids)}


def _places(db: Connection, table: str, ids: Iterable[str]) -> dict[str, int]:
    """Those of ``ids`` that are in a table, each with its place there."""
    query = f"SELECT message_id, place FROM {table} WHERE message_id IN"  # noqa: S608
    return dict(rows_in(db, query, ids))


def _phone(entry: Entry) -> str:
    return entry.arrival.phone if entry.arrival is not None else ""


def _put(db: Connection, entries: Sequence[tuple[Entry, int]], version: int) -> None:
    db.executemany(_PUT, [_row(each, place, version) for each, place in entries])


def _forget(db: Connection, before: float) -> None:
    """Remember nothing of what left before that moment."""
    (last,) = db.execute(
        "SELECT max(version) FROM arrival_left WHERE left_at < ?", (ms(before),)
    ).fetchone()
    if last is not None:
        db.execute("DELETE FROM arrival_left WHERE left_at < ?", (ms(before),))
        db.execute("UPDATE arrival_version SET forgotten = ? WHERE forgotten < ?", (last, last))


def _row(entry: Entry, place: int, version: int) -> Row:
    came = entry.arrival
    assert came is not None  # noqa: S101 - see ``arrived``
    return (
        entry.id,
        place,
        version,
        entry.label,
        "\n".join(entry.tags),
        entry.profile,
        ms(entry.added_at),
        came.source,
        ms_until(came.leave_after),
        came.phone,
        ms(came.sent_at),
    )


def _entry(row: Row) -> Entry:
    id, _, _, label, tags, profile, came_at, source, leave_after, phone, sent_at = row
    # Of thousands alike: what is the same is kept once.
    arrival = Arrival(intern(source), seconds_until(leave_after), phone, seconds(sent_at))
    return Entry(
        id, intern(label), _tags(tags), "", came_at / 1000, False, intern(profile), arrival=arrival
    )


@lru_cache(256)
def _tags(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split("\n")))
