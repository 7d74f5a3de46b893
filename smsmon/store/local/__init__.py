"""The store of one machine: ``watchlist.toml``, for people too, and ``history.db`` (SQLite)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smsmon.clock import Clock
    from smsmon.model import Entry
    from smsmon.store.arrivals import Arrivals, Together
    from smsmon.store.base import Listener
    from smsmon.store.local.archive import LocalAlerts, LocalArchive
    from smsmon.store.local.history import LocalHistory
    from smsmon.store.local.lease import LocalLease
    from smsmon.store.sql.arrivals import TableArrivals


class LocalStore:
    """The store in two files. Each part is imported when it is asked for: SQLite takes time."""

    def __init__(self, watchlist: Path, history: Path, learned: Path | None = None) -> None:
        self._watchlist = watchlist
        self._history = history
        self._learned = learned or history.with_name("learned.json")

    @property
    def files(self) -> Mapping[str, Path]:
        return {"watchlist": self._watchlist, "history": self._history}

    def watchlist(self, clock: Clock | None = None) -> Together:
        from smsmon.store.arrivals import Together
        from smsmon.store.local.watchlist import Watchlist

        return Together(Watchlist(self._watchlist, clock), self.arrivals(clock), clock)

    def arrivals(self, clock: Clock | None = None) -> LocalArrivals:
        return LocalArrivals(self._history, clock)

    def archive(self, *, checked: bool = True) -> LocalArchive:
        from smsmon.store.local.archive import LocalArchive

        return LocalArchive(self._history, checked=checked)

    def history(self, clock: Clock | None = None, listener: Listener | None = None) -> LocalHistory:
        from smsmon.store.local.history import LocalHistory

        return LocalHistory(self._history, clock, listener)

    def alerts(self, clock: Clock | None = None) -> LocalAlerts:
        from smsmon.store.local.archive import LocalAlerts

        del clock  # whoever writes says when
        return LocalAlerts(self._history)

    def clock(self, clock: Clock) -> Clock:
        return clock

    def lease(self, clock: Clock, name: str, egress: str = "") -> LocalLease:
        del egress
        from smsmon.store.local.lease import LocalLease

        return LocalLease(self._history, clock, name)

    def allowance(self, egress: str, address: str) -> None:
        del egress, address  # see ``smsmon.window``

    def learned(self) -> bytes:
        from smsmon.store.local.files import read

        found = read(self._learned)
        return b"" if found is None else found[0]

    def keep_learned(self, content: bytes) -> None:
        from smsmon.store.local.files import write_whole

        write_whole(self._learned, content)


class LocalArrivals:
    """What ``history.db`` keeps of messages that came by themselves: the local ``ArrivalStore``.

    Nothing came where there is no such file yet: then SQLite is not loaded, which takes time.
    """

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock

    @cached_property
    def _table(self) -> TableArrivals:
        from smsmon.store.local.reader import LocalDatabase
        from smsmon.store.sql.arrivals import TableArrivals

        return TableArrivals(LocalDatabase(self._path), self._clock)

    @property
    def _opened(self) -> TableArrivals | None:
        """None where nothing is kept yet."""
        from smsmon.store.local.files import is_there

        known = self.__dict__.get("_table")
        return self._table if known is not None or is_there(self._path) else None

    @property
    def known(self) -> Sequence[Entry]:
        return self._table.known if "_table" in self.__dict__ else ()

    def load(self) -> list[Entry]:
        return table.load() if (table := self._opened) else []

    def newer(self) -> Arrivals | None:
        return table.newer() if (table := self._opened) else None

    def take(self, entries: Iterable[Entry], reader: str = "", position: str = "") -> int:
        return self._table.take(entries, reader, position)

    def leave(self, ids: Iterable[str]) -> None:
        if table := self._opened:
            table.leave(ids)

    def give_back(self, entries: Iterable[Entry]) -> Sequence[str]:
        return self._table.give_back(entries)

    def position(self, reader: str) -> str:
        return table.position(reader) if (table := self._opened) else ""
