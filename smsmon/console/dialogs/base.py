"""What dialogs have in common: frame, title, keys, sentence, fields, and how they are closed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from smsmon.console.line import KEY_GAP, FittedLine, Line, fitted, key_part
from smsmon.console.live_table import Column, LiveTable
from smsmon.console.notices import NoticeLine
from smsmon.console.signs import CHOSEN, DOWN_KEY, LEFT_KEY, RIGHT_KEY, UP_KEY, ZERO, Tone, styled
from smsmon.console.terminal.private import DrawnInput
from smsmon.text import painted, typed

T = TypeVar("T")

_LOW, _WIDE = 20, 100
"""Lines of the screen from which on blank lines are spared, and columns from which on something
of what lies behind is left to be seen."""


class Dialog(ModalScreen[T]):
    """A frame with a title over the screen; escape closes it and nothing is changed.

    It has the class ``-low`` where there is no room for blank lines, and ``-narrow`` where it takes
    the whole width.
    """

    FRAME: ClassVar[str]
    """The id of the frame."""
    HEADING: ClassVar[str]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-broad")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (_LOW, "-high")]  # noqa: RUF012

    def body(self) -> ComposeResult:
        """What is in the frame."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id=self.FRAME) as frame:
            frame.border_title = self.HEADING
            yield from self.body()
        yield NoticeLine(passing=True)

    def tell(self, content: Content) -> None:
        """Say how it stands in the line with the id ``verdict``."""
        line = self.query_one("#verdict")
        if isinstance(line, Line):
            line.say(content)
        else:
            self.query_one("#verdict", Static).update(content)

    def refuse(self, content: Content) -> None:
        """Say, and ring, why it is not closed yet."""
        self.tell(content)
        self.app.bell()

    def action_cancel(self) -> None:
        """Close and change nothing."""
        self.dismiss(None)


class PageDialog(Dialog[None]):
    """A page of text to scroll in."""

    CSS = """
    PageDialog .dialog { height: 100%; & > VerticalScroll { height: 1fr; } }
    """
    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "cancel", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def page(self) -> Content:
        raise NotImplementedError

    def body(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self.page(), markup=False)
        yield Keys((f"{UP_KEY} {DOWN_KEY} PgUp PgDn", "scroll"), ("esc", "close"))

    def action_scroll(self, lines: int) -> None:
        """Scroll so many lines down, or up below zero."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


class LedDialog(Dialog[T]):
    """A field, and below it a table whose cursor follows the keys that the field has no use for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move('cursor_down')", show=False),
        Binding("up,ctrl+p", "move('cursor_up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
    ]

    def __init__(self, columns: Sequence[Column[Any]]) -> None:
        super().__init__()
        self._table: LiveTable[Any, Any] = LiveTable(columns, tint_seconds=0, classes="led")
        # Letters typed belong to the field, wherever the mouse was.
        self._table.can_focus = False

    def action_move(self, way: str) -> None:
        """Move the cursor of the table: an action of it by name."""
        getattr(self._table, f"action_{way}")()


def quiet(text: str) -> Content:
    """``text`` that stands back."""
    return Content.styled(text, "$text-quiet")


KeyAndUse = tuple[str, str]
"""A key as it is written, and what it does."""


def keys_in(width: int, keys: Sequence[KeyAndUse]) -> Content:
    """As many ``keys`` as there is room for, as in the key line of the panes.

    The first and the last stay, those between give way.
    """
    last = len(keys) - 1
    parts = [
        key_part(len(keys) if place in (0, last) else last - place, key, does)
        for place, (key, does) in enumerate(keys)
    ]
    return fitted(parts, width, KEY_GAP)


class Keys(FittedLine):
    """The last line of a dialog: the keys that do something in it."""

    def __init__(self, *keys: KeyAndUse) -> None:
        super().__init__(classes="keys")
        self.offer(*keys)

    def offer(self, *keys: KeyAndUse) -> None:
        """Show these keys."""
        self.fit(partial(keys_in, keys=keys))


def drawn(text: str) -> str:
    """What a field draws of what is typed, character by character.

    What is never painted (see `painted`), a joiner say, stands as a dot: so that it can be seen.
    """
    if text.isascii():
        return text
    return "".join(char if painted(char) == char else painted(char) or ZERO for char in text)


