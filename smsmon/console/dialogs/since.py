"""The dialog of what happened while nobody looked: from the history, so nothing is missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from itertools import groupby
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from smsmon.console.actions import ACTIONS, bindings
from smsmon.console.dialogs.base import Dialog, Keys
from smsmon.console.formats import Formats
from smsmon.console.line import Line
from smsmon.console.live_table import LiveTable
from smsmon.console.signs import CHOSEN, Tone, status_sign, styled
from smsmon.console.tables.log import (
    Journal,
    LogLine,
    LogRows,
    event_line,
    log_pane,
    transition_lines,
)
from smsmon.console.tables.panes import TablePane, title
from smsmon.model import EventKind
from smsmon.recipients import Status
from smsmon.store.errors import StoreError
from smsmon.store.past import Happened

LIMIT = 10_000
"""Changes read at most: more are no reading for a person."""
_TAKEN_OVER = {"view.filter", "view.faults", "view.since", "move.back"}
"""Actions of the console that do here what they do there, on the same keys."""


class SinceScreen(Dialog[LogLine | None]):
    """The log of a stretch of time, oldest first. Dismissed with the line to go to, or None.

    Begins with what happened since the operator last looked; when that is nothing, with last night.
    """

    FRAME = "since"
    HEADING = "What happened"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(action for action in ACTIONS if action.id in _TAKEN_OVER),
        Binding("q", "since", show=False),
        Binding("w", "turn(1)", show=False),
        Binding("W", "turn(-1)", show=False),
    ]
    CSS = """
    SinceScreen #since {
        width: 120; max-width: 100%; height: 94%; padding: 0 1;
        & > Line { padding: 0 1; }
        & > #since-told { height: auto; padding: 0 1; margin: 0 0 1 0; }
        & > #since-line { height: 2; text-wrap: wrap; color: $text-quiet; }
        & > .keys { margin: 0; }
    }
    SinceScreen.-low #since {
        height: 100%;
        & > #since-told { margin: 0; }
        & > #since-line { height: 1; }
    }
    """
    AUTO_FOCUS = "#since-log LiveTable"

    def __init__(
        self, looked: float, formats: Formats, ask: Callable[[float, int], Awaitable[Happened]]
    ) -> None:
        """``ask(moment, limit)`` tells what happened from ``moment`` on."""
        super().__init__()
        self._looked = looked
        self._formats = formats
        self._ask = ask
        self._stretch = Stretch.LOOKED
        self._told = Static(id="since-told", markup=False)
        self._pane = log_pane(Journal(), formats, id="since-log", empty="Looking …")
        self._lines: Journal = Journal()

    def body(self) -> ComposeResult:
        yield Line(id="since-stretch")
        yield self._told
        yield self._pane
        yield Line(id="since-line")
        yield Keys(
            ("w", "other times"), ("/", "filter"), ("f", "went wrong"),
            ("enter", "go there"), ("esc", "close"),
        )  # fmt: skip

    def on_mount(self) -> None:
        self._look(fall_back=True)

    @work(group="since", exclusive=True, exit_on_error=False)
    async def _look(self, *, fall_back: bool = False) -> None:
        """Tell the stretch picked; with ``fall_back`` last night, if nothing happened in it."""
        nothing = ""
        happened = await self._happened()
        if happened and fall_back and not (happened.transitions or happened.events):
            looked = self._formats.moment(self._looked).strip()
            nothing = f"Nothing happened since you looked, {looked}.\n"
            self._stretch = Stretch.NIGHT
            happened = await self._happened()
        if happened is None:
            return
        self._lines = Journal(2 * LIMIT)
        self._lines.note(lines(happened))
        self._pane.rest("Nothing happened.")
        self._pane.table.set_source(LogRows(self._lines, self._formats), self._lines.numbers)
        told = summary(happened, self._formats)
        self._told.update(Content.assemble((nothing, "$text-quiet"), told))
        self._retitle()

    async def _happened(self) -> Happened | None:
        """What happened in the stretch picked; None, and said why, if nobody knows."""
        now, zone = self._formats.now(), self._formats.zone
        moment = beginning(self._stretch, self._looked, now, zone)
        self.query_one("#since-stretch", Line).say(self._tabs(moment))
        try:
            return await self._ask(moment, LIMIT)
        except StoreError as error:
            self._told.update(styled(str(error), Tone.BAD))
            self._pane.rest("The history cannot be read.")
            return None

    def _tabs(self, moment: float) -> Content:
        at = self._formats.moment(moment).strip()
        return Content("   ").join(
            [
                Content.styled(f"{CHOSEN.glyph}{each.value} ({at})", "bold $accent")
                if each is self._stretch
                else Content.styled(each.value, "$text-quiet")
                for each in Stretch
            ]
        )

    @on(LiveTable.SortChanged)
    @on(LiveTable.MarksChanged)
    @on(TablePane.Filtered)
    def _retitle(self) -> None:
        count = len(self._lines)
        lines = title(f"{count:,} line{'' if count == 1 else 's'}")
        self._pane.entitle([lines, *self._pane.facts()])
        self._tell_whole()

    @on(LiveTable.Highlighted)
    def _tell_whole(self) -> None:
        """Say the line under the cursor in full: its cell may be too narrow."""
        line = self._pane.table.cursor_row
        told = f"{self._formats.timestamp(line.at)}  {line.text}" if line else ""
        self.query_one("#since-line", Line).say(Content(told))

    @on(LiveTable.Selected)
    def _selected(self) -> None:
        line = self._pane.table.cursor_row
        if line is not None and line.message_id is not None:
            self.dismiss(line)

    def action_turn(self, step: int) -> None:
        """Tell another stretch of time."""
        stretches = list(Stretch)
        place = (stretches.index(self._stretch) + step) % len(stretches)
        self._stretch = stretches[place]
        self._look()

    async def action_filter(self) -> None:
        await self._pane.type_filter()

    def action_faults(self) -> None:
        """Only what went wrong, or everything again."""
        self._pane.switch_faults()

    def action_back(self) -> None:
        """Show all lines again; then close."""
        if self._pane.filtered:
            self._pane.clear_filter()
        else:
            self.dismiss(None)

    def action_since(self) -> None:
        self.dismiss(None)


_EVENING = 18
"""The hour at which the evening begins that "last night" is told from."""


class Stretch(Enum):
    """A stretch of time that ends now, as the operator picks it."""

    LOOKED = "since you looked"
    NIGHT = "last night"
    DAY = "24 hours"
    WEEK = "7 days"


def beginning(stretch: Stretch, looked: float, now: float, zone: tzinfo) -> float:
    """The moment from which a stretch is told; ``looked`` is when the operator looked last."""
    match stretch:
        case Stretch.LOOKED:
            return looked
        case Stretch.NIGHT:
            return evening(now, zone)
        case Stretch.DAY:
            return now - 86_400
        case Stretch.WEEK:
            return now - 7 * 86_400


def evening(now: float, zone: tzinfo) -> float:
    """When yesterday's evening began, at 18:00 in ``zone``."""
    yesterday = datetime.fromtimestamp(now, zone) - timedelta(days=1)
    return yesterday.replace(hour=_EVENING, minute=0, second=0, microsecond=0).timestamp()


