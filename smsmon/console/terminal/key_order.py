"""Keys take effect in the order they were pressed.

Textual hands a key to the focused widget's queue and looks for bindings when it has bubbled
back to the app; the next key may overtake it on the way. Typed fast, or arriving in one packet
over SSH, ``ab⌫c`` then reads as ``abc⌫``. Here the next key waits until the one before it has
gone all the way.
"""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Any, Generic, TypeVar

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import Screen

T = TypeVar("T")

_GIVE_UP = 1.0
"""Seconds after which a key counts as done whatever became of it: a widget that was removed
meanwhile must not hold up the keyboard."""


class KeysInOrder(App[T], Generic[T], inherit_bindings=False):
    """An app that takes one key, or one paste, at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._pressed: deque[events.Key | events.Paste] = deque()
        self._turn = 0
        self._since: float | None = None
        """When the key under way was taken; None: none is."""

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self._pressed.append(event)
            self.noticed()
            if self._since is None or monotonic() - self._since > _GIVE_UP:
                await self._take_next()
        else:
            await super().on_event(event)

    def noticed(self) -> None:
        """Somebody typed. For subclasses."""

    async def _take_next(self) -> None:
        if not self._pressed:
            self._since = None
            return
        self._turn += 1
        self._since = monotonic()
        event = self._pressed.popleft()
        screen = self.screen
        target = self.focused or screen
        await super().on_event(event)
        # The event, and whatever it bubbles to, stands in these queues already; a call put
        # behind it in each of them, one after the other, comes when it has been through all.
        self._follow([target, *target.ancestors], self._turn, screen)

    def _follow(self, way: list[MessagePump], turn: int, screen: Screen[Any]) -> None:
        while way:
            pump = way.pop(0)
            if pump is not self and pump.call_later(self._follow, way, turn, screen):
                return
        self.call_later(self._gone_all_the_way, turn, screen)

    def _gone_all_the_way(self, turn: int, screen: Screen[Any]) -> None:
        """The key has had its effect, but for a focus that moves or a screen that opens."""
        if self.screen is not screen:
            self.screen.call_after_refresh(self._end, turn)
        else:
            self.call_later(self._end, turn)

    async def _end(self, turn: int) -> None:
        if turn == self._turn:
            await self._take_next()
