"""What a panel of the overview is made of, and the words all panels use. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Offset, Region
from textual.strip import Strip
from textual.widget import Widget

from smsmon import times
from smsmon.console.cells import Span
from smsmon.console.formats import Formats
from smsmon.console.line import KEPT, Line, fitted, part, wrapped
from smsmon.console.overview.activity import Activity
from smsmon.console.overview.charts import Bars, Chart, draw_bars
from smsmon.console.overview.figures import Figures, TimeAxis
from smsmon.console.signs import DASH, Tone, styled, tone_classes, tone_css
from smsmon.console.terminal.words import Stands
from smsmon.groups import Figures as GroupFigures
from smsmon.times import counted

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time that ends now, as the operator picks it."""

    name: str
    axis: TimeAxis
    step_name: str
    """What one column counts, after "per"."""
    tick: int
    """Seconds between two ticks of the axis."""


PERIODS = (
    Period("last hour", TimeAxis(60, 60), "minute", 600),
    Period("last 6 hours", TimeAxis(360, 60), "6 minutes", _HOUR),
    Period("last 48 hours", TimeAxis(_HOUR, 48), "hour", 6 * _HOUR),
)


@dataclass(frozen=True, slots=True)
class Requests:
    """What the engine tells of its budget."""

    used: int
    """In the last 60 seconds."""
    allowed: int
    """In any 60 seconds, at present."""
    stretch: float = 1.0
    """The factor by which intervals are stretched to keep to it."""


@dataclass(frozen=True, slots=True)
class PanelData:
    """All that the panels are made of."""

    figures: Figures
    """Of what is looked at."""
    everything: Figures | None
    """Of all messages, to compare with, when one is looked at; else None."""
    message_id: str | None
    """The one message that is looked at; None: all."""
    period: Period
    activity: Activity
    requests: Requests
    now: float
    formats: Formats
    groups: Sequence[GroupFigures] = ()
    """To which something was sent within the last hour, the largest first."""
    groups_whole: bool = True
    """False: not all of that hour is known yet."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot with what is said of it."""

    title: str
    legend: tuple[Content, ...]
    """Which mark means what; what matters most comes first."""
    finding: Content
    """A sentence or two, before the plot: what it shows."""
    drawing: Chart | Bars | None
    """None: there is nothing to draw yet; the finding says so."""


def key(glyph: str, tone: Tone, word: str) -> Content:
    """One entry of a legend."""
    return Content.assemble(styled(glyph, tone), styled(f" {word}", Tone.DIM))


def said(*sentences: Content | str) -> Content:
    """Sentences one after the other."""
    return Content(" ").join(
        [Content(each) if isinstance(each, str) else each for each in sentences]
    )


def unbroken(seconds: float | None) -> str:
    """A duration in a sentence: never broken over two lines."""
    return (times.duration(seconds) or DASH).replace(" ", KEPT)


def unseen(figures: Figures) -> Sequence[Content]:
    """What has to be said of messages of which nobody knows when they began."""
    if not figures.unseen:
        return ()
    if figures.messages == 1:
        return (styled("It was all final when first read.", Tone.DIM),)
    left_out = f"{counted(figures.unseen, 'message')} left out: see ?."
    return (styled(left_out, Tone.DIM),)


Rows = list[list[Span]]


class Drawing(Widget):
    """Shows a chart or bars, as large as it is itself. Plotext is loaded by the first chart."""

    COMPONENT_CLASSES: ClassVar[set[str]] = tone_classes("drawing")
    DEFAULT_CSS = f"Drawing {{ height: 1fr; {tone_css('drawing')} }}"
    can_focus = False

    def __init__(self) -> None:
        super().__init__()
        self._what: Chart | Bars | None = None
        self._rows: Rows = []
        self._strips: dict[int, Strip] = {}

    def show(self, what: Chart | Bars | None) -> None:
        """Draw ``what`` in place of what is there; nothing is done when that is the same."""
        if what != self._what:
            self._what = what
            self._draw()

    @property
    def plain(self) -> str:
        """What is drawn, as text."""
        return "\n".join("".join(span.text for span in row) for row in self._rows)

    def on_resize(self) -> None:
        self._draw()

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def _draw(self) -> None:
        width, height = self.size
        before, self._rows = self._rows, _rows(self._what, width, height)
        differ = [
            y
            for y in range(max(len(before), len(self._rows)))
            if before[y : y + 1] != self._rows[y : y + 1]
        ]
        for y in differ:
            self._strips.pop(y, None)
        if differ:
            self.refresh(*(Region(0, y, width, 1) for y in differ))

    def render_line(self, y: int) -> Strip:
        strip = self._strips.get(y)
        if strip is None or strip.cell_length != self.size.width:
            row = self._rows[y] if y < len(self._rows) else []
            segments = [
                Segment(text, self.get_component_rich_style(f"drawing--{tone}"))
                for text, tone in row
            ]
            strip = Strip(segments).adjust_cell_length(self.size.width, self.rich_style)
            self._strips[y] = strip
        return strip


def _rows(what: Chart | Bars | None, width: int, height: int) -> Rows:
    match what:
        case None:
            return []
        case Bars():
            return draw_bars(what, width, height)
        case Chart():
            from smsmon.console.overview.plotting import draw  # loads plotext

            return draw(what, width, height)


_FINDING_HEIGHT = 2


class PanelView(Vertical, Stands):
    """Shows a panel, as wide as it is itself; legends that find no room are left out."""

    DEFAULT_CSS = """
    PanelView {
        height: 1fr;
        & > .panel-title { color: $text-quiet; background: $surface; }
        &.-chosen > .panel-title { color: $accent; background: $panel; }
        & > .finding { height: 2; }
    }
    """

    def __init__(self, *, plain: bool = False) -> None:
        """``plain``: what a chart shows is told in its sentences alone, and bars as a table."""
        super().__init__()
        self._plain = plain
        self.title_line = Line(classes="panel-title")
        self.finding = Line(classes="finding")
        self.drawing = Drawing()
        self._panel: Panel | None = None

    def compose(self) -> ComposeResult:
        yield self.title_line
        yield self.finding
        yield self.drawing

    @property
    def stands_at(self) -> Offset:
        return Offset(0, 0)

    def show(self, panel: Panel) -> None:
        """Show ``panel``; only what differs from what stands there is painted."""
        self._panel = panel
        self._say()
        drawn = panel.drawing
        if self._plain:
            drawn = replace(drawn, parts=()) if isinstance(drawn, Bars) else None
        self.drawing.show(drawn)

    def on_resize(self) -> None:
        self._say()

    def _say(self) -> None:
        if self._panel is not None:
            width = self.size.width
            title = Content.styled(self._panel.title, "bold")
            legend = () if self._plain else self._panel.legend
            keys = [part(-place, key) for place, key in enumerate(legend)]
            self.title_line.say(fitted([part(1, title), *keys], width, "  "))
            self.finding.say(wrapped(self._panel.finding, width, _FINDING_HEIGHT))
