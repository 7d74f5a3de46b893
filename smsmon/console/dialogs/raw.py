"""The dialog that shows the raw answer of one message, as it was last received."""

from __future__ import annotations

import asyncio
import json
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.worker import Worker, WorkerState

from smsmon.console import cells
from smsmon.console.dialogs.base import Dialog, Keys
from smsmon.console.line import Line
from smsmon.console.signs import DOWN_KEY, UP_KEY, Tone, styled
from smsmon.phones import without_numbers
from smsmon.text import safe

if TYPE_CHECKING:
    from smsmon.who_polls import WhoPolls


class RawScreen(Dialog[None]):
    """An answer of the API to look at."""

    FRAME = "raw"
    HEADING = "Last answer"
    CSS = """
    RawScreen #raw {
        width: 112; max-width: 100%; height: 100%; padding: 0 1;
        & > Line { padding: 0 1; }
        & > LinesView { margin: 1 0 0 0; padding: 0 0 0 1; }
    }
    RawScreen.-low #raw {
        height: 100%;
        & > LinesView { margin: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter", "cancel", show=False),
    ]
    AUTO_FOCUS = "LinesView"

    def __init__(self, title: str, raw: bytes, full_length: int, masked: bool = False) -> None:
        """``raw`` is the beginning of an answer that was ``full_length`` bytes long."""
        super().__init__()
        self._title = title
        self._raw = raw
        self._full_length = full_length
        self._masked = masked

    def body(self) -> ComposeResult:
        yield Line(Content.styled(safe(self._title), "bold"))
        yield Line(id="facts")
        yield LinesView()
        scroll = f"{UP_KEY} {DOWN_KEY} PgUp PgDn"
        yield Keys((scroll, "scroll"), ("Home End", "ends"), ("esc", "close"))

    def on_mount(self) -> None:
        self._lay_out()

    @work(group="raw", exclusive=True, exit_on_error=False)
    async def _lay_out(self) -> None:
        # Half a megabyte takes a tenth of a second: not on the loop.
        laid_out = await asyncio.to_thread(page, self._raw, self._full_length, masked=self._masked)
        self.query_one(LinesView).show(laid_out.lines)
        self.query_one("#facts", Line).say(facts(laid_out))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """An answer that cannot be laid out says so."""
        if event.state is WorkerState.ERROR:
            self.query_one("#facts", Line).say(
                Content.styled("This answer cannot be shown.", Tone.WARN.style)
            )


SHOWN_LIMIT = 512 * 1024
"""Bytes of an answer laid out at most."""
_INDENT = "  "
_DEEPEST = 20
"""Levels that are indented; deeper ones stand below this one."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Page:
    """An answer as lines that are safe to print."""

    lines: tuple[str, ...]
    form: str
    """``JSON``, ``XML``, or empty: shown as it came."""
    shown: int
    """Bytes that are laid out."""
    whole: int
    """Bytes that the answer had."""


def page(raw: bytes, full_length: int, *, masked: bool = False) -> Page:
    """``raw``, the beginning of an answer of ``full_length`` bytes, laid out.

    ``masked`` hides the digits of phone numbers, but for the last two.
    """
    shown = raw[:SHOWN_LIMIT]
    whole = max(full_length, len(raw))
    text = _decoded(shown, cut=len(shown) < whole)
    form = _form(text, cut=len(shown) < whole)
    if masked:
        text = without_numbers(text)
    lines = {"JSON": _json_lines, "XML": _xml_lines}.get(form, _plain_lines)(text)
    return Page(tuple(safe(line, len(line) + 1) for line in lines), form, len(shown), whole)


def none_at_hand(polling: WhoPolls | None, *, read: bool, ours: bool = True) -> str:
    """Why no answer of a message can be shown; ``read``: it was read, here or elsewhere; ``ours``:
    it is for this process to poll, if that polls."""
    if not read:
        why = "it has not been read yet"
    elif polling is not None and polling.unreachable_since is not None:
        why = "the store does not answer, and nobody polls here meanwhile"
    elif polling is None or (polling.here and ours):
        why = "nothing new has come since the start"
    elif polling.here or polling.pollers > 1:
        why = "another process reads it, and keeps the answers"
    elif polling.holder is None:
        why = "nobody polls"
    else:
        why = f"{polling.holder} reads it, and keeps the answers"
    return f"No answer of this message is at hand: {why}."


def facts(what: Page) -> Content:
    """One line: the form, the size, and what is left out."""
    if not what.whole:
        return styled("The answer was empty.", Tone.DIM)
    form = what.form or "neither JSON nor XML, shown as it came"
    size = styled(f"{form} · {cells.count(what.whole)} bytes", Tone.DIM)
    left_out = what.whole - what.shown
    if not left_out:
        return size
    beginning = f" · only the first {what.shown // 1024:,} kB: {cells.count(left_out)} left out"
    return Content.assemble(size, styled(beginning, Tone.WARN))


def _decoded(raw: bytes, *, cut: bool) -> str:
    raw = raw.removeprefix(_BOM)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if cut and error.start > len(raw) - 4:  # the cut fell inside a character
            return raw[: error.start].decode("utf-8")
        return raw.decode("latin-1")


def _form(text: str, *, cut: bool) -> str:
    """What it parses as; of a cut text, what it begins like."""
    head = text.lstrip()[:100].lower()
    if head.startswith(("{", "[")):
        return "JSON" if cut or _is_json(text) else ""
    if re.match(r"<(?!!doctype html|html)[?!a-z_]", head):
        return "XML" if cut or _is_xml(text) else ""
    return ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_xml(text: str) -> bool:
    from defusedxml import ElementTree  # rarely needed, and not free to load

    try:
        ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (ElementTree.ParseError, ValueError, RecursionError):
        return False
    return True


def _plain_lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield line.removesuffix("\r").expandtabs(4)


_JSON_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\],:]|[^\s"{}\[\],:]+', re.DOTALL)


def _json_lines(text: str) -> Iterator[str]:
    line: list[str] = []
    depth = 0
    opened = False
    for piece in _JSON_TOKEN.findall(text):
        if piece in "}]":
            depth = max(0, depth - 1)
            if not opened:
                yield "".join(line)
                line = [_INDENT * min(depth, _DEEPEST)]
            line.append(piece)
            opened = False
            continue
        if opened:
            yield "".join(line)
            line = [_INDENT * min(depth, _DEEPEST)]
        opened = piece in "{["
        line.append(": " if piece == ":" else piece)
        if opened:
            depth += 1
        elif piece == ",":
            yield "".join(line)
            line = [_INDENT * min(depth, _DEEPEST)]
    if line:
        yield "".join(line)


_XML_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    r"|<[^>\"']*+(?:(?:\"[^\"]*\"?|'[^']*'?)[^>\"']*+)*+>?|[^<]++",
    re.DOTALL,
)
_BREAK = re.compile(r"\s*[\r\n\t]\s*")


def _xml_lines(text: str) -> Iterator[str]:
    line = ""
    depth = 0
    opened = False
    for piece in _XML_TOKEN.findall(text):
        piece = _BREAK.sub(" ", piece.strip())
        if not piece:
            continue
        markup = piece.startswith("<") and not piece.startswith("<![CDATA[")
        closes = piece.startswith("</")
        depth -= closes
        if opened and (closes or not markup):
            line += piece
            opened = not markup
            continue
        if line:
            yield line
        line = _INDENT * max(0, min(depth, _DEEPEST)) + piece
        opened = markup and not closes and piece[1:2] not in "!?" and not piece.endswith("/>")
        depth += opened
    if line:
        yield line


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
