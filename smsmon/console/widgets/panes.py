"""The panes of the console: a title line, and under it a live table or a page of text."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from smsmon.console.actions import TABLE_ACTIONS, Where, bindings
from smsmon.console.widgets.line import Line
from smsmon.console.widgets.live_table import LiveTable

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class ConsoleTable(LiveTable[K, R], Generic[K, R], inherit_bindings=False):
    """A live table with the keys of this console."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(TABLE_ACTIONS),
        Binding("enter", "select", show=False),
    ]


class Pane(Vertical):
    """A title line, and a body that takes the focus."""

    where: Where
    """What the actions call this pane."""

    def __init__(self, body: Widget, *, id: str) -> None:
        super().__init__(id=id)
        self.body = body
        self._title = Line(classes="pane-title")

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.body

    def entitle(self, title: Content) -> None:
        """Say what the pane shows."""
        self._title.say(title)

    def enter(self) -> None:
        """Give the pane the focus."""
        self.body.focus(scroll_visible=False)

    @property
    def entered(self) -> bool:
        """True while the pane has the focus."""
        return self.body.has_focus


class TablePane(Pane, Generic[K, R]):
    """A pane with a live table."""

    def __init__(self, table: ConsoleTable[K, R], where: Where, *, id: str) -> None:
        super().__init__(table, id=id)
        self.table = table
        self.where = where


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
        super().__init__(PageScroll(self._text, classes="pane-body"), id=id)
        self.where = where

    def say(self, text: Content) -> None:
        """Show ``text``; nothing is painted when it stands there already."""
        if self._said is None or text != self._said or text.spans != self._said.spans:
            lines_change = self._said is None or text.plain != self._said.plain
            self._said = text
            self._text.update(text, layout=lines_change)
