"""The overview: plots of how deliveries go, over the console.

Costs nothing while it is closed. While it is open it looks every few seconds whether anything
changed, reckons in a thread, and paints the lines of a plot that differ.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from smsmon.console import cells, head
from smsmon.console.dialogs.base import PageDialog
from smsmon.console.formats import Formats
from smsmon.console.layout import LEAST_HEIGHT, LEAST_WIDTH
from smsmon.console.line import FittedLine, Line, fitted, part
from smsmon.console.notices import NoticeLine
from smsmon.console.overview.activity import Activity
from smsmon.console.overview.figures import FigureCache, Figures, capture
from smsmon.console.overview.grouped import groups_now
from smsmon.console.overview.panel import PERIODS, Panel, PanelData, PanelView, Requests
from smsmon.console.overview.panels import TABS, panels
from smsmon.console.signs import CHOSEN, LEFT_KEY, RIGHT_KEY, Tone, styled
from smsmon.model import Event
from smsmon.monitor.engine import Engine
from smsmon.monitor.state import Applied
from smsmon.text import painted

if TYPE_CHECKING:
    from smsmon.grouping import Grouping

LOOK_EVERY = 5.0
"""Seconds between two looks whether there is something new to show."""
_BESIDE = 2
"""Lines of the screen that no plot has: the head, the tabs and the keys, less the gap that the last
row of plots does without."""
_PANEL_HEIGHT = 14
"""Lines that a panel needs to be read beside others, the gap below it included."""
_WIDE_TABS = 90
"""Columns of the screen from which the tabs stand well apart."""
_TWO_COLUMNS, _THREE_COLUMNS = 116, 176
"""Columns of the screen from which plots stand side by side; each then has 56 at least."""

_COUNTED = (
    ("Delivery rate", "Delivered ÷ final. Waiting and unknown recipients stay out of both."),
    (
        "Curve",
        "The share of recipients delivered so long after their message began. Of several"
        " messages: recipients that still wait count for as long as they have waited, so it is an"
        " estimate where less is delivered by now than it tells.",
    ),
    (
        "Began",
        "A message began at the earliest date it had while reports were still to come. One that"
        " was all final when first read has no known beginning, and counts for no duration.",
    ),
    (
        "Delays",
        "The API's date of each final report less the beginning of its message. Only what has"
        " come by now is counted, so it looks faster than the curve while many still wait.",
    ),
    ("Reports", "Final reports by the API's own dates, so also those of before smsmon started."),
    (
        "Countries",
        "By the beginning of the number. Each bar is all recipients of its country: delivered, not"
        " final, not delivered; the rate is of the final ones. Best and worst are told of countries"
        " with at least 20 final reports.",
    ),
    (
        "Groups",
        "By tag, else by source, else by label: to how many it was sent within the last hour. Each"
        " bar is these: delivered, not final, not delivered. ≤1 min: delivered within a minute of"
        " its sending, of those of whom that is known.",
    ),
    ("STOPs", "When they were seen: the API gives a STOP no date of its own."),
    ("Budget", "Requests that ended, well or not; the budget is per minute, as set or as eased."),
)


def grid(width: int, height: int) -> tuple[int, int]:
    """How many plots have room side by side, and how many one above the other."""
    columns = 1 if width < _TWO_COLUMNS else 2 if width < _THREE_COLUMNS else 3
    return columns, max(1, (height - _BESIDE) // _PANEL_HEIGHT)


class OverviewScreen(Screen[None], inherit_bindings=False):
    """The plots, as many as there is room for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "close", "close", show=False),
        Binding("tab,right", "turn(1)", "next plot", show=False),
        Binding("shift+tab,left", "turn(-1)", "plot before", show=False),
        *(
            Binding(str(place), f"choose({place - 1})", title, show=False)
            for place, title in enumerate(TABS, start=1)
        ),
        Binding("w", "span", "range", show=False),
        Binding("m", "scope", "this message or all", show=False),
        Binding("z,enter", "zoom", "zoom", show=False),
        Binding("question_mark,f1", "explain", "how it is counted", show=False),
        Binding("ctrl+c", "leave", "quit smsmon", show=False),
    ]
    DEFAULT_CSS = """
    OverviewScreen {
        #overview-head { height: 1; background: $panel; }
        #overview-head.-trouble { background: $trouble; }
        #overview-truth { padding: 0 1; }
        #overview-clock { width: 10; color: $text-quiet; }
        #overview-tabs { padding: 0 1; }
        #overview-plots { layout: grid; grid-gutter: 1 2; height: 1fr; padding: 0 1; }
        #overview-keys { padding: 0 1; background: $panel; }
        #overview-small { display: none; content-align: center middle; width: 1fr; height: 1fr; }
        &.-tiny > * { display: none; }
        &.-tiny > #overview-small { display: block; }
    }
    """

    def __init__(
        self,
        engine: Engine,
        formats: Formats,
        activity: Activity,
        told: Callable[[], head.Head],
        *,
        message_id: str | None = None,
        grouping: Grouping | None = None,
    ) -> None:
        """``message_id`` can be looked at alone (key m); ``told`` gives what the head tells.

        ``activity`` listens to the engine already: it knows what happened before this was opened.
        """
        super().__init__()
        self._engine, self._formats, self._activity = engine, formats, activity
        self._message_id, self._grouping = message_id, grouping
        self._groups_whole = True
        self._told = told
        self._alone = False
        self._period = PERIODS[0]
        self._chosen = 0
        self._zoomed = False
        self._cache = FigureCache()
        self._figures: tuple[Figures, Figures | None] | None = None
        self._panels: tuple[Panel, ...] = ()
        self._changed = True
        self._polled = True
        self._minute = -1
        self._lacking = 0
        """Messages that the figures are without: their recipients are not loaded yet."""
        self._wanted = self._reckoning = False
        self._views = [PanelView(plain=self._formats.plain) for _ in TABS]
        self._unsubscribe: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="overview-head"):
            yield FittedLine(id="overview-truth")
            clock = Line(id="overview-clock")
            clock.display = not self._formats.still
            yield clock
        yield Line(id="overview-tabs")
        with Container(id="overview-plots"):
            yield from self._views
        yield NoticeLine(passing=True)
        yield Line(id="overview-keys")
        yield Static(
            f"The overview needs at least {LEAST_WIDTH} columns and {LEAST_HEIGHT} lines.\n"
            "Make the window larger, or press esc to go back.",
            id="overview-small",
            markup=False,
        )

    def on_mount(self) -> None:
        self._unsubscribe = self._engine.subscribe(self._hear)
        self.set_interval(LOOK_EVERY, self.look)
        if not self._formats.still:
            self.set_interval(1.0, self._show_time)
            self._show_time()
        self._lay_out()
        self.look()

    def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()

    def on_resize(self) -> None:
        self._lay_out()

    # What there is to see

    def _hear(self, happened: Applied | Event) -> None:
        self._polled = True
        self._changed = self._changed or isinstance(happened, Event) or happened.changed

    def look(self) -> None:
        """Bring the plots up to date, if there is anything new."""
        if not self.is_current:
            return
        self._show_head()
        minute = 0 if self._formats.still else int(self._formats.now() // 60)
        lacking = len(self._engine.board.lacking)
        if self._changed or minute != self._minute or lacking != self._lacking:
            self._minute, self._lacking = minute, lacking
            self._changed = False
            self._reckon()
        elif self._polled or not self._groups_whole:
            self._show()

    def _reckon(self) -> None:
        """Reckon in a thread, and once more if that is asked for meanwhile: never two at a time."""
        self._wanted = True
        if not self._reckoning:
            self._reckoning = True
            self._keep_reckoning()

    @work(group="overview", exit_on_error=False)
    async def _keep_reckoning(self) -> None:
        try:
            await asyncio.to_thread(import_module, "smsmon.console.overview.plotting")
            while self._wanted:
                self._wanted = False
                only = self._message_id if self._alone else None
                sources, now = capture(self._engine.board), self._formats.now()
                self._figures = await asyncio.to_thread(
                    self._cache.reckon, sources, now, self._period.axis, only
                )
                self._show()
        finally:
            self._reckoning = False

    def _show(self) -> None:
        """Say and draw what is known."""
        self._polled = False
        self._show_tabs()
        if self._figures is None:
            return
        of_all, of_one = self._figures
        engine, grouping = self._engine, self._grouping
        groups = groups_now(grouping) if grouping else ()
        self._groups_whole = grouping is None or grouping.whole
        self._panels = panels(
            PanelData(
                figures=of_one or of_all,
                everything=of_all if of_one else None,
                message_id=self._message_id if of_one else None,
                period=self._period,
                activity=self._activity,
                requests=Requests(engine.requests_last_minute, engine.allowed, engine.stretch),
                now=self._formats.now(),
                formats=self._formats,
                groups=groups,
                groups_whole=self._groups_whole,
            )
        )
        self._fill()

    def _fill(self) -> None:
        for view, panel in zip(self._views, self._panels, strict=False):
            if view.display:
                view.show(panel)

    def _show_head(self) -> None:
        told = replace(self._told(), frozen_since=None, held_back=0)  # no plot is held still
        self.query_one("#overview-truth", FittedLine).fit(partial(head.truth, told, self._formats))
        self.query_one("#overview-head").set_class(head.trouble(told), "-trouble")

    def _show_time(self) -> None:
        if self.is_current:
            self.query_one("#overview-clock", Line).say(Content(f" {self._formats.time_of_day()} "))

    # Moving about

    def _lay_out(self) -> None:
        """Show the page of plots that the chosen one is on."""
        width, height = self.size
        self.set_class(width < LEAST_WIDTH or height < LEAST_HEIGHT, "-tiny")
        alone = self._zoomed or self._formats.plain
        columns, rows = (1, 1) if alone else grid(width, height)
        each = min(columns * rows, len(self._views))
        page = self._chosen // each
        plots = self.query_one("#overview-plots")
        plots.styles.grid_size_columns = columns
        plots.styles.grid_size_rows = min(rows, -(-each // columns))
        for place, view in enumerate(self._views):
            view.display = place // each == page
            view.set_class(place == self._chosen and each > 1, "-chosen")
        self._fill()
        self._show_tabs()

    def _show_tabs(self) -> None:
        chosen = Content.styled(CHOSEN.glyph + TABS[self._chosen], "bold $accent")
        names = [
            chosen if place == self._chosen else Content(tab) for place, tab in enumerate(TABS)
        ]
        tabs = Content("  " if self.size.width >= _WIDE_TABS else " ").join(names)
        span = f" · {self._period.name}"
        room = max(0, self.size.width - 2 - tabs.cell_length - 3 - len(span))
        told = self._scope_names
        scope = next((name for name in told if len(name) <= room), cells.cut(told[-1], room)) + span
        self.query_one("#overview-tabs", Line).say(
            Content.assemble(tabs, "   ", styled(scope, Tone.DIM))
        )
        other = "this message" if self._alone is False else "all messages"
        keys = [(LEFT_KEY + RIGHT_KEY, "plot"), ("w", "range")]
        keys += [("m", other)] if self._message_id is not None else []
        keys += [("z", "zoom"), ("?", "how it is counted"), ("esc", "close")]
        parts = [
            part(worth, Content.assemble((key, "bold $accent"), f" {name}"))
            for worth, (key, name) in zip((5, 4, 3, 2, 1, 6), keys, strict=False)
        ]
        self.query_one("#overview-keys", Line).say(fitted(parts, self.size.width - 2, "  "))

    @property
    def _scope_names(self) -> tuple[str, ...]:
        """What is looked at, the longest name first."""
        id = self._message_id if self._alone else None
        watched = None if id is None else self._engine.board.get(id)
        if watched is None:
            lacking = f" but {self._lacking:,} still loading" if self._lacking else ""
            return f"all messages{lacking}", f"all{lacking}"
        return (f"{id} {painted(watched.entry.label)}".strip(),)

    def action_turn(self, step: int) -> None:
        """To the next plot, or back."""
        self.action_choose((self._chosen + step) % len(TABS))

    def action_choose(self, place: int) -> None:
        self._chosen = place
        self._lay_out()

    def action_zoom(self) -> None:
        """This plot alone, or all there is room for."""
        self._zoomed = not self._zoomed
        self._lay_out()

    def action_span(self) -> None:
        """A longer stretch of time, or the shortest again."""
        self._period = PERIODS[(PERIODS.index(self._period) + 1) % len(PERIODS)]
        self._show_tabs()
        self._reckon()

    def action_scope(self) -> None:
        """The message the operator came from, or all."""
        if self._message_id is not None:
            self._alone = not self._alone
            self._show_tabs()
            self._reckon()

    def action_explain(self) -> None:
        self.app.push_screen(CountedScreen())

    def action_close(self) -> None:
        self.dismiss()

    def action_leave(self) -> None:
        self.app.exit(0)


class CountedScreen(PageDialog):
    """How each number is counted."""

    FRAME = "counted"
    HEADING = "How it is counted"

    def page(self) -> Content:
        return Content("\n\n").join(
            [Content.assemble((f"{name}: ", "bold"), text) for name, text in _COUNTED]
        )
