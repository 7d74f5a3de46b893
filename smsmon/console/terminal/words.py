"""What is painted where there is only ASCII; and for a screen reader or a line of Braille: words,
no drawing, and the real cursor.

Such readers speak what is written and follow the terminal's own cursor. So nothing is written but
letters, and the cursor stands on the row or in the field that keys go to.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, OptionList

from smsmon.console.signs import (
    CHOSEN,
    LIVE,
    NEW,
    SIGNS,
    STALE,
    WAITING,
    ZERO,
    in_ascii,
    wants_ascii,
)
from smsmon.console.terminal.private import input_cursor


class Ascii(LineFilter):
    """Paints every line in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        del background
        return [
            segment
            if segment.text.isascii()
            else Segment(in_ascii(segment.text, cell_len), segment.style, segment.control)
            for segment in segments
        ]


def painters(signs: str, *, plain: bool) -> list[LineFilter]:
    """What every line goes through, by the setting ``signs``; ``plain``: for a screen reader."""
    words: list[LineFilter] = [Words()] if plain else []
    return [*words, Ascii()] if wants_ascii(signs, os.environ) else words


PLAIN = "-plain"
"""The class of an app that is told in words."""

_LETTERS = {"–", "…", LIVE.glyph}
"""Signs that stand in sentences too."""
_DRAWN = "".join({sign.glyph for sign in SIGNS if not sign.glyph.isascii()} - _LETTERS)
_BLANK = re.compile(rf"[{_DRAWN}\u2500-\u25ff\u2800-\u28ff]")
_BEFORE_A_WORD = re.compile(
    rf"(?<![^ ])[{STALE.glyph}{NEW.glyph}{WAITING.glyph}{LIVE.glyph}](?= \w)"
)
_BETWEEN = re.compile(f"(?<=\\S)( {{1,2}}){ZERO}( {{1,2}})(?=\\S)")
_LONE_ZERO = re.compile(f"(?<![^ ]){ZERO}(?= |$)")
"""What sets nothing apart, in a column of numbers."""


class Words(LineFilter):
    """Paints letters alone: in place of a sign before its word, or of a line, stands a blank."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        del background
        told = in_words("".join(text for text, _, control in segments if not control))
        said, start = [], 0
        for text, style, control in segments:
            if control:
                said.append(Segment(text, style, control))
            else:
                said.append(Segment(told[start : start + len(text)], style))
                start += len(text)
        return said


@lru_cache(4096)
def in_words(line: str) -> str:
    """``line`` in as many characters: lines and bars are blank, a zero is a zero, and parts that a
    dot sets apart are set apart by a comma."""
    line = line.replace(CHOSEN.glyph, ">")
    line = _BETWEEN.sub(lambda found: "," + " " * (len(found[0]) - 1), line)
    line = _LONE_ZERO.sub("0", line)
    line = _BLANK.sub(" ", line)
    return _BEFORE_A_WORD.sub(" ", line)


STEPS = frozenset(("up", "down", "pageup", "pagedown"))
"""The keys that go through rows, from a field too that has rows below it."""


def reading_place(screen: Screen[Any], last_key: str = "") -> Offset:
    """Where on ``screen`` the operator stands: what the next key is about.

    In a field that has rows below it, that is the row which ``last_key`` went to.
    """
    widget = screen.focused
    if widget is None or (isinstance(widget, Input) and last_key in STEPS):
        seen = [each for each in screen.walk_children(Stands) if each.display and each.region]
        widget = next((each for each in seen if each.has_class("-chosen")), (*seen, widget)[0])
    if widget is None:
        return Offset(0, 0)
    if isinstance(widget, Stands):
        return widget.content_region.offset + widget.stands_at
    if isinstance(widget, Input):
        return input_cursor(widget)
    from textual.widgets import TextArea  # takes long to load, and dialogs alone have one

    if isinstance(widget, TextArea):
        return widget.cursor_screen_offset
    place = widget.content_region.offset
    if isinstance(widget, OptionList) and widget.highlighted is not None:
        place += Offset(0, widget.highlighted - round(widget.scroll_y))
    return place


class Stands(Widget):
    """A widget that tells where in it the operator stands."""

    @property
    def stands_at(self) -> Offset:
        """Columns and lines from its upper left corner."""
        raise NotImplementedError
