"""What goes out is less than Textual would send, and looks the same."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple
from unicodedata import combining

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from smsmon.console.terminal.canvas import _RENDITIONS, Canvas, Rendition, ink_of, of_blanks
from tests.pty.screen import Screen

WIDTH, HEIGHT = 24, 6
CONSOLE = Console(color_system="truecolor", force_terminal=True, _environ={})
SEEN_ON_BLANKS = {"4", "7", "9"}
OFF = {"22": {"1", "2"}, "23": {"3"}, "24": {"4"}, "27": {"7"}, "29": {"9"}}


class Look(NamedTuple):
    """A character and its colours, as far as anybody sees them."""

    char: str
    attributes: frozenset[str]
    fore: str
    back: str


class Painting(Screen):
    """A terminal that knows colours."""

    def _clear(self) -> None:
        super()._clear()
        blank = Look(" ", frozenset(), "39", "49")
        self.looks = [[blank] * self.columns for _ in range(self.lines)]
        self._reset()

    def _reset(self) -> None:
        self._attributes: set[str] = set()
        self._fore, self._back = "39", "49"

    def _obey(self, command: str, parameters: str) -> None:
        super()._obey(command, parameters)
        if command == "m":
            codes = iter((parameters or "0").split(";"))
            for code in codes:
                if code in ("38", "48"):
                    code = ";".join([code, *(next(codes) for _ in range(4))])
                if code == "0":
                    self._reset()
                elif code.startswith("3") and len(code) > 1:
                    self._fore = code
                elif code.startswith("4") and len(code) > 1:
                    self._back = code
                elif code in OFF:
                    self._attributes -= OFF[code]
                else:
                    self._attributes.add(code)

    def _scroll(self, away: int, arriving: int) -> None:
        super()._scroll(away, arriving)
        del self.looks[away]
        self.looks.insert(arriving, [Look("·", frozenset(), "39", "49")] * self.columns)

    def _print(self, char: str) -> None:
        if combining(char):
            return
        x, y = self._x, self._y
        super()._print(char)
        if char.isprintable():
            attributes, fore = self._attributes, self._fore
            if char == " ":
                attributes = attributes & SEEN_ON_BLANKS
                fore = fore if attributes else "39"
            look = Look(char, frozenset(attributes), fore, self._back)
            self.looks[y][x : min(self._x, self.columns)] = [look] * (
                min(self._x, self.columns) - x
            )


STYLES = [
    None,
    Style(color="#ff0000", bgcolor="#000020"),
    Style(color="#00ff00", bgcolor="#000020"),
    Style(color="#00ff00", bgcolor="#000020", bold=True),
    Style(bgcolor="#202020", dim=True, bold=True),
    Style(color="blue", underline=True),
    Style(color="#ff0000", reverse=True, italic=True),
]
texts = st.text("ab1   ", min_size=1, max_size=9) | st.sampled_from(
    ["━━┈", "漢字", "é", "e\u0301", "Waiting → Delivered"]
)
lines = st.lists(st.tuples(texts, st.sampled_from(STYLES)), max_size=6).map(
    lambda pieces: Strip([Segment(*piece) for piece in pieces]).adjust_cell_length(WIDTH)
)
cuts = st.sets(st.integers(1, WIDTH - 1), max_size=3).map(lambda inner: [0, *sorted(inner), WIDTH])


class Change(NamedTuple):
    """How the next screen differs from the one before, and how Textual would cut it up."""

    up: int
    lines: dict[int, Strip]
    first: int
    last: int
    cuts: list[int]


changes = st.builds(
    Change,
    up=st.integers(-3, 3),
    lines=st.dictionaries(st.integers(0, HEIGHT - 1), lines, max_size=3),
    first=st.integers(0, WIDTH // 2),
    last=st.integers(WIDTH // 2 + 1, WIDTH),
    cuts=cuts,
)


def layout(screen: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[line] for line in screen], Region(0, 0, WIDTH, len(screen)))


def chops(screen: list[Strip], ys: list[int], change: Change) -> ChopsUpdate:
    divided = [
        {x: part for (x, _), part in zip(pairwise(change.cuts), line.divide(change.cuts[1:]))}  # noqa: B905
        for line in screen
    ]
    spans = [(y, change.first, change.last) for y in ys]
    return ChopsUpdate(divided, spans, [change.cuts[1:]] * len(screen))


def show(terminal: Painting, update: CompositorUpdate | None) -> int:
    """Write an update; gives how many characters that took."""
    written = "" if update is None else update.render_segments(CONSOLE)
    terminal.feed(written.encode())
    assert (terminal._top, terminal._bottom) == (0, terminal.lines - 1), "all lines scroll again"
    return len(written)


def after(screen: list[Strip], change: Change) -> list[Strip]:
    moved = screen[change.up :] + screen[: change.up]
    return [change.lines.get(y, line) for y, line in enumerate(moved)]


@given(st.lists(lines, min_size=HEIGHT, max_size=HEIGHT), st.lists(changes, max_size=5))
def test_screen_looks_as_textual_paints_it(screen: list[Strip], steps: list[Change]) -> None:
    canvas, sparing, plain = Canvas(), Painting(WIDTH, HEIGHT), Painting(WIDTH, HEIGHT)
    show(sparing, canvas.paint(layout(screen), CONSOLE))
    show(plain, layout(screen))
    for change in steps:
        screen = after(screen, change)
        update = chops(screen, list(range(HEIGHT)), change)
        show(sparing, canvas.paint(update, CONSOLE))
        show(plain, update)
        assert sparing.looks == plain.looks
        assert sparing.rows == plain.rows


def row(text: str, style: Style | None = None) -> Strip:
    return Strip([Segment(text, style)]).adjust_cell_length(WIDTH)


WHOLE = Change(0, {}, 0, WIDTH, [0, WIDTH])
LOG = [row(f"12:00:0{number}  message {number}", STYLES[1]) for number in range(9)]


OTHERS = [row(f"something else {number}") for number in range(6)]


def painted(screen: list[Strip]) -> tuple[Canvas, Painting]:
    canvas, terminal = Canvas(), Painting(WIDTH, len(screen))
    show(terminal, canvas.paint(layout(screen), CONSOLE))
    return canvas, terminal


def test_nothing_is_sent_for_what_stands_there_already() -> None:
    canvas, _ = painted(LOG[:6])
    assert canvas.paint(chops(LOG[:6], [0, 3, 5], WHOLE), CONSOLE) is None


def test_log_that_grows_by_a_line_costs_that_line() -> None:
    canvas, terminal = painted(LOG[:6])
    update = chops(LOG[1:7], list(range(6)), WHOLE)
    assert show(terminal, canvas.paint(update, CONSOLE)) < 2 * WIDTH + 60
    assert terminal.rows == [line.text.rstrip() for line in LOG[1:7]]


def test_words_are_sent_whole() -> None:
    canvas, _ = painted([row("12 watched · 11 live"), row("calm")])
    update = canvas.paint(chops([row("12 watched · 12 live"), row("calm")], [0], WHOLE), CONSOLE)
    assert update is not None
    assert "12 watched · 12 live" in update.render_segments(CONSOLE)


def test_a_whole_screen_is_sent_as_far_as_it_differs() -> None:
    canvas, terminal = painted(LOG[:6])
    assert canvas.paint(layout(LOG[:6]), CONSOLE) is None
    assert show(terminal, canvas.paint(layout([*LOG[:5], OTHERS[0]]), CONSOLE)) < 2 * WIDTH
    assert terminal.rows == [line.text.rstrip() for line in (*LOG[:5], OTHERS[0])]


def test_what_others_wrote_on_the_terminal_is_mended_once_all_is_forgotten() -> None:
    canvas, terminal = painted(LOG[:6])
    terminal.feed(b"\x1b[2;3Hwall: the system goes down")
    canvas.forget()
    show(terminal, canvas.paint(layout(LOG[:6]), CONSOLE))
    assert terminal.rows == [line.text.rstrip() for line in LOG[:6]]


def test_colours_are_those_the_terminal_has() -> None:
    console = Console(color_system="standard", force_terminal=True, _environ={})
    update = Canvas().paint(layout(LOG[:2]), console)
    assert update is not None
    assert "38;2" not in update.render_segments(console)
    assert console._color_system is ColorSystem.STANDARD


@pytest.mark.parametrize(
    ("style", "attributes", "fore", "back"),
    [
        (None, set(), "39", "49"),
        (Style(), set(), "39", "49"),
        *(
            (Style.parse(name), {code}, "39", "49")
            for name, code in {"bold": "1", "dim": "2", "italic": "3", "underline": "4",
                               "blink": "5", "reverse": "7", "strike": "9",
                               "underline2": "21", "frame": "51", "overline": "53"}.items()
        ),
        (Style(color="red"), set(), "31", "49"),
        (Style(color="bright_red", bgcolor="bright_blue"), set(), "91", "104"),
        (Style(bgcolor="blue", bold=True), {"1"}, "39", "44"),
        (Style(color="default", bgcolor="default"), set(), "39", "49"),
        (Style(color="color(200)", bgcolor="color(30)"), set(), "38;5;200", "48;5;30"),
        (Style(color="#010203", strike=True), {"9"}, "38;2;1;2;3", "49"),
        (Style(bgcolor="#393133", dim=True), {"2"}, "39", "48;2;57;49;51"),
    ],
    ids=str,
)  # fmt: skip
def test_an_ink_is_what_the_style_says(
    style: Style | None, attributes: set[str], fore: str, back: str
) -> None:
    ink = ink_of(style, ColorSystem.TRUECOLOR)
    assert _RENDITIONS[ink] == Rendition(frozenset(attributes), fore, back)
    assert _RENDITIONS[of_blanks(ink)].back == back


def test_a_log_between_lines_that_stay_is_moved_and_all_lines_scroll_again() -> None:
    title, foot = row("title"), row("foot")
    canvas, terminal = painted([title, *LOG[:6], foot])
    after_ = [title, *LOG[1:7], foot]
    update = canvas.paint(chops(after_, list(range(8)), WHOLE), CONSOLE)
    assert show(terminal, update) < 2 * WIDTH + 60
    assert terminal.rows == [line.text.rstrip() for line in after_]


def test_lines_that_did_not_move_are_written_where_they_stand() -> None:
    """Two lines must be in their place by scrolling for it to be worth its bytes."""
    canvas, terminal = painted(LOG[:6])
    for screen in (OTHERS, [*OTHERS[:5], LOG[0]], [*LOG[:5], LOG[6]]):
        update = canvas.paint(chops(screen, list(range(6)), WHOLE), CONSOLE)
        assert update is not None
        written = update.render_segments(CONSOLE)
        assert not re.search(r"\x1b\[[0-9;]*r|\n|\x1bM", written)
        show(terminal, update)
        assert terminal.rows == [line.text.rstrip() for line in screen]


@pytest.mark.parametrize("up", [-4, -3, 3, 4])
def test_as_few_lines_as_two_in_their_place_are_worth_scrolling(up: int) -> None:
    canvas, terminal = painted(LOG[:6])
    screen = [*LOG[up:6], *OTHERS[:up]] if up > 0 else [*OTHERS[:-up], *LOG[: 6 + up]]
    update = canvas.paint(chops(screen, list(range(6)), WHOLE), CONSOLE)
    assert update is not None
    assert ("\n" * up if up > 0 else "\x1bM" * -up) in update.render_segments(CONSOLE)
    show(terminal, update)
    assert terminal.rows == [line.text.rstrip() for line in screen]
