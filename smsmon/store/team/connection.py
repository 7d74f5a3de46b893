"""A connection to a team's database, as `store.sql` asks for one: psycopg's, with few words.

What is given with a statement goes without a type: the column it meets says what it is, as in
SQLite, and a statement is prepared once, whatever numbers and gaps it is given.
"""

from __future__ import annotations

import itertools
import re
import select
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import RawCursor, adapt
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.types.string import StrDumperUnknown

_E164 = "'^[+][1-9][0-9]{0,14}$'"
_BY_PHONE = f'CASE WHEN r.phone ~ {_E164} THEN length(r.phone) ELSE 99 END, r.phone COLLATE "C"'


class PostgreSQL:
    """A phone is one text; what followers read is found by the transaction that wrote it."""

    by_phone = _BY_PHONE
    fragment = (
        "SELECT r.phone FROM (SELECT DISTINCT phone FROM recipient"  # noqa: S608 - constants
        # Of a number in E.164 nothing is left: this is five times faster than to look for one.
        " WHERE position(? IN phone) > 0 OR translate(phone, '0123456789', '') != '+') r"
        f" ORDER BY {_BY_PHONE}"
    )
    stamped = ", xid = pg_current_xact_id()"
    held = " FOR UPDATE"

    def stored(self, phone: str) -> str:
        return phone

    def phone_of(self, stored: str) -> str:
        return stored


POSTGRESQL = PostgreSQL()


Row = tuple[Any, ...]
Parameters = Sequence[Any] | Mapping[str, Any]

WRITE_WITHIN = 10.0
"""Seconds that a statement of a writing transaction may take, and as many that it may stand idle:
a process that was stopped in the middle holds no rows for longer."""
LOCK_WITHIN = 5.0
"""Seconds that it waits for a row or a table of another process."""
READ_WITHIN = 60.0
"""Seconds that one question may take."""
IDLE_READING = 300.0
"""Seconds between two portions of an answer."""
_PORTION = 2_000
"""Rows that are brought at once of an answer that is read one by one."""

_MANY = 50
"""Rows from which on it pays to copy them into a table, which takes a quarter of the time."""
_PLAIN_INSERT = re.compile(r"INSERT INTO (\w+ \([\w, ]+\)) VALUES \([?, ]+\)")


def _begin(kind: str, most: float, lock: float, idle: float, *more: str) -> bytes:
    """What begins a transaction of a kind, in one way there and back. What is set ends with the
    transaction, whoever uses the connection next.
    """
    settings = (
        f"statement_timeout = {most * 1000:.0f}",
        f"lock_timeout = {lock * 1000:.0f}",
        f"idle_in_transaction_session_timeout = {idle * 1000:.0f}",
        "jit = off",  # it takes longer than nearly everything that is asked here
        *more,
    )
    return "; ".join((kind, *(f"SET LOCAL {each}" for each in settings))).encode()


# What the server has for a default is another's affair.
_WRITING = _begin(
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", WRITE_WITHIN, LOCK_WITHIN, WRITE_WITHIN
)
_READING = _begin(
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    READ_WITHIN,
    READ_WITHIN,
    IDLE_READING,
    "work_mem = '32MB'",
    "cursor_tuple_fraction = 1",  # whoever begins to read a long answer reads it to its end
)
OWN = (
    f"SET statement_timeout = {READ_WITHIN * 1000:.0f}; SET lock_timeout = {LOCK_WITHIN * 1000:.0f}"
)
"""What bounds single statements, on a connection that is ours alone."""
_MIN_READER = b"; SELECT min_reader FROM meta"


