"""What ``history.db`` keeps of messages that came by themselves: the local ``ArrivalStore``.

Nothing came where there is no such file yet: then SQLite is not loaded, which takes time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from smsmon.clock import Clock
from smsmon.model import Entry
from smsmon.store.arrivals import Arrivals
from smsmon.store.local.files import is_there

if TYPE_CHECKING:
    from smsmon.store.sql.arrivals import TableArrivals


class LocalArrivals:
    """The ``ArrivalStore`` at ``path``."""

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
