"""The line in which a filter is typed: live, with the place of a mistake underlined."""

from __future__ import annotations

from collections.abc import Sequence

from rich.highlighter import Highlighter
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from smsmon.console.line import Line
from smsmon.console.signs import REFUSED, Tone, styled
from smsmon.filters import Field, Filter, FilterError, parse

_HINT = "words, /regex/, status:waiting, took>60s, !stop:yes"


class _Mistake(Highlighter):
    """Underlines the place of the mistake, when there is one."""

    error: FilterError | None = None

    def highlight(self, text: Text) -> None:
        if self.error is not None:
            text.stylize("bold underline", self.error.start, self.error.end)


class _FilterInput(Input):
    BINDINGS = [  # noqa: RUF012
        Binding("escape", "give_up", show=False),
        Binding("down", "keep", show=False),
    ]

    def action_give_up(self) -> None:
        """Clear the filter and leave."""
        self.post_message(FilterBar.Left(clear=True))

    def action_keep(self) -> None:
        """Leave with the filter as it is."""
        self.post_message(FilterBar.Left())


class FilterBar(Horizontal):
    """Shown while a filter is typed or in force."""

    DEFAULT_CSS = """
    FilterBar { height: 1; display: none; background: $panel; padding: 0 1; }
    FilterBar.-shown { display: block; }
    FilterBar > #sign { width: 2; color: $accent; text-style: bold; }
    FilterBar > Input { width: 3fr; background: $panel; border: none; padding: 0; }
    FilterBar > #verdict { width: 2fr; padding: 0 0 0 1; }
    FilterBar.-mistaken > #verdict { width: 9fr; }
    """

    class Changed(Message):
        """The filter is another; ``filter`` is None while it cannot be understood."""

        def __init__(self, bar: FilterBar, filter: Filter | None) -> None:
            super().__init__()
            self.bar = bar
            self.filter = filter

    class Left(Message):
        """The operator is done typing; ``clear``: and wants no filter."""

        def __init__(self, *, clear: bool = False) -> None:
            super().__init__()
            self.clear = clear

    def __init__(self, fields: Sequence[Field]) -> None:
        super().__init__()
        self._fields = fields
        self._mistake = _Mistake()
        self._input = _FilterInput(
            compact=True, highlighter=self._mistake, placeholder=_HINT, select_on_focus=False
        )
        self._input.cursor_blink = False
        self._verdict = Line(id="verdict")

    def compose(self) -> ComposeResult:
        yield Line(Content("/"), id="sign")
        yield self._input
        yield self._verdict

    @property
    def text(self) -> str:
        """What stands in the line."""
        return self._input.value

    @property
    def mistaken(self) -> bool:
        """True while what stands in the line cannot be understood."""
        return self._mistake.error is not None

    def open(self) -> None:
        """Show the line and type into it."""
        self.add_class("-shown")
        self._input.focus()

    def clear(self) -> None:
        """No filter, and no line."""
        self._input.value = ""
        self.remove_class("-shown")

    def tell(self, text: str) -> None:
        """Say what the filter does, beside it."""
        if not self.mistaken:
            self._verdict.say(styled(text, Tone.DIM))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        try:
            understood: Filter | None = parse(event.value, self._fields)
            self._mistake.error = None
        except FilterError as error:
            understood, self._mistake.error = None, error
            self._verdict.say(styled(f"{REFUSED.glyph} {error.sentence}", Tone.BAD))
        self.set_class(self.mistaken, "-mistaken")
        self._input.refresh()
        self.post_message(self.Changed(self, understood))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left())
