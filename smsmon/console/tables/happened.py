"""The rows and columns of what happened: one for each message, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple

from textual.content import Content

from smsmon.console import cells
from smsmon.console.actions import Where
from smsmon.console.cells import Cell, Span
from smsmon.console.formats import Formats
from smsmon.console.live_table import Column, LiveTable
from smsmon.console.signs import (
    ALERT,
    ALERT_TONES,
    DELIVERED,
    FAILING,
    NOT_DELIVERED,
    NOT_FOUND,
    STALE,
    STATUS_SIGNS,
    UNKNOWN,
    ZERO,
    Sign,
    Tone,
    styled,
)
from smsmon.console.tables.panes import TablePane
from smsmon.console.tables.rows import KeptRows
from smsmon.filters import Field, Kind, Stage, Stages
from smsmon.filters.questions import Value
from smsmon.in_short import (
    TROUBLE_BELOW,
    Sorted,
    Stretch,
    alerts,
    besides,
    is_trouble,
    long_unread,
    stretches,
)
from smsmon.recipients import Status
from smsmon.store.past import InShort
from smsmon.text import painted
from smsmon.times import counted

Subject = tuple[str | None, str]
"""What a row is about: a message and its account; None: the account itself, or a group."""

HAPPENED_FIELDS = (
    Field("message", Kind.TEXT, plain=True, help="the message id"),
    Field("label", Kind.TEXT, plain=True, help="its label"),
    Field("delivered", Kind.NUMBER, help="times somebody became delivered"),
    Field("failed", Kind.NUMBER, help="times somebody became not delivered"),
    Field("unknown", Kind.NUMBER, help="times somebody became unknown"),
    Field("stop", Kind.NUMBER, help="STOPs that came"),
    Field("unread", Kind.FLAG, help="it was not read though that was due"),
    Field("alert", Kind.TEXT, plain=True, help="the alerts that fired for it"),
    Field("trouble", Kind.FLAG, help="somebody should look at it"),
    Field("besides", Kind.TEXT, plain=True, help="what else happened: completed, not found"),
)
TROUBLE = "trouble:yes"
HAPPENED_STAGES: Stages = (Stage(TROUBLE, "in trouble", "Nothing went wrong."),)


class HappenedRows(KeptRows[Subject, InShort]):
    """What happened as rows of a table, by their subject, the worst first."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble_below = TROUBLE_BELOW
        """The delivery rate, from 0 to 1, under which a message is in trouble."""

    def tell(self, told: Sorted, trouble_below: float = TROUBLE_BELOW) -> None:
        """These are the rows from now on."""
        self._rows = {_subject(each): each for each in (*told.troubled, *told.calm)}
        self.trouble_below = trouble_below

    def value(self, row: InShort, name: str) -> Value:
        match name:
            case "message":
                return row.message_id
            case "label":
                return row.label
            case "delivered":
                return row.delivered
            case "failed":
                return row.not_delivered
            case "unknown":
                return row.unknown
            case "stop":
                return row.stop
            case "unread":
                return bool(row.unread)
            case "alert":
                return tuple(each.rule for each in row.alerts)
            case "trouble":
                return is_trouble(row, self.trouble_below)
            case _:
                return besides(row)


def _subject(row: InShort) -> Subject:
    return row.message_id, row.group or row.profile


def happened_columns(formats: Formats) -> tuple[Column[InShort], ...]:
    """Who, how many came, from when to when unread, and what else where there is room."""

    def sign(row: InShort, _: int) -> Cell:
        found = sign_of(row)
        return "" if found is None else Span(found[0].glyph, found[1])

    def unread(row: InShort, width: int) -> Cell:
        return lasted(row.unread, formats, width)

    def alert(row: InShort, _: int) -> Cell:
        if not row.alerts:
            return Span(ZERO, Tone.DIM)
        return Span(painted(alerts(row, formats.minute)), _alert_tone(row))

    heads = (f"{DELIVERED.glyph} came", f"{NOT_DELIVERED.glyph} came", UNKNOWN.glyph)
    came, failed, odd = ("delivered", "failed", "unknown") if formats.plain else heads
    return (
        Column("sign", "", sign, width=1, priority=99, sortable=False),
        Column("message", "message", lambda row, _: row.message_id or row.group or "account",
               width=8, flex=2,
               max_width=10, priority=100, sort_key=lambda row: row.message_id or ""),
        Column("label", "label", lambda row, _: _label(row), width=10, flex=5, max_width=28,
               priority=80, sort_key=lambda row: row.label),
        _numbers("delivered", came, Tone.GOOD, lambda row: row.delivered, max(8, len(came)), 97),
        _numbers("not_delivered", failed, Tone.BAD, lambda row: row.not_delivered, 7, 98),
        _numbers("unknown", odd, Tone.WARN, lambda row: row.unknown, max(5, len(odd)), 50),
        _numbers("stop", "STOP", Tone.BAD, lambda row: row.stop, 4, 95),
        Column("unread", "unread", unread, width=14, flex=2, max_width=27, priority=96,
               sort_key=lambda row: row.unread[0].since if row.unread else None,
               help="From when to when it was not read though that was due: nobody knows what"
                    " happened then."),
        Column("alerts", "alerts", alert, width=14, flex=1, max_width=60, measured=True,
               priority=60, sort_key=lambda row: -len(row.alerts),
               help="The alerts that fired, from when to when, and who acknowledged them."),
        Column("besides", "besides", lambda row, _: Span(besides(row), Tone.DIM), width=20, flex=4,
               priority=40, sort_key=besides),
    )  # fmt: skip


