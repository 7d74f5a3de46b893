"""The screen of the alerts: what fires, who answered, what is silenced, what is past."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from smsmon.alerts import Episode, Silence
from smsmon.console.actions import TABLE_ACTIONS, Where, bindings
from smsmon.console.alert_standing import AlertRow, past_rows, silence_rows
from smsmon.console.alerts.answering import Answering, Silenced, Taken
from smsmon.console.alerts.forms import AcknowledgeScreen, SilenceScreen, TrialScreen, to_silence
from smsmon.console.alerts.rows import (
    ALERT_FIELDS,
    ALERT_STAGES,
    AlertRows,
    Cause,
    Shown,
    alert_columns,
    cause_of,
    counts,
    looked_at,
    rule_of,
    whole_of,
)
from smsmon.console.dialogs.base import Dialog, Keys
from smsmon.console.formats import Formats
from smsmon.console.line import Line
from smsmon.console.live_table import LiveTable
from smsmon.console.signs import Tone, styled
from smsmon.console.tables.panes import TablePane, title
from smsmon.store.errors import StoreError
from smsmon.times import DAY, counted
from smsmon.trying import Trial

PAST_DAYS = 30
PAST_LIMIT = 1_000
"""How far back is looked, and how many alerts are read at most: more are no reading."""
_KEYS = (
    ("enter", "cause"), ("a", "acknowledge"), ("s", "silence"), ("e", "end"), ("tab", "which"),
    ("t", "try"), ("u", "undo"), ("space", "mark"), ("/", "filter"),
    ("f", "not answered"), ("esc", "close"),
)  # fmt: skip
_EMPTY = {
    Shown.OPEN: "Nothing fires.",
    Shown.FIRING: "Nothing fires that nobody answered.",
    Shown.ACKNOWLEDGED: "Nobody acknowledged anything that fires.",
    Shown.SILENCED: "Nothing is silenced.",
    Shown.PAST: f"Nothing fired in the last {PAST_DAYS} days that is over.",
}
_TITLES = {
    Shown.OPEN: "{} now",
    Shown.FIRING: "{} not answered",
    Shown.ACKNOWLEDGED: "{} acknowledged",
    Shown.SILENCED: "Silences, and the alerts that they are of",
    Shown.PAST: "{} over, the latest first",
}
Tried = tuple[Trial, Sequence[str]] | str
"""A trial and what nobody can know of that time; or why there is none, a sentence."""
_NO_RULES = "Every rule is turned off in config.toml: nothing can fire."


@dataclass(frozen=True, slots=True)
class Picture:
    """How it stands with the alerts: what the screen is made of."""

    rows: Callable[[], Sequence[AlertRow]]
    """What fires."""
    silences: Callable[[], Sequence[Silence]]
    past: Callable[[float, int], Awaitable[Sequence[Episode]]]
    """(Since, at most) → the episodes of that time, over or not, the latest fired first."""
    heard: Callable[[Callable[[], None]], Callable[[], None]]
    """Has a listener called when it stands otherwise, or a minute has passed; gives how to end
    that."""
    has_rules: Callable[[], bool]
    tried: Callable[[str], Awaitable[Tried]]
    """Tries the rule of a name on the recorded past."""


class AlertTable(LiveTable[str, AlertRow], inherit_bindings=False):
    """The alerts as rows, and the keys that do something with them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(each for each in TABLE_ACTIONS if each.id != "table.sort"),
        Binding("greater_than_sign", "sort_right", show=False),
        Binding("enter", "select", show=False),
    ]


