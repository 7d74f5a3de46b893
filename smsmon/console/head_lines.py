"""The two lines on top, kept up to date: is the screen true, and the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from smsmon.alerts import State
from smsmon.console import head
from smsmon.console.actions import Keymap
from smsmon.console.alert_standing import AlertsHere, raised
from smsmon.console.feed import Feed
from smsmon.console.formats import Formats
from smsmon.console.line import FittedLine, Line
from smsmon.console.overview.activity import Activity, delivered_lately
from smsmon.console.tables.rows import AT_ONCE, Rounds
from smsmon.console.totals import totals
from smsmon.model import Balance, Counts
from smsmon.monitor.standing import Monitor, standing
from smsmon.monitor.state import MessageState

if TYPE_CHECKING:
    from smsmon.session import Session

_REQUESTS_EVERY = 5
"""Seconds between two looks at the requests of the last minute: they change with every poll."""


class HeadLines:
    """The widgets of the head, and what they were last made of."""

    def __init__(
        self,
        session: Session,
        formats: Formats,
        feed: Feed,
        filtered: Callable[[], Counts | None],
        alerts: AlertsHere,
        *,
        name: str,
        keymap: Keymap,
    ) -> None:
        """``filtered`` gives the counts of the messages that a filter shows, None without one.

        ``name`` is the account's. No text moves by itself where the ``formats`` are still.
        """
        self._session = session
        self._formats = formats
        self._feed = feed
        self._filtered = filtered
        self._alerts = alerts
        self.name = name
        self._keymap = keymap
        self.keyless = False
        """The operator was asked where the key of the current account is, and put it off."""
        self.activity = Activity(session.clock)
        self.states = States(session.engine, formats.now)
        self.told = head.Head((), Counter())
        """What the first line was last made of."""
        self._shown: object = None
        self._balance = ""
        self._looked_at: int | None = None
        """When the requests were last looked at, in steps of ``_REQUESTS_EVERY``."""
        self._requests = (0, 0, 1.0)
        """Those of the last minute, the limit, and the stretch; of no limit before the first look
        but one: none has gone out then, and soon many will have."""
        self._line = Horizontal(id="head")
        self._truth = FittedLine(id="truth")
        self._clock = Line(id="clock")
        self._totals = FittedLine(id="totals")

    def compose(self) -> ComposeResult:
        """The two lines, to be mounted on a screen."""
        with self._line:
            yield self._truth
            yield self._clock
        self._clock.display = not self._formats.still
        yield self._totals

    def show_clock(self) -> None:
        """Show the time of day, or no longer."""
        self._clock.display = not self._formats.still
        self.show_time()

    def show_time(self) -> None:
        """The time of day, to the second."""
        if not self._formats.still:
            self._clock.say(Content(f" {self._formats.time_of_day()} "))

    def show_balance(self, balance: Balance | None) -> None:
        """What the account holds; None: it is not known."""
        self._balance = head.balance_text(balance)
        self.show()

    def show(self) -> None:
        """Tell whether the screen is true, and the totals."""
        engine, now = self._session.engine, self._formats.now()
        used, allowed, stretch = self._requests_lately()
        self._alerts.look_if_changed()
        states = Counter(each.state for each in self._alerts.rows)
        told = head.Head(
            accounts=tuple(self._session.account(name) for name in engine.profiles),
            states=self.states.counts.copy(),
            name=self.name,
            balance=self._balance,
            used=used,
            allowed=allowed,
            stretch=stretch,
            frozen_since=self._feed.frozen_since,
            held_back=self._feed.held_back,
            masked=self._formats.masked,
            read_only=self._session.read_only,
            halted=self._session.halted,
            silent=self._session.incoming.silent,
            alerts=tuple(map(raised, self._alerts.unanswered)),
            acknowledged=states[State.ACKNOWLEDGED],
            silenced=states[State.SILENCED],
            polling=self._session.polling,
            retry_key=self._keymap.face("app.retry"),
            setup_key=self._keymap.face("app.setup") if self.keyless else "",
        )
        filtered = self._filtered()
        counts = engine.board.totals() if filtered is None else filtered
        of_filtered = filtered is not None
        known = not self._formats.still and not of_filtered
        lately = delivered_lately(self.activity, now) if known else ""
        hour = now // 3600  # a moment is told with its date once its day is over
        tried = [account.tried_at(now) for account in told.accounts]
        shown = (told, counts, of_filtered, self._formats.utc, hour, tried)
        if shown == self._shown:
            return
        self.told, self._shown = told, shown
        self._truth.fit(partial(head.truth, told, self._formats))
        self._line.set_class(head.trouble(told), "-trouble")
        plain = self._formats.plain
        self._totals.fit(
            partial(totals, counts, of_filtered=of_filtered, lately=lately, plain=plain)
        )

    def _requests_lately(self) -> tuple[int, int, float]:
        """Requests of the last minute, the limit and the stretch, as of a few seconds ago."""
        moment = int(self._formats.now() // _REQUESTS_EVERY)
        if not self._formats.still and moment != self._looked_at:
            if self._looked_at is not None:
                engine = self._session.engine
                self._requests = (engine.requests_last_minute, engine.allowed, engine.stretch)
            self._looked_at = moment
        return self._requests


class States:
    """How many of ``monitor``'s messages are in each state; ``now`` gives wall time.

    Counted anew only where something happened: asking a thousand messages ten times a second
    how they stand would cost more than polling them.
    """

    def __init__(self, monitor: Monitor, now: Callable[[], float]) -> None:
        self._monitor = monitor
        self._now = now
        self._state_of: dict[str, MessageState] = {}
        self._counts: Counter[MessageState] = Counter()
        self._rounds = Rounds[str]()

    @property
    def counts(self) -> Counter[MessageState]:
        """As of the last look; do not change it."""
        if len(self._state_of) != len(self._monitor.board):
            self.look_at(self._state_of.keys() ^ self._monitor.board.messages.keys())
        return self._counts

    def look_at(self, ids: Iterable[str]) -> None:
        """Something happened to these messages, or they are gone."""
        board, now = self._monitor.board, self._now()
        for id in ids:
            if (before := self._state_of.get(id)) is not None:
                self._counts[before] -= 1
            if (watched := board.get(id)) is not None:
                state = self._state_of[id] = standing(self._monitor, watched, now).state
                self._counts[state] += 1
            elif before is not None:
                del self._state_of[id]

    def look_at_the_clock(self, *, in_turn: bool) -> None:
        """Time has passed, which alone makes messages stale: few are looked at when it is their
        turn, of many some each time."""
        board, now = self._monitor.board, self._now()
        if len(board) > AT_ONCE:
            some = self._rounds.next_portion(lambda: [*board.messages])
        else:
            some = [*board.messages] if in_turn else []
        stale, state_of = MessageState.STALE, self._state_of.get
        there = [each for id in some if (each := board.get(id)) is not None]
        self.look_at([w.id for w in there if w.overdue(now) or state_of(w.id) is stale])

    def look_at_all(self) -> None:
        """Anything may have happened."""
        self._state_of.clear()
        self._counts.clear()
        self.look_at(self._monitor.board.messages)
