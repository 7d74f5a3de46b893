"""A field to type one line into."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from smsmon.text import safe


class Field(Input):
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
            safe(value, max(limit, len(value))),  # settings and file names are text from outside
            placeholder,
            max_length=limit,
            compact=True,
            select_on_focus=False,
            id=id,
        )
        self.cursor_blink = False
        self._limit = limit

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line that says something, less what a terminal would obey."""
        event.prevent_default()
        event.stop()
        line = next((line for line in event.text.splitlines() if line.strip()), "")
        start, end = sorted(self.selection)
        room = self._limit - len(self.value) + end - start
        text = safe(line.strip().expandtabs(1), self._limit)[: max(0, room)]
        if text:
            self.replace(text, start, end)
            self.cursor_position = start + len(text)
