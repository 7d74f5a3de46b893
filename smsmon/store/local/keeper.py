"""The database that the writer has open: opened anew when its files are not what they were."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from smsmon.store.errors import Busy, Damaged, DiskFull, NotWritable, StoreError
from smsmon.store.local.held import REPLACED, WRITTEN_OVER, Held, mend, remedy, set_aside
from smsmon.store.local.schema import of_sqlite_error
from smsmon.store.shared import News
from smsmon.store.sql.database import Connection
from smsmon.store.sql.keeper import Owner

_MENDED = "It is made anew from what it stands for; nothing is lost."

RETRY_FIRST, RETRY_MOST = 0.5, 30.0
"""Seconds from a failed write to the next try: doubled each time, up to the second number."""


class LocalKeeper:
    """The ``Keeper`` of the history at ``path``."""

    errors = (sqlite3.Error,)
    unfit = (ValueError, OverflowError, sqlite3.IntegrityError)
    apart = 0.0
    looks_only = False

    def __init__(self, path: Path) -> None:
        self.place = path
        self._held: Held | None = None
        self._inode: int | None = None
        """Of the database that was held last."""
        self._became = ""
        """What others did to its files, until that is told."""
        self._shaken = False
        """True when what was recorded last may not have arrived."""
        self._checked = False

    def said(self, error: Exception) -> StoreError:
        assert isinstance(error, sqlite3.Error)  # noqa: S101 - one of ``errors``
        return of_sqlite_error(self.place, error)

    def connected(self, owner: Owner) -> Connection:
        before = self._held
        if before is not None:
            self._became = before.look()
            if not self._became:
                return before.connection
            if self._became == REPLACED:
                self._inode = None  # what stands there now may be set aside, whatever it is
            self.close()
        held = self._held = Held(self.place)
        if self._became == WRITTEN_OVER and before and before.sequence == held.sequence:
            self._became, self._shaken = "", True  # one of ours, as far as is known
        if not self._became and self._inode not in (None, held.inode):
            self._became = REPLACED  # between two tries
        # A page that went bad in the middle shows only when it is read.
        suspect = self._became or self._shaken or not self._checked
        if suspect and mend(held.connection, self.place):
            owner.notify(Damaged(self.place, "an index of it was damaged", _MENDED))
        if self._became or self._shaken:
            owner.begin_anew()
        if self._became:
            owner.notify(StoreError(self.place, self._became, remedy(self._became)))
        self._inode, self._became = held.inode, ""
        self._checked, self._shaken = True, False
        return held.connection

    def last(self, news: News, *, once: bool) -> None:
        pass  # whoever follows sees that the file is another one

    def settle(self) -> None:
        if self._held is not None:
            self._held.settle()

    def failed(self, error: StoreError) -> None:
        self.close()
        # Of a lock, a full disk, a closed folder it is known that nothing of ours was lost.
        self._shaken = self._shaken or not isinstance(error, Busy | DiskFull | NotWritable)

    def arrived(self, owner: Owner) -> bool:
        del owner
        return False  # SQLite says whether it was

    def mended(self, error: StoreError, owner: Owner, now: float) -> bool:
        """Rename a damaged database, so that nothing of it is lost and a new one can begin."""
        if not isinstance(error, Damaged):
            return False
        kept = set_aside(self.place, self._inode, now)
        if kept is not None:  # else there is no need to
            self._inode, self._became = None, ""
            owner.begin_anew()
            kept_as = f"It is kept as {kept}; a new history has begun."
            owner.notify(Damaged(self.place, error.reason, kept_as))
        return True

    def pause(self, failures: int) -> float:
        return min(RETRY_FIRST * 2.0 ** min(failures - 1, 10), RETRY_MOST)

    def close(self) -> None:
        if self._held is not None:
            self._held.close(self._became)
        self._held = None
