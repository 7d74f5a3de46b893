"""A live table alone on a screen, for its tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.message import Message
from textual.pilot import Pilot

from smsmon.console.cells import Span, Tone
from smsmon.console.live_table import Column, LiveTable, MappedRows
from smsmon.console.themes import DARK
from tests.support.waiting import screen_text


class City:
    """A row: anything will do."""

    def __init__(self, name: str, people: int, note: str = "") -> None:
        self.name = name
        self.people = people
        self.note = note


_PAUSES = 1_000
"""After so many it does not fall silent any more."""

COLUMNS: list[Column[City]] = [
    Column(
        "name", "city", lambda city, width: city.name, width=10, sort_key=lambda city: city.name
    ),
    Column(
        "people",
        "people",
        lambda city, width: Span(f"{city.people:,}", Tone.GOOD),
        width=9,
        align="right",
        sort_key=lambda city: city.people,
        descending=True,
        priority=1,
    ),
    Column("note", "note", lambda city, _: city.note, width=8, flex=4, sortable=False, priority=-1),
]


class Clock:
    """A clock that never jumps and is moved by hand. Seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TableApp(App[None]):
    """One table, and what it said."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "LiveTable { height: 1fr; }"

    def __init__(self, cities: dict[str, City], *, sink: bool = False, **options: Any) -> None:
        super().__init__(driver_class=SinkDriver if sink else None)
        self.register_theme(DARK)
        self.theme = DARK.name
        self.cities = cities
        self.table: LiveTable[str, City] = LiveTable(
            COLUMNS, MappedRows(cities), list(cities), **options
        )
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.table

    @on(LiveTable.Highlighted)
    @on(LiveTable.Selected)
    @on(LiveTable.SortChanged)
    @on(LiveTable.MarksChanged)
    def keep(self, message: Message) -> None:
        self.said.append(message)

    def arrive(self, *keys: str) -> None:
        """Rows that are new, after all others."""
        self.table.load([*self.table.view.keys, *keys])
        self.table.touch(keys)

    def leave(self, *keys: str) -> None:
        """Rows that are gone."""
        self.table.load([key for key in self.table.view.keys if key not in keys])

    def narrow(self, wanted: Callable[[City], bool]) -> None:
        """Show only these."""
        self.table.set_filter(lambda keys: [wanted(self.cities[key]) for key in keys])

    def heard(self, kind: type[Message]) -> Any:
        """The last message of a kind."""
        return next(message for message in reversed(self.said) if isinstance(message, kind))

    @property
    def lines(self) -> list[str]:
        """The screen, line by line, without the scrollbar's column."""
        strips = self.screen._compositor.render_strips()
        return [strip.text[:-1].rstrip() for strip in strips]

    def line_styles(self, y: int) -> list[Any]:
        """The styles on one line of the table."""
        return [segment.style for segment in self.table.render_line(y) if segment.style]

    @property
    def cursor_line(self) -> int:
        """The screen line of the cursor's row."""
        return 1 + self.table.view.cursor_index - round(self.table.scroll_y)


def letters(count: int) -> dict[str, City]:
    """Cities ``c000`` … with fewer and fewer people."""
    return {f"c{index:03}": City(f"c{index:03}", 10_000 - index) for index in range(count)}


def three() -> dict[str, City]:
    """Three cities, the largest first."""
    return {
        "par": City("Paris", 2_102_650),
        "lyo": City("Lyon", 522_250),
        "nic": City("Nice", 348_085),
    }


@asynccontextmanager
async def showing(
    cities: dict[str, City], size: tuple[int, int] = (40, 11), **options: Any
) -> AsyncIterator[tuple[TableApp, Pilot[None]]]:
    """The table on a screen that is not there; ten rows fit."""
    app = TableApp(cities, **options)
    async with app.run_test(size=size, headless=not options.get("sink")) as pilot:
        await pilot.pause()
        yield app, pilot


async def written_by(app: TableApp, pilot: Pilot[None]) -> int:
    """Bytes for the terminal until nothing more comes."""
    sink = app._driver
    assert isinstance(sink, SinkDriver)
    begun = sink.written
    quiet = 0
    for _ in range(_PAUSES):
        before = sink.written
        await pilot.pause()
        await asyncio.sleep(0)
        quiet = quiet + 1 if sink.written == before else 0
        if quiet == 3:
            return sink.written - begun
    raise AssertionError(f"it never falls silent:\n{screen_text(app)}")


class SinkDriver(HeadlessDriver):
    """Makes an app render its escape sequences as for a real terminal."""

    written = 0
    """Bytes so far."""

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written += len(data.encode())
