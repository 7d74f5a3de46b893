"""What things look like, in one place: a status is a glyph, a word and a tone.

Tones are names; the stylesheet says which colour each is. Nothing is told by colour alone.
Every glyph is one column wide in all common terminals: none is wide in Unicode, and none is an
emoji, which some terminals draw two columns wide (✔, ✖ and ⚠ are; ✓ and ✗ are not).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from smsmon.recipients import Status

MARK = "●"
UP, DOWN = "▲", "▼"
WARNING = "!"
GONE = "-"
"""Before what the API no longer lists, and its count: it is shown as it was last seen."""
DASH = "–"
"""Stands where there is no value."""


class Tone(StrEnum):
    """How a piece of text is meant; the stylesheet has a colour for each."""

    PLAIN = "plain"
    STRONG = "strong"
    DIM = "dim"
    GOOD = "good"
    BAD = "bad"
    WAIT = "wait"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Look:
    """How one status or state is shown."""

    glyph: str
    word: str
    tone: Tone


STATUS_LOOKS: Mapping[Status, Look] = MappingProxyType(
    {
        Status.DELIVERED: Look("✓", Status.DELIVERED.word, Tone.GOOD),
        Status.WAITING: Look("…", Status.WAITING.word, Tone.WAIT),
        Status.NOT_DELIVERED: Look("✗", Status.NOT_DELIVERED.word, Tone.BAD),
        Status.UNKNOWN: Look("?", Status.UNKNOWN.word, Tone.WARN),
    }
)

ALERT_TONES: Mapping[int, Tone] = MappingProxyType({1: Tone.PLAIN, 2: Tone.WARN, 3: Tone.BAD})
"""By the severity of an alert (``smsmon.monitor.alerts``)."""

STATE_LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "new": Look("·", "new", Tone.DIM),
        "live": Look("»", "live", Tone.PLAIN),
        "complete": Look("✓", "complete", Tone.GOOD),
        "settled": Look("■", "settled", Tone.DIM),
        "paused": Look("=", "paused", Tone.DIM),
        "not found": Look("∅", "not found", Tone.WARN),
        "stale": Look(WARNING, "stale", Tone.WARN),
    }
)
"""By the name of the message's state."""


def status_look(status: Status) -> Look:
    """How a delivery status is shown."""
    return STATUS_LOOKS[status]


def state_look(state: str) -> Look:
    """How a message's state is shown; a state without a look of its own is its plain word."""
    word = state.replace("_", " ").lower()
    return STATE_LOOKS.get(word) or Look(" ", word, Tone.PLAIN)
