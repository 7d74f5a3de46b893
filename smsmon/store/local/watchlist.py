"""The watchlist file: what is watched, shared by every console, command and editor.

Every change is one operation (add these, remove those, amend that) carried out on what the
file says at that moment, under the lock. So two consoles never overwrite each other, and a
file that cannot be understood is never written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from smsmon.clock import Clock, SystemClock
from smsmon.model import Entry
from smsmon.store import watchlist_format
from smsmon.store.entries import Added, Removed, clean_tags, cleaned, merged, united, why_not_an_id
from smsmon.store.errors import Busy, StoreError
from smsmon.store.local.files import (
    LOCK_WAIT,
    Signature,
    locked,
    read,
    signature,
    write_whole,
)
from smsmon.store.watchlist_format import Document, Unreadable

Operation = Callable[[list[Entry]], Iterable[Entry]]
_ATTEMPTS = 100
_MEND = "Mend it; until then the list is read-only, and the file left as it is."
_UPDATE = "Update smsmon; the file is left as it is."


class WatchlistError(StoreError):
    """The file makes no sense, or is gone. It is kept as it is until someone mends it."""


class _Gone(WatchlistError):
    """There was a list, and now there is no file."""


class Watchlist:
    """The watchlist at ``path``. Its methods block on the disk and the lock: call them in a
    thread where a screen must stay live. They may be called from several threads.

    Whatever writes raises ``StoreError`` (lock held too long, disk full, folder read-only) or
    ``WatchlistError`` (file broken or from a newer version), and then has changed nothing.
    """

    def __init__(
        self, path: Path, clock: Clock | None = None, *, lock_wait: float = LOCK_WAIT
    ) -> None:
        self.path = path
        self._clock = clock or SystemClock()
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
        """Replace the list by what ``operation`` makes of the one on disk; gives the new one.

        ``operation`` may be called again with a newer list when a hand edit got in between.
        """
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

    def add(self, entries: Iterable[Entry]) -> Added:
        """Watch these too, at the end of the list; what is watched already is merged with them.

        Entries without a moment of their own were added now. Raises ``ValueError`` for what is
        no message id, besides the errors of every write.
        """
        now = float(int(self._clock.now()))
        wanted = [replace(entry, added_at=entry.added_at or now) for entry in map(cleaned, entries)]
        for entry in wanted:
            if why := why_not_an_id(entry.id):
                raise ValueError(why)
        before: set[str] = set()

        def operation(known: list[Entry]) -> Iterable[Entry]:
            before.clear()
            before.update(entry.id for entry in known)
            return united([*known, *wanted])

        now_known = {entry.id: entry for entry in self.update(operation)}
        ids = list(dict.fromkeys(entry.id for entry in wanted))
        return Added(
            new=tuple(now_known[each] for each in ids if each not in before),
            merged=tuple(now_known[each] for each in ids if each in before),
        )

    def remove(self, ids: Iterable[str]) -> Removed:
        """Watch these no longer; ids that are not on the list are passed over."""
        wanted = set(ids)
        gone: list[tuple[int, Entry]] = []

        def operation(known: list[Entry]) -> Iterable[Entry]:
            gone[:] = [pair for pair in enumerate(known) if pair[1].id in wanted]
            return [entry for entry in known if entry.id not in wanted]

        self.update(operation)
        return Removed(tuple(gone))

    def put_back(self, removed: Removed) -> list[Entry]:
        """Undo a ``remove``: each entry where it stood, or merged if it was added again since."""

        def operation(known: list[Entry]) -> Iterable[Entry]:
            places = {entry.id: place for place, entry in enumerate(known)}
            for place, entry in removed.entries:
                if entry.id in places:
                    at = next(i for i, each in enumerate(known) if each.id == entry.id)
                    known[at] = merged(entry, known[at])
                else:
                    known.insert(place, entry)
            return known

        return self.update(operation)

    def amend(
        self,
        ids: Iterable[str],
        *,
        label: str | None = None,
        tags: Sequence[str] | None = None,
        note: str | None = None,
        paused: bool | None = None,
        profile: str | None = None,
    ) -> list[Entry]:
        """Change what is given, and only that, in the entries of ``ids``; gives these.

        Field by field, so that a label set here and a pause set elsewhere both stay.
        """
        wanted = set(ids)

        def amended(entry: Entry) -> Entry:
            return cleaned(
                replace(
                    entry,
                    label=entry.label if label is None else label,
                    tags=entry.tags if tags is None else clean_tags(tags),
                    note=entry.note if note is None else note,
                    paused=entry.paused if paused is None else paused,
                    profile=entry.profile if profile is None else profile,
                )
            )

        entries = self.update(
            lambda known: [amended(each) if each.id in wanted else each for each in known]
        )
        return [entry for entry in entries if entry.id in wanted]

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
