"""The dialog of what happened while nobody looked: from the history, so nothing is missed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from smsmon.console.actions import ACTIONS, bindings
from smsmon.console.dialogs.base import Dialog, Keys, TextField, quiet
from smsmon.console.formats import Formats
from smsmon.console.line import Line
from smsmon.console.live_table import LiveTable
from smsmon.console.signs import CHOSEN, LEFT_KEY, REFUSED, RIGHT_KEY, Tone, styled
from smsmon.console.tables.happened import (
    TROUBLE,
    HappenedRows,
    Subject,
    happened_pane,
    of_what,
    summary,
    whole,
)
from smsmon.console.tables.log import (
    Journal,
    LogLine,
    LogRows,
    event_line,
    log_pane,
    transition_lines,
)
from smsmon.console.tables.panes import TablePane, title
from smsmon.in_short import TROUBLE_BELOW, Sorted, worst_first
from smsmon.model import Event
from smsmon.ranges import BadRange, Range, hour_beside, read, told
from smsmon.store.errors import StoreError
from smsmon.store.past import Happened, InShort
from smsmon.times import counted

LIMIT = 10_000
"""Changes read at most: more are no reading for a person."""
NIGHT = "last night"
"""What is told when nothing happened since the operator looked."""
_TAKEN_OVER = {"view.filter", "view.faults", "view.since", "move.back"}
"""Actions of the console that do here what they do there, on the same keys."""
_LONGEST = 60
_SECONDS = re.compile(r"(?<=[0-9]:[0-9]{2}):[0-9]{2}")
_HINT = "yesterday 22:00   last night   monday   2 h   22:00 until 06:00"

_ROW_KEYS = (
    ("enter", "its lines"), ("w", "range"), (f"{LEFT_KEY} {RIGHT_KEY}", "by hour"),
    ("l", "all lines"), ("/", "filter"), ("f", "trouble, or all"), ("esc", "close"),
)  # fmt: skip
_LINE_KEYS = (
    ("enter", "go there"), ("/", "filter"), ("f", "went wrong"), ("w", "range"),
    (f"{LEFT_KEY} {RIGHT_KEY}", "by hour"), ("esc", "back"),
)  # fmt: skip
_TYPING_KEYS = (("enter", "show it"), ("esc", "back"))


@dataclass(frozen=True, slots=True)
class Past:
    """What is asked of the history; moments are UTC seconds. Both raise ``StoreError``."""

    in_short: Callable[[float, float], Awaitable[list[InShort]]]
    """(Start, end) → what happened, a row for each message, account and group."""
    lines: Callable[[float, float, Subject | None], Awaitable[Happened]]
    """(Start, end, of what) → each change and event of a message or an account; of all for None.
    At most ``LIMIT`` of a kind."""
    trouble_below: Callable[[], float] = lambda: TROUBLE_BELOW
    """The delivery rate, from 0 to 1, under which a message is in trouble."""


class SinceScreen(Dialog[LogLine | None]):
    """What happened in a range of time, a row for each message, and the lines of one of them.

    Begins with what happened since the operator last looked; when that is nothing, with last
    night. Dismissed with the line to go to, or None.
    """

    FRAME = "since"
    HEADING = "What happened"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(action for action in ACTIONS if action.id in _TAKEN_OVER),
        Binding("q", "since", show=False),
        Binding("w", "range", show=False),
        Binding("left", "hour(-1)", show=False),
        Binding("right", "hour(1)", show=False),
        Binding("l", "lines", show=False),
    ]
    CSS = """
    SinceScreen #since {
        width: 100%; max-width: 100%; height: 100%; padding: 0 1;
        & > Line { padding: 0 1; }
        & > TextField { margin: 0 1; }
        & > #since-told { height: auto; padding: 0 1; margin: 0 0 1 0; }
        & > #since-hint { height: 2; text-wrap: wrap; }
        & > #since-rest { padding: 0 3; color: $text-quiet; }
        & > #since-line { height: 2; text-wrap: wrap; color: $text-quiet; }
        & > .keys { margin: 0; }
    }
    SinceScreen.-low #since {
        & > #since-told { margin: 0; }
        & > #since-line { height: 1; }
    }
    """
    AUTO_FOCUS = "#since-rows LiveTable"

    def __init__(self, looked: float, formats: Formats, past: Past) -> None:
        """``looked``: when the operator looked last."""
        super().__init__()
        self._looked = looked
        self._formats = formats
        self._past = past
        self._said = ""
        """The range as it was typed; empty: it was not."""
        self._hour: Range | None = None
        """The hour that was stepped to."""
        self._range = Range(looked, formats.now(), open=True)
        self._subject: Subject | None = None
        """What the lines shown are of; None: of all."""
        self._sorted = Sorted((), ())
        self._told = Static(id="since-told", markup=False)
        self._summary = Content()
        self._rows = HappenedRows()
        self._pane = happened_pane(self._rows, formats, id="since-rows", empty="Looking …")
        self._log = log_pane(Journal(), formats, id="since-log", empty="Looking …")
        self._lines = Journal()
        self._typed = TextField(limit=_LONGEST, id="since-typed")
        self._keys = Keys(*_ROW_KEYS)

    def body(self) -> ComposeResult:
        yield Line(id="since-range")
        yield self._typed
        yield Line(quiet(_HINT), id="since-hint")
        yield self._told
        yield self._pane
        yield self._log
        yield Line(id="since-rest")
        yield Line(id="since-line")
        yield self._keys

    def on_mount(self) -> None:
        self._arrange(typing=False)
        self._look(fall_back=True)

    # What is shown

    def _arrange(self, *, typing: bool, lines: bool = False) -> None:
        """Show the rows, or the lines; and above them the range, or what is typed of it."""
        self._pane.display = not lines
        self._log.display = lines
        self._keys.offer(*(_TYPING_KEYS if typing else _LINE_KEYS if lines else _ROW_KEYS))
        if not lines:  # these may have said above them that they are not all
            self._told.update(self._summary)
        shown = {"range": not typing, "typed": typing, "hint": typing, "rest": not lines}
        for id, display in shown.items():
            self.query_one(f"#since-{id}").display = display
        (self._typed if typing else self._shown.table).focus(scroll_visible=False)
        self._retitle()

    @property
    def _shown(self) -> TablePane[Subject, InShort] | TablePane[int, LogLine]:
        return self._log if self._log.display else self._pane

    @property
    def _usual(self) -> str:
        """The filter that the rows have unless another one was typed: trouble, if there is any."""
        return TROUBLE if self._sorted.troubled else ""

    @work(group="since", exclusive=True, exit_on_error=False)
    async def _look(self, *, fall_back: bool = False) -> None:
        """Tell the range picked; with ``fall_back`` last night, if nothing happened in it."""
        nothing = ""
        rows = await self._in_short()
        if rows == [] and fall_back:
            nothing = f"Nothing happened since you looked, {self._at(self._looked)}.\n"
            self._said = NIGHT
            rows = await self._in_short()
        if rows is None:
            return
        below = self._past.trouble_below()
        self._sorted = worst_first(rows, below)
        self._rows.tell(self._sorted, below)
        self._pane.table.set_source(self._rows, self._rows.keys)
        self._pane.rest("Nothing happened.")
        if self._pane.filter.text in ("", TROUBLE):
            self._pane.put_filter(self._usual)
        parts = [styled(nothing, Tone.DIM), summary(rows)] if nothing else [summary(rows)]
        self._summary = Content.assemble(*parts)
        self._told.update(self._summary)
        self._retitle()

    async def _in_short(self) -> list[InShort] | None:
        """What happened in the range picked; None, and said why, if nobody knows."""
        self._range = self._meant()
        self._say_range()
        try:
            return await self._past.in_short(self._range.start, self._range.end)
        except StoreError as error:
            self._refused(error)
            return None

    def _refused(self, error: StoreError) -> None:
        self._summary = styled(error.once, Tone.BAD)
        self._told.update(self._summary)
        self._pane.rest("The history cannot be read.")
        self._log.rest("The history cannot be read.")

    def _meant(self) -> Range:
        """The range picked, as it is now: one that is open ends now."""
        now = self._formats.now()
        if self._hour is not None:
            return self._hour
        if self._said:
            try:
                return read(self._said, now, self._formats.zone)
            except BadRange:  # it could be read when it was typed: the clock was set since
                return self._range
        return Range(min(self._looked, now - 1), now, open=True)

    def _say_range(self) -> None:
        now, zone = self._formats.now(), self._formats.zone
        words = _SECONDS.sub("", told(self._range, now, zone))
        if not self._said and self._hour is None:
            words = f"since you looked, {self._at(self._range.start)}"
        elif self._said == NIGHT and self._hour is None:
            words = f"{NIGHT}, {self._at(self._range.start)} until {self._at(self._range.end)}"
        until = f"  ·  until {self._formats.minute(now)}" if self._range.open else ""
        self.query_one("#since-range", Line).say(
            Content.assemble(
                (f"{CHOSEN.glyph} ", "$accent"), (words, "bold $accent"), (until, "$text-quiet")
            )
        )

    def _at(self, moment: float) -> str:
        return self._formats.minute(moment)

    @work(group="since-lines", exclusive=True, exit_on_error=False)
    async def _tell_lines(self) -> None:
        """Tell each change of what was opened, oldest first."""
        try:
            happened = await self._past.lines(self._range.start, self._range.end, self._subject)
        except StoreError as error:
            self._refused(error)
            return
        shown = lines(happened)
        self._lines = Journal(max(len(shown), 1))
        self._lines.note(shown)
        self._log.rest("Nothing happened.")
        self._log.table.set_source(LogRows(self._lines, self._formats), self._lines.numbers)
        if happened.more:
            last = max((line.at for line in shown), default=self._range.end)
            told = f"There are more than {LIMIT:,} changes: shown up to {self._at(last)}."
            self._told.update(styled(told, Tone.WARN))
        self._retitle()

    @on(LiveTable.SortChanged)
    @on(LiveTable.MarksChanged)
    @on(TablePane.Filtered)
    def _retitle(self) -> None:
        if self._log.display:
            message_id, account = self._subject or (None, "")
            of = message_id or (account and f"account {account}")
            named = counted(len(self._lines), "line") + (of and f" of {of}")
        else:
            named = of_what(map(self._rows.row, self._rows.keys))
        self._shown.entitle([title(named), *self._shown.facts()])
        hidden = self._pane.filter.text == TROUBLE
        self.query_one("#since-rest", Line).say(Content(self._sorted.rest if hidden else ""))
        self._tell_whole()

    @on(LiveTable.Highlighted)
    def _tell_whole(self) -> None:
        """Say the row under the cursor in full: its cells may be too narrow."""
        said = Content()
        if self._log.display:
            line = self._log.table.cursor_row
            if line is not None:
                said = Content(f"{self._formats.timestamp(line.at)}  {line.text}")
        elif (row := self._pane.table.cursor_row) is not None:
            said = whole(row, self._formats)
        self.query_one("#since-line", Line).say(said)

    # What is done

    @on(LiveTable.Selected)
    def _selected(self) -> None:
        """Open the lines of a message; go to the place that a line is about."""
        if not self._log.display:
            row = self._pane.table.cursor_row
            # What a group alerts about is told by the lines of all.
            self._open(None if row is None or row.group else self._pane.table.cursor_key)
        elif (line := self._log.table.cursor_row) is not None and line.message_id is not None:
            self.dismiss(line)

    def _open(self, subject: Subject | None) -> None:
        self._subject = subject
        self._log.clear_filter()
        self._arrange(typing=False, lines=True)
        self._tell_lines()

    def action_lines(self) -> None:
        """Every line of the range, of all messages."""
        self._open(None)

    def action_range(self) -> None:
        """Type another range."""
        self._typed.value = ""
        self._arrange(typing=True, lines=self._log.display)
        self._say_meaning()

    @on(Input.Changed, "#since-typed")
    def _say_meaning(self) -> None:
        """Say what is typed so far means, or what can be typed."""
        now, zone = self._formats.now(), self._formats.zone
        try:
            meant = Content(f"= {told(read(self._typed.value, now, zone), now, zone)}")
        except BadRange:
            meant = quiet(_HINT)
        self.query_one("#since-hint", Line).say(meant)

    @on(Input.Submitted, "#since-typed")
    def _picked(self) -> None:
        try:
            read(self._typed.value, self._formats.now(), self._formats.zone)
        except BadRange as error:
            hint = self.query_one("#since-hint", Line)
            why = styled(f"{REFUSED.glyph} {error.sentence}", Tone.BAD)
            hint.say(Content("\n").join([why, quiet(_HINT)]))
            self.app.bell()
            return
        self._said, self._hour = self._typed.value, None
        self._arrange(typing=False, lines=self._log.display)
        self._look_again()

    def action_hour(self, step: int) -> None:
        """The hour before, or after, what is shown."""
        hour = hour_beside(self._range, step, self._formats.now(), self._formats.zone)
        if hour is None:
            self.app.bell()
            return
        self._hour = hour
        self._look_again()

    def _look_again(self) -> None:
        self._look()
        if self._log.display:
            self._range = self._meant()
            self._tell_lines()

    async def action_filter(self) -> None:
        await self._shown.type_filter()

    def action_faults(self) -> None:
        """Only what went wrong, or everything again."""
        self._shown.switch_faults()

    def action_back(self) -> None:
        """Leave what is typed, the filter, the lines; then close."""
        pane = self._shown
        if self._typed.display:
            self._arrange(typing=False, lines=self._log.display)
        elif pane is self._pane and pane.filter.text not in ("", TROUBLE):
            pane.put_filter(self._usual)
        elif pane is self._log and pane.filtered:
            pane.clear_filter()
        elif self._log.display:
            self._arrange(typing=False)
        else:
            self.dismiss(None)

    def action_since(self) -> None:
        self.dismiss(None)


def of_account(events: Iterable[Event], account: str) -> Happened:
    """What happened to one account, of what happened to all."""
    return Happened((), tuple(each for each in events if each.profile == account))


def lines(happened: Happened) -> list[LogLine]:
    """The log of it, oldest first; what one report changed stands together."""
    told = [event_line(event) for event in happened.events]
    ordered = sorted(happened.transitions, key=lambda each: (each.observed_at, each.message_id))
    for _, changes in groupby(ordered, key=lambda each: (each.observed_at, each.message_id)):
        told += transition_lines(changes)
    return sorted(told, key=lambda line: line.at)