def _label(row: InShort) -> str:
    return row.label or ("" if row.message_id else row.profile)


def _numbers(
    name: str, title: str, tone: Tone, count: Callable[[InShort], int], width: int, priority: int
) -> Column[InShort]:
    """A column of times that something was seen; zero stands back."""

    def cell(row: InShort, _: int) -> Cell:
        number = count(row)
        return Span(cells.count(number), tone) if number else Span(ZERO, Tone.DIM)

    return Column(name, title, cell, width=width, align="right", priority=priority,
                  descending=True, sort_key=count,
                  help=f"Times that somebody became {name.replace('_', ' ')}.")  # fmt: skip


def sign_of(row: InShort) -> tuple[Sign, Tone] | None:
    """What stands before a row that needs a look at once: an alert, that the API does not find
    it, or that it was not read.
    """
    if row.message_id is None and not row.group and is_trouble(row):
        return FAILING, Tone.BAD
    if row.alerts:
        return ALERT, _alert_tone(row)
    if row.missing and long_unread(row):
        return NOT_FOUND, NOT_FOUND.tone
    return (STALE, Tone.WARN) if long_unread(row) else None


def lasted(all: Sequence[Stretch], formats: Formats, width: int) -> Cell:
    """From when to when, in ``width`` columns as well as that goes."""
    if not all:
        return Span(ZERO, Tone.DIM)
    told = stretches(all, formats.minute)
    if len(told) > width:  # a day that is not today: the times alone, the rest is told below
        told = stretches(all, lambda at: formats.minute(at).split()[-1])
    return Span(told, Tone.WARN)


def _alert_tone(row: InShort) -> Tone:
    return ALERT_TONES[max(each.severity for each in row.alerts)]


def of_what(rows: Iterable[InShort]) -> str:
    """How many messages, accounts and groups they tell of; empty for none."""
    kinds = Counter("message" if each.message_id else "group" if each.group else "account"
                    for each in rows)  # fmt: skip
    told = [counted(kinds[kind], kind) for kind in ("message", "account", "group") if kinds[kind]]
    return ", ".join(told)


def _lasted(all: Sequence[Stretch], formats: Formats) -> str:
    return stretches(all, formats.minute)


def whole(row: InShort, formats: Formats) -> Content:
    """A row in a sentence: what its columns have no room for."""
    parts = [Content(row.name)]
    if row.label:
        parts.append(Content(row.label))
    if row.alerts:
        told = painted(alerts(row, formats.minute))
        parts.append(styled(f"{ALERT.glyph} {told}", Tone.WARN))
    if row.unread:
        parts.append(styled(f"unread {_lasted(row.unread, formats)}", Tone.WARN))
    if also := besides(row):
        parts.append(styled(also, Tone.DIM))
    return Content(" · ").join(parts)


def summary(rows: Sequence[InShort]) -> Content:
    """What all of it comes to."""
    if not rows:
        return Content("Nothing happened.")
    sums = [sum(column) for column in zip(*(astuple(row)[3:9] for row in rows), strict=True)]
    delivered, not_delivered, waiting, unknown, stop, withdrawn = sums
    parts = []
    for status, number in (
        (Status.DELIVERED, delivered),
        (Status.NOT_DELIVERED, not_delivered),
        (Status.UNKNOWN, unknown),
        (Status.WAITING, waiting),
    ):
        if number:
            sign = STATUS_SIGNS[status]
            parts.append(styled(f"{sign.glyph} {number:,} {sign.word.lower()}", sign.tone))
    if stop:
        parts.append(styled(f"STOP {stop:,}", Tone.BAD))
    if withdrawn:
        parts.append(styled(f"STOP withdrawn {withdrawn:,}", Tone.PLAIN))
    if not parts:
        return Content("No recipient changed.")
    count = sum(row.message_id is not None for row in rows)
    parts.append(styled(f"in {counted(count, 'message')}", Tone.DIM))
    return Content("   ").join(parts)


def happened_pane(
    rows: HappenedRows, formats: Formats, *, id: str, empty: str
) -> TablePane[Subject, InShort]:
    """What happened, by subject."""
    table = LiveTable(happened_columns(formats), rows, empty=empty, tint_seconds=0)
    return TablePane(table, HAPPENED_FIELDS, Where.MESSAGES, HAPPENED_STAGES, formats, id=id)
