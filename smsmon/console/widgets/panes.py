"""The panes of the console: a title line, and under it something that takes the focus."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from smsmon.console.actions import Where
from smsmon.console.widgets.fitting import Part, fitted
from smsmon.console.widgets.line import FittedLine

_BETWEEN = " · "


class Pane(Vertical):
    """A title line, and a body that takes the focus."""

    def __init__(self, body: Widget, where: Where, *, id: str) -> None:
        """``where`` is what the actions call this pane."""
        super().__init__(id=id)
        self.body = body
        self.where = where
        self._title = FittedLine(classes="pane-title")

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.body

    def entitle(self, parts: Iterable[Part]) -> None:
        """Say what the pane shows, as far as its width allows."""
        self._title.fit(partial(fitted, tuple(parts), gap=_BETWEEN))

    def enter(self) -> None:
        """Give the pane the focus."""
        self.body.focus(scroll_visible=False)

    @property
    def entered(self) -> bool:
        """True while the pane has the focus."""
        return self.has_focus_within


class Note(Static):
    """A few words at the foot of a pane, there only while there is something to say.

    What stands above it stays in its place.
    """

    DEFAULT_CSS = "Note { height: auto; max-height: 6; padding: 0 1; display: none; }"

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._said = Content()

    def tell(self, content: Content) -> None:
        """Say ``content``, whole; nothing is painted when it stands there already."""
        if content != self._said or content.spans != self._said.spans:
            self._said = content
            self.update(content)
            self.display = bool(content.plain)


class PageScroll(VerticalScroll):
    """A page of text that scrolls by keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_line(1)", show=False),
        Binding("k,up", "scroll_line(-1)", show=False),
        Binding("pagedown,ctrl+f,ctrl+d", "scroll_line(10)", show=False),
        Binding("pageup,ctrl+u", "scroll_line(-10)", show=False),
    ]

    def action_scroll_line(self, lines: int) -> None:
        """Scroll so many lines down (or up, below zero)."""
        self.scroll_relative(y=lines, animate=False)


class TextPane(Pane):
    """A pane with a page of text."""

    def __init__(self, where: Where, *, id: str) -> None:
        self._text = Static(markup=False)
        self._said: Content | None = None
        super().__init__(PageScroll(self._text, classes="pane-body"), where, id=id)

    @property
    def text(self) -> Content:
        """What stands there."""
        return self._said or Content()

    def say(self, text: Content) -> None:
        """Show ``text``; nothing is painted when it stands there already."""
        if self._said is None or text != self._said or text.spans != self._said.spans:
            reflow = self._said is None or not _as_high(text, self._said, self._text.size.width)
            self._said = text
            self._text.update(text, layout=reflow)


def _as_high(one: Content, other: Content, width: int) -> bool:
    """True when both surely take as many lines: a new layout costs more than all the painting."""
    lines, others = one.plain.split("\n"), other.plain.split("\n")
    fits = all(cell_len(line) <= width for line in (*lines, *others))
    return lines == others or (fits and len(lines) == len(others))
