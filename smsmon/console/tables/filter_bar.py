"""Where a filter is typed: live, with what the word at hand may become and what is wrong below."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from rich.highlighter import Highlighter
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from smsmon.console.line import GAP, Line, fitted, part, wrapped
from smsmon.console.signs import REFUSED, Tone, styled
from smsmon.filters import Field, Filter, FilterError, parse
from smsmon.filters.prompt import Completions, Offered, completions, hint
from smsmon.filters.questions import Value
from smsmon.text import ELLIPSIS, painted

ERROR_LINES = 2
"""Lines that a mistake may take."""
_KEYS = ("enter keeps it", "esc shows all")
_TAB = "tab completes"
_UNFINISHED_WORD = re.compile(r"(?:^|\s)!?[A-Za-z][A-Za-z_-]*$")


class _Mistake(Highlighter):
    """Underlines the place of the mistake, when there is one."""

    error: FilterError | None = None

    def highlight(self, text: Text) -> None:
        if self.error is not None and not self.error.unfinished:
            text.stylize("bold underline", self.error.start, self.error.end)


class _FilterInput(Input):
    BINDINGS = [  # noqa: RUF012
        Binding("escape", "give_up", show=False),
        Binding("down", "submit", show=False),
        Binding("tab", "complete(1)", show=False),
        Binding("shift+tab", "complete(-1)", show=False),
    ]

    def action_give_up(self) -> None:
        """Clear the filter and leave."""
        self.post_message(FilterBar.Left(clear=True))

    def action_complete(self, step: int) -> None:
        """Complete the word at the cursor; again: with its next candidate, or the one before."""
        bar = next(each for each in self.ancestors if isinstance(each, FilterBar))
        bar.complete(step)


class Cycle(NamedTuple):
    """Candidates that ``tab`` goes through."""

    found: Completions
    place: int
    """Which of them stands in the line."""


class FilterBar(Vertical):
    """Shown while a filter is typed; below the line what helps with it."""

    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; background: $panel; padding: 0 1; }
    FilterBar.-shown { display: block; }
    FilterBar > Horizontal { height: 1; }
    FilterBar #sign { width: 2; color: $accent; text-style: bold; }
    FilterBar Input { width: 1fr; background: $panel; border: none; padding: 0; }
    FilterBar #verdict { width: 16; text-align: right; }
    FilterBar > Static { height: auto; min-height: 1; padding: 0 0 0 2; }
    """

    class Changed(Message):
        """The text is another."""

        def __init__(self, filter: Filter | None, *, tentative: bool) -> None:
            """``filter`` is None while it cannot be understood. ``tentative``: it ends in a word
            that may go on, so that no row at all says little yet."""
            super().__init__()
            self.filter = filter
            self.tentative = tentative

    class Left(Message):
        """The operator is done typing; ``clear``: and wants no filter."""

        def __init__(self, *, clear: bool = False) -> None:
            super().__init__()
            self.clear = clear

    def __init__(self, fields: Sequence[Field], offered: Offered) -> None:
        """``offered`` gives what the rows have in a field, by its name."""
        super().__init__()
        self._fields = fields
        self._ask = offered
        self._known: dict[str, list[Value]] = {}
        """What the rows had in the fields asked about since the bar was opened."""
        self._mistake = _Mistake()
        self._input = _FilterInput(compact=True, highlighter=self._mistake, select_on_focus=False)
        self._input.cursor_blink = False
        self._typed_in = False
        """The line has had the focus since the rows had it."""
        self._verdict = Line(id="verdict")
        self._help = Static(markup=False)
        self._cycle: Cycle | None = None
        """What the next ``tab`` goes on with; None: it begins anew."""
        self._make: Callable[[int], Content] = lambda _: Content()
        """What makes the help for a width."""
        self._said = Content()

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Line(Content("/"), id="sign")
            yield self._input
            yield self._verdict
        yield self._help

    @property
    def text(self) -> str:
        """What stands in the line; nothing while it is put away."""
        return self._input.value if self.has_class("-shown") else ""

    @property
    def error(self) -> FilterError | None:
        """Why what stands in the line cannot be understood; None when it can."""
        return self._mistake.error if self.has_class("-shown") else None

    def begin(self, text: str) -> None:
        """Show the line with ``text``, and type into it."""
        if not self.has_class("-shown"):
            self._known.clear()
            self._verdict.say(Content())
            with self.prevent(Input.Changed):
                self._input.value = text
            self._input.cursor_position = len(text)
            self._cycle = None
            self._understand()
            self.add_class("-shown")
            self._tell_help()
        self._input.focus()

    def left_for(self, *, rows: bool) -> bool:
        """True when the focus went from the line to the ``rows``; else it came to the line."""
        left = rows and self._typed_in and self.has_class("-shown")
        self._typed_in = not rows
        return left

    def put_away(self) -> None:
        """No line."""
        self.remove_class("-shown")

    def refuse(self) -> None:
        """Say, and ring, that this is no filter yet."""
        if self._mistake.error is not None:
            self._say(partial(error_lines, self._mistake.error))
        self.app.bell()

    def tell(self, text: str, tone: Tone = Tone.DIM) -> None:
        """Say what became of the rows, beside the line."""
        self._verdict.say(styled(text, tone))

    def complain(self, sentence: str) -> None:
        """Say below the line what is wrong with what can be understood."""
        self._say(partial(error_lines, FilterError(sentence, 0, 1)))

    def complete(self, step: int) -> None:
        """Complete the word at the cursor by what its candidates share, then by each of them."""
        cycle = self._cycle
        if cycle is not None:
            place = (cycle.place + step) % len(cycle.found.candidates)
            self._put(cycle.found.start, cycle.found.candidates[place])
            self._take_up(Cycle(cycle.found, place))
            return
        found = self._completions()
        if len(found.candidates) == 1:
            self._put(found.start, found.candidates[0] + (" " if found.final else ""))
            self._take_up()
        elif len(found.common) > found.end - found.start:
            self._put(found.start, found.common)
            self._take_up()
        elif found.candidates:
            place = 0 if step > 0 else len(found.candidates) - 1
            self._put(found.start, found.candidates[place])
            self._take_up(Cycle(found, place))
        else:
            self.app.bell()

    def _put(self, start: int, piece: str) -> None:
        """Put ``piece`` in place of what stands from ``start`` up to the cursor."""
        value, cursor = self._input.value, self._input.cursor_position
        rest = value[cursor:].lstrip() if piece.endswith(" ") else value[cursor:]
        with self.prevent(Input.Changed):
            self._input.value = value[:start] + piece + rest
        self._input.cursor_position = start + len(piece)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._take_up()

    def _take_up(self, cycle: Cycle | None = None) -> None:
        """Understand what stands there now, and tell it."""
        self._cycle = cycle
        understood = self._understand()
        self._tell_help()
        tentative = bool(_UNFINISHED_WORD.search(self._input.value))
        self.post_message(self.Changed(understood, tentative=tentative))

    def _understand(self) -> Filter | None:
        understood, self._mistake.error = None, None
        try:
            understood = parse(self._input.value, self._fields)
        except FilterError as error:
            self._mistake.error = error
        self._input.refresh()
        return understood

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left())

    # The help below

    def _completions(self) -> Completions:
        text, cursor = self._input.value, self._input.cursor_position
        return completions(text, cursor, self._fields, self._offered)

    def _offered(self, name: str) -> list[Value]:
        if name not in self._known:
            self._known[name] = list(dict.fromkeys(self._ask(name)))
        return self._known[name]

    def _tell_help(self) -> None:
        """Say what is wrong, else what the word at hand may become, else what can be typed."""
        error, cycle = self._mistake.error, self._cycle
        found = cycle.found if cycle else self._completions()
        if found.candidates:
            self._say(partial(candidates_line, found.candidates, cycle.place if cycle else -1))
        elif error is not None:
            self._say(partial(error_lines, error))
        elif self._input.value.strip():
            self._say(partial(_listed, _KEYS))
        else:
            self._say(partial(_listed, hint(self._fields)))

    def _say(self, make: Callable[[int], Content]) -> None:
        self._make = make
        if width := self._help.size.width:
            content = make(width)
            if content != self._said or content.spans != self._said.spans:
                self._said = content
                self._help.update(content)

    def on_resize(self) -> None:
        self._say(self._make)


