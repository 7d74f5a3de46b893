"""What the terminal shows, cell by cell, and the least that has to be sent to change it.

Textual's own partial repaint sends every cell left of a changed one, and spells out all colours
of every piece of text. Here what is to be painted is compared with what was painted last, and
only what differs goes out. Lines that only moved up or down, as those of a log do, are moved by
the terminal.

What nobody can be sure about is always sent whole: all of it, once the canvas was made to forget
what the terminal shows, and text that terminals may disagree about (wide characters, combining
ones).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import repeat
from operator import eq
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.style import Style
from textual.strip import Strip

from smsmon.console.terminal.private import ChopsUpdate, CompositorUpdate, LayoutUpdate

Ink = int
"""A rendition by its number. The garbage collector passes over cells that
hold a character and a number; of objects it would visit some hundred thousand."""
Cell = tuple[str, Ink]
"""One column of one line."""

_APART = 3
"""Blanks that end a word or a phrase."""
_BRIDGED = 4
"""Columns that are rather written again than passed over: a move takes as many bytes."""
_WORTH_SCROLLING = 2
"""Lines in their place by scrolling from which on it takes fewer bytes than writing them."""


class Painted(CompositorUpdate):
    """An update that has been turned into what is to be written."""

    def __init__(self, written: str) -> None:
        self.written = written

    def render_segments(self, _: Console) -> str:
        return self.written


class Canvas:
    """The screen of one terminal."""

    def __init__(self) -> None:
        self._lines: list[list[Cell | None]] = []
        """None: nobody knows what stands there."""

    def paint(self, update: CompositorUpdate, console: Console) -> CompositorUpdate | None:
        """What to write for ``update``, which counts as written from now on; None: nothing.

        A piece of text in one ink of which a part differs is written whole: words stay words
        in what goes out.
        """
        colors = COLOR_SYSTEMS[console.color_system or "truecolor"]
        if isinstance(update, LayoutUpdate):
            pieces = _of_layout(update)
        elif isinstance(update, ChopsUpdate):
            pieces = _of_chops(update)
        else:
            self._lines = []
            return update
        pen = Pen()
        inked = [(piece, _cells(piece.strip, colors)) for piece in pieces]
        self._scroll(inked, pen)
        for piece, cells in inked:
            self._paint(piece, cells, pen, console)
        written = pen.done()
        return Painted(written) if written else None

    def forget(self) -> None:
        """Trust nothing that the terminal shows: what is painted next is sent whole."""
        self._lines = []

    def _scroll(self, inked: Sequence[tuple[Piece, list[Cell] | None]], pen: Pen) -> None:
        """Have the terminal move the lines that only moved, and mend what is not right then."""
        lines = self._lines
        wanted = {y: lines[y][:] for (y, _, _), _ in inked if y < len(lines)}
        for (y, x, strip), cells in inked:
            if y in wanted:
                unknown: list[Cell | None] = [None]
                wanted[y][x : x + strip.cell_length] = cells or unknown
        changed = [y for y, line in sorted(wanted.items()) if line != lines[y] and None not in line]
        for top, bottom in _runs(changed):
            shown = lines[top:bottom]
            up = _best_scroll(shown, [wanted[y] for y in range(top, bottom)])
            if up:
                pen.scroll(top, bottom, up)
                new: list[list[Cell | None]] = [[None] * len(shown[0]) for _ in range(abs(up))]
                lines[top:bottom] = [*shown[up:], *new] if up > 0 else [*new, *shown[:up]]
                for y in range(top, bottom):
                    self._write(0, y, [cell for cell in wanted[y] if cell], pen)

    def _paint(self, piece: Piece, cells: list[Cell] | None, pen: Pen, console: Console) -> None:
        y, x, strip = piece
        width = strip.cell_length
        line = self._line(y, x + width)
        if cells is None:
            line[x : x + width] = repeat(None, width)
            pen.write_strip(x, y, strip.render(console))
        else:
            self._write(x, y, cells, pen)

    def _write(self, x: int, y: int, cells: list[Cell], pen: Pen) -> None:
        """Write what of ``cells`` does not stand there yet."""
        line = self._lines[y]
        shown = line[x : x + len(cells)]
        if shown != cells:
            for start, stop in _parts(shown, cells):
                pen.write(x + start, y, cells[start:stop])
            line[x : x + len(cells)] = cells

    def _line(self, y: int, width: int) -> list[Cell | None]:
        lines = self._lines
        while len(lines) <= y:
            lines.append([])
        line = lines[y]
        if len(line) < width:
            line.extend(repeat(None, width - len(line)))
        return line


class Pen:
    """Writes cells, moves and changes its ink only as far as needed."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._ink = NO_INK
        self._at: tuple[int, int] | None = None

    def write(self, x: int, y: int, cells: Sequence[Cell]) -> None:
        """Write ``cells`` from column ``x`` of line ``y`` on."""
        self._move(x, y)
        append = self._written.append
        for char, ink in cells:
            if ink != self._ink:
                codes, self._ink = strokes(self._ink, ink, char == " ")
                append(codes)
            append(char)
        self._at = x + len(cells), y

    def write_strip(self, x: int, y: int, text: str) -> None:
        """Write what sets its own ink, and leaves none."""
        self._put_down()
        self._move(x, y)
        self._written.append(text)
        self._at = None

    def scroll(self, top: int, bottom: int, up: int) -> None:
        """Move what stands on the lines from ``top`` up to ``bottom``, down if ``up`` is negative.

        Nobody knows in which colour the lines are that come in.
        """
        self._put_down()
        self._written.append(f"\x1b[{top + 1};{bottom}r")
        self._move(0, bottom - 1 if up > 0 else top)
        self._written.append("\n" * up if up > 0 else "\x1bM" * -up)
        self._written.append("\x1b[r")
        self._at = None

    def done(self) -> str:
        """All that was written; the terminal's own ink is back."""
        self._put_down()
        return "".join(self._written)

    def _put_down(self) -> None:
        if self._ink != NO_INK:
            self._written.append("\x1b[0m")
            self._ink = NO_INK

    def _move(self, x: int, y: int) -> None:
        if self._at is not None and self._at[1] == y and x > self._at[0]:
            self._written.append(f"\x1b[{x - self._at[0]}C")
        elif self._at != (x, y):
            self._written.append(f"\x1b[{y + 1};{x + 1}H")


