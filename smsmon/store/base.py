"""The store as everybody else sees it: the history, the watchlist, and the lease to poll.

Whoever wants to know something of the past or of the list asks one of these; what they speak in
are the values of `past`, `shared` and `entries`. All moments are seconds since the epoch, UTC. What
goes wrong is a ``StoreError``, which says by itself where, why, and what to do about it.

Three rules of threads: a `HistoryStore` belongs to the event loop and never blocks it; an
`Archive` and a `Follower` block, each for one thread at a time; a `WatchlistStore` and a `Lease`
block too, for any threads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

from smsmon.clock import Clock
from smsmon.known import AccountState, AppliedPoll, Key, Remembered, Summary, WatchedMessage
from smsmon.model import Balance, Entry, Event
from smsmon.store.alerts import AlertStore
from smsmon.store.archive import Archive
from smsmon.store.arrivals import ArrivalStore, Changed
from smsmon.store.entries import Done, TakenBack
from smsmon.store.errors import StoreError
from smsmon.store.shared import Allowance, Follower, Lease, Wish
from smsmon.tags import TagChange

T = TypeVar("T")
Listener = Callable[[StoreError | None], None]
"""Hears of trouble with writing, in any thread: an error when it begins, None when it is over."""
Outdated = Callable[[Sequence[Key]], object]


class Store(Protocol):
    """One place where everything is kept. To have one costs nothing: nothing is opened yet."""

    @property
    def files(self) -> Mapping[str, Path]:
        """``watchlist`` and ``history``, each with its file, as far as they are files here."""

    def watchlist(self, clock: Clock | None = None) -> WatchlistStore: ...

    def arrivals(self, clock: Clock | None = None) -> ArrivalStore:
        """The messages that came by themselves. Moments are those of ``clock``."""

    def archive(self, *, checked: bool = True) -> AbstractContextManager[Archive]:
        """What was recorded, for a command. It is looked at first whether it is sound, unless that
        takes too long for who asks every few seconds.
        """

    def history(
        self, clock: Clock | None = None, listener: Listener | None = None
    ) -> HistoryStore: ...

    def alerts(self, clock: Clock | None = None) -> AlertStore:
        """What is kept of alerts, for a command: it does not poll, and may answer and silence."""

    def clock(self, clock: Clock) -> Clock:
        """``clock``, but for what time it is where the store has a clock of its own: so all hosts
        on it record moments alike."""

    def lease(self, clock: Clock, name: str, egress: str = "") -> Lease:
        """The lease to poll, for a process that is called ``name`` and reaches the API by
        ``egress``."""

    def allowance(self, egress: str, address: str) -> Allowance | None:
        """What all that leave by ``egress`` may ask of the API at ``address``; None where the
        store knows of this machine alone."""

    def learned(self) -> bytes:
        """What ``keep_learned`` was given last; empty when it never was. Blocks, and raises
        ``StoreError``.
        """

    def keep_learned(self, content: bytes) -> None:
        """Keep what the schedule learnt, a JSON text. Blocks, and raises ``StoreError``."""


class WatchlistStore(Protocol):
    """What is watched, shared by every console, command and editor: what people added, and behind
    it what came by itself (``Entry.arrival``). What is changed of that by people becomes theirs.

    Every change is one operation, carried out on what the list says at that moment: two consoles
    never overwrite each other. What is not possible raises ``StoreError``, and changes nothing.
    """

    @property
    def arrivals(self) -> ArrivalStore:
        """What came by itself, of which the list is made too. Does not block."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The last good list. Does not block."""

    @property
    def broken(self) -> StoreError | None:
        """Why the list cannot be used now; None when it can. Does not block."""

    @property
    def told(self) -> bool:
        """True where a ``Follower`` tells that somebody else changed it: to look now and then is
        enough.
        """

    def load(self) -> list[Entry]:
        """Read the list; an empty one where there is none. Raises ``StoreError``."""

    def poll_changes(self, *, whole: bool = True) -> Changed | None:
        """What others did to the list since it was read last; None where they did nothing. Cheap:
        what came and left by itself costs no more than that, however long the list is.

        A list that makes no sense any more raises ``StoreError``, once; the entries stay the last
        good ones. What looks like a loss counts when it is still so at the next call. ``whole`` is
        False where only what came and left by itself is looked at.
        """

    @property
    def hidden(self) -> Collection[str]:
        """What came by itself, and people added it too: it stands on the list as theirs. Does not
        block.
        """

    def leave(self, ids: Iterable[str]) -> None:
        """Have these, which came by themselves, leave the list, whatever people added: nothing
        is to be undone then.
        """

    def add(self, entries: Iterable[Entry]) -> Done:
        """Watch these too, at the end of the list; what is watched already is merged with them.

        Entries without a moment of their own were added now. Raises ``ValueError`` for what is
        no message id.
        """

    def remove(self, ids: Iterable[str]) -> Done:
        """Watch these no longer; ids that are not on the list are passed over."""

    def amend(
        self,
        ids: Iterable[str],
        *,
        label: str | None = None,
        tags: TagChange | None = None,
        note: str | None = None,
        paused: bool | None = None,
        profile: str | None = None,
    ) -> Done:
        """Change what is given, and only that, in the entries of ``ids`` that are on the list."""

    def take_back(self, done: Done) -> TakenBack:
        """Undo an operation, and leave alone what others did since (`entries.taken_back`)."""


