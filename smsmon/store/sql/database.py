"""What the statements are run on: the small part that the drivers of databases have in common.

A query has ``?`` or ``:name`` where its parameters go. Truth is kept as 0 and 1. Moments are
milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from smsmon.store.errors import StoreError
from smsmon.store.shared import News

T = TypeVar("T")
Row = tuple[Any, ...]
Parameters = Sequence[Any] | Mapping[str, Any]

_VARIABLES = 500
"""Values in one statement; older SQLite takes 999."""


def parts(values: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """``values`` in portions that one statement takes."""
    return (values[at : at + _VARIABLES] for at in range(0, len(values), _VARIABLES))


def marks(values: Sequence[object]) -> str:
    """As many ``?`` as there are ``values``, for a list of them."""
    return ", ".join("?" * len(values))


def rows_in(
    connection: Connection, query: str, values: Iterable[object], order: str = ""
) -> Iterator[Row]:
    """The rows of ``query``, which ends with IN, for all these values, a portion at a time; each
    portion in its ``order``.
    """
    for part in parts(tuple(values)):
        yield from connection.execute(f"{query} ({marks(part)}) {order}", part).fetchall()


class Cursor(Protocol):
    """What a query found: its rows, one by one or at once."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Dialect(Protocol):
    """Where the databases differ."""

    def stored(self, phone: str) -> int | str:
        """``phone`` as the column ``recipient.phone`` has it."""

    def phone_of(self, stored: Any) -> str:
        """The phone that ``stored`` made this of."""

    @property
    def by_phone(self) -> str:
        """The columns to order recipients ``r`` by, so that they come by their numbers: first
        those in E.164, by value, then all others, by their text.
        """

    @property
    def fragment(self) -> str:
        """A query: the phones that have the digits ``?`` in a row, and all that are no E.164, each
        once, in the order of ``by_phone``.
        """

    @property
    def stamped(self) -> str:
        """What an ``ON CONFLICT … DO UPDATE SET`` of rows that followers read ends with, so that
        they find them again; empty where they are found by their ``sequence``.
        """

    @property
    def held(self) -> str:
        """What a ``SELECT`` of rows that are about to be changed ends with, so that nobody else
        changes them meanwhile; empty where nobody else writes then anyhow.
        """


class Connection(Protocol):
    """An open database. Everything raises the errors of its driver."""

    @property
    def dialect(self) -> Dialect: ...

    def execute(self, query: str, parameters: Parameters = (), /) -> Cursor: ...

    def executemany(self, query: str, rows: Iterable[Parameters], /) -> object: ...

    def stream(self, query: str, parameters: Parameters = (), /) -> Iterable[Any]:
        """The rows that ``query`` finds, as they are wanted: they may be many."""

    def many(self, query: str, rows: Sequence[Parameters], /) -> Iterable[list[Any]]:
        """What ``query`` finds with each of these parameters, one after the other."""

    def insert(self, query: str, parameters: Parameters, /) -> int:
        """Run an ``INSERT`` of one row; gives the ``id`` that the row was given."""

    def transaction(self) -> AbstractContextManager[None]:
        """One write transaction: committed at the end, rolled back on any exception."""

    def snapshot(self) -> AbstractContextManager[None]:
        """What is asked within is answered as of one moment."""

    def together(self) -> AbstractContextManager[object]:
        """Within, nobody waits for what is written: it goes with the next question, or at the end,
        and fails there. ``many`` and ``stream`` are not for it.
        """


class Asked(Protocol):
    """A database that can be asked. Everything raises ``StoreError``."""

    def ask(self, question: Callable[[Connection], T]) -> T:
        """The answer to ``question``."""

    def each(self, question: Callable[[Connection], Iterator[T]]) -> Iterator[T]:
        """The answers that ``question`` gives one by one."""


class Database(Protocol):
    """A database for whoever asks or writes now and then. Everything raises ``StoreError``."""

    def ask(self, question: Callable[[Connection], T]) -> T:
        """The answer to ``question``."""

    def writing(self) -> AbstractContextManager[Connection]:
        """One write transaction, on a connection to write with."""


class Owner(Protocol):
    """Who is told what happened to the database (the writer)."""

    def begin_anew(self) -> None:
        """It is another one by now, or may have lost something: record all that is known."""

    def notify(self, error: StoreError) -> None:
        """Let people know what was wrong with it, once."""


class Keeper(Protocol):
    """The database that one thread has open for writing."""

    @property
    def place(self) -> object:
        """What says where it is."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What its driver raises."""

    @property
    def unfit(self) -> tuple[type[Exception], ...]:
        """Those of them that say that the database can never take what it was given."""

    @property
    def apart(self) -> float:
        """Seconds from one write to the next that nobody waits for: others look after each."""

    @property
    def looks_only(self) -> bool:
        """True where this user may write nothing, as far as is known."""

    def said(self, error: Exception) -> StoreError:
        """One of ``errors`` in plain words."""

    def connected(self, owner: Owner) -> Connection:
        """The open database, opened anew when need be: then it is another object. Raises
        ``StoreError`` and ``errors``.
        """

    def last(self, news: News, *, once: bool) -> None:
        """Do what belongs at the end of a transaction that brings ``news`` for others; ``once``:
        it must not be written again where it arrived.
        """

    def settle(self) -> None:
        """Note how it stands, after a write of ours."""

    def failed(self, error: StoreError) -> None:
        """Writing failed: let go of it; what was written last may not have arrived."""

    def arrived(self, owner: Owner) -> bool:
        """True when what failed last was kept for good all the same: it is asked before that is
        tried again. Raises ``StoreError`` and ``errors``.
        """

    def mended(self, error: StoreError, owner: Owner, now: float) -> bool:
        """True when what came in the way was done away with: it is worth another try at once.
        Raises ``StoreError``.
        """

    def pause(self, failures: int) -> float:
        """Seconds until the next try, after as many ``failures`` one after the other."""

    def close(self) -> None:
        """Let go of it."""
