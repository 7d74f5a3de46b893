"""The engine: the board, one poller for each account, and whoever listens.

Everything happens on one event loop. Listeners are called there, synchronously, in the order
in which they subscribed; a listener or recorder that raises hurts nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from random import Random
from typing import Protocol

from smsmon.clock import Clock
from smsmon.known import CHIEF, AccountState, Condition, Remembered, account_part
from smsmon.model import Answer, Entry, Event, Fault, FaultKind
from smsmon.monitor.board import Board
from smsmon.monitor.budget import Window
from smsmon.monitor.habits import Learned
from smsmon.monitor.intake import Hearers, Listener, Recorder
from smsmon.monitor.poller import EVERYTHING, NOTHING
from smsmon.monitor.pollers import Pollers
from smsmon.monitor.schedule import Limits
from smsmon.monitor.source import Followed, Source
from smsmon.monitor.state import Asked


class Others(Protocol):
    """Who polls what this engine does not: asked for what the operator wants now."""

    def refresh(self, message_ids: Iterable[str]) -> None: ...

    def refresh_all(self) -> None: ...

    def focus(self, message_id: str | None) -> None: ...


_UNKNOWN = "there is no profile named {}: add it, or edit its messages to have another"


class Engine:
    """Watches messages and tells what becomes of them.

    ``sources`` gives the source of each profile; messages of any other profile stay unread.
    Profiles share one window of requests unless ``windows`` (profile → window of its address)
    tells them apart.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        clock: Clock,
        *,
        limits: Limits | None = None,
        recorder: Recorder | None = None,
        rng: Random | None = None,
        windows: Mapping[str, Window] | None = None,
        trouble_below: float = 0.0,
    ) -> None:
        self.board = Board()
        self.trouble_below = trouble_below
        """The delivery rate, from 0 to 1, under which a message is in trouble."""
        self._clock = clock
        self._hearers = Hearers(self.board, recorder)
        self._tell = self._hearers.tell
        self._focus: str | None = None
        self._focus_elsewhere: frozenset[str] = frozenset()
        self.others: Others | None = None
        """Who is asked for messages that are not ours to poll; None: nobody is there."""
        self._open = Pollers(self.board, clock, limits or Limits(), rng or Random(), self._tell)
        self._pollers = self._open.by_profile
        self.grant = self._open.grant
        """Has it poll what is granted and nothing else (see ``Pollers.grant``)."""
        for profile, source in sources.items():
            self._open.take_on(profile, source, (windows or {}).get(profile))

    # --- looking -------------------------------------------------------------------------

    @property
    def requests_last_minute(self) -> int:
        """Requests of the last 60 seconds, over all addresses, of all who share their windows."""
        now = self._clock.monotonic()
        return sum(budget.used(now) for budget in self._open.budgets)

    @property
    def allowed(self) -> int:
        """Requests allowed in any 60 seconds at present, over all addresses.

        Less than the limit for some minutes after a "too many requests".
        """
        now = self._clock.monotonic()
        return sum(budget.allowed(now) for budget in self._open.budgets)

    def full_until(self, profile: str) -> float | None:
        """Wall time until which all requests that are allowed have gone out; None: one may go."""
        poller, now = self._pollers.get(profile), self._clock.monotonic()
        opens_at = now if poller is None else poller.opens_at
        return opens_at + self._clock.now() - now if opens_at > now else None

    @property
    def stretch(self) -> float:
        """The factor by which intervals are stretched to stay within the limit; 1 is none.

        Of several accounts the most stretched one counts.
        """
        return max((poller.stretch for poller in self._pollers.values()), default=1.0)

    @property
    def profiles(self) -> tuple[str, ...]:
        """The accounts, in the order they were given."""
        return tuple(self._pollers)

    @property
    def turns(self) -> dict[str, float]:
        """Account → the monotonic time at which its poller last came round."""
        return {name: poller.turned_at for name, poller in self._pollers.items()}

    def account(self, profile: str) -> AccountState:
        """How it stands with an account; one nobody set up is stopped."""
        poller = self._pollers.get(profile)
        if poller is not None:
            return poller.intake.state
        fault = Fault(FaultKind.AUTH, _UNKNOWN.format(profile))
        return AccountState(profile, Condition.STOPPED, fault)

    def learned(self, profile: str) -> Learned:
        """What an account's reports taught so far, as plain numbers. Raises KeyError."""
        return self._pollers[profile].learned

    def teach(self, learned: Mapping[str, Learned]) -> None:
        """Let the schedule go on from what it knew: profile → what ``learned()`` gave."""
        self._open.teach(learned)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with everything that happens; gives what ends that."""
        self._hearers.listeners.append(listener)
        return lambda: self._hearers.listeners.remove(listener)

    def count(self, listener: Callable[[Asked], None]) -> Callable[[], None]:
        """Call ``listener`` with each request for reports that is over; gives what ends that."""
        self._hearers.counting.append(listener)
        return lambda: self._hearers.counting.remove(listener)

    # --- the watchlist -------------------------------------------------------------------

    def watch(
        self, entry: Entry, remembered: Remembered | None = None, *, announce: bool = True
    ) -> None:
        """Watch a message, from what the history knows of it if it does.

        ``announce=False`` tells no ADDED event. Raises ValueError when it is watched already.
        """
        self.watch_all([(entry, remembered)], announce=announce)

    def watch_all(
        self, entries: Iterable[tuple[Entry, Remembered | None]], *, announce: bool = True
    ) -> None:
        """Watch many messages at once: their first polls are spread out, not sent in a burst."""
        now = self._clock.now()
        added: dict[str, list[str]] = {}
        events = []
        for entry, remembered in entries:
            events.append(self.board.watch(entry, now))
            if remembered is not None:
                self.board.remember(entry.id, remembered, now)
            added.setdefault(entry.profile, []).append(entry.id)
        for profile, ids in added.items():
            if profile in self._pollers:
                self._pollers[profile].add(ids)
        self._look_at()
        if announce:
            for event in events:
                self._tell(event)

    def fill(self, known: Iterable[tuple[str, Remembered | None]]) -> None:
        """Give messages the recipients that they lack (``Board.fill``), and begin to poll them."""
        now = self._clock.now()
        filled = [(id, given) for id, given in known if id in self.board.lacking]
        for message_id, remembered in filled:
            self.board.fill(message_id, remembered, now)
        self._begin_to_poll(id for id, _ in filled)

    def _begin_to_poll(self, message_ids: Iterable[str]) -> None:
        """Poll these, which lacked their recipients so far."""
        for profile, ids in self._by_profile(message_ids).items():
            self._pollers[profile].resume(id for id in ids if not self.board[id].entry.paused)

    def forget(self, message_id: str, why: str = "") -> None:
        """Stop watching; the event says ``why``. Raises KeyError when it is not watched."""
        watched = self.board[message_id]
        poller = self._pollers.get(watched.entry.profile)
        if poller is not None:
            poller.remove(message_id)
        self._tell(replace(self.board.forget(message_id, self._clock.now()), detail=why))

    def amend(self, entry: Entry) -> None:
        """Take a changed label, tag, note, pause or profile over. Raises KeyError if unknown.

        With another profile it is another account's message: it begins anew (see ``move``).
        """
        before = self.board[entry.id].entry
        if before.profile != entry.profile:
            self.move(entry)
            return
        event = self.board.amend(entry, self._clock.now())
        poller = self._pollers.get(entry.profile)
        if poller is not None and before.paused != entry.paused:
            if entry.paused:
                poller.pause(entry.id)
            else:
                poller.resume([entry.id])
        told, by = entry.arrival, before.arrival
        if poller is not None and told and by and by.phone and not told.phone:
            poller.refresh([entry.id])  # of several recipients maybe: a batch reads but the one
        if event is not None:
            self._tell(event)

    def move(self, entry: Entry, remembered: Remembered | None = None) -> None:
        """Watch the message of another account in the place of the one of that id.

        Nothing of the one before stays. ``remembered`` is what the history knows of this one.
        Raises KeyError when none of that id is watched.
        """
        order = list(self.board.messages)
        self.forget(entry.id, f"it is read with the account {entry.profile} now")
        self.watch(entry, remembered)
        self.board.arrange(order)

    def refresh(self, message_ids: Iterable[str]) -> None:
        """Poll these now, ahead of all others, paused and settled ones too (once)."""
        wanted = list(message_ids)
        for profile, ids in self._by_profile(wanted).items():
            self._pollers[profile].refresh(ids)
        elsewhere = [id for id in wanted if id in self.board and id not in self._open.granted]
        if elsewhere and self.others is not None:
            self.others.refresh(elsewhere)

    def refresh_all(self, *, pass_on: bool = True) -> None:
        """Poll everything that is not paused, as fast as the limit evenly allows. Others are
        asked to do the same, if it is to be passed on.
        """
        for poller in self._pollers.values():
            poller.refresh_all()
        if pass_on and self._open.granted is not EVERYTHING and self.others is not None:
            self.others.refresh_all()

    def focus(self, message_id: str | None) -> None:
        """The message the operator looks at is polled most often and first; None: none."""
        if message_id != self._focus and self.others is not None:
            self.others.focus(message_id)
        self._focus = message_id
        self._look_at()

    @property
    def looked_at(self) -> frozenset[str]:
        """The messages that operators look at, here or in other consoles."""
        return self._focus_elsewhere | (frozenset() if self._focus is None else {self._focus})

    def focus_elsewhere(self, message_ids: Iterable[str]) -> None:
        """The messages that operators of other consoles look at count as much."""
        wanted = frozenset(message_ids)
        if wanted != self._focus_elsewhere:
            self._focus_elsewhere = wanted
            self._look_at()

    def _look_at(self) -> None:
        by_profile = self._by_profile(self.looked_at)
        for profile, poller in self._pollers.items():
            poller.focus(frozenset(by_profile.get(profile, ())))

    # --- others that poll ----------------------------------------------------------------

    @property
    def polls(self) -> bool:
        """True while this engine polls at all: every message, or its part of them."""
        return self._open.granted is not NOTHING

    @property
    def leads(self) -> bool:
        """True while what is common to all processes is for us to do: what is told and recorded
        of alerts, and of the watchlist."""
        return CHIEF in self._open.granted

    def keeps(self, profile: str) -> bool:
        """True while it is for us to record how it stands with an account."""
        return account_part(profile) in self._open.granted

    def found(self, profile: str) -> Condition:
        """How an account answered here when it was last asked here, whoever asks it by now; stopped
        too while it is not to be tried again yet. Raises KeyError when there is no such account."""
        return self._pollers[profile].found

    def asks(self, profile: str) -> bool:
        """True while an account is judged by what it answers here."""
        return profile in self._pollers and self._pollers[profile].asks

    def is_ours(self, message_id: str) -> bool:
        """True while a message is ours to poll."""
        return message_id in self._open.granted

    def receive(self, profile: str, answer: Answer) -> None:
        """Take in what the source of ``profile`` says without having been asked, and tell it.

        Left out is what is said of a message that is not watched with that account, or that
        another process polls. Raises KeyError when there is no such account.
        """
        self._pollers[profile].receive(answer)

    def follow(self, followed: Followed) -> None:
        """Take over what another process found out, and tell it; unknown messages are left out."""
        watched = self.board.get(followed.message_id)
        if watched is None:
            return
        lacked, poller = not watched.loaded, self._pollers.get(watched.entry.profile)
        if poller is None:
            self._tell(self.board.follow(followed, self._clock.now()))
        else:
            self._tell(poller.intake.follow(followed))
        if lacked and watched.loaded:
            self._begin_to_poll([watched.id])

    def follow_account(self, state: AccountState) -> None:
        """Take over how it stands with an account, as the process that polls says."""
        if state.profile in self._pollers:
            self._pollers[state.profile].intake.follow_account(state)

    def follow_event(self, event: Event) -> None:
        """Tell what another process told of an account."""
        self._tell(event)

    def retry_account(self, profile: str) -> None:
        """Try a stopped or silent account again. Raises KeyError when there is none such."""
        self._pollers[profile].retry()

    def answered(self, profile: str) -> None:
        """The account has just answered, to a request of somebody else: all is well with it.

        Raises KeyError when there is no such account.
        """
        self._pollers[profile].answered()

    def set_source(self, profile: str, source: Source) -> None:
        """Read an account through another source (its key changed), at once.

        Raises KeyError when there is no such account.
        """
        self._pollers[profile].read_from(source)

    def open_account(self, profile: str, source: Source, window: Window | None = None) -> None:
        """Read one more account, at once; ``window`` is that of its address."""
        self._open.take_on(profile, source, window)
        self._look_at()

    async def close_account(self, profile: str) -> None:
        """Read an account no longer; what is in flight for it is over then. Its messages stay.

        Raises KeyError when there is no such account.
        """
        await self._open.let_go(profile)

    def arrange(self, profiles: Iterable[str]) -> None:
        """Have the accounts in this order."""
        self._open.arrange(profiles)

    def limit(self, limits: Limits) -> None:
        """Keep within other limits from now on."""
        self._open.limit(limits)

    # --- running -------------------------------------------------------------------------

    async def run(self) -> None:
        """Poll until cancelled. A failed poll is news, never an exception."""
        await self._open.run()

    # --- inside --------------------------------------------------------------------------

    def _by_profile(self, message_ids: Iterable[str]) -> dict[str, list[str]]:
        """The watched ones of ``message_ids`` that have an account, by profile."""
        found: dict[str, list[str]] = {}
        for message_id in message_ids:
            watched = self.board.get(message_id)
            if watched is not None and watched.entry.profile in self._pollers:
                found.setdefault(watched.entry.profile, []).append(message_id)
        return found