class HistoryStore(Protocol):
    """The history beside a running engine: recording never waits, questions never block.

    What is not awaited returns at once and never raises; what waits to be written is bounded, and
    written as soon as that is possible. What is awaited raises ``StoreError``. Of all processes
    that share a store one records what polls bring (`lead`, `record_alone`), the others `follow`.
    """

    @property
    def trouble(self) -> StoreError | None:
        """Why nothing can be written now; None when all is well. It is tried again by itself."""

    @property
    def alerts(self) -> AlertStore:
        """What is kept of alerts: what only the one that polls may write, we may while we do."""

    def start(
        self, anew: Callable[[], None] | None = None, outdated: Outdated | None = None
    ) -> None:
        """Begin to write. What was recorded before waits until then.

        ``anew`` is called in the running loop when the history is another one by now, or may
        have lost something: have all that is known recorded, by ``restate`` and ``watching``.
        ``outdated`` is called there with messages of which the store knows something newer
        than was recorded here: ``load`` them.
        """

    async def flush(self) -> None:
        """Wait until all recorded so far is kept for good."""

    async def close(self) -> None:
        """Write what waits, then let go. Raises when something stays unwritten."""

    # --- what was seen ---------------------------------------------------------------------

    def record(self, applied: AppliedPoll, watched: WatchedMessage) -> None:
        """Record what one poll brought (the engine's ``Recorder``)."""

    def record_event(self, event: Event) -> None:
        """Record what no poll brought: an account stopped, a message was added."""

    def watching(self, entries: Iterable[Entry]) -> None:
        """Tell all that is on the watchlist: what left it is kept for a while only."""

    def came_and_left(self, changes: Mapping[Key, Entry | None]) -> None:
        """Tell what is on the watchlist since ``watching`` told all of it, or is described anew;
        None: what is there no more.
        """

    def forget(self, keys: Iterable[Key]) -> None:
        """These are not shown here any more, whoever polls: keep nothing of them in memory."""

    def restate(self, messages: Iterable[WatchedMessage]) -> None:
        """Record again all that is known of these messages: what is recorded adds nothing."""

    async def ask(self, question: Callable[[Archive], T]) -> T:
        """The answer to a question. One at a time, in order; a cancelled one is ended."""

    async def summaries(self, wanted: Sequence[Key]) -> list[Summary]:
        """What is known of messages without their recipients, in the order asked; nothing of those
        never read. What others record of them from then on is news to a ``follower``.
        """

    def load(self, wanted: Sequence[str | Key]) -> AsyncIterator[list[Remembered]]:
        """Messages as last seen, in portions, in the order asked.

        Give their very ``recipients``, ``first_seen`` and ``changed_at`` to the board: the
        first poll which finds nothing new then needs no write.
        """

    def adopt(self, given: Remembered) -> None:
        """Take a message for known as ``given``: the board has its very columns."""

    # --- who records, and who follows ------------------------------------------------------

    def lead(self, ours: Callable[[], bool], lost: Callable[[], None]) -> None:
        """Record from now on, while ``ours()``: it tells whether we have the lease to poll.

        It is asked, and ``lost`` is called, in any thread: when another process has begun to
        record. Of ours, nothing is kept from then on.
        """

    def record_alone(self) -> None:
        """Record from now on whatever others do: there is no lease to be had."""

    def follow(self) -> None:
        """Record nothing of polls from now on: another process does. What waits is dropped."""

    def followed(self, followed: bool) -> None:
        """Others follow: note within a second when messages were read."""

    def follower(self) -> Follower:
        """What looks at what another process records. It has no use once we are closed."""

    @property
    def last_event(self) -> int:
        """The number of the event that was recorded here last; 0 when none was."""

    @property
    def looks_only(self) -> bool:
        """True where this user may only look, as far as is known: what it wishes is dropped."""

    def record_accounts(self, accounts: Iterable[AccountState]) -> None:
        """Record how it stands with these accounts."""

    def record_balance(self, profile: str, balance: Balance) -> None:
        """Record what an account holds; what it held before adds nothing."""

    def wish(self, wish: Wish) -> None:
        """Ask something of the process that polls."""

    def granted(self, ids: Iterable[int]) -> None:
        """Take these wishes of others off the list."""
