"""Three tables that show the same recipients, to be measured against each other."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import DataTable

from smsmon import phones, times
from smsmon.console import cells
from smsmon.console.live_table import Column, LiveTable
from smsmon.console.themes import DARK
from smsmon.filters import Coded, Filter, parse
from smsmon.filters.recipients import RECIPIENT_FIELDS
from smsmon.recipients import Phones, Status
from tests.console.live_table.stage import SinkDriver

NOON = 1_795_000_000
TITLES = ("phone", "status", "STOP", "date", "took", "country", "first seen")
SLUGS = [Status(code).slug for code in range(4)]


class People:
    """Recipients as a program has them: columns. The data, which no table is charged for."""

    def __init__(self, length: int) -> None:
        draw = random.Random(7)
        self.length = length
        self.phones = Phones([f"+336{draw.randrange(10**8):08}" for _ in range(length)])
        self.statuses = bytearray(draw.choices((1, 2, 3), (5, 90, 5), k=length))
        self.stops = bytes(draw.choices((0, 1), (99, 1), k=length))
        self.dates = array("q", (NOON + draw.randrange(36000) for _ in range(length)))
        self.took = array("d", (draw.expovariate(1 / 20) for _ in range(length)))

    def texts(self, slot: int) -> tuple[str, ...]:
        """One recipient as the cells of a row."""
        phone = self.phones[slot]
        date = self.dates[slot]
        return (
            phones.pretty(phone),
            cells.plain(cells.status(Status(self.statuses[slot]))),
            "STOP" if self.stops[slot] else "",
            times.moment(date, NOON),
            times.duration(self.took[slot]),
            phones.region(phone),
            times.moment(NOON, NOON),
        )

    def change(self, share: int, seed: int) -> list[int]:
        """Let one recipient in ``share`` change; their slots."""
        draw = random.Random(seed)
        slots = draw.sample(range(self.length), max(1, self.length // share))
        for slot in slots:
            self.statuses[slot] = 1 + self.statuses[slot] % 3
            self.took[slot] += draw.random() * 10
        return slots

    def column(self, name: str) -> Any:
        """A column for the filter."""
        match name:
            case "phone":
                return self.phones
            case "status" | "word":
                return Coded(self.statuses, SLUGS)
            case "country":
                return Coded(bytes(self.length), ["FR"])
            case _:
                return Coded(self.stops, [False, True])

    # As the source of a live table

    def row(self, key: int) -> int:
        return key

    def values(self, column: str, keys: Sequence[int]) -> Sequence[Any] | None:
        numbers = self.phones.keys
        source: Any = {"status": self.statuses, "took": self.took, "phone": numbers}[column]
        whole = len(keys) == self.length
        if column == "status":
            return bytes(source) if whole else bytes(map(source.__getitem__, keys))
        return source if whole else [source[key] for key in keys]


class Contender(Protocol):
    """A table under measure. Each operation leaves it to the screen to paint."""

    widget: Any

    def load(self) -> None: ...
    def sort(self, column: str) -> None: ...
    def filter(self, text: str) -> None: ...
    def update(self, slots: Sequence[int]) -> None: ...
    def page_down(self) -> None: ...
    def cursor_down(self) -> None: ...
    def first_slot(self) -> int: ...


def _wanted(text: str, people: People) -> Sequence[int]:
    wanted: Filter = parse(text, RECIPIENT_FIELDS)
    return wanted.mask(people.column, people.length)


class Live:
    """Our own."""

    def __init__(self, people: People) -> None:
        self.people = people

        def status(slot: int, width: int) -> cells.Cell:
            return cells.status(Status(people.statuses[slot]))

        self.widget: LiveTable[int, int] = LiveTable(
            [
                Column("phone", "phone", lambda s, w: phones.pretty(people.phones[s]), width=20),
                Column(
                    "status",
                    "status",
                    lambda s, w: cells.status(Status(people.statuses[s])),
                    width=16,
                ),
                Column("stop", "STOP", lambda s, w: "STOP" if people.stops[s] else "", width=5),
                Column("date", "date", lambda s, w: times.moment(people.dates[s], NOON), width=12),
                Column("took", "took", lambda s, w: times.duration(people.took[s]), width=10),
                Column("country", "country", lambda s, w: phones.region(people.phones[s]), width=8),
                Column("seen", "first seen", lambda s, w: times.moment(NOON, NOON), width=12),
            ],
            tint_seconds=0,
        )

    def load(self) -> None:
        self.widget.set_source(self.people, range(self.people.length))

    def sort(self, column: str) -> None:
        self.widget.sort_by(column)

    def filter(self, text: str) -> None:
        people = self.people
        self.widget.set_filter(lambda _: _wanted(text, people))

    def update(self, slots: Sequence[int]) -> None:
        self.widget.touch(slots)

    def page_down(self) -> None:
        self.widget.action_page_down()

    def cursor_down(self) -> None:
        self.widget.action_cursor_down()

    def first_slot(self) -> int:
        return self.widget.view[round(self.widget.scroll_y) + 2]


class BuiltIn:
    """Textual's ``DataTable``, a row key for each recipient, a cursor of whole rows."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.rows = [people.texts(slot) for slot in range(people.length)]
        self.widget: DataTable[str] = DataTable(cursor_type="row")

    def load(self) -> None:
        for title in TITLES:
            self.widget.add_column(title, key=title)
        self._add(range(self.people.length))

    def _add(self, slots: Sequence[int]) -> None:
        for slot in slots:
            self.widget.add_row(*self.rows[slot], key=str(slot))

    def sort(self, column: str) -> None:
        self.widget.sort(column)

    def filter(self, text: str) -> None:
        """It has no filter: what is left is loaded anew."""
        mask = _wanted(text, self.people)
        self.widget.clear()
        self._add([slot for slot, wanted in enumerate(mask) if wanted])

    def update(self, slots: Sequence[int]) -> None:
        for slot in slots:
            texts = self.people.texts(slot)
            self.widget.update_cell(str(slot), "status", texts[1])
            self.widget.update_cell(str(slot), "took", texts[4])

    def page_down(self) -> None:
        self.widget.action_page_down()

    def cursor_down(self) -> None:
        self.widget.action_cursor_down()

    def first_slot(self) -> int:
        return int(self.widget.ordered_rows[1].key.value or 0)


