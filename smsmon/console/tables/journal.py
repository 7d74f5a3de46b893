"""The log: everything that happened, once, in words. Bounded, and no Textual here.

A report that changes three recipients gives three lines; one that changes three hundred gives
one line that counts them, and more for those that went wrong. A line says what changed, never
that a poll took place.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from smsmon.console.looks import Tone, status_look
from smsmon.model import Event, EventKind, Transition
from smsmon.shapes import in_words

LIMIT = 5_000
"""Lines kept; the oldest go first. 5,000 lines take about 2 MB."""
_SPELLED_OUT = 5
"""More transitions than this in one report are counted instead of listed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log."""

    at: float
    message_id: str | None
    phone: str
    """Of the one recipient concerned; empty when it is the message or the account."""
    text: str
    tone: Tone
    about: str = "account"
    """What it is about, in a word, when it is not one message."""
    quoting: bool = False
    """True when words of the API may be in the text: they can hold a phone number."""

    @property
    def where(self) -> str:
        """What it is about, in a word: the message, or the account."""
        return self.message_id or self.about


_TONES = {
    EventKind.COMPLETED: Tone.GOOD,
    EventKind.RECOVERED: Tone.GOOD,
    EventKind.FOUND: Tone.GOOD,
    EventKind.ACCOUNT_UP: Tone.GOOD,
    EventKind.STALE: Tone.WARN,
    EventKind.NOT_FOUND: Tone.WARN,
    EventKind.ABSENT: Tone.WARN,
    EventKind.REOPENED: Tone.WARN,
    EventKind.ACCOUNT_DOWN: Tone.BAD,
    EventKind.ACCOUNT_STOPPED: Tone.BAD,
}


class Journal:
    """The lines of the log, numbered from 0 in the order they came."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._lines: deque[Line] = deque(maxlen=limit)
        self._next = 0

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def numbers(self) -> range:
        """The numbers of the lines kept, the oldest first."""
        return range(self._next - len(self._lines), self._next)

    def __getitem__(self, number: int) -> Line:
        return self._lines[number - self.numbers.start]

    def note(self, lines: Iterable[Line]) -> None:
        """Add ``lines``."""
        for line in lines:
            self._lines.append(line)
            self._next += 1


def event_line(event: Event) -> Line:
    """The line that tells ``event``."""
    text = event.kind.value + (f": {event.detail}" if event.detail else "")
    if event.message_id is None and event.profile != "default":
        text = text.replace("account", f"account {event.profile}", 1)
    tone = _TONES.get(event.kind, Tone.DIM)
    return Line(event.at, event.message_id, "", text, tone, quoting=True)


def transition_lines(transitions: Iterable[Transition]) -> list[Line]:
    """The lines that tell what one report changed: each recipient, or counts when many."""
    changes = list(transitions)
    if len(changes) <= _SPELLED_OUT:
        return [_spelled_out(change) for change in changes]
    wrong = [change for change in changes if _tone(change) in (Tone.BAD, Tone.WARN)]
    others = [change for change in changes if _tone(change) not in (Tone.BAD, Tone.WARN)]
    told = _counted(others, Tone.PLAIN) if others else []
    if len(wrong) <= _SPELLED_OUT:
        return told + [_spelled_out(change) for change in wrong]
    return told + _counted(wrong, Tone.BAD)


def _counted(changes: list[Transition], tone: Tone) -> list[Line]:
    first = changes[0]
    counts = Counter(in_words(change) for change in changes)
    told = counts.most_common(_SPELLED_OUT)  # the words of the API can be many
    text = ", ".join(f"{count:,} × {words}" for words, count in told)
    if left := counts.total() - sum(count for _, count in told):
        text += f", {left:,} otherwise"
    return [Line(first.observed_at, first.message_id, "", text, tone, quoting=True)]


def _tone(change: Transition) -> Tone:
    if change.before is not change.after:
        return status_look(change.after).tone
    return Tone.BAD if change.stop_after and not change.stop_before else Tone.PLAIN


def _spelled_out(change: Transition) -> Line:
    text, tone = in_words(change), _tone(change)
    return Line(change.at, change.message_id, change.phone, text, tone, quoting=True)
