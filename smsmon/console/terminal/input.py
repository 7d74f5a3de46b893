"""What a terminal sends, taken apart: keys for Textual's parser, pastes whole.

Textual's parser also looks for escape sequences inside a bracketed paste. What follows an ESC
there is taken out of the paste, up to 32 characters of it, and handed over as keys before the
paste itself: digits change places, and a line break among them is the enter key, which adds what
stands there. Here a paste is what stands between its marks, in its order, whatever is in it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.message import Message


class Typed:
    """Keys and pastes out of what was read, piece by piece."""

    def __init__(self, debug: bool = False) -> None:
        self._parser = XTermParser(debug)
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
        return self._pasted is None and self._parser._timeout_time is not None

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