class Connection:
    """An open connection. Everything raises ``psycopg.Error``."""

    dialect: PostgreSQL = POSTGRESQL

    def __init__(self, connection: psycopg.Connection[Row], *, pooled: bool = False) -> None:
        """``connection`` commits each statement by itself (autocommit); ``pooled`` tells that a
        pooler may give each transaction to another connection of its own.
        """
        self._connection = connection
        connection.cursor_factory = RawCursor
        _adapt(connection.adapters)
        if pooled:
            connection.prepare_threshold = None  # what is prepared belongs to another connection
        self.pooled = pooled
        self.server = ""
        """Which server answers, once that was asked (`database.server_of`)."""
        self._numbers = itertools.count()
        self.admit: Callable[[int], object] | None = None
        """Given, at the beginning of each write, the version that one must know to use the store;
        raises where we do not: it was changed since we connected."""

    @property
    def raw(self) -> psycopg.Connection[Row]:
        """psycopg's own."""
        return self._connection

    @property
    def backend(self) -> int:
        """The process of the server that works for us; behind a pooler, whatever that says."""
        return self._connection.info.backend_pid

    @property
    def broken(self) -> bool:
        """True when nothing can be asked of it any more."""
        return self._connection.closed

    @property
    def left(self) -> bool:
        """True when the server has ended it, as can be known without asking it. For one that
        waits for no answer."""
        poll = select.poll()
        if not self.broken:
            poll.register(self._connection.fileno(), select.POLLIN)
        while not self.broken and poll.poll(0):
            try:
                self._connection.pgconn.consume_input()  # why it ends; then that it did
            except psycopg.Error:
                self._connection.close()
        return self.broken

    @property
    def in_transaction(self) -> bool:
        return self._connection.info.transaction_status not in (
            TransactionStatus.IDLE,
            TransactionStatus.UNKNOWN,
        )

    def execute(self, query: str, parameters: Parameters = (), /) -> psycopg.Cursor[Row]:
        text, names = translated(query)
        return self._connection.execute(text, _values(parameters, names))

    def executemany(self, query: str, rows: Iterable[Parameters], /) -> psycopg.Cursor[Row]:
        cursor, rows = self._connection.cursor(), list(rows)
        plain = _PLAIN_INSERT.fullmatch(query) if len(rows) >= _MANY else None
        if plain is not None and self._connection.pgconn.pipeline_status is PipelineStatus.OFF:
            with cursor.copy(f"COPY {plain[1]} FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row(tuple(row))
        elif rows:
            text, names = translated(query)
            cursor.executemany(text, [_values(row, names) or () for row in rows])
        return cursor

    def many(self, query: str, rows: Sequence[Parameters], /) -> Iterator[list[Row]]:
        """What ``query`` finds with each of these parameters; all are asked at once."""
        if rows:
            text, names = translated(query)
            cursor = self._connection.cursor()
            cursor.executemany(text, [_values(row, names) or () for row in rows], returning=True)
            yield cursor.fetchall()
            while cursor.nextset():
                yield cursor.fetchall()

    def together(self) -> AbstractContextManager[object]:
        return self._connection.pipeline()

    def insert(self, query: str, parameters: Parameters, /) -> int:
        """Run an ``INSERT`` of one row; gives the ``id`` that the row was given."""
        row = self.execute(f"{query} RETURNING id", parameters).fetchone()
        assert row is not None  # noqa: S101 - an INSERT has one
        return int(row[0])

    def stream(self, query: str, parameters: Parameters = (), /) -> Iterator[Row]:
        """The rows of an answer as they are wanted: never all of them are here at once."""
        text, names = translated(query)
        name = f"answer{next(self._numbers)}"
        with self.snapshot(), psycopg.RawServerCursor(self._connection, name) as cursor:
            cursor.itersize = _PORTION
            cursor.execute(text, _values(parameters, names))
            yield from cursor

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One write transaction: committed at the end, rolled back on any exception."""
        with self._within(_WRITING, self.admit):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is asked within is answered as of one moment; within another one, of that."""
        if self.in_transaction:
            yield
            return
        with self._within(_READING):
            yield

    @contextmanager
    def _within(self, begin: bytes, admit: Callable[[int], object] | None = None) -> Iterator[None]:
        try:
            begun = self._connection.execute(begin if admit is None else begin + _MIN_READER)
            if admit is not None:
                while begun.nextset():
                    pass
                admit(*begun.fetchone() or (0,))
            yield
            if self._connection.info.transaction_status == TransactionStatus.INERROR:
                # A COMMIT would end it without a word, and nothing of it would be kept.
                raise psycopg.errors.InFailedSqlTransaction("a statement failed")
            self._connection.execute(b"COMMIT")
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        try:
            if not self.broken and self.in_transaction:
                self._connection.execute(b"ROLLBACK")
        except psycopg.Error:
            self._connection.close()

    def interrupt(self) -> None:
        """End the statement that runs, from another thread: it raises ``QueryCanceled``."""
        self._connection.cancel_safe(timeout=2.0)

    def close(self) -> None:
        self._connection.close()


_PARAMETER = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | :: | (?<![\w\]:]):([a-z_]\w*) | [?]""",
    re.VERBOSE,
)


@lru_cache(1024)
def translated(query: str) -> tuple[bytes, tuple[str | int, ...]]:
    """``query`` with the parameters of PostgreSQL, and what each of them is called here."""
    names: dict[str | int, int] = {}

    def numbered(found: re.Match[str]) -> str:
        if found[0] == "?":
            name: str | int = len(names)
        elif found[1] is not None:
            name = found[1]
        else:
            return found[0]
        return f"${names.setdefault(name, len(names) + 1)}"

    return _PARAMETER.sub(numbered, query).encode(), tuple(names)


def _values(parameters: Parameters, names: tuple[str | int, ...]) -> Sequence[Any] | None:
    if not names:
        return None
    if isinstance(parameters, Mapping):
        return [parameters[str(name)] for name in names]
    return parameters


class _Number(adapt.Dumper):
    """A number or a truth, as a column of any kind of number takes it."""

    def dump(self, obj: Any) -> bytes:
        return (b"1" if obj else b"0") if isinstance(obj, bool) else str(obj).encode()

    def quote(self, obj: Any) -> bytes:
        return self.dump(obj)


class _Text(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        try:
            return super().dump(obj)
        except UnicodeEncodeError:  # half of a character; what stands there is told to nobody
            raise psycopg.DataError("a text holds what is no character") from None


class _Bytes(adapt.Dumper):
    def dump(self, obj: bytes) -> bytes:
        return b"\\x" + obj.hex().encode()


class _Sum(adapt.Loader):
    """What adds up whole numbers is one, though PostgreSQL calls it ``numeric``."""

    def load(self, data: Any) -> int | float:
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)


def _adapt(adapters: AdaptersMap) -> None:
    for kind in (int, bool, float):
        adapters.register_dumper(kind, _Number)
    adapters.register_dumper(bytes, _Bytes)
    adapters.register_dumper(str, _Text)
    adapters.register_loader("numeric", _Sum)
