"""Paints in ASCII, for terminals that have nothing else: as the last thing done."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from smsmon.console.twins import in_ascii


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