class Piece(NamedTuple):
    """A part of a line as it is to be, whether it is so already or not."""

    y: int
    x: int
    strip: Strip


def _of_layout(update: LayoutUpdate) -> Iterator[Piece]:
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in strips:
            yield Piece(y, x, strip)
            x += strip.cell_length


def _of_chops(update: ChopsUpdate) -> Iterator[Piece]:
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < last and end > first:
                yield Piece(y, x, strip.crop(0, min(end, last) - x))


def _cells(strip: Strip, colors: ColorSystem) -> list[Cell] | None:
    """One cell for each column; None where that depends on the terminal."""
    cells: list[Cell] = []
    for text, style, control in strip:
        if control or (style is not None and style.link) or not _one_column_each(text):
            return None
        cells += _inked(text, style, colors)
    return cells


@lru_cache(2048)
def _inked(text: str, style: Style | None, colors: ColorSystem) -> tuple[Cell, ...]:
    ink = ink_of(style, colors)
    blank = " ", of_blanks(ink)
    return tuple([blank if char == " " else (char, ink) for char in text])


@lru_cache(8192)
def _one_column_each(text: str) -> bool:
    return text.isprintable() and (text.isascii() or all(cell_len(char) == 1 for char in text))


def _parts(shown: Sequence[Cell | None], wanted: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """From where to where to write ``wanted`` over ``shown``, from left to right."""
    differs = [one != other for one, other in zip(shown, wanted, strict=True)]
    for start, stop in _phrases(wanted):
        if True in differs[start:stop]:
            differs[start:stop] = repeat(True, stop - start)
    start, count = 0, len(differs)
    while True in differs[start:]:
        start = stop = differs.index(True, start)
        while True in differs[stop : stop + _BRIDGED]:
            stop = differs.index(True, stop) + 1
        yield start, stop
        start = stop
        if start >= count:
            return


def _phrases(cells: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Texts in one ink, with no wide gap in them, from their first character to their last."""
    start, stop, of = 0, 0, -1
    for place, (char, ink) in enumerate(cells):
        if char == " ":
            continue
        if ink != of or place >= stop + _APART:
            yield start, stop
            start, of = place, ink
        stop = place + 1
    yield start, stop


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where ascending numbers follow each other: the first, and the one behind the last."""
    start = 0
    for place, number in enumerate(numbers, 1):
        if place == len(numbers) or numbers[place] != number + 1:
            yield numbers[start], number + 1
            start = place


def _best_scroll(
    shown: Sequence[Sequence[Cell | None]], wanted: Sequence[Sequence[Cell | None]]
) -> int:
    """By how many lines to move ``shown`` up (below zero: down) to get near ``wanted``; 0: none.

    The last column does not count: it is a scrollbar's, which does not move with the lines.
    """
    before = [tuple(line[:-1]) for line in shown]
    after = [tuple(line[:-1]) for line in wanted]
    stay = sum(map(eq, before, after))
    best, most = 0, stay + _WORTH_SCROLLING - 1
    for up in range(1, len(before)):
        for by, one, other in ((up, before[up:], after), (-up, before, after[up:])):
            if (found := sum(map(eq, one, other))) > most:
                best, most = by, found
    return best


# Ink: the colours and attributes of a cell, and the shortest way from one to the next

_OFF = {
    "1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28",
    "9": "29", "21": "24", "51": "54", "52": "54", "53": "55",
}  # fmt: skip
"""Attribute → what ends it, by their numbers in ECMA-48."""
_SEEN_ON_BLANKS = frozenset({"4", "5", "6", "7", "9", "21", "51", "52", "53"})
_INTENSITIES = frozenset({"1", "2"})
"""Both end with the same code."""
_FORE, _BACK = "39", "49"
"""The terminal's own colours."""


class Rendition(NamedTuple):
    """What an ink is."""

    attributes: frozenset[str]
    fore: str
    """The code of the colour, as in ``38;2;255;0;0``."""
    back: str


_RENDITIONS: list[Rendition] = []


@cache
def _ink(attributes: frozenset[str], fore: str, back: str) -> Ink:
    _RENDITIONS.append(Rendition(attributes, fore, back))
    return len(_RENDITIONS) - 1


@cache
def of_blanks(ink: Ink) -> Ink:
    """How a blank of this ink looks: a colour that nothing has does not count."""
    attributes, fore, back = _RENDITIONS[ink]
    seen = attributes & _SEEN_ON_BLANKS
    return _ink(seen, fore if seen else _FORE, back)


NO_INK = _ink(frozenset(), _FORE, _BACK)
"""What a terminal writes in when nothing was asked for."""


@lru_cache(4096)
def ink_of(style: Style | None, colors: ColorSystem) -> Ink:
    """The ink of a style, in the colours that the terminal has."""
    if style is None:
        return NO_INK
    attributes, fore, back = set(), _FORE, _BACK
    codes = iter(Strip.render_ansi(style, colors).split(";"))
    for code in codes:
        if code in ("38", "48"):
            kind = next(codes)
            count = 3 if kind == "2" else 1
            color = ";".join([code, kind, *(next(codes) for _ in range(count))])
        elif len(code) > 1 and code not in _OFF:
            color = code
        else:
            attributes.update([code] if code else [])
            continue
        if color[0] == "3" or color[0] == "9":
            fore = color
        else:
            back = color
    return _ink(frozenset(attributes), fore, back)


@lru_cache(4096)
def strokes(pen: Ink, wanted: Ink, blank: bool) -> tuple[str, Ink]:
    """What to write so that the next character looks as ``wanted``, and the ink the pen has then.

    Before a ``blank`` the pen keeps what nobody sees on one.
    """
    if blank and of_blanks(pen) == of_blanks(wanted):
        return "", pen
    before, (attributes, fore, back) = _RENDITIONS[pen], _RENDITIONS[wanted]
    if blank and not attributes & _SEEN_ON_BLANKS:
        attributes, fore = before.attributes - _SEEN_ON_BLANKS, before.fore
    off = {_OFF[each] for each in before.attributes - attributes}
    on = attributes - before.attributes
    if "22" in off:
        on |= attributes & _INTENSITIES
    if "24" in off:
        on |= attributes & {"4", "21"}
    step = [*sorted(off), *sorted(on)]
    step += [fore] if fore != before.fore else []
    step += [back] if back != before.back else []
    anew = ["0", *sorted(attributes)]
    anew += [fore] if fore != _FORE else []
    anew += [back] if back != _BACK else []
    codes = min(";".join(step), ";".join(anew), key=len)
    return (f"\x1b[{codes}m" if codes else ""), _ink(attributes, fore, back)
