"""The raw answer of one message, as it was last received."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.worker import Worker, WorkerState

from smsmon.console.dialogs import raw_view as views
from smsmon.console.dialogs.lines_view import LinesView
from smsmon.console.widgets.line import Line
from smsmon.text import safe

_LOW = 20
"""Lines of the screen below which no blank lines are spared."""


class RawScreen(ModalScreen[None]):
    """An answer of the API to look at."""

    CSS = """
    RawScreen #raw {
        width: 112; max-width: 100%; height: 94%; max-height: 100%; padding: 0 1;
        & > Line { padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > LinesView { margin: 1 0 0 0; padding: 0 0 0 1; }
    }
    RawScreen.-low #raw {
        height: 100%;
        & > LinesView, & > .keys { margin: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "close", show=False),
    ]
    AUTO_FOCUS = "LinesView"

    def __init__(self, title: str, raw: bytes, full_length: int, masked: bool = False) -> None:
        """``raw`` is the beginning of an answer that was ``full_length`` bytes long."""
        super().__init__()
        self._title = title
        self._raw = raw
        self._full_length = full_length
        self._masked = masked

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="raw") as dialog:
            dialog.border_title = "Last answer"
            yield Line(Content.styled(safe(self._title), "bold"))
            yield Line(id="facts")
            yield LinesView()
            yield Line(
                Content.styled("↑ ↓  PgUp  PgDn  Home  End  scroll     esc  close", "$text-quiet"),
                classes="keys",
            )

    def on_mount(self) -> None:
        self._lay_out()

    def on_resize(self) -> None:
        self.set_class(self.size.height < _LOW, "-low")

    @work(group="raw", exclusive=True, exit_on_error=False)
    async def _lay_out(self) -> None:
        # Half a megabyte takes a tenth of a second: not on the loop.
        page = await asyncio.to_thread(
            views.page, self._raw, self._full_length, masked=self._masked
        )
        self.query_one(LinesView).show(page.lines)
        self.query_one("#facts", Line).say(views.facts(page))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """An answer that cannot be laid out says so."""
        if event.state is WorkerState.ERROR:
            self.query_one("#facts", Line).say(
                Content.styled("This answer cannot be shown.", "$warning")
            )