def error_lines(error: FilterError, width: int) -> Content:
    """What is wrong, whole: a list at its end may be cut."""
    if error.unfinished:
        return wrapped(styled(error.sentence, Tone.DIM), width, ERROR_LINES)
    return wrapped(styled(f"{REFUSED.glyph} {error.sentence}", Tone.BAD), width, ERROR_LINES)


def candidates_line(candidates: Sequence[str], chosen: int, width: int) -> Content:
    """As many candidates as there is room for, the chosen one among them."""
    keys = styled(_TAB, Tone.DIM)
    room = width - keys.cell_length - len(GAP)
    words = [
        styled(painted(each), Tone.STRONG if place == chosen else Tone.PLAIN)
        for place, each in enumerate(candidates)
    ]
    first = 0
    while first < chosen and _length(words[first : chosen + 1]) > room:
        first += 1
    shown = words[first:]
    while len(shown) > 1 and _length(shown) > room:
        shown.pop()
    more = styled(ELLIPSIS, Tone.DIM)
    pieces = [
        *([more] if first else []),
        *shown,
        *([more] if first + len(shown) < len(words) else []),
    ]
    line = Content("  ").join(pieces)
    gap = width - line.cell_length - keys.cell_length
    if gap < len(GAP):
        return line.truncate(width)
    return Content.assemble(line, " " * gap, keys)


def _length(words: Sequence[Content]) -> int:
    """Columns that words and the signs of more take, side by side."""
    return sum(each.cell_length + 2 for each in words) + 4


def _listed(parts: Sequence[str], width: int) -> Content:
    """As many of ``parts``, from the left, as there is room for."""
    line = [part(-place, styled(each, Tone.DIM)) for place, each in enumerate(parts)]
    return fitted(line, width)
