"""A connection to a team's database for one kind of work.

It is opened when first asked, and again when it broke. An answer is as of one moment, and what is
raised is a sentence.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol, Self, TypeVar
from weakref import finalize

import psycopg
from psycopg import errors

from smsmon.secret import Password
from smsmon.store.errors import StoreError, Unreachable
from smsmon.store.shared import NOTHING_NEW, News
from smsmon.store.team import migrations
from smsmon.store.team.address import Address, Refused, look_at_files, of_error, speaking_of
from smsmon.store.team.bell import Bell
from smsmon.store.team.connection import OWN, Connection
from smsmon.store.team.reach import Reach, TheirTime

# What went wrong is told as a sentence: what psycopg says of it besides is not for people.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

T = TypeVar("T")
_SERVER = "(SELECT system_identifier FROM pg_control_system())"
TIME_LINE = (
    "CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END"
)
"""Of the server that answers. A replica that was promoted begins another one, on which numbers that
the server before gave may be given to something else."""
LINE = f"{_SERVER}, {TIME_LINE}"
"""Two columns: which server answers, and on which of its time lines."""
_AGAIN = 0.2
"""Seconds until a question is interrupted once more."""
_ADDRESS = "Look at the address."
_WRONG = "password authentication failed"
_PASSWORD = "Look at store_password_file, store_password_env or store_password_command."  # noqa: S105


class AskPassword(Protocol):
    def __call__(self, *, anew: bool = False) -> Password | None: ...


class Access:
    """How the database is reached, and whether it is: one of these for a process."""

    def __init__(
        self,
        address: Address,
        password: AskPassword | None = None,
        time: TheirTime | None = None,
    ) -> None:
        """``password`` is asked at each connection, since it may change; it raises
        ``ValueError``. ``time`` is told what the database says of it."""
        self.address = address
        self._password = password
        self.reach = Reach()
        self.time = time or TheirTime()
        self.bell = Bell(self.connect, self.reach, steady=lambda: self.time.steady())

    def connect(self, **more: str) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection that commits each statement by itself, with ``more`` parameters of libpq's.

        Raises ``StoreError``, at once while the last try in vain was a moment ago.
        """
        self.reach.check()
        password = self._asked()
        try:
            try:
                connection = self._connected(password, more)
            except Refused as refused:
                # It may have been changed since it was asked for.
                if password is None or _WRONG not in refused.reason:
                    raise
                if (again := self._asked(anew=True)) == password:
                    raise
                connection = self._connected(again, more)
        except StoreError as error:
            self.reach.failed(error)
            raise
        self.reach.worked()
        return connection

    def _asked(self, *, anew: bool = False) -> Password | None:
        try:
            return None if self._password is None else self._password(anew=anew)
        except ValueError as error:
            raise Refused(self.address, str(error).rstrip("."), _PASSWORD) from None

    def _connected(
        self, password: Password | None, more: Mapping[str, str]
    ) -> psycopg.Connection[tuple[Any, ...]]:
        given = self.address.to_connect(password, **more)
        unread = look_at_files(given)
        try:
            return psycopg.connect(**given, autocommit=True)  # type: ignore[arg-type]
        except UnicodeError:  # a part of the host's name is empty, or too long
            raise Refused(self.address, "no host can have this name", _ADDRESS) from None
        except psycopg.Error as error:
            told = of_error(self.address, error)
            if unread and isinstance(told, Refused):
                told = Refused(self.address, f"{told.reason}; {unread}", told.remedy)
            raise told from None
        finally:
            given.clear()  # a crash report prints the variables of the frame that raised

    def opened(self, **more: str) -> Connection:
        """A connection to work with, whatever is in the database. Raises ``StoreError``."""
        raw = self.connect(**more)
        try:
            with speaking_of(self.address):
                asked = self.time.steady()
                row = raw.execute(
                    "SELECT pg_backend_pid(), extract(epoch FROM clock_timestamp())::float8"
                ).fetchone()
                if row is not None:
                    self.time.heard(row[1], asked)
                # A pooler tells another number than that of the connection it lends.
                pooled = row is None or row[0] != raw.info.backend_pid
                if not pooled:
                    raw.execute(OWN)
                return Connection(raw, pooled=pooled)
        except BaseException:
            raw.close()
            raise

    def fitting(self) -> Connection:
        """A connection to a store that is ours to use. Raises ``StoreError``, which is a try in
        vain as well: nobody connects again and again to what does not fit.
        """
        connection = self.opened()
        try:
            with speaking_of(self.address):
                migrations.must_fit(self.address, migrations.state_of(connection))
        except BaseException as error:
            connection.close()
            if isinstance(error, StoreError):
                self.reach.failed(error)
            raise
        connection.admit = partial(migrations.must_admit, self.address)
        return connection