class Fast:
    """``textual-fastdatatable`` over Arrow."""

    def __init__(self, people: People) -> None:
        from textual_fastdatatable import DataTable as FastTable
        from textual_fastdatatable.backend import ArrowBackend

        self.people = people
        rows = [people.texts(slot) for slot in range(people.length)]
        self.columns = {title: [row[index] for row in rows] for index, title in enumerate(TITLES)}
        self._backend_of = ArrowBackend.from_pydict
        self._table = FastTable
        self.widget: Any = Widget()
        self.widget.styles.layout = "vertical"

    def _show(self, columns: dict[str, list[str]]) -> None:
        """Its data cannot be replaced: another set of rows is another widget."""
        self.widget.remove_children()
        self.table = self._table(
            backend=self._backend_of(columns), cursor_type="row", render_markup=False
        )
        self.widget.mount(self.table)

    def load(self) -> None:
        self._show(self.columns)

    def sort(self, column: str) -> None:
        self.table.sort(column)

    def filter(self, text: str) -> None:
        """It has no filter either."""
        mask = _wanted(text, self.people)
        self._show(
            {
                title: [value for value, wanted in zip(column, mask, strict=True) if wanted]
                for title, column in self.columns.items()
            }
        )

    def update(self, slots: Sequence[int]) -> None:
        for slot in slots:
            texts = self.people.texts(slot)
            self.table.update_cell(slot, 1, texts[1])
            self.table.update_cell(slot, 4, texts[4])

    def page_down(self) -> None:
        self.table.action_page_down()

    def cursor_down(self) -> None:
        self.table.action_cursor_down()

    def first_slot(self) -> int:
        return 1


CONTENDERS: dict[str, Callable[[People], Contender]] = {
    "LiveTable": Live,
    "DataTable": BuiltIn,
    "fastdatatable": Fast,
}


class Stage(App[None]):
    """An app with one table and nothing else, whose output is counted."""

    CSS = "Widget { height: 1fr; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, contender: Contender) -> None:
        super().__init__(driver_class=SinkDriver)
        self.register_theme(DARK)
        self.theme = DARK.name
        self.contender = contender

    def compose(self) -> ComposeResult:
        yield self.contender.widget

    @property
    def sink(self) -> SinkDriver:
        assert isinstance(self._driver, SinkDriver)
        return self._driver
