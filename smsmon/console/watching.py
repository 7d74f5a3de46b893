"""What the operator does to the watchlist: done to the file and to the engine, or to neither.

The file comes first: an operation that cannot be kept (disk full, broken file) raises
``StoreError`` and nothing changes on the screen. Every method that touches the disk does so
in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from smsmon.model import Entry

if TYPE_CHECKING:
    from smsmon.monitor.engine import Engine
    from smsmon.store.watchlist import Added, Removed, Watchlist

_UNDO_DEPTH = 50
"""Removals that can be undone, the last first."""


class Watching:
    """The watchlist and the engine, kept the same."""

    def __init__(self, engine: Engine, watchlist: Watchlist) -> None:
        self._engine = engine
        self._watchlist = watchlist
        self._removed: list[Removed] = []

    @property
    def can_undo(self) -> bool:
        """True while there is a removal to undo."""
        return bool(self._removed)

    async def start(self) -> None:
        """Watch what the file lists. Raises ``StoreError`` when it cannot be read."""
        entries = await asyncio.to_thread(self._watchlist.load)
        self._engine.watch_all([(entry, None) for entry in entries], announce=False)

    async def add(self, entries: Iterable[Entry]) -> Added:
        """Watch these too. Raises ``StoreError``."""
        added = await asyncio.to_thread(self._watchlist.add, list(entries))
        self._follow(self._watchlist.entries)
        return added

    async def remove(self, ids: Iterable[str]) -> Removed:
        """Watch these no longer. Raises ``StoreError``."""
        removed = await asyncio.to_thread(self._watchlist.remove, list(ids))
        if removed.entries:
            self._removed = [*self._removed, removed][-_UNDO_DEPTH:]
        self._follow(self._watchlist.entries)
        return removed

    async def undo(self) -> tuple[str, ...]:
        """Bring back what was removed last; gives the ids. Raises ``StoreError``."""
        if not self._removed:
            return ()
        removed = self._removed[-1]
        await asyncio.to_thread(self._watchlist.put_back, removed)
        self._removed.remove(removed)
        self._follow(self._watchlist.entries)
        return removed.ids

    async def amend(self, ids: Iterable[str], **fields: Any) -> list[Entry]:
        """Change fields of entries (see ``Watchlist.amend``). Raises ``StoreError``."""
        amended = await asyncio.to_thread(lambda: self._watchlist.amend(list(ids), **fields))
        self._follow(self._watchlist.entries)
        return amended

    async def look(self) -> bool:
        """Take over what others did to the file; True when they did something.

        Raises ``WatchlistError`` once when the file broke; the last good list goes on.
        """
        entries = await asyncio.to_thread(self._watchlist.poll_changes)
        if entries is None:
            return False
        self._follow(entries)
        return True

    def _follow(self, entries: Iterable[Entry]) -> None:
        """Make the engine watch ``entries`` and nothing else."""
        engine = self._engine
        wanted = {entry.id: entry for entry in entries}
        for gone in [id for id in engine.board.messages if id not in wanted]:
            engine.forget(gone)
        known = engine.board.messages
        engine.watch_all([(entry, None) for entry in wanted.values() if entry.id not in known])
        for entry in wanted.values():
            if known[entry.id].entry != entry:
                engine.amend(entry)