class TextField(DrawnInput):
    """An input of one line whose cursor does not blink, and that lets only safe text in.

    Textual shows what is pasted as it came, escape sequences included.
    """

    DEFAULT_CSS = """
    TextField {
        height: 1; padding: 0 1; background: $panel;
        border: none; border-left: solid $text-quiet; border-right: solid $text-quiet;
        &:focus {
            background-tint: $foreground 0%;
            border: none; border-left: solid $accent; border-right: solid $accent;
        }
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


class ConfirmScreen(Dialog[bool | None]):
    """Say what would be done, and to how many; dismissed with True where it is wanted."""

    FRAME = "confirm"
    CSS = """
    ConfirmScreen #question { margin: 1 0 0 0; }
    ConfirmScreen.-low #question { margin: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "confirm", show=False),
        Binding("n,q", "cancel", show=False),
    ]

    def __init__(self, heading: str, question: str) -> None:
        super().__init__()
        self.HEADING = heading  # type: ignore[misc]  # of this one alone
        self._question = question

    def body(self) -> ComposeResult:
        yield Static(Content(self._question), id="question", markup=False)
        yield Keys(("enter", "do it"), ("esc", "leave it"))

    def action_confirm(self) -> None:
        self.dismiss(True)


_GAP = "  "


class Option(NamedTuple):
    """One of those there are."""

    value: str
    note: str = ""
    """What is said beside it."""


class Choice(FittedLine, can_focus=True):
    """All that there is to choose from side by side, as far as there is room; else the chosen one.

    ``←`` and ``→`` or space go to the next, a letter to the next that begins with it.
    """

    DEFAULT_CSS = """
    Choice {
        padding: 0 1; background: $panel; width: 1fr;
        border-left: solid $text-quiet; border-right: solid $text-quiet;
        &:focus { border-left: solid $accent; border-right: solid $accent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", show=False),
        Binding("right,space", "step(1)", show=False),
    ]

    class Changed(Message):
        """Another one is chosen."""

    def __init__(self, options: Sequence[Option], chosen: str, *, id: str | None = None) -> None:
        """``options``: at least one; ``chosen`` is the value of one of them."""
        super().__init__(id=id)
        self._options = options
        self._place = next(place for place, each in enumerate(options) if each.value == chosen)
        self._show()

    @property
    def value(self) -> str:
        return self._options[self._place].value

    def action_step(self, step: int) -> None:
        """Choose another one, so many further; behind the last is the first."""
        self._choose((self._place + step) % len(self._options))

    def on_key(self, event: events.Key) -> None:
        if not event.is_printable or event.character in (None, " "):
            return
        count = len(self._options)
        for place in ((self._place + step) % count for step in range(1, count + 1)):
            if self._options[place].value.lower().startswith(str(event.character).lower()):
                event.stop()
                self._choose(place)
                return

    def _choose(self, place: int) -> None:
        if place != self._place:
            self._place = place
            self._show()
            self.post_message(self.Changed())

    def _show(self) -> None:
        options, place = self._options, self._place
        self.fit(lambda width: shown(options, place, width))


def shown(options: Sequence[Option], place: int, width: int) -> Content:
    """What the field says in ``width`` columns, the option at ``place`` being chosen."""
    every = Content(_GAP).join(
        _told(option, chosen=number == place) for number, option in enumerate(options)
    )
    if every.cell_length <= width:
        return every
    where = f"{_GAP}{LEFT_KEY} {place + 1:,} of {len(options):,} {RIGHT_KEY}"
    room = max(1, width - len(where))
    one = _told(options[place], chosen=True)
    if one.cell_length > room:
        one = one.truncate(room, ellipsis=True)
    return Content.assemble(one, styled(where, Tone.DIM))


def _told(option: Option, *, chosen: bool) -> Content:
    note = f" ({option.note})" if option.note else ""
    name = painted(option.value) if option.value else note.strip(" ()")
    told = f"{CHOSEN.glyph if chosen else ' '} {name}{note if option.value else ''}"
    return styled(told, CHOSEN.tone if chosen else Tone.DIM)