class AlertsScreen(Dialog[Cause | None]):
    """The alerts. Dismissed with what caused one, to go there, or None."""

    FRAME = "alerts"
    HEADING = "Alerts"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "acknowledge", show=False),
        Binding("s", "silence", show=False),
        Binding("e", "end", show=False),
        Binding("u", "undo", show=False),
        Binding("t", "try", show=False),
        Binding("tab,right,l", "which(1)", show=False),
        Binding("shift+tab,left,h", "which(-1)", show=False),
        Binding("slash", "filter", show=False),
        Binding("f", "faults", show=False),
        Binding("A,q", "dismiss_all", show=False),
    ]
    CSS = """
    AlertsScreen #alerts {
        width: 100%; max-width: 100%; height: 100%; padding: 0 1;
        & > Line { padding: 0 1; }
        & > #alerts-whole { height: 3; padding: 0 1; color: $text-quiet; }
        & > .keys { margin: 0; padding: 0 1; }
    }
    AlertsScreen.-low #alerts > #alerts-whole { height: 2; }
    """
    AUTO_FOCUS = "#alerts-rows LiveTable"

    def __init__(self, picture: Picture, answering: Answering, formats: Formats) -> None:
        super().__init__()
        self._picture = picture
        self._answering = answering
        self._formats = formats
        self._which = Shown.OPEN
        self._past: Sequence[AlertRow] = ()
        self._more = False
        self._trouble = ""
        """Why what is past cannot be read."""
        self._rows = AlertRows(formats)
        table = AlertTable(alert_columns(formats), self._rows, empty="", tint_seconds=0)
        self._pane = TablePane(
            table, ALERT_FIELDS, Where.MESSAGES, ALERT_STAGES, formats, id="alerts-rows"
        )
        self._pane.plain = formats.plain
        self._firing: set[str] = set()
        """What fired when this was last looked at."""
        self._end: Callable[[], None] = lambda: None
        # Held, and not looked up: news may come while the screen is being left.
        self._counts = Line(id="alerts-counts")
        self._whole = Static(id="alerts-whole", markup=False)

    @property
    def _table(self) -> LiveTable[str, AlertRow]:
        return self._pane.table

    def body(self) -> ComposeResult:
        yield self._counts
        yield self._pane
        yield self._whole
        yield Keys(*_KEYS)

    def on_mount(self) -> None:
        self._end = self._picture.heard(self.look)
        self.look()
        self._recall()

    def on_unmount(self) -> None:
        self._end()

    # What is shown

    def look(self) -> None:
        """Show the alerts as they are now."""
        rows, past = self._picture.rows(), self._past
        episodes = [each.episode for each in rows if each.episode]
        silences = silence_rows(episodes, self._picture.silences(), self._formats.now())
        shown = looked_at(self._which, rows, silences, past)
        before = {key: self._rows.row(key) for key in self._rows.keys}
        self._rows.tell(shown)
        self._table.load(self._rows.keys)
        if self._formats.still:
            self._table.touch([each.key for each in shown if before.get(each.key) != each])
        else:
            self._table.repaint()
        if self._firing - {each.key for each in rows}:
            self._recall()  # what fired no more is past now
        self._firing = {each.key for each in rows}
        self._pane.rest(self._why_empty())
        told = counts(rows, len(silences), len(past), self._which, more=self._more)
        if self._trouble:
            told = styled(self._trouble, Tone.WARN)
        self._counts.say(told)
        self._retitle()

    def _why_empty(self) -> str:
        if self._which is not Shown.PAST and not self._picture.has_rules():
            return _NO_RULES
        return _EMPTY[self._which]

    @work(group="alerts past", exclusive=True, exit_on_error=False)
    async def _recall(self) -> None:
        since = self._formats.now() - PAST_DAYS * DAY
        try:
            found = await self._picture.past(since, PAST_LIMIT)
        except StoreError as error:
            self._trouble = str(error)
        else:
            self._trouble, self._more = "", len(found) >= PAST_LIMIT
            self._past = past_rows(found)
        self.look()

    @on(LiveTable.SortChanged)
    @on(LiveTable.MarksChanged)
    @on(TablePane.Filtered)
    def _retitle(self) -> None:
        told = _TITLES[self._which].format(counted(len(self._table.view.keys), "alert"))
        self._pane.entitle([title(told), *self._pane.facts()])
        self._tell_whole()

    @on(LiveTable.Highlighted)
    def _tell_whole(self) -> None:
        """Say the row under the cursor in full: its cells may be too narrow."""
        row = self._table.cursor_row
        self._whole.update(Content() if row is None else whole_of(row, self._formats))

    # What is done

    @property
    def _chosen(self) -> list[AlertRow]:
        """What a key is meant for: the marked rows, else the one under the cursor."""
        return [self._rows.row(key) for key in self._table.acted_on]

    @on(LiveTable.Selected)
    def _selected(self) -> None:
        row = self._table.cursor_row
        if row is not None and row.episode is not None:
            self.dismiss(cause_of(row.episode))
        else:
            self.app.bell()

    def action_acknowledge(self) -> None:
        """Take on what fires of what is chosen."""
        firing = [each.episode for each in self._chosen if each.episode and each.episode.firing]
        if not firing:
            self.app.bell()
            return
        ask_to_acknowledge(self._answering, firing, self.app.push_screen, self._clear_marks)

    def action_silence(self) -> None:
        """Let nobody hear of what is chosen for a while."""
        chosen = self._chosen
        episodes = [each.episode for each in chosen if each.episode]
        silences = [each.silence for each in chosen if each.silence and not each.episode]
        if not chosen:
            self.app.bell()
            return
        ask_to_silence(self._answering, episodes, self.app.push_screen, self._clear_marks, silences)

    def _clear_marks(self) -> None:
        self._table.mark(list(self._table.marks), on=False)

    def action_end(self) -> None:
        """End the silence, or the acknowledgement, of what is chosen."""
        if chosen := self._chosen:
            self._answering.end(chosen)
            self._clear_marks()
        else:
            self.app.bell()

    def action_try(self) -> None:
        """Tell when the rule under the cursor would have fired over the recorded past."""
        row = self._table.cursor_row
        name = rule_of(row) if row is not None else ""
        if name:
            self._try(name)
        else:
            self.app.bell()

    @work(group="alerts trial", exclusive=True, exit_on_error=False)
    async def _try(self, name: str) -> None:
        try:
            found = await self._picture.tried(name)
        except StoreError as error:
            found = error.once
        if isinstance(found, str):
            self._counts.say(styled(found, Tone.WARN))
        elif self.is_current:
            self.app.push_screen(TrialScreen(*found, self._formats))

    def action_undo(self) -> None:
        self._answering.take_back()

    def action_which(self, step: int) -> None:
        """Look at others: firing, acknowledged, silenced, past, all that fire."""
        every = list(Shown)
        self._which = every[(every.index(self._which) + step) % len(every)]
        self._clear_marks()
        self.look()
        self._table.action_first()

    async def action_filter(self) -> None:
        await self._pane.type_filter()

    def action_faults(self) -> None:
        """What nobody answered, or all again."""
        self._pane.switch_faults()

    def action_cancel(self) -> None:
        """Leave the filter, then the screen."""
        if self._pane.filtered:
            self._pane.clear_filter()
        else:
            self.dismiss(None)

    def action_dismiss_all(self) -> None:
        self.dismiss(None)


Push = Callable[..., object]


def ask_to_acknowledge(
    answering: Answering,
    episodes: Sequence[Episode],
    push: Push,
    done: Callable[[], None] = lambda: None,
) -> None:
    """Ask with which words, and until when, these are taken on; then do it."""

    def answered(taken: Taken | None) -> None:
        if taken is not None:
            answering.acknowledge(episodes, taken)
            done()

    kept = answering.unwritten
    by, formats = answering.book().by, answering.formats
    push(
        AcknowledgeScreen(episodes, by, formats, kept if isinstance(kept, Taken) else None),
        answered,
    )


def ask_to_silence(
    answering: Answering,
    episodes: Sequence[Episode],
    push: Push,
    done: Callable[[], None] = lambda: None,
    silences: Sequence[Silence] = (),
) -> None:
    """Ask what of these is silenced, and for how long; then do it."""

    def answered(wanted: Silenced | None) -> None:
        if wanted is not None:
            answering.silence(wanted)
            done()

    kept = answering.unwritten
    choices = to_silence(episodes, silences)
    push(
        SilenceScreen(choices, answering.formats, kept if isinstance(kept, Silenced) else None),
        answered,
    )
