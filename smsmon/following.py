"""What a process takes in that others recorded: of all messages, or of those that they poll."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import replace

from smsmon.clock import Clock
from smsmon.known import Key
from smsmon.model import Event, EventKind, Transition
from smsmon.monitor.engine import Engine
from smsmon.monitor.source import Followed
from smsmon.monitor.state import Applied
from smsmon.recipients import STOP_YES
from smsmon.store.base import HistoryStore
from smsmon.store.errors import StoreError
from smsmon.store.shared import Cursor, Newer, Recorded

_EARLY = 5.0
"""Seconds that news of a message waits for the watchlist to list it."""
_OF_THE_LIST = (EventKind.ADDED, EventKind.REMOVED, EventKind.PAUSED, EventKind.RESUMED)
"""What every process tells by itself, as it follows the watchlist file."""
_TOLD_KEPT = 10_000
"""Events that we told and recorded, until they are read again among those of others."""


class Following:
    """The way from the record to the engine of one that follows."""

    def __init__(
        self, engine: Engine, history: HistoryStore, clock: Clock, *, partial: bool
    ) -> None:
        """``partial``: the record is read while we poll as well, with what we told in it."""
        self._partial = partial
        self._engine = engine
        self._history = history
        self._clock = clock
        self.cursor = Cursor()
        """Up to where the record is known."""
        self._polled = False
        """True at the first look after we polled: the board may know what it brings."""
        self._left: set[str] = set()
        """The messages of which that is so, where others poll only some of them by now."""
        self._told: dict[tuple[object, ...], None] = {}
        """Events that we found ourselves, oldest first: recorded, they are read again here."""
        self._takes = False
        self._early: dict[str, tuple[float, list[Followed]]] = {}
        engine.subscribe(self.hear)

    def begin(self) -> None:
        """Follow from now on: we polled, and recorded what we told."""
        last = max(self.cursor.event, self._history.last_event)
        self.cursor = Cursor(0, last)
        self._polled = True

    def leave(self, message_ids: Collection[str]) -> None:
        """Others poll these by now, which we polled."""
        board = self._engine.board
        self._left = {id for id in (*self._left, *message_ids) if id in board}

    def hear(self, news: Applied | Event) -> None:
        """What the engine tells: what is told here need not be told again when it is read."""
        if self._partial and self._engine.polls and not self._takes:
            for event in news.events if isinstance(news, Applied) else (news,):
                self._told[_told_as(event)] = None
            while len(self._told) > _TOLD_KEPT:
                del self._told[next(iter(self._told))]
        if isinstance(news, Event) and news.kind is EventKind.ADDED and news.message_id:
            since, waiting = self._early.get(news.message_id, (0.0, []))
            if waiting:
                self._early[news.message_id] = since, [_but_added(each) for each in waiting]

    def take(self, newer: Newer, ours: Collection[str] = ()) -> None:
        """Bring what was recorded to the board, and tell it. Of messages that are ``ours`` we know
        better."""
        self._takes = True
        try:
            self._take(newer, ours)
        finally:
            self._takes = False

    def _take(self, newer: Newer, ours: Collection[str]) -> None:
        self.cursor = newer.cursor
        for each in newer.accounts:
            if not self._engine.asks(each.profile):
                self._engine.follow_account(each)
        events: dict[str, list[Event]] = {}
        for event in newer.events:
            if self._told.pop(_told_as(event), self) is None or event.message_id in ours:
                continue
            if event.message_id is None:
                if not self._engine.asks(event.profile):
                    self._engine.follow_event(event)
            elif event.kind not in _OF_THE_LIST or self._is_early(event):
                events.setdefault(event.message_id, []).append(event)
        for recorded in newer.messages:
            if recorded.key[0] in ours or not self._is_watched(recorded):
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

    def _is_watched(self, recorded: Recorded) -> bool:
        """False for what another account's message of that id was read for."""
        watched = self._engine.board.get(recorded.key[0])
        return watched is None or watched.entry.profile == recorded.key[1]

    def _is_early(self, event: Event) -> bool:
        """True for the news that a message was added, when it came before the list itself."""
        return event.kind is EventKind.ADDED and event.message_id not in self._engine.board

    def _followed(self, recorded: Recorded, events: list[Event]) -> Followed:
        poll, transitions = recorded.last_poll, recorded.transitions
        if self._polled or (recorded.key[0] in self._left and recorded.remembered is not None):
            transitions = self._untold(transitions)
            self._left.discard(recorded.key[0])
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


async def take_over(engine: Engine, history: HistoryStore, keys: list[Key]) -> None:
    """Take over what others recorded of these messages that is newer than what was read here."""
    with contextlib.suppress(StoreError):  # the next poll learns it too
        async for portion in history.load(keys):
            for each in portion:
                summary = each.summary
                watched = engine.board.get(summary.message_id)
                newer = (
                    watched is not None
                    and watched.entry.profile == summary.profile
                    and (watched.asked_at or 0.0) < (summary.asked_at or 0.0)
                )
                if newer:
                    at = summary.read_at or 0.0
                    engine.follow(Followed(summary.message_id, at, remembered=each))


def _told_as(event: Event) -> tuple[object, ...]:
    """What tells an event from others, also when it was recorded, to the millisecond."""
    return event.message_id, event.profile, event.kind, round(event.at * 1000)


def _but_added(followed: Followed) -> Followed:
    events = tuple(each for each in followed.events if each.kind is not EventKind.ADDED)
    return replace(followed, events=events)
