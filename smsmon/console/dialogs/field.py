"""A field to type one line into."""

from __future__ import annotations

from textual import events

from smsmon.console.terminal.private import DrawnInput
from smsmon.text import painted, typed


def drawn(text: str) -> str:
    """What a field draws of what is typed, character by character.

    What is never painted (see `painted`), a joiner say, stands as a dot: so that it can be seen.
    """
    if text.isascii():
        return text
    return "".join(char if painted(char) == char else painted(char) or "·" for char in text)


class Field(DrawnInput):
    """An input of one line whose cursor does not blink, and that lets only safe text in.

    Textual shows what is pasted as it came, escape sequences included.
    """

    DEFAULT_CSS = """
    Field, Field.-textual-compact {
        height: 1; padding: 0 1; background: $panel; border: none;
        &:focus { border: none; background-tint: $foreground 0%; }
        & > .input--placeholder { color: $text-quiet; }
    }
    """

    def __init__(
        self,
        value: str = "",
        *,
        limit: int,
        placeholder: str = "",
        id: str | None = None,
    ) -> None:
        """``limit`` is the longest text taken, in characters."""
        super().__init__(
            typed(value, max(limit, len(value))),  # settings and file names are text from outside
            placeholder,
            max_length=limit,
            compact=True,
            select_on_focus=False,
            id=id,
        )
        self.cursor_blink = False
        self._limit = limit

    def drawn(self) -> str:
        return drawn(self.value)

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line that says something, less what a terminal would obey."""
        event.prevent_default()
        event.stop()
        line = next((line for line in event.text.splitlines() if line.strip()), "")
        start, end = sorted(self.selection)
        room = self._limit - len(self.value) + end - start
        text = typed(line.strip().expandtabs(1), self._limit)[: max(0, room)]
        if text:
            self.replace(text, start, end)
            self.cursor_position = start + len(text)
