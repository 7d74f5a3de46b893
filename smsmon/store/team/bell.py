"""The doorbell of a team's database: who wrote something rings, and whoever listens looks at once.

It says that there is news and of what kind; the news itself is read from the tables, so that a
bell that is not heard costs time and loses nothing. A bell that does not come back to us when we
ring it ourselves (a pooler that lends connections by the transaction) does not work: then we look
every two seconds.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import threading
import time
from collections.abc import Callable
from math import inf
from types import MappingProxyType
from typing import Any, Protocol

import psycopg

from smsmon.store.errors import StoreError
from smsmon.store.shared import NOTHING_NEW, News
from smsmon.store.team.reach import Reach

CHANNEL = "smsmon"
APART = 0.1
"""Seconds between two rings of one process; what comes sooner waits for the next one."""
LOOK_EVERY = 30.0
"""Seconds between two looks while the bell works: also whether it still does."""
LOOK_UNRUNG = 2.0
"""Seconds between two looks where it does not."""
BACK_WITHIN = 5.0
"""Seconds within which a ring of our own comes back, where the bell works."""
ANEW_FIRST, ANEW_MOST = 1.0, 300.0
"""Seconds until one that heard nothing listens anew: doubled, up to the second number."""
KEEPALIVES = MappingProxyType(
    {
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
)
"""How the connection to listen is opened: nothing is sent on it, so nobody else would notice that
the other end is gone."""
EVERYTHING = ~NOTHING_NEW
_RING = "SELECT pg_notify(?, ?)"
_OURS_KEPT = 16
"""Backends that ring for us of which we know; of another one we look once in vain."""
_TESTS = 1 << 16
"""From here on a number on the channel is a test of whoever sent it."""
_DIGITS = 10
"""Of the longest number that we send."""


class Execute(Protocol):
    """Runs one statement with its parameters (``?``), on a connection of the caller."""

    def __call__(self, query: str, parameters: Any, /) -> object: ...


class Bell:
    """The one bell of a process: it rings, and listens in a thread of its own once it is begun."""

    def __init__(
        self,
        connect: Callable[..., psycopg.Connection[Any]],
        reach: Reach,
        monotonic: Callable[[], float] = time.monotonic,
        steady: Callable[[], float] | None = None,
    ) -> None:
        """``connect`` opens a connection that commits each statement, with parameters of libpq's.
        It raises ``StoreError``.
        """
        self._connect = connect
        self._reach = reach
        self._monotonic = monotonic
        self._steady = steady or monotonic
        """One that goes on while the machine sleeps: it is looked at once when that is over."""
        self._alone = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._news = EVERYTHING
        """Rung, or due, and not looked at yet."""
        self._looked_at = -inf
        self._rung_at = -inf
        self._owed = NOTHING_NEW
        """To be rung when it is time."""
        self._ours: set[int] = set()
        """The backends that ring for us."""
        self._test = 0
        """The number that we rang to hear it come back; 0: none is on its way."""
        self._tested_at = -inf
        self._thread: threading.Thread | None = None
        self._stir: socket.socket | None = None
        """What the thread that listens is woken by."""
        self._connected = False
        self._closing = False
        self.works = False
        """A ring of our own came back."""
        reach.listen(self._wake)

    # --- ringing -------------------------------------------------------------------------

    def ring(self, execute: Execute, backend: int, news: News) -> News:
        """Ring as the last statement of a transaction, on its connection to ``backend``.

        Gives what is to be rung a little later, since we rang just now: see ``owe``.
        """
        now = self._monotonic()
        with self._alone:
            if self._connected and now - self._rung_at < APART:
                return news
            self._rung_at = now
            if backend not in self._ours and len(self._ours) >= _OURS_KEPT:
                self._ours.clear()  # most of them have ended, and numbers are given again
            self._ours.add(backend)
        execute(_RING, (CHANNEL, str(int(news))))
        return NOTHING_NEW

    def owe(self, news: News) -> None:
        """What ``ring`` left, once the transaction is committed."""
        if news:
            with self._alone:
                self._owed |= news
            self._wake()

    def test(self, execute: Execute) -> None:
        """Ring on a connection that does not listen, to hear whether it comes back to us."""
        with self._alone:
            if self._test or not self._connected:
                return
            self._test = number = random.randrange(_TESTS, 1 << 31)
            self._tested_at = self._monotonic()
        try:
            execute(_RING, (CHANNEL, str(number)))
        except BaseException:
            self._test = 0
            raise
        self._wake()

    # --- hearing -------------------------------------------------------------------------

    def listen(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called, in any thread, whenever there is something to look at."""
        self._callbacks.append(callback)

    def begin(self) -> None:
        """Listen from now on, until ``close``."""
        with self._alone:
            if self._thread is None and not self._closing:
                stirred, self._stir = socket.socketpair()
                self._stir.setblocking(False)
                self._thread = threading.Thread(
                    target=self._run, args=(stirred,), name="bell", daemon=True
                )
                self._thread.start()

    @property
    def due(self) -> bool:
        """It is time to look, whoever rang or not, and to ``test``."""
        every = LOOK_EVERY if self.works else LOOK_UNRUNG
        return self._steady() - self._looked_at >= every

    def take(self) -> News:
        """What there may be news of since this was last asked."""
        due = self.due
        with self._alone:
            news, self._news = self._news, NOTHING_NEW
            if due:
                news, self._looked_at = EVERYTHING, self._steady()
        return news

    def close(self) -> None:
        """Listen no more; the thread is not waited for."""
        self._closing = True
        self._wake()
        with self._alone:
            if self._stir is not None:
                self._stir.close()
                self._stir = None

    # --- the thread that listens ---------------------------------------------------------

    def _run(self, stirred: socket.socket) -> None:
        with stirred:
            self._listen_again(stirred)

    def _listen_again(self, stirred: socket.socket) -> None:
        pause = 0.0
        while not self._closing:
            try:
                with contextlib.closing(self._connect(**KEEPALIVES)) as connection:
                    connection.execute(f"LISTEN {CHANNEL}".encode())
                    self._connected = True
                    self._hear(EVERYTHING)  # only now: what is written from here on rings
                    self._listen(connection, stirred)
            except (psycopg.Error, StoreError, OSError):
                pass  # whoever asks something finds out why, and says so
            heard, self.works, self._connected, self._test = self.works, False, False, 0
            self._ours.clear()
            pause = 0.0 if heard else min(max(pause * 2, ANEW_FIRST), ANEW_MOST)
            self._hear(EVERYTHING)  # it may be gone: look
            self._rest(pause, stirred)

    def _listen(self, connection: psycopg.Connection[Any], stirred: socket.socket) -> None:
        """Until the connection breaks, or hears nothing."""
        poll = select.poll()
        for each in (connection.fileno(), stirred.fileno()):
            poll.register(each, select.POLLIN)
        while not self._closing:
            wait = self._until_next()
            ready = poll.poll(None if wait == inf else max(0.0, wait) * 1000)
            if (stirred.fileno(), select.POLLIN) in ready:
                stirred.recv(4096)
            for notify in connection.notifies(timeout=0):
                self._heard(notify.payload, notify.pid)
            self._ring_late(connection)
            if self._test and self._monotonic() - self._tested_at >= BACK_WITHIN:
                return

    def _until_next(self) -> float:
        """Seconds until there is something to do that nobody rings for."""
        with self._alone:
            moments = [self._rung_at + APART] if self._owed else []
            moments += [self._tested_at + BACK_WITHIN] if self._test else []
        return min(moments, default=inf) - self._monotonic()

    def _ring_late(self, connection: psycopg.Connection[Any]) -> None:
        with self._alone:
            if not self._owed or self._monotonic() - self._rung_at < APART:
                return
            news, self._owed = self._owed, NOTHING_NEW
            self._rung_at = self._monotonic()
            self._ours.add(connection.info.backend_pid)
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(int(news))))

    def _heard(self, payload: str, backend: int) -> None:
        ours = payload.isascii() and payload.isdigit() and len(payload) <= _DIGITS
        number = int(payload) if ours else int(EVERYTHING)
        if number >= _TESTS:
            if number == self._test:
                self._test, self.works = 0, True
        elif backend not in self._ours:  # what we wrote is known here
            self._hear(News(number) & EVERYTHING)

    def _hear(self, news: News) -> None:
        with self._alone:
            self._news |= news
        for each in self._callbacks:
            each()

    def _rest(self, seconds: float, stirred: socket.socket) -> None:
        """Wait before the next try; less where another connection finds that it answers again."""
        end = self._monotonic() + seconds
        gone = self._reach.error is not None
        while not self._closing and (left := end - self._monotonic()) > 0:
            if gone and self._reach.error is None:
                return
            if select.select([stirred], [], [], left)[0]:
                stirred.recv(4096)

    def _wake(self) -> None:
        stir = self._stir
        if stir is not None:
            with contextlib.suppress(OSError):  # closed already, or it is to be woken anyhow
                stir.send(b"\0")