def lines(happened: Happened) -> list[LogLine]:
    """The log of it, oldest first; what one report changed stands together."""
    told = [event_line(event) for event in happened.events]
    ordered = sorted(happened.transitions, key=lambda each: (each.observed_at, each.message_id))
    for _, changes in groupby(ordered, key=lambda each: (each.observed_at, each.message_id)):
        told += transition_lines(changes)
    return sorted(told, key=lambda line: line.at)


@dataclass(frozen=True, slots=True)
class _Words:
    tone: Tone
    one: str
    many: str


_TOLD = {
    EventKind.ACCOUNT_STOPPED: _Words(Tone.BAD, "account stopped", "times the account stopped"),
    EventKind.ACCOUNT_DOWN: _Words(Tone.BAD, "account down", "times the account was down"),
    EventKind.ACCOUNT_UP: _Words(Tone.GOOD, "account up again", "times it was up again"),
    EventKind.STALE: _Words(Tone.WARN, "went stale", "went stale"),
    EventKind.RECOVERED: _Words(Tone.GOOD, "recovered", "recovered"),
    EventKind.NOT_FOUND: _Words(Tone.WARN, "not found", "not found"),
    EventKind.FOUND: _Words(Tone.GOOD, "found", "found"),
    EventKind.ABSENT: _Words(Tone.WARN, "report with some missing", "reports with some missing"),
    EventKind.LISTED_AGAIN: _Words(Tone.PLAIN, "report with some back", "reports with some back"),
    EventKind.COMPLETED: _Words(Tone.PLAIN, "message completed", "messages completed"),
    EventKind.ADDED: _Words(Tone.PLAIN, "added", "added"),
    EventKind.REMOVED: _Words(Tone.PLAIN, "removed", "removed"),
}
"""The events worth counting, what went wrong first; the list below has them all."""
_STATUSES = (Status.DELIVERED, Status.NOT_DELIVERED, Status.UNKNOWN, Status.WAITING)


def summary(happened: Happened, formats: Formats) -> Content:
    """What it comes to: a sentence of recipients, one of messages and the account."""
    if not (happened.transitions or happened.events):
        return Content("Nothing happened.")
    told = [_recipients(happened)]
    if events := _events(happened):
        told.append(events)
    if happened.more:
        last = max(each.at for each in lines(happened))
        told.append(
            styled(f"There is more: shown up to {formats.moment(last).strip()}.", Tone.WARN)
        )
    return Content("\n").join(told)


def _recipients(happened: Happened) -> Content:
    changes = happened.transitions
    stops = Counter(each.stop_after for each in changes if each.stop_after != each.stop_before)
    became = Counter(
        each.after
        for each in changes
        if each.before is not each.after or each.stop_after == each.stop_before
    )
    parts = []
    for status in _STATUSES:
        if number := became[status]:
            sign = status_sign(status)
            parts.append(styled(f"{sign.glyph} {number:,} {sign.word.lower()}", sign.tone))
    if stops[True]:
        parts.append(styled(f"STOP {stops[True]:,}", Tone.BAD))
    if stops[False]:
        parts.append(styled(f"STOP withdrawn {stops[False]:,}", Tone.PLAIN))
    if not parts:
        return Content("No recipient changed.")
    messages = len({each.message_id for each in changes})
    parts.append(styled(f"in {messages:,} message{'' if messages == 1 else 's'}", Tone.DIM))
    return Content("   ").join(parts)


def _events(happened: Happened) -> Content:
    counts = Counter(event.kind for event in happened.events)
    return Content(" · ").join(
        [
            styled(f"{counts[kind]:,} {each.one if counts[kind] == 1 else each.many}", each.tone)
            for kind, each in _TOLD.items()
            if counts[kind]
        ]
    )
