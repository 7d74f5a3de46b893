"""What is typed: pastes are taken whole, and keys take effect in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from time import monotonic
from typing import Any

from textual import events
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen

from smsmon.console.terminal.private import (
    BRACKETED_PASTE_END,
    BRACKETED_PASTE_START,
    KeyParser,
    WrittenApp,
)

_GIVE_UP = 1.0
"""Seconds after which a key counts as done whatever became of it: a widget that was removed
meanwhile must not hold up the keyboard."""


class Typed:
    """Keys and pastes out of what was read, piece by piece.

    Textual's parser also looks for escape sequences inside a bracketed paste. What follows an ESC
    there is taken out of the paste, up to 32 characters of it, and handed over as keys before the
    paste itself: digits change places, and a line break among them is the enter key, which adds
    what stands there. Here a paste is what stands between its marks, in its order, whatever is
    in it.
    """

    def __init__(self) -> None:
        self._parser = KeyParser()
        self._tail = ""
        """The end of what the parser was given last: a mark may have begun in it."""
        self._pasted: list[str] | None = None
        """The pieces of the paste under way, and what may be the beginning of its end."""

    def feed(self, text: str) -> Iterator[Message]:
        """The events of ``text``, the next piece of what was read."""
        while text:
            if self._pasted is None:
                text = yield from self._keys(text)
            else:
                text = yield from self._paste(text, self._pasted)

    @property
    def ticking(self) -> bool:
        """True while time going by may bring an event."""
        return self._pasted is None and self._parser.waiting

    def tick(self) -> Iterator[Message]:
        """The events of time going by without more to read: an escape alone is a key."""
        if self._pasted is None:
            for event in self._parser.tick():
                self._tail = ""  # what comes now does not belong to what was waited for
                yield event

    def _keys(self, text: str) -> Generator[Message, None, str]:
        """Up to the beginning of a paste; returns what comes behind it."""
        known = self._tail + text
        at = known.find(BRACKETED_PASTE_START)
        if at < 0:
            self._tail = known[1 - len(BRACKETED_PASTE_START) :]
            yield from self._parser.feed(text)
            return ""
        end = at + len(BRACKETED_PASTE_START) - len(self._tail)
        self._tail, self._pasted = "", []
        yield from self._parser.feed(text[:end])
        return text[end:]

    def _paste(self, text: str, pasted: list[str]) -> Generator[Message, None, str]:
        """Up to the end of the paste; returns what comes behind it."""
        before = "".join(pasted[-1:])
        known = before + text
        at = known.find(BRACKETED_PASTE_END)
        if at < 0:
            keep = len(BRACKETED_PASTE_END) - 1
            pasted[-1:] = [known[:-keep], known[-keep:]]
            return ""
        whole = "".join(pasted[:-1]) + known[:at]
        self._pasted = None
        for _ in self._parser.feed(BRACKETED_PASTE_END):
            pass  # its own idea of the paste, of which it saw nothing
        yield events.Paste(whole)
        return known[at + len(BRACKETED_PASTE_END) :]


class KeysInOrder(WrittenApp, inherit_bindings=False):
    """An app in which keys and pastes take effect in the order they came.

    Textual hands a key to the focused widget's queue and looks for bindings when it has bubbled
    back to the app; the next key may overtake it on the way. Typed fast, or arriving in one
    packet over SSH, ``ab⌫c`` then reads as ``abc⌫``. Here the next key waits until the one
    before it has gone all the way.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
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
