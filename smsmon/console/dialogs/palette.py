"""The dialog that finds an action by its name, or by what it does; and a theme, to wear it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from smsmon.console.actions import Action, key_face
from smsmon.console.cells import Cell, Span
from smsmon.console.dialogs.base import Keys, LedDialog, TextField, quiet
from smsmon.console.live_table import Column, LiveTable, MappedRows
from smsmon.console.signs import CHOSEN, DOWN_KEY, UP_KEY, Tone

_LONGEST = 40
_THEME = "theme "
_IN_TABLE = "table."
"""Before what is done in a table, in ids of actions."""
_WEAR = "Wear it, and keep it."
_SEEN = "You see it now. enter keeps it, for the next start too; esc gives the old one back."
_WORN = "Worn now."


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to be had from the palette."""

    id: str
    """The action's, as keymaps name it; of a theme its name."""
    name: str
    help: str
    run: str
    """What Textual is given to run it."""
    key: str = ""
    """The key that does it too, as it is written on screen."""
    theme: str = ""
    """The theme that it puts on."""

    @property
    def in_table(self) -> bool:
        """True for what the table under the cursor does, not the screen."""
        return self.id.startswith(_IN_TABLE)


def commands(
    actions: Iterable[Action], themes: Iterable[str], worn: str, *, in_table: bool
) -> tuple[Command, ...]:
    """All there is to choose from: every action, then the themes in their order.

    ``in_table``: the operator stands in a table, so what tables do can be done.
    """
    acting = [
        Command(action.id, action.name, action.help, action.run, key_face(action.keys[0]))
        for action in actions
        if in_table or not action.id.startswith(_IN_TABLE)
    ]
    wearing = [
        Command(
            name, _THEME + name, _WORN if name == worn else _WEAR, f"app.wear({name!r})", theme=name
        )
        for name in themes
    ]
    return (*acting, *wearing)


def found(commands: Iterable[Command], text: str) -> list[Command]:
    """Those that ``text`` may mean, the likeliest first; all of them when it is empty.

    A match of the name comes before any of what the command does.
    """
    words = text.casefold().split()
    if not words:
        return list(commands)
    ranked = [(_rank(each, words), each) for each in commands]
    return [each for _, each in sorted(((r, c) for r, c in ranked if r is not None), key=_first)]


def _first(ranked: tuple[int, Command]) -> int:
    return ranked[0]


def _rank(command: Command, words: Sequence[str]) -> int | None:
    """How well ``words`` name a command, 0 best; None when they do not."""
    name, told = command.name.casefold(), command.help.casefold()
    text = " ".join(words)
    letters = iter(name)
    ways: tuple[Callable[[], bool], ...] = (
        lambda: name == text or command.key.casefold() == text,
        lambda: name.startswith(text),
        lambda: all(_begins(word, name) for word in words),
        lambda: all(word in name for word in words),
        lambda: text in command.id.casefold(),
        lambda: all(_begins(word, told) for word in words),
        lambda: all(word in f"{name} {told}" for word in words),
        lambda: len(text) > 1 and all(letter in letters for letter in text),
    )
    return next((rank for rank, holds in enumerate(ways) if holds()), None)


def _begins(word: str, text: str) -> bool:
    return any(each.startswith(word) for each in text.replace("-", " ").split())


def _name(row: Command, width: int) -> Cell:  # noqa: ARG001
    if row.help == _WORN:
        return (Span(f"{CHOSEN.glyph} ", CHOSEN.tone), Span(row.name, Tone.STRONG))
    return Span(f"  {row.name}", Tone.STRONG)


def _key(row: Command, width: int) -> Cell:  # noqa: ARG001
    return Span(row.key, Tone.WAIT)


def _help(row: Command, width: int) -> Cell:  # noqa: ARG001
    return Span(row.help, Tone.DIM)


_COLUMNS: tuple[Column[Command], ...] = (
    Column("name", "  name", _name, width=18, flex=2, max_width=28, priority=2, sortable=False),
    Column("key", "key", _key, width=9, priority=1, sortable=False),
    Column("help", "what it does", _help, width=20, flex=1, sortable=False),
)


class PaletteScreen(LedDialog[Command | None]):
    """Choose what to do. Dismissed with it, or None.

    While the cursor is on a theme it is worn, the screen behind included.
    """

    FRAME = "palette"
    HEADING = "Palette"
    CSS = """
    PaletteScreen #palette {
        width: 100; height: 70%; max-height: 30; padding: 0 1;
        & > LiveTable { height: 1fr; }
        & > #nothing { height: 1fr; padding: 0 1; display: none; color: $text-quiet; }
        & > #verdict { height: 2; padding: 0 1; }
        & > .keys { padding: 0 1; margin: 0; }
    }
    PaletteScreen.-low #palette { height: 100%; & > #verdict { height: 1; } }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", show=False),
    ]
    AUTO_FOCUS = "#wanted"

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__(_COLUMNS)
        self._commands = commands
        self._worn = ""
        """The theme that is worn when nothing is chosen."""

    def body(self) -> ComposeResult:
        yield TextField(limit=_LONGEST, placeholder="what to do, or “theme”", id="wanted")
        yield self._table
        yield Static("Nothing is called so, and nothing does this.", id="nothing", markup=False)
        yield Static(id="verdict", markup=False)
        yield Keys(("enter", "do it"), (f"{UP_KEY} {DOWN_KEY}", "choose"), ("esc", "close"))

    def on_mount(self) -> None:
        self._worn = self.app.theme
        self._show("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    def _show(self, text: str) -> None:
        shown = {each.id: each for each in found(self._commands, text)}
        self._table.display = bool(shown)
        self.query_one("#nothing").display = not shown
        self._table.set_source(MappedRows(shown), list(shown))
        self._table.action_first()
        self._look()

    @on(LiveTable.Highlighted)
    def _look(self) -> None:
        """Say what the row under the cursor does, and wear it if it is a theme."""
        row = self._table.cursor_row
        theme = row.theme if row else ""
        self.tell(quiet(_SEEN if theme else row.help) if row else Content())
        self._wear(theme or self._worn)

    def _wear(self, theme: str) -> None:
        if self.app.theme != theme:
            self.app.theme = theme

    @on(LiveTable.Selected)
    @on(Input.Submitted)
    def action_choose(self) -> None:
        """Close with the row under the cursor."""
        if self._table.cursor_row is None:
            self.app.bell()
        else:
            self._wear(self._worn)
            self.dismiss(self._table.cursor_row)

    def action_cancel(self) -> None:
        self._wear(self._worn)
        super().action_cancel()
