"""What a process does that follows: it takes in what the one that polls records, and asks it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from math import inf
from secrets import token_hex

from smsmon.clock import Clock
from smsmon.model import Event, EventKind, Transition
from smsmon.monitor.engine import Engine
from smsmon.monitor.source import Followed
from smsmon.monitor.state import Applied
from smsmon.recipients import STOP_YES
from smsmon.store.base import HistoryStore
from smsmon.store.shared import Cursor, Newer, Recorded, Wish

_EARLY = 5.0
"""Seconds that news of a message waits for the watchlist to list it."""
_OF_THE_LIST = (EventKind.ADDED, EventKind.REMOVED, EventKind.PAUSED, EventKind.RESUMED)
"""What every process tells by itself, as it follows the watchlist file."""
_AGAIN = 20.0
"""Seconds after which a lasting wish is said again, that it may not become void."""


class Following:
    """The way from the record to the engine of one that follows."""

    def __init__(self, engine: Engine, history: HistoryStore, clock: Clock) -> None:
        self._engine = engine
        self._history = history
        self._clock = clock
        self.cursor = Cursor()
        """Up to where the record is known."""
        self._polled = False
        """True at the first look after we polled: the board may know what it brings."""
        self._early: dict[str, tuple[float, list[Followed]]] = {}
        engine.subscribe(self.hear)

    def begin(self) -> None:
        """Follow from now on: we polled, and recorded what we told."""
        last = max(self.cursor.event, self._history.last_event)
        self.cursor = Cursor(0, last)
        self._polled = True

    def hear(self, news: Applied | Event) -> None:
        """What the engine tells: a message that it tells as added need not be told so again."""
        if isinstance(news, Event) and news.kind is EventKind.ADDED and news.message_id:
            since, waiting = self._early.get(news.message_id, (0.0, []))
            if waiting:
                self._early[news.message_id] = since, [_but_added(each) for each in waiting]

    def take(self, newer: Newer) -> None:
        """Bring what was recorded to the board, and tell it."""
        self.cursor = newer.cursor
        for each in newer.accounts:
            self._engine.follow_account(each)
        events: dict[str, list[Event]] = {}
        for event in newer.events:
            if event.message_id is None:
                self._engine.follow_event(event)
            elif event.kind not in _OF_THE_LIST or self._is_early(event):
                events.setdefault(event.message_id, []).append(event)
        for recorded in newer.messages:
            if not self._of_ours(recorded):
                continue
            told = events.pop(recorded.key[0], [])
            self._bring(self._followed(recorded, told), recorded)
        for message_id, left in events.items():
            self._bring(Followed(message_id, left[-1].at, events=tuple(left)))
        self._polled = False

    def tell_early(self) -> None:
        """Tell what was recorded of a message before our own look at the watchlist."""
        for message_id, (since, waiting) in list(self._early.items()):
            if message_id in self._engine.board:
                del self._early[message_id]
                for each in waiting:  # the message was loaded as it stands
                    self._engine.follow(replace(each, remembered=None))
            elif self._clock.monotonic() - since > _EARLY:
                del self._early[message_id]

    def _of_ours(self, recorded: Recorded) -> bool:
        """False for what another account's message of that id was read for."""
        watched = self._engine.board.get(recorded.key[0])
        return watched is None or watched.entry.profile == recorded.key[1]

    def _is_early(self, event: Event) -> bool:
        """True for the news that a message was added, when it came before the list itself."""
        return event.kind is EventKind.ADDED and event.message_id not in self._engine.board

    def _followed(self, recorded: Recorded, events: list[Event]) -> Followed:
        poll, transitions = recorded.last_poll, recorded.transitions
        if self._polled:
            transitions = self._untold(transitions)
        moments = [each.at for each in events] + [each.observed_at for each in transitions]
        return Followed(
            recorded.key[0],
            max(moments, default=poll.read_at or self._clock.now()),
            poll,
            recorded.remembered,
            transitions,
            tuple(events),
        )

    def _untold(self, transitions: tuple[Transition, ...]) -> tuple[Transition, ...]:
        """Without those that our last polls found too, and could not record any more."""
        board, left = self._engine.board, []
        for each in transitions:
            watched = board.get(each.message_id)
            known = watched.recipients if watched is not None else None
            if known is None or each.slot >= len(known):
                left.append(each)
                continue
            now = known.statuses[each.slot], known.stops[each.slot] == STOP_YES
            if now != (each.after, each.stop_after):
                left.append(each)
        return tuple(left)

    def _bring(self, followed: Followed, recorded: Recorded | None = None) -> None:
        if followed.message_id in self._engine.board:
            self._engine.follow(followed)
            if recorded is not None and recorded.remembered is not None:
                self._history.adopt(recorded.remembered)
        elif followed.transitions or followed.events:
            now = self._clock.monotonic()
            self._early.setdefault(followed.message_id, (now, []))[1].append(followed)


def _but_added(followed: Followed) -> Followed:
    events = tuple(each for each in followed.events if each.kind is not EventKind.ADDED)
    return replace(followed, events=events)


class Wishes:
    """The wishes of one that follows (the engine's ``Others``)."""

    def __init__(self, engine: Engine, history: HistoryStore, clock: Clock) -> None:
        self._engine = engine
        self._history = history
        self._clock = clock
        self.who = f"{os.getpid()}-{token_hex(4)}"
        """Tells our wishes from those of others."""
        self._focus = ""
        self._said: dict[str, float] = {}
        """Lasting wish → monotonic time at which it was said last."""

    def refresh(self, message_ids: Iterable[str]) -> None:
        self._say("refresh", " ".join(message_ids))

    def refresh_all(self) -> None:
        self._say("refresh all")

    def focus(self, message_id: str | None) -> None:
        self._focus = message_id or ""
        self._say("focus", self._focus)

    def retry_accounts(self) -> None:
        """Have the accounts tried again that are not well."""
        self._say("retry")

    def begin(self) -> None:
        """Another process polls from now on: it knows nothing of us."""
        self._said.clear()

    def end(self) -> None:
        """Want nothing any more."""
        if self._focus:
            self.focus(None)

    def say_again(self, rank: int | None) -> None:
        """Say what lasts again when it is time; ``rank``: that we want to poll in its place."""
        lasting = {"focus": self._focus} if self._focus else {}
        if rank is not None:
            lasting["rank"] = str(int(rank))
        for kind, what in lasting.items():
            if self._clock.monotonic() - self._said.get(kind, -inf) >= _AGAIN:
                self._say(kind, what)

    def _say(self, kind: str, what: str = "") -> None:
        if not self._engine.leads:
            self._history.wish(Wish(self.who, self._clock.now(), kind, what))
            self._said[kind] = self._clock.monotonic()
