"""A field to type or paste an API key into: it shows dots, and gives the key away once."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from smsmon.api.key import ApiKey
from smsmon.keylike import DOTS

_DOT = DOTS[0]
_LONGEST = 300
"""Characters taken: more than any key has, so that too long a one is told from a right one."""


class KeyField(Widget):
    """One line of dots.

    Not an ``Input``: that hands its text about in messages, and to the clipboard. Here nothing
    but `take` gives out what was typed.
    """

    DEFAULT_CSS = """
    KeyField { height: 1; width: 1fr; padding: 0 1; background: $panel; }
    """
    can_focus = True

    class Changed(Message):
        """Something was typed or taken back."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.__typed: list[str] = []
        self._placeholder = ""

    @property
    def length(self) -> int:
        """How many characters were typed."""
        return len(self.__typed)

    def take(self) -> ApiKey:
        """The key that was typed; the field is empty then.

        Raises ``ValueError`` with a sentence when it is none.
        """
        try:
            return ApiKey.parse("".join(self.__typed))
        finally:
            self.clear()

    def clear(self) -> None:
        """Forget what was typed."""
        self.__typed.clear()
        self.refresh()

    def hint(self, text: str) -> None:
        """Show ``text`` while the field is empty."""
        self._placeholder = text
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Take a character; backspace takes one back, ^u and ^w all."""
        if event.is_printable and event.character:
            self._add(event.character)
        elif event.key == "backspace":
            del self.__typed[-1:]
        elif event.key in ("ctrl+u", "ctrl+w", "delete"):
            self.__typed.clear()
        else:
            return
        event.stop()
        event.prevent_default()
        self._changed()

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line that says something."""
        event.stop()
        event.prevent_default()
        self._add(next((line for line in event.text.splitlines() if line.strip()), "").strip())
        event.text = ""
        self._changed()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        del key
        return character is not None and character.isprintable()

    def render(self) -> Content:
        cursor = "reverse" if self.has_focus else ""
        if not self.__typed:
            hint = self._placeholder or " "
            return Content.assemble((hint[0], cursor or "$text-quiet"), (hint[1:], "$text-quiet"))
        dots = _DOT * min(self.length, max(0, self.size.width - 1))
        return Content.assemble(dots, (" ", cursor))

    def _add(self, text: str) -> None:
        self.__typed.extend(text[: _LONGEST - self.length])

    def _changed(self) -> None:
        self.refresh()
        self.post_message(self.Changed())
