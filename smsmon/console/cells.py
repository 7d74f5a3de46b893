"""What stands in a cell: pure functions from values to short pieces of text.

Every text here is plain, never markup, and goes to the terminal as it is: what comes from
outside has passed ``smsmon.text.safe`` before. Widths are columns of the screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len, split_graphemes

from smsmon.console.signs import (
    BAR,
    DASH,
    GONE,
    LEVELS,
    STATUS_SIGNS,
    ZERO,
    Sign,
    Tone,
    state_sign,
    status_sign,
)
from smsmon.model import Counts
from smsmon.recipients import Status
from smsmon.text import ELLIPSIS, painted

__all__ = ["Cell", "Span", "Tone", "fit", "spans_of"]


class Span(NamedTuple):
    """A piece of text and how it is meant."""

    text: str
    tone: Tone = Tone.PLAIN


Cell = str | Span | Sequence[Span]
"""What a column gives for one row."""


def spans_of(cell: Cell) -> Sequence[Span]:
    """The pieces of a cell in whatever form it came."""
    if isinstance(cell, str):
        return (Span(cell),)
    return (cell,) if isinstance(cell, Span) else cell


def plain(cell: Cell) -> str:
    """The text of a cell."""
    return "".join(span.text for span in spans_of(cell))


def fit(spans: Sequence[Span], width: int, align: Literal["left", "right"] = "left") -> list[Span]:
    """The spans in exactly ``width`` columns: padded, or cut with an ellipsis.

    Wide and combining characters are cut as a whole. Every text is `painted`: the last door.
    """
    if len(spans) == 1:
        text, tone = spans[0]
        if len(text) <= width and text.isascii() and text.isprintable():
            # The common case, and as wide as it is long.
            return [Span(text.ljust(width) if align == "left" else text.rjust(width), tone)]
    fitted = [Span(painted(text), tone) for text, tone in spans if text]
    used = sum(cell_len(text) for text, _ in fitted)
    if used > width:
        fitted = _cut_spans(fitted, width)
        used = sum(cell_len(text) for text, _ in fitted)
    if used < width:
        blank = Span(" " * (width - used))
        fitted = [*fitted, blank] if align == "left" else [blank, *fitted]
    return fitted


def _cut_spans(spans: Sequence[Span], width: int) -> list[Span]:
    """Spans too wide for ``width``, up to the one that reaches the edge."""
    kept: list[Span] = []
    room = width
    for text, tone in spans:
        length = cell_len(text)
        if length >= room:
            kept.append(Span(cut(text + ELLIPSIS, room), tone))
            break
        kept.append(Span(text, tone))
        room -= length
    return kept


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns, ending in an ellipsis when something is left out."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    graphemes, _ = split_graphemes(text)
    end = used = 0
    for _, stop, size in graphemes:
        if used + size > width - 1:
            break
        end, used = stop, used + size
    return text[:end] + ELLIPSIS


# Numbers


def count(number: int) -> str:
    """``12,345``"""
    return f"{number:,}"


def among_others(number: int, tone: Tone = Tone.PLAIN) -> Span:
    """A number in a column of numbers: a zero is a quiet dot, so that what is not stands out."""
    return Span(count(number), tone) if number else Span(ZERO, Tone.DIM)


def percent(part: int, whole: int) -> str:
    """``96.2%`` of a whole; a dash of nothing.

    Rounding never makes all or nothing of what is not: 99,999 of 100,000 is 99.9%.
    """
    if whole <= 0:
        return DASH
    tenths = round(1000 * part / whole)
    if part < whole:
        tenths = min(tenths, 999)
    if part > 0:
        tenths = max(tenths, 1)
    return "100%" if tenths == 1000 else f"{tenths / 10:.1f}%"


def rate(value: float | None) -> str:
    """A rate from 0 to 1, such as ``Counts.delivery_rate``, as ``96.2%``; a dash for None."""
    return DASH if value is None else percent(round(value * _FINE), _FINE)


_FINE = 10_000_000
"""Parts of a whole in which a rate is told from 0 and from 1: more than there are recipients."""


# Statuses


def status(value: Status, *, raw: str = "") -> Sequence[Span]:
    """Glyph and word: ``✓ Delivered``. A status we do not know shows the API's own word."""
    sign = status_sign(value)
    word = raw if value is Status.UNKNOWN and raw else sign.word
    return _look(sign, word)


