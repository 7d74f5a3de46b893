"""The store of one machine: ``watchlist.toml``, for people too, and ``history.db`` (SQLite)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smsmon.clock import Clock
    from smsmon.store.base import Listener
    from smsmon.store.local.archive import LocalAlerts, LocalArchive
    from smsmon.store.local.arrivals import LocalArrivals
    from smsmon.store.local.history import LocalHistory
    from smsmon.store.local.lease import LocalLease
    from smsmon.store.together import Together


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
        from smsmon.store.local.watchlist import Watchlist
        from smsmon.store.together import Together

        return Together(Watchlist(self._watchlist, clock), self.arrivals(clock), clock)

    def arrivals(self, clock: Clock | None = None) -> LocalArrivals:
        from smsmon.store.local.arrivals import LocalArrivals

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
