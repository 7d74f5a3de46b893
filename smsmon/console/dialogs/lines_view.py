"""Many lines of plain text to read: 100,000 open as fast as ten."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip


class LinesView(ScrollView, can_focus=True, inherit_bindings=False):
    """Text line by line; only what is on the screen is ever laid out. Long lines are folded."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_lines(1)", show=False),
        Binding("up,k", "scroll_lines(-1)", show=False),
        Binding("pagedown,ctrl+f,space", "scroll_pages(1)", show=False),
        Binding("pageup", "scroll_pages(-1)", show=False),
        Binding("ctrl+d", "scroll_pages(0.5)", show=False),
        Binding("ctrl+u", "scroll_pages(-0.5)", show=False),
        Binding("home,g", "scroll_to_line(0)", show=False),
        Binding("end,G", "scroll_to_line(-1)", show=False),
    ]
    DEFAULT_CSS = """
    LinesView { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[str] = ()
        self._folded: Sequence[str] = ()
        self._begins: Sequence[int] = range(0)
        self._width = 0

    def show(self, lines: Sequence[str]) -> None:
        """Show ``lines``, from the first on. They go to the terminal as they are: see ``safe``."""
        self._lines = lines
        self._fold()
        self.scroll_to(y=0, animate=False, force=True)

    @property
    def top(self) -> int:
        """The index of the line that stands, or goes on, at the top."""
        return max(0, bisect_left(self._begins, round(self.scroll_y) + 1) - 1)

    def render_line(self, y: int) -> Strip:
        index = round(self.scroll_y) + y
        text = self._folded[index] if index < len(self._folded) else ""
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(
            self.size.width, self.rich_style
        )

    def on_resize(self) -> None:
        if self._room != self._width:
            top = self.top
            self._fold()
            if top < len(self._begins):
                self.scroll_to(y=self._begins[top], animate=False, force=True)

    def action_scroll_lines(self, lines: int) -> None:
        """Scroll so many lines down, or up below zero."""
        self.scroll_relative(y=lines, animate=False, force=True)

    def action_scroll_pages(self, pages: float) -> None:
        """Scroll so many pages down, or up below zero."""
        self.action_scroll_lines(int(pages * self.size.height))

    def action_scroll_to_line(self, line: int) -> None:
        """Scroll to the first line (0) or the last (-1)."""
        self.scroll_to(y=self.max_scroll_y if line else 0, animate=False, force=True)

    @property
    def _room(self) -> int:
        """Columns for text: the scrollbar's is kept free, whether it is there or not."""
        return max(1, self.container_size.width - self.styles.scrollbar_size_vertical)

    def _fold(self) -> None:
        self._width = self._room
        self._folded, self._begins = folded(self._lines, self._width)
        self.virtual_size = Size(1, len(self._folded))
        self.refresh()


def folded(lines: Sequence[str], width: int) -> tuple[Sequence[str], Sequence[int]]:
    """``lines`` in at most ``width`` columns, and where each of them begins in that. Pure."""
    widest = max(map(len, lines), default=0)
    # A character takes two columns at most.
    if 2 * widest <= width or (widest <= width and all(map(str.isascii, lines))):
        return lines, range(len(lines))
    parts: list[str] = []
    begins = array("I")
    for line in lines:
        begins.append(len(parts))
        length = len(line)
        if 2 * length <= width or (length <= width and line.isascii()):
            parts.append(line)
        elif line.isascii():
            parts += [line[at : at + width] for at in range(0, length, width)]
        else:
            parts += _chopped(line, width)
    return parts, begins


def _chopped(line: str, width: int) -> list[str]:
    """``line`` in pieces of at most ``width`` columns; marks stay with what they stand on."""
    pieces: list[str] = []
    start = used = 0
    for place, char in enumerate(line):
        columns = cell_len(char)
        if used + columns > width:
            pieces.append(line[start:place])
            start, used = place, 0
        used += columns
    return [*pieces, line[start:]]
