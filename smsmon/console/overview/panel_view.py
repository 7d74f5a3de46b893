"""One plot of the overview: what it is, what it says in words, and the plot."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from smsmon.console.overview.drawing import Drawing
from smsmon.console.overview.panel import Panel
from smsmon.console.widgets.fitting import fitted, part, wrapped
from smsmon.console.widgets.line import Line

_FINDING_HEIGHT = 2


class PanelView(Vertical):
    """Shows a panel, as wide as it is itself; legends that find no room are left out."""

    DEFAULT_CSS = """
    PanelView {
        height: 1fr;
        & > .panel-title { color: $text-quiet; background: $surface; }
        &.-chosen > .panel-title { color: $accent; background: $panel; }
        & > .finding { height: 2; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.title_line = Line(classes="panel-title")
        self.finding = Line(classes="finding")
        self.drawing = Drawing()
        self._panel: Panel | None = None

    def compose(self) -> ComposeResult:
        yield self.title_line
        yield self.finding
        yield self.drawing

    def show(self, panel: Panel) -> None:
        """Show ``panel``; only what differs from what stands there is painted."""
        self._panel = panel
        self._say()
        self.drawing.show(panel.drawing)

    def on_resize(self) -> None:
        self._say()

    def _say(self) -> None:
        if self._panel is not None:
            width = self.size.width
            title = Content.styled(self._panel.title, "bold")
            keys = [part(-place, key) for place, key in enumerate(self._panel.legend)]
            self.title_line.say(fitted([part(1, title), *keys], width, "  "))
            self.finding.say(wrapped(self._panel.finding, width, _FINDING_HEIGHT))
