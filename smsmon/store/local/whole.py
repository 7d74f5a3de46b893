"""All that the local store keeps, for a copy of it (`store.sql.copying.Whole`)."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from smsmon.clock import SystemClock
from smsmon.store.local import LocalStore
from smsmon.store.local.schema import open_for_reading, speaking_of, writing
from smsmon.store.local.watchlist import Watchlist
from smsmon.store.sql.arrivals import LAST_ARRIVAL
from smsmon.store.sql.database import Connection


class LocalWhole:
    """One machine's store, whole."""

    def __init__(self, store: LocalStore) -> None:
        self.store = store
        self._history = store.files["history"]

    @property
    def where(self) -> str:
        return str(self._history)

    def identity(self) -> str:
        return f"{socket.gethostname()} {self._history}"

    def watchlist(self) -> Watchlist:
        return Watchlist(self.store.files["watchlist"])

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with closing(open_for_reading(self._history)) as connection, speaking_of(self._history):
            yield connection

    @contextmanager
    def filling(self, span: tuple[int, int] | None) -> Iterator[Connection]:
        del span
        with writing(self._history) as connection:
            yield connection
            # What is recorded next has a number above all those that came.
            connection.execute(
                "UPDATE lease SET sequence ="
                " max(sequence, (SELECT coalesce(max(sequence), 0) FROM last_poll))"
            )
            connection.execute(LAST_ARRIVAL)

    def pollers(self) -> Sequence[str]:
        lease = self.store.lease(SystemClock(), "command")
        lease.look()
        return [str(lease.holder)] if lease.holder else []
