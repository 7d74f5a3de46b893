"""The watchlist file: what is watched, shared by every console, command and editor.

Every change is one operation (add these, remove those, amend that) carried out on what the
file says at that moment, under the lock. So two consoles never overwrite each other, and a
file that cannot be understood is never written.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from smsmon.clock import Clock
from smsmon.model import Entry
from smsmon.store import watchlist_format
from smsmon.store.entries import EditedList, Operation
from smsmon.store.errors import Busy, StoreError
from smsmon.store.local.files import LOCK_WAIT, Signature, locked, read, signature, write_whole
from smsmon.store.watchlist_format import Document, Unreadable

_ATTEMPTS = 100
_MEND = "Mend it; until then the list is read-only, and the file left as it is."
_UPDATE = "Update smsmon; the file is left as it is."


class WatchlistError(StoreError):
    """The file makes no sense, or is gone. It is kept as it is until someone mends it."""


class _Gone(WatchlistError):
    """There was a list, and now there is no file."""


class Watchlist(EditedList):
    """The watchlist at ``path``. Its methods block on the disk and the lock: call them in a
    thread where a screen must stay live. They may be called from several threads.

    Whatever writes raises ``StoreError`` (lock held too long, disk full, folder read-only) or
    ``WatchlistError`` (file broken or from a newer version), and then has changed nothing.
    """

    def __init__(
        self, path: Path, clock: Clock | None = None, *, lock_wait: float = LOCK_WAIT
    ) -> None:
        super().__init__(clock)
        self.path = path
        self._lock_wait = lock_wait
        self._guard = threading.RLock()
        self._document = Document()
        self._known = False
        self._signature: Signature | None = None
        # The state on disk that looked like a loss at the last call, in a tuple as it may be None.
        self._suspect: tuple[Signature | None] | None = None
        self._broken: StoreError | None = None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The last good list."""
        return self._document.entries

    @property
    def broken(self) -> StoreError | None:
        """Why the file on disk cannot be used now; None when it can."""
        return self._broken

    def load(self) -> list[Entry]:
        """Read the file; no file is an empty list. Raises ``WatchlistError``, ``StoreError``.

        A ``WatchlistError`` is told here and not again by ``poll_changes``.
        """
        with self._guard:
            current = signature(self.path)
            try:
                self._document, self._signature = self._read()
            except WatchlistError:
                self._signature, self._known = current, True
                raise
            self._known = True
            return list(self._document.entries)

    def poll_changes(self) -> list[Entry] | None:
        """The list, if someone else changed the file since it was last read; else None.

        Costs one ``stat`` when nothing changed. A file that broke raises ``WatchlistError``,
        once; the entries stay the last good ones. What looks like a loss (messages gone, text
        broken, no file) counts when it is still so at the next call: an editor that saves in
        place empties the file first. Raises ``StoreError`` for as long as the file cannot be
        read at all.
        """
        with self._guard:
            current = signature(self.path)
            unread = self._broken is not None and not isinstance(self._broken, WatchlistError)
            if self._known and current == self._signature and not unread:
                return None
            again = self._suspect == (current,)
            self._suspect = (current,)
            said = self._broken
            try:
                document, seen = self._read()
            except WatchlistError:
                if again:
                    self._signature, self._known = current, True
                    raise
                self._broken = said
                return None
            kept = {entry.id for entry in document.entries}
            if not again and any(entry.id not in kept for entry in self._document.entries):
                return None
            self._document, self._signature, self._known = document, seen, True
            self._suspect = None
            return list(document.entries)

    def update(self, operation: Operation) -> list[Entry]:
        with self._guard, locked(self.path, self._lock_wait):
            for _ in range(_ATTEMPTS):
                try:
                    document, before = self._read()
                except _Gone:
                    document, before = self._document, None
                entries = tuple(operation(list(document.entries)))
                changed = replace(document, entries=entries)
                if changed != document or (before is None and entries):
                    content = watchlist_format.dump(changed)
                    if signature(self.path) != before:
                        continue
                    before = write_whole(self.path, content)
                self._document, self._signature, self._known = changed, before, True
                self._broken = self._suspect = None
                return list(entries)
        raise Busy(self.path, "something keeps rewriting it", "Find out what, and end it.")

    def _read(self) -> tuple[Document, Signature | None]:
        try:
            document, seen = self._parsed()
        except StoreError as error:
            self._broken = error
            raise
        self._broken = None
        return document, seen

    def _parsed(self) -> tuple[Document, Signature | None]:
        found = read(self.path)
        if found is None:
            if not self._document.entries:
                return Document(), None
            remedy = "The list is kept here, and written anew when it changes."
            raise _Gone(self.path, "the file is gone", remedy)
        content, seen = found
        try:
            document, problems = watchlist_format.parse(content)
        except Unreadable as error:
            remedy = _UPDATE if error.newer else _MEND
            raise WatchlistError(self.path, error.why, remedy, error.line or None) from error
        if problems:
            first, *rest = problems
            more = f" (and {len(rest)} more)" if rest else ""
            raise WatchlistError(self.path, first.why + more, _MEND, first.line or None)
        return document, seen