_WAS = {
    Status.DELIVERED: "was delivered",
    Status.WAITING: "was waiting",
    Status.NOT_DELIVERED: "had failed",
}


def status_before(value: Status, *, raw: str = "") -> Sequence[Span]:
    """The status that one had who is no longer listed: ``✗ had failed``."""
    sign = status_sign(value)
    return (Span(f"{sign.glyph} {_WAS.get(value) or f'was {raw or sign.word}'}", Tone.DIM),)


def with_gone(total: int, gone: int, width: int) -> Cell:
    """A number of recipients, and how many of them are no longer listed: ``-2 3``.

    Where both have no room the sign follows (``500-``): before, it would count those that left.
    """
    if not gone:
        return count(total)
    told = f"{GONE}{gone:,} "
    if len(told) + len(count(total)) > width:
        return (Span(count(total)), Span(GONE, Tone.WARN))
    return (Span(told, Tone.WARN), Span(count(total)))


def state(name: str, *, detail: str = "") -> Sequence[Span]:
    """The state of a message: ``! stale 4 m``."""
    sign = state_sign(name)
    return _look(sign, f"{sign.word} {detail}" if detail else sign.word)


def worded(cell: Cell) -> Cell:
    """A cell that begins with a sign and its word, without the sign."""
    (text, tone), *others = spans_of(cell) or (Span(""),)
    return (Span(text[2:], tone), *others)


def _look(sign: Sign, word: str) -> Sequence[Span]:
    return (Span(f"{sign.glyph} {word}", sign.tone),)


def status_count(number: int, of: Status) -> Span:
    """A count in the column of a status."""
    return among_others(number, STATUS_SIGNS[of].tone)


# Bars


def delivery_bar(counts: Counts, width: int) -> Sequence[Span]:
    """Delivered, waiting and not delivered side by side, and a blank for unknown.

    It reads without colour, and a screen full of it stays calm. Any that is not zero gets a
    column while there is room.
    The percentage is delivered ÷ total, as the bar shows; it is left out below 10 columns.
    """
    label = _bar_label(counts) if width >= 10 else ""
    columns = width - len(label)
    if counts.total <= 0:
        return (Span(" " * columns + label, Tone.DIM),)
    lengths = shares([getattr(counts, status.slug) for status in BAR], columns)
    drawn = zip(BAR.items(), lengths, strict=True)
    pieces = [Span(glyph * length, STATUS_SIGNS[of].tone) for (of, glyph), length in drawn]
    return tuple(piece for piece in (*pieces, Span(label)) if piece.text)


def _bar_label(counts: Counts) -> str:
    if counts.total <= 0:
        return f"{DASH:>5}"
    share = 100 * counts.delivered / counts.total
    whole = round(share)
    if counts.delivered < counts.total:
        whole = min(whole, 99)
    if counts.delivered:
        whole = max(whole, 1)
    return f"{whole:4}%"


def shares(parts: Sequence[int], width: int) -> list[int]:
    """Share ``width`` columns in proportion to ``parts``; they always add up to ``width``.

    A part that is not zero gets a column, while there are columns for all of those.
    """
    whole = sum(parts)
    if whole <= 0 or width <= 0:
        return [0] * len(parts)
    exact = [part * width / whole for part in parts]
    given = [int(share) for share in exact]
    present = [index for index, part in enumerate(parts) if part > 0]
    if len(present) <= width:
        for index in present:
            given[index] = max(given[index], 1)
    by_remainder = sorted(present, key=lambda index: exact[index] - given[index], reverse=True)
    for index in by_remainder[: max(0, width - sum(given))]:
        given[index] += 1
    while sum(given) > width:
        given[max(present, key=given.__getitem__)] -= 1
    return given


def sparkline(values: Sequence[float], width: int) -> str:
    """The last ``width`` values as columns an eighth to a full line high; zero is a blank."""
    recent = list(values)[-width:] if width > 0 else []
    top = max(recent, default=0)
    if top <= 0:
        return " " * max(0, width)
    levels = (" " if value <= 0 else LEVELS[min(7, int(8 * value / top))] for value in recent)
    return "".join(levels).rjust(width)
