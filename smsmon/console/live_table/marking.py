"""What one key did to the marks of a live table, and how it is taken back."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from smsmon.console.live_table.content import Rows
    from smsmon.console.live_table.table import LiveTable

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)
class Marking(Generic[K]):
    """Rows that were marked, or no longer, by hand and at once."""

    table: LiveTable[K, Any]
    source: Rows[K, Any]
    """Where the table had its rows from."""
    keys: tuple[K, ...]
    on: bool
    began: K | None
    """The row that was marked last before."""

    @property
    def lasting(self) -> bool:
        """False once the table shows other rows: their marks are gone."""
        return self.table.rows is self.source

    def take_back(self) -> None:
        """Have the marks as they were, of those rows that are still there."""
        self.table.mark(self.keys, on=not self.on)
        self.table.begin_range_at(self.began)
