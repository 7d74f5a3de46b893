"""Tones of text as styles of the theme, for what is not a live table."""

from __future__ import annotations

from textual.content import Content

from smsmon.console.looks import Tone

STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.DIM: "$text-quiet",
    Tone.GOOD: "$success",
    Tone.BAD: "$error",
    Tone.WAIT: "$accent",
    Tone.WARN: "$warning",
}


def styled(text: str, tone: Tone) -> Content:
    """``text`` in the colour of ``tone``; plain text, never markup."""
    style = STYLES[tone]
    return Content.styled(text, style) if style else Content(text)
