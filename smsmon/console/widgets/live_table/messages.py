"""What a live table tells its screen."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from smsmon.console.widgets.live_table.steady import SteadyTable


class TableMessage(Message):
    """Something happened in one live table."""

    def __init__(self, table: SteadyTable[Any, Any]) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> SteadyTable[Any, Any]:
        """The table, for ``@on`` selectors."""
        return self.table


class Highlighted(TableMessage, namespace="live_table"):
    """The cursor is on another row; None: there is no row."""

    def __init__(self, table: SteadyTable[Any, Any], key: Hashable | None) -> None:
        super().__init__(table)
        self.key = key

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Highlighted) and message.table is self.table


class Selected(TableMessage, namespace="live_table"):
    """A row was opened, with enter or a double click."""

    def __init__(self, table: SteadyTable[Any, Any], key: Hashable) -> None:
        super().__init__(table)
        self.key = key


class SortChanged(TableMessage, namespace="live_table"):
    """The table is sorted by ``column`` (None: the order of its source)."""

    def __init__(self, table: SteadyTable[Any, Any], column: str | None, reverse: bool) -> None:
        super().__init__(table)
        self.column = column
        self.reverse = reverse


class MarksChanged(TableMessage, namespace="live_table"):
    """There are ``count`` marked rows now."""

    def __init__(self, table: SteadyTable[Any, Any], count: int) -> None:
        super().__init__(table)
        self.count = count

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, MarksChanged) and message.table is self.table
