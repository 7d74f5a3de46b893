"""The signs of statuses, states and alerts: a glyph, a word and a tone, in one place.

A tone is how a text is meant, and the one place that says in which colour of the theme that is
shown. Nothing is told by colour alone.
Every glyph is one column wide in all common terminals: none is wide in Unicode, and none is an
emoji, which some terminals draw two columns wide (✔, ✖ and ⚠ are; ✓ and ✗ are not).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from textual.content import Content

from smsmon.recipients import Status

MARK = "●"
UP, DOWN = "▲", "▼"
WARNING = "!"
GONE = "-"
"""Before what the API no longer lists, and its count: it is shown as it was last seen."""
DASH = "–"
"""Stands where there is no value."""


class Tone(StrEnum):
    """How a piece of text is meant."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    GOOD = "good"
    BAD = "bad"
    WAIT = "wait"
    WARN = "warn"

    @property
    def style(self) -> str:
        """Its style for ``Content``: of variables of the theme, whose contrast a test computes."""
        return _STYLES[self]


_STYLES: Mapping[Tone, str] = MappingProxyType(
    {
        Tone.PLAIN: "",
        Tone.STRONG: "bold",
        Tone.DIM: "$text-quiet",
        Tone.GOOD: "$success",
        Tone.BAD: "$error",
        Tone.WAIT: "$accent",
        Tone.WARN: "$warning",
    }
)


def styled(text: str, tone: Tone) -> Content:
    """``text`` in the colour of ``tone``; plain text, never markup."""
    return Content.styled(text, tone.style) if tone.style else Content(text)


def tone_classes(widget: str) -> set[str]:
    """The component classes of a widget that paints in tones: ``drawing--good`` and so on."""
    return {f"{widget}--{tone}" for tone in Tone}


def tone_css(widget: str) -> str:
    """The colours of `tone_classes`, for the widget's own style sheet."""
    return "\n".join(
        f"& > .{widget}--{tone} {{ {'text-style' if style == 'bold' else 'color'}: {style}; }}"
        for tone, style in _STYLES.items()
        if style
    )


@dataclass(frozen=True, slots=True)
class Sign:
    """How one status or state is shown."""

    glyph: str
    word: str
    tone: Tone


STATUS_SIGNS: Mapping[Status, Sign] = MappingProxyType(
    {
        Status.DELIVERED: Sign("✓", Status.DELIVERED.word, Tone.GOOD),
        Status.WAITING: Sign("…", Status.WAITING.word, Tone.WAIT),
        Status.NOT_DELIVERED: Sign("✗", Status.NOT_DELIVERED.word, Tone.BAD),
        Status.UNKNOWN: Sign("?", Status.UNKNOWN.word, Tone.WARN),
    }
)

ALERT_TONES: Mapping[int, Tone] = MappingProxyType({1: Tone.PLAIN, 2: Tone.WARN, 3: Tone.BAD})
"""By the severity of an alert (``smsmon.monitor.alerts``)."""

STATE_SIGNS: Mapping[str, Sign] = MappingProxyType(
    {
        "new": Sign("·", "new", Tone.DIM),
        "live": Sign("»", "live", Tone.PLAIN),
        "complete": Sign("✓", "complete", Tone.GOOD),
        "settled": Sign("■", "settled", Tone.DIM),
        "paused": Sign("=", "paused", Tone.DIM),
        "not found": Sign("∅", "not found", Tone.WARN),
        "stale": Sign(WARNING, "stale", Tone.WARN),
    }
)
"""By the name of the message's state."""


def status_sign(status: Status) -> Sign:
    """How a delivery status is shown."""
    return STATUS_SIGNS[status]


def state_sign(state: str) -> Sign:
    """How a message's state is shown; a state without a sign of its own is its plain word."""
    word = state.replace("_", " ").lower()
    return STATE_SIGNS.get(word) or Sign(" ", word, Tone.PLAIN)
