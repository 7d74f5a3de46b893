"""The connection that the writer has open: connected anew when it broke."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from math import inf
from random import Random

import psycopg
from psycopg import errors

from smsmon.store.errors import BY_ITSELF, Busy, StoreError
from smsmon.store.shared import NOTHING_NEW, News
from smsmon.store.sql.database import Connection as AnyConnection
from smsmon.store.sql.database import Owner
from smsmon.store.team.address import UNFIT, of_error
from smsmon.store.team.connection import Connection
from smsmon.store.team.database import LINE, Access

RETRY_FIRST, RETRY_MOST = 1.0, 30.0
"""Seconds from a failed write to the next try: at random up to twice as many each time."""
SOON = 0.05
"""As many where it is known that the server answers by now."""
_WHICH = f"SELECT store, {LINE} FROM meta"  # noqa: S608
"""The store, and which server has it (`LINE`)."""
_MAY_WRITE = "SELECT has_table_privilege('wish', 'INSERT')"
_XID = "SELECT pg_current_xact_id()::text"
_MONTHS = (
    "SELECT make_partitions(now, now + 31 * 86400000::bigint)"
    " FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint) moment(now)"
)
_MONTHS_EVERY = 86_400.0
"""Seconds between two looks whether this month and the next one have their partitions."""
_STATUS = "SELECT pg_xact_status(?::xid8)"


class TeamKeeper:
    """The ``Keeper`` of a team's database."""

    errors = (psycopg.Error,)
    unfit = (*UNFIT, ValueError, OverflowError)
    apart = 0.15

    def __init__(
        self,
        access: Access,
        rng: Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.place = access.address
        self.looks_only = False
        self._access = access
        self._rng = rng or Random()
        self._connection: Connection | None = None
        self._which: object = None
        """The store and server that were written to last; None: it is not known."""
        self._pending: tuple[Connection, str] | None = None
        """The transaction of which it is not known whether it was committed, and where it began."""
        self._owed = NOTHING_NEW
        self._monotonic = monotonic
        self._months_at = -inf

    def said(self, error: Exception) -> StoreError:
        assert isinstance(error, psycopg.Error)  # noqa: S101 - one of ``errors``
        return of_error(self.place, error)

    def connected(self, owner: Owner) -> AnyConnection:
        connection = self._connection
        if connection is None or connection.broken:
            connection = self._connection = self._access.fitting()
            (may_write,) = connection.execute(_MAY_WRITE).fetchone() or (True,)
            self.looks_only = not may_write
            which = _which(connection)
            if None not in (which, self._which) and which != self._which:
                # What was written last may never have come to where we are now.
                self._pending = None
                owner.begin_anew()
            self._which = which or self._which
        self._have_months(connection)
        return connection

    def _have_months(self, connection: Connection) -> None:
        """Have partitions for what is written next, also where nobody starts anew for months."""
        now = self._monotonic()
        if now - self._months_at < _MONTHS_EVERY:
            return
        self._months_at = now
        # Who may not, or has to wait too long, leaves it to others, or to the next day.
        with (
            contextlib.suppress(
                errors.InsufficientPrivilege, errors.LockNotAvailable, errors.QueryCanceled
            ),
            connection.transaction(),
        ):
            connection.execute(_MONTHS)

    def arrived(self, owner: Owner) -> bool:
        connection = None if self._pending is None else self.connected(owner)
        if connection is None or self._pending is None:
            return False
        try:
            (status,) = connection.execute(_STATUS, self._pending[1:]).fetchone() or (None,)
        except errors.DataError:  # this server never heard of it
            status = None
        if status == "in progress":
            raise Busy(self.place, "what was written last is not done yet", BY_ITSELF)
        self._pending = None
        return bool(status == "committed")

    def last(self, news: News, *, once: bool) -> None:
        connection = self._connection
        assert connection is not None  # noqa: S101 - it has just been written to
        if once:
            (transaction,) = connection.execute(_XID).fetchone() or ("",)
            self._pending = connection, transaction
        if news:
            self._owed = self._access.bell.ring(connection.execute, connection.backend, news)

    def settle(self) -> None:
        self._pending = None
        owed, self._owed = self._owed, NOTHING_NEW
        self._access.bell.owe(owed)

    def failed(self, error: StoreError) -> None:
        del error
        if self._pending is not None:
            began, _ = self._pending
            if began is self._connection and not began.broken:
                self._pending = None  # it was rolled back
        self._owed = NOTHING_NEW
        self.close()

    def mended(self, error: StoreError, owner: Owner, now: float) -> bool:
        del error, owner, now
        return False  # the server looks after its files

    def pause(self, failures: int) -> float:
        reach = self._access.reach
        if reach.error is not None:
            return max(SOON, reach.pause)
        longest = min(RETRY_MOST, RETRY_FIRST * 2.0 ** min(failures, 10))
        return self._rng.uniform(RETRY_FIRST, longest)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _which(connection: Connection) -> object:
    """Which store of which server it is; None where the server does not tell."""
    with contextlib.suppress(errors.InsufficientPrivilege, errors.FeatureNotSupported):
        return connection.execute(_WHICH).fetchone()
    return None