def server_of(connection: Connection) -> str:
    """Which server answers. It reads a file for that, and is asked once of a connection; behind a
    pooler the next transaction may be another's.
    """
    if not connection.server or connection.pooled:
        (number,) = connection.execute(f"SELECT {_SERVER}").fetchone() or ("",)
        connection.server = str(number)
    return connection.server


class Telling:
    """A database to which everything that is written is news for others."""

    def __init__(self, database: Database, news: News) -> None:
        self._database = database
        self._news = news

    def ask(self, question: Callable[[Connection], T]) -> T:
        return self._database.ask(question)

    def writing(self) -> contextlib.AbstractContextManager[Connection]:
        return self._database.writing(self._news)


class Database:
    """One connection, for one thread at a time. Everything raises ``StoreError``."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._connection: Connection | None = None
        self._alone = threading.RLock()
        self.unwanted: Callable[[], bool] | None = None
        """Tells whether an answer is wanted no more; asked by ``interrupt``."""
        self._owed = NOTHING_NEW
        self._interrupted = False
        self._answered = threading.Event()
        """Clear while a question is answered."""
        self._answered.set()
        self._forgotten: Callable[[], object] = lambda: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def address(self) -> Address:
        return self.access.address

    def ask(self, question: Callable[[Connection], T]) -> T:
        """The answer to ``question``, which is put again where that was not its fault."""
        with self._alone:
            for again in (True, False):
                fresh = self._connection is None
                self._interrupted = False
                with self._speaking():
                    connection = self.connected()
                    try:
                        self._answered.clear()
                        with connection.snapshot():
                            return question(connection)
                    except errors.QueryCanceled:
                        if not (again and self._interrupted) or (self.unwanted and self.unwanted()):
                            raise
                    except psycopg.OperationalError:
                        # The server began anew, say, since it was last asked.
                        if not again or fresh or not connection.broken:
                            raise
                    finally:
                        self._answered.set()
        raise AssertionError("the second try answers or raises")

    def each(self, question: Callable[[Connection], Iterator[T]]) -> Iterator[T]:
        """The answers that ``question`` gives one by one."""
        with self._alone, self._speaking():
            yield from question(self.connected())

    @contextlib.contextmanager
    def working(self) -> Iterator[Connection]:
        """The connection, for one piece of work, which begins its transactions itself."""
        with self._alone, self._speaking():
            yield self.connected()

    @contextlib.contextmanager
    def writing(self, news: News = NOTHING_NEW) -> Iterator[Connection]:
        """One write transaction, which brings ``news`` for others."""
        with self.working() as connection:
            with connection.transaction():
                yield connection
                self.ring(connection, news)
            self.rung()

    def ring(self, connection: Connection, news: News) -> None:
        """Ring for ``news``, at the end of a transaction."""
        if news:
            self._owed = self.access.bell.ring(connection.execute, connection.backend, news)

    def rung(self) -> None:
        """The transaction is kept: what it could not ring for yet is rung for in its time."""
        owed, self._owed = self._owed, NOTHING_NEW
        self.access.bell.owe(owed)

    def connected(self) -> Connection:
        """The connection, opened anew where it broke, or the server began anew since it was last
        used: then it is another object. For who holds it alone. Raises ``StoreError``,
        ``psycopg.Error``.
        """
        known = self._connection
        if known is not None and (known.in_transaction or not known.left):
            return known
        self.close()
        connection = self._connection = self.access.fitting()
        # Whoever forgets to let go of it leaves no connection open.
        self._forgotten = finalize(self, connection.close)
        return connection

    def interrupt(self) -> None:
        """End the question that is being answered, where it is ``unwanted``. From any thread; it
        takes the time of a connection.
        """
        while (
            not self._answered.is_set()
            and (connection := self._connection) is not None
            and self.unwanted is not None
            and self.unwanted()
        ):
            self._interrupted = True
            with contextlib.suppress(psycopg.Error):
                connection.interrupt()
            self._answered.wait(_AGAIN)  # it may have come between two of its statements

    def close(self) -> None:
        """Let go; the next question connects again."""
        with self._alone:
            self._connection = None
            self._forgotten()

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            told = of_error(self.address, error)
            if isinstance(told, Unreachable):
                self.close()
            raise told from None
