"""The log: everything that happened, once, in words. Bounded.

A report that changes three recipients gives three lines; one that changes three hundred gives
one line that counts them, and more for those that went wrong. A line says what changed, never
that a poll took place.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from msgspec import Struct

from smsmon.console.actions import Where
from smsmon.console.cells import Cell, Span
from smsmon.console.formats import Formats
from smsmon.console.live_table import Column, LiveTable
from smsmon.console.signs import Tone, status_sign
from smsmon.console.tables.panes import TablePane
from smsmon.filters import Filter, Stage, Stages
from smsmon.filters.questions import Value
from smsmon.filters.subjects import LOG_FIELDS
from smsmon.model import Event, EventKind, Transition
from smsmon.shapes import in_words
from smsmon.text import safe_lines

LabelOf = Callable[[str], str]
LIMIT = 5_000
"""Lines kept; the oldest go first. 5,000 lines take about 2 MB."""
_SPELLED_OUT = 5
"""More transitions than this in one report are counted instead of listed."""


class LogLine(Struct, frozen=True):
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
    EventKind.BATCHES_ON: Tone.GOOD,
    EventKind.BATCHES_OFF: Tone.WARN,
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
        self._lines: deque[LogLine] = deque(maxlen=limit)
        self._next = 0

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def numbers(self) -> range:
        """The numbers of the lines kept, the oldest first."""
        return range(self._next - len(self._lines), self._next)

    def __getitem__(self, number: int) -> LogLine:
        return self._lines[number - self.numbers.start]

    def note(self, lines: Iterable[LogLine]) -> None:
        """Add ``lines``."""
        for line in lines:
            self._lines.append(line)
            self._next += 1


def event_line(event: Event) -> LogLine:
    text = event.kind.value + (f": {event.detail}" if event.detail else "")
    if event.message_id is None and event.profile != "default":
        text = text.replace("account", f"account {event.profile}", 1)
    tone = _TONES.get(event.kind, Tone.DIM)
    return LogLine(event.at, event.message_id, "", text, tone, quoting=True)


def notice_line(at: float, text: str, tone: Tone) -> LogLine:
    """The line that tells what the operator was told."""
    said = " ".join(safe_lines(text).split())
    return LogLine(at, None, "", said, tone, "notice", quoting=tone in (Tone.WARN, Tone.BAD))


def transition_lines(transitions: Iterable[Transition]) -> list[LogLine]:
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


def _counted(changes: list[Transition], tone: Tone) -> list[LogLine]:
    first = changes[0]
    counts = Counter(in_words(change) for change in changes)
    told = counts.most_common(_SPELLED_OUT)  # the words of the API can be many
    text = ", ".join(f"{count:,} × {words}" for words, count in told)
    if left := counts.total() - sum(count for _, count in told):
        text += f", {left:,} otherwise"
    return [LogLine(first.observed_at, first.message_id, "", text, tone, quoting=True)]


def _tone(change: Transition) -> Tone:
    if change.before is not change.after:
        return status_sign(change.after).tone
    return Tone.BAD if change.stop_after and not change.stop_before else Tone.PLAIN


def _spelled_out(change: Transition) -> LogLine:
    text, tone = in_words(change), _tone(change)
    return LogLine(change.at, change.message_id, change.phone, text, tone, quoting=True)


class LogRows:
    """The journal's lines as rows of a table, by their number."""

    def __init__(self, journal: Journal, formats: Formats) -> None:
        self._journal = journal
        self._formats = formats

    def row(self, key: int) -> LogLine:
        return self._journal[key]

    def accepted(self, keys: Sequence[int], wanted: Filter) -> list[bool]:
        """Which lines a filter lets through."""
        return [wanted.matches(partial(self._value, self._journal[key])) for key in keys]

    def offered(self, keys: Sequence[int], name: str) -> Iterable[Value]:
        """What the lines have in a field."""
        kept = self._journal.numbers
        return (self._value(self._journal[key], name) for key in keys if key in kept)

    def _value(self, line: LogLine, name: str) -> Value:
        match name:
            case "message":
                return line.message_id
            case "phone":
                return line.phone or None
            case "text":
                return line.text
            case "trouble":
                return line.tone in (Tone.BAD, Tone.WARN)
            case _:
                return self._formats.now() - line.at

    def values(self, column: str, keys: Sequence[int]) -> None:
        return None


def words(line: LogLine, formats: Formats) -> str:
    """What happened, as it may be shown, copied and exported."""
    return formats.words(line.text) if line.quoting else line.text


def log_columns(formats: Formats, label_of: LabelOf | None = None) -> tuple[Column[LogLine], ...]:
    """Time, message, its label where ``label_of`` gives it, recipient, and what happened."""

    def at(row: LogLine, width: int) -> Cell:
        return Span(formats.aligned(row.at), Tone.DIM)

    def phone(row: LogLine, width: int) -> Cell:
        return formats.phone(row.phone) if row.phone else ""

    def text(row: LogLine, width: int) -> Cell:
        told = words(row, formats)
        return Span(told.replace(" → ", " then ") if formats.plain else told, row.tone)

    def label(row: LogLine) -> str:
        return label_of(row.message_id) if label_of and row.message_id else ""

    columns: tuple[Column[LogLine], ...] = (
        Column("at", "time", at, width=12, priority=100, sort_key=lambda row: row.at),
        Column("message", "message", _where, width=10, flex=2, max_width=12, priority=90,
               sort_key=lambda row: row.where),
        Column("label", "label", lambda row, width: label(row), width=16, flex=2, max_width=28,
               priority=40, sort_key=lambda row: label(row).casefold() or None),
        Column("phone", "recipient", phone, width=18, priority=80, sort_key=lambda row: row.phone),
        Column("text", "what happened", text, width=24, flex=1, wish=40, priority=95,
               sort_key=lambda row: row.text),
    )  # fmt: skip
    return tuple(each for each in columns if label_of or each.name != "label")


def _where(row: LogLine, width: int) -> Cell:
    return row.where


LOG_STAGES: Stages = (Stage("trouble:yes", "what went wrong", "Nothing went wrong."),)


def log_pane(
    journal: Journal,
    formats: Formats,
    label_of: LabelOf | None = None,
    *,
    id: str = "log",
    empty: str = "Nothing has happened yet",
) -> TablePane[int, LogLine]:
    """The lines of ``journal``, by number; ``label_of`` gives the label of a message by its id."""
    columns = log_columns(formats, label_of)
    table = LiveTable(columns, LogRows(journal, formats), empty=empty, tint_seconds=0)
    return TablePane(table, LOG_FIELDS, Where.LOG, LOG_STAGES, formats, id=id)
