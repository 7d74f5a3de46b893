"""What the writer's thread needs to know of its database: opened, looked after, and let go."""

from __future__ import annotations

from typing import Protocol

from smsmon.store.errors import StoreError
from smsmon.store.shared import News
from smsmon.store.sql.database import Connection


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
