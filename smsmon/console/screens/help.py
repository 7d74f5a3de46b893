"""Every key that works here, from the table of actions itself."""

from __future__ import annotations

from itertools import groupby
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from smsmon.console.actions import EVERY_ACTION, GROUPS, Action, Where, key_face
from smsmon.console.widgets.line import Line

_KEYS_WIDTH = 12
_HELP_WIDTH = 52
"""Both together fit the dialog at 80 columns."""


class HelpScreen(ModalScreen[None]):
    """A page of keys: those of the pane the operator stands in first, dim where they rest."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "dismiss", "close", show=False),
        Binding("j", "scroll('down')", show=False),
        Binding("k", "scroll('up')", show=False),
    ]

    def __init__(self, where: Where, actions: tuple[Action, ...] = EVERY_ACTION) -> None:
        super().__init__()
        self._where = where
        self._actions = actions

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", id="help") as page:
            page.border_title = "Keys"
            yield Static(help_text(self._where, self._actions), markup=False)
            yield Line(Content.styled("esc  close     ↑ ↓  scroll", "$text-quiet"))

    def on_mount(self) -> None:
        self.query_one("#help").focus()

    def action_scroll(self, way: str) -> None:
        """Scroll one line ``up`` or ``down``."""
        page = self.query_one("#help")
        page.scroll_relative(y=1 if way == "down" else -1, animate=False)


def help_text(where: Where, actions: tuple[Action, ...] = EVERY_ACTION) -> Content:
    """The page as text: group by group, an action that rests in ``where`` written dim."""
    order = list(GROUPS.values())
    lines: list[Content] = []
    by_group = sorted(actions, key=lambda action: order.index(action.group))
    for group, members in groupby(by_group, key=lambda action: action.group):
        if lines:
            lines.append(Content())
        lines.append(Content.styled(group, "bold $accent"))
        lines += [_line(action, bool(action.where & where)) for action in members]
    return Content("\n").join(lines)


def _line(action: Action, live: bool) -> Content:
    keys = "  ".join(key_face(key) for key in action.keys)
    first, *more = wrap(action.help, _HELP_WIDTH)
    rest = "".join(f"\n{'':{_KEYS_WIDTH}}{line}" for line in more)
    return Content.assemble(
        (f"{keys:<{_KEYS_WIDTH}}", "bold" if live else "$text-quiet"),
        (first + rest, "" if live else "$text-quiet"),
    )
