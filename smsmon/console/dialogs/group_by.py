"""The dialog that asks by what messages are put together."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from smsmon.console.actions import MOVING, bindings
from smsmon.console.cells import Span
from smsmon.console.dialogs.base import Dialog, Keys
from smsmon.console.live_table import Column, LiveTable, MappedRows
from smsmon.console.signs import CHOSEN, Tone
from smsmon.groups import Dimension


class Way(NamedTuple):
    """One way to put messages together, or not."""

    key: str
    name: str
    help: str
    dimension: Dimension | None
    chosen: bool = False


WAYS = (
    Way("n", "not at all", "Each message is a row.", None),
    Way("t", "tag", "A message with several tags is in each group.", Dimension.TAG),
    Way("s", "source", "What brought them by itself.", Dimension.SOURCE),
    Way("l", "label", "What they are called.", Dimension.LABEL),
    Way("c", "country", "Of the recipients.", Dimension.COUNTRY),
    Way("a", "account", "Which they are read with.", Dimension.PROFILE),
    Way("m", "minute", "In which they were sent.", Dimension.MINUTE),
)


def _columns() -> tuple[Column[Way], ...]:
    return (
        Column("key", "", lambda row, _: Span(row.key, Tone.WAIT), width=1, sortable=False),
        Column("chosen", "", lambda row, _: CHOSEN.glyph if row.chosen else "", width=1,
               sortable=False),
        Column("name", "by", lambda row, _: Span(row.name, Tone.STRONG), width=11, sortable=False),
        Column("help", "", lambda row, _: Span(row.help, Tone.DIM), width=20, flex=1,
               sortable=False),
    )  # fmt: skip


class WayTable(LiveTable[str, Way], inherit_bindings=False):
    """The ways as rows; ``g`` goes on to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(MOVING),
        Binding("enter", "select", show=False),
        Binding("g", "cursor_down", show=False),
        Binding("q", "screen.cancel", show=False),
    ]


class GroupByScreen(Dialog[Way | None]):
    """Choose by what messages are put together: with the cursor, or by a letter at once."""

    FRAME = "group-by"
    HEADING = "Put messages together"
    CSS = """
    GroupByScreen #group-by { & > LiveTable { height: 8; margin: 1 0 0 0; } }
    GroupByScreen.-low #group-by { & > LiveTable { margin: 0; } }
    """
    AUTO_FOCUS = "WayTable"

    def __init__(self, chosen: Dimension | None) -> None:
        super().__init__()
        self._ways = {way.key: way._replace(chosen=way.dimension is chosen) for way in WAYS}
        self._table = WayTable(_columns(), MappedRows(self._ways), list(self._ways), tint_seconds=0)
        self._table.move_to_key(next(key for key, way in self._ways.items() if way.chosen))

    def body(self) -> ComposeResult:
        yield self._table
        yield Keys(("enter", "choose"), (" ".join(self._ways), "at once"), ("esc", "close"))

    def on_key(self, event: events.Key) -> None:
        way = self._ways.get(event.character or "")
        if way is not None:
            event.stop()
            self.dismiss(way)

    @on(LiveTable.Selected)
    def _chosen(self) -> None:
        self.dismiss(self._table.cursor_row)
