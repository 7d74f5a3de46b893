"""A field of a dialog in which one of several is chosen, by keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from smsmon.console.line import FittedLine
from smsmon.console.signs import CHOSEN, LEFT_KEY, RIGHT_KEY, Tone, styled
from smsmon.text import painted

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
