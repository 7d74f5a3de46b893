"""The help: every key that works here, what words and signs mean; searched as one types."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from smsmon.console.actions import EVERY_ACTION, Action, Where
from smsmon.console.dialogs.base import Keys, PageDialog, TextField
from smsmon.console.dialogs.help_text import found, laid_out, sections
from smsmon.console.signs import DOWN_KEY, UP_KEY

_LONGEST = 40
_SCROLL = (f"{UP_KEY} {DOWN_KEY} PgUp PgDn", "scroll")
_READING = (("/", "search"), _SCROLL, ("n", "names for [keymap]"), ("esc", "close"))
_SEARCHING = (("enter", "read on"), _SCROLL, ("esc", "show all"))
_NOTHING = "Nothing here has these words. esc shows all again."


class HelpScreen(PageDialog):
    """Keys, those of the pane the operator stands in first; then fields, words and signs."""

    FRAME = "help"
    HEADING = "Help: keys, fields, words and signs"
    CSS = """
    HelpScreen #help {
        width: 100%; max-width: 150;
        & > #words { display: none; }
        & > #words.-asked { display: block; }
        & > .keys { margin: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", show=False),
        Binding("slash", "search", show=False),
        Binding("n", "names", show=False),
        Binding("g", "end(-1)", show=False),
        Binding("G", "end(1)", show=False),
        Binding("enter", "done", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
    ]

    def __init__(self, where: Where, actions: tuple[Action, ...] = EVERY_ACTION) -> None:
        super().__init__()
        self._sections = sections(where, actions)
        self._named = False

    def body(self) -> ComposeResult:
        yield TextField(limit=_LONGEST, placeholder="words to find", id="words")
        with VerticalScroll():
            yield Static(id="page", markup=False)
        yield Keys(*_READING)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    @on(Input.Changed)
    def _show(self) -> None:
        """Show what has the words typed, in the width there is."""
        scroll = self.query_one(VerticalScroll)
        width = scroll.container_size.width - scroll.styles.scrollbar_size_vertical
        shown = found(self._sections, self._words.value)
        page = laid_out(shown, width, ids=self._named) if shown else Content(_NOTHING)
        self.query_one("#page", Static).update(page)

    @property
    def _words(self) -> TextField:
        return self.query_one("#words", TextField)

    def action_search(self) -> None:
        """Have words typed."""
        self._words.add_class("-asked")
        self._words.focus()
        self.query_one(Keys).offer(*_SEARCHING)

    @on(Input.Submitted)
    def action_done(self) -> None:
        """Read what was found; close when nothing was asked."""
        if self.focused is self._words:
            self.query_one(VerticalScroll).focus()
            self.query_one(Keys).offer(*_READING)
        else:
            self.action_cancel()

    def action_back(self) -> None:
        """Show all again; then close."""
        if not self._words.has_class("-asked"):
            self.action_cancel()
            return
        self._words.value = ""
        self._words.remove_class("-asked")
        self.query_one(VerticalScroll).focus()
        self.query_one(Keys).offer(*_READING)

    def action_names(self) -> None:
        """Show the names of the actions, or no more."""
        self._named = not self._named
        self._show()

    def action_page(self, way: int) -> None:
        """Scroll by nearly a page."""
        self.action_scroll(way * max(1, self.query_one(VerticalScroll).size.height - 1))

    def action_end(self, way: int) -> None:
        """Scroll to the beginning (-1) or the end (1)."""
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_to(y=0 if way < 0 else scroll.max_scroll_y, animate=False)
