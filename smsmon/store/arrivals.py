"""The store's part for messages that came by themselves, told of by sources.

They are kept beside what people added, and stand after it on the watchlist; a message that people
added too is theirs, and whoever edits one makes it his: it moves to what people added. `Together`
is one list of both places; what is in both, the chief takes out of this one (``hidden``). Moments
are seconds since the epoch, UTC. Every method blocks, may be called in any thread, is one
transaction of its own, and raises ``StoreError``.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from smsmon.clock import Clock
from smsmon.model import Entry
from smsmon.store.entries import (
    Done,
    EditedList,
    Operation,
    TakenBack,
    cleaned,
    taken_back,
    why_not_an_id,
)
from smsmon.store.errors import StoreError, Unreachable
from smsmon.text import safe

REMEMBERED = 6 * 3600.0
"""Seconds for which one that left is remembered by itself; one that was ever read is in the
history, and not taken again as long as it is kept there."""


class Arrivals(NamedTuple):
    """What came and what left since the last look."""

    came: Sequence[Entry]
    """In the order in which they came; also those that are told otherwise by now."""
    left: Sequence[str]
    moved: bool = False
    """Some of those that came stand where they stood before they left, and not at the end."""


class ArrivalStore(Protocol):
    """The messages that came by themselves, each an ``Entry`` with an ``arrival``."""

    @property
    def known(self) -> Sequence[Entry]:
        """Those that are known since ``load`` or ``newer`` was called last, in their order. Does
        not ask the store.
        """

    def load(self) -> list[Entry]:
        """All of them, in the order in which they came."""

    def newer(self) -> Arrivals | None:
        """What came and left since ``load`` or this was called last; None where nothing did. Costs
        next to nothing then, and else no more than what came and left, however many there are.

        A store that was begun anew is given back those that are known here.
        """

    def take(self, entries: Iterable[Entry], reader: str = "", position: str = "") -> int:
        """Keep these, and with them, all or nothing, up to where ``reader`` has read its source.

        What is there already, or was there and left, is passed over, and so is every message of
        which the history knows: gives how many are new. So what was read twice is taken once.
        Raises ``ValueError`` for what is no message id.
        """

    def leave(self, ids: Iterable[str]) -> None:
        """Keep these no longer; they are remembered for a while, and not taken again meanwhile."""

    def give_back(self, entries: Iterable[Entry]) -> Sequence[str]:
        """Keep these again that left, each where it stood; gives which are back by that."""

    def position(self, reader: str) -> str:
        """Up to where ``reader`` has read, as ``take`` was told last; empty when it never was."""


def arrived(entry: Entry, now: float) -> Entry:
    """``entry`` as it is kept when it comes at ``now``: its texts safe to show. Raises
    ``ValueError`` for what is no message id.
    """
    if why := why_not_an_id(entry.id):
        raise ValueError(why)
    came = entry.arrival
    if came is None:
        raise ValueError(f"nothing says how {entry.id} came")
    return replace(
        cleaned(entry),
        added_at=entry.added_at or now,
        note="",
        paused=False,
        note_by="",
        note_at=0.0,
        arrival=replace(came, source=safe(came.source), phone=safe(came.phone)),
    )


def told_again(first: Entry, again: Entry) -> Entry:
    """``first`` after its message was told of ``again``: where the numbers differ it may have
    several recipients, and none is known to be the only one."""
    known, new = first.arrival, again.arrival
    if known is None or (new is not None and new.phone == known.phone):
        return first
    return replace(first, arrival=replace(known, phone=""))


class Changed(NamedTuple):
    """What others did to the list since it was looked at last."""

    listed: Sequence[Entry] | None = None
    """All of it, where more changed than what came and left by itself."""
    came: Sequence[Entry] = ()
    """What came by itself, to stand behind all others."""
    left: Sequence[str] = ()
    """What had come by itself, and is not on the list any more."""


class AddedList(Protocol):
    """What people added, as a store keeps it (see ``WatchlistStore``)."""

    @property
    def entries(self) -> tuple[Entry, ...]: ...

    @property
    def broken(self) -> StoreError | None: ...

    @property
    def told(self) -> bool: ...

    def load(self) -> list[Entry]: ...

    def poll_changes(self) -> list[Entry] | None: ...

    def update(self, operation: Operation) -> list[Entry]: ...


class Together(EditedList):
    """The ``WatchlistStore`` of what people added and what came by itself."""

    def __init__(
        self,
        added: AddedList,
        arrivals: ArrivalStore,
        clock: Clock | None = None,
        who: str = "",
    ) -> None:
        super().__init__(clock, who)
        self.told = added.told
        self._added = added
        self.arrivals = arrivals
        """What came by itself, of which the list is made too."""
        self._guard = threading.RLock()
        self._theirs: tuple[tuple[Entry, ...], frozenset[str]] = ((), frozenset())
        """What people added, and its ids, as of the last look."""
        self._hidden: set[str] = set()
        self._hidden_before: frozenset[str] = frozenset()
        """As of the look at both places before the last one."""
        self._surely_hidden: frozenset[str] = frozenset()
        self._behind = False
        """What came or left was seen, and not told by ``poll_changes`` yet."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._whole(self._added.entries, self.arrivals.known)

    @property
    def broken(self) -> StoreError | None:
        return self._added.broken

    @property
    def hidden(self) -> Collection[str]:
        """What came by itself, and was added by people as well: seen so twice in a row.

        Whoever takes back what made it people's puts it here before it leaves there. Who sees it
        in both meanwhile, or has not looked there since, would have it leave altogether.
        """
        return self._surely_hidden & self._hidden

    def load(self) -> list[Entry]:
        with self._guard:
            try:
                self._added.load()
            finally:
                try:
                    self.arrivals.load()
                except Unreachable:
                    raise
                except StoreError:
                    pass  # ``poll_changes`` tries again, and says so
                self._behind = False
                self._look_through()
            return list(self.entries)

    def poll_changes(self, *, whole: bool = True) -> Changed | None:
        with self._guard:
            changed = self._changes(whole=whole)
            if whole:
                self._surely_hidden = self._hidden_before & self._hidden
                self._hidden_before = frozenset(self._hidden)
            return changed

    def _changes(self, *, whole: bool) -> Changed | None:
        theirs = self._added.poll_changes() if whole else None
        try:
            found = self.arrivals.newer()
        except StoreError:
            if theirs is None:
                raise
            found = None  # it is said when nothing else is
        if theirs is not None or self._behind or (found is not None and found.moved):
            self._behind = False
            self._look_through()
            return Changed(self.entries)
        if found is None:
            return None
        _, added = self._sorted()
        self._hidden.update(each.id for each in found.came if each.id in added)
        self._hidden.difference_update(found.left)
        came = [each for each in found.came if each.id not in added]
        left = [id for id in found.left if id not in added]
        return Changed(None, came, left) if came or left else None

    def leave(self, ids: Iterable[str]) -> None:
        """Have these, which came by themselves, leave: they are not taken again for a while."""
        self.arrivals.leave(ids)

    def update(self, operation: Operation) -> list[Entry]:
        with self._guard:
            return self._update(operation, {}, ())

    def take_back(self, done: Done) -> TakenBack:
        back = {
            each.before.id: each.before
            for each in done.changed
            if each.before is not None and each.before.arrival is not None
        }
        result = TakenBack((), ())
        with self._guard:
            self._refresh()
            came = self._came()
            missing = {id: entry for id, entry in back.items() if id not in came}
            # Before people's list is without them: whatever ends us, they are in one of the two.
            given = self.arrivals.give_back(missing.values()) if missing else ()

            def operation(known: list[Entry]) -> list[Entry]:
                nonlocal result
                entries, result = taken_back(known, done)
                return entries

            self._update(operation, missing, given)
        return result

    def _update(
        self, operation: Operation, back: Mapping[str, Entry], given: Collection[str]
    ) -> list[Entry]:
        """Carry ``operation`` out on the whole list, as it is without those that are about to come
        ``back``, of which some are ``given`` back already.
        """
        self._refresh()
        came = {id: entry for id, entry in self._came().items() if id not in back}
        stays: list[Entry] = []

        def on_theirs(theirs: list[Entry]) -> list[Entry]:
            after, stays[:] = [], []
            for entry in operation(list(self._whole(theirs, came.values()))):
                if entry.arrival and (entry.id in back or came.get(entry.id) == entry):
                    stays.append(entry)
                elif entry.id in came:
                    after.append(cleaned(replace(entry, arrival=None)))
                else:
                    after.append(entry)
            return after

        theirs = self._added.update(on_theirs)
        kept = {entry.id for entry in stays}
        if gone := [id for id in (*came, *given) if id not in kept]:
            self.arrivals.leave(gone)
        if gone or given:
            behind = self._behind
            self._refresh()
            self._behind = behind  # it is what we did
        self._look_through()
        return [*theirs, *stays]

    def _refresh(self) -> None:
        try:
            self._behind = self.arrivals.newer() is not None or self._behind
        except Unreachable:
            raise
        except StoreError:
            pass  # what people do to their list goes on; what is to leave says it

    def _came(self) -> dict[str, Entry]:
        return {entry.id: entry for entry in self.arrivals.known}

    def _sorted(self) -> tuple[tuple[Entry, ...], frozenset[str]]:
        entries = self._added.entries
        if entries is not self._theirs[0]:
            self._theirs = entries, frozenset(entry.id for entry in entries)
        return self._theirs

    def _look_through(self) -> None:
        """See what is in both places."""
        _, added = self._sorted()
        self._hidden = {each.id for each in self.arrivals.known if each.id in added}

    @staticmethod
    def _whole(theirs: Sequence[Entry], came: Iterable[Entry]) -> tuple[Entry, ...]:
        added = {entry.id for entry in theirs}
        return (*theirs, *(entry for entry in came if entry.id not in added))
