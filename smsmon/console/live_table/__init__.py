"""The live table: one widget for every list of rows that change while somebody looks at them.

Rows are known by a *key* and painted one by one; cursor, marks and scroll stay on their keys
through updates, sorts and filters. It knows nothing of SMS. What it shows comes from a source::

    class RecipientRows:                        # the shape is `Rows`
        def row(self, slot: int) -> Recipient: return watched.recipients[slot]
        def values(self, column: str, slots: Sequence[int]) -> Sequence[Any] | None:
            return watched.recipients.statuses if column == "status" else None

    columns = [
        Column("phone", "phone", lambda r, width: phones.pretty(r.phone), 18,
               sort_key=lambda r: r.phone),
        Column("status", "status", lambda r, width: cells.status(r.status), 15),
        Column("took", "took", lambda r, width: times.duration(r.took), 10, align="right",
               sort_key=lambda r: r.took, priority=-1),
    ]
    table = LiveTable(columns, empty="No recipients yet")
    table.set_source(RecipientRows(), range(500))   # another message opened: cursor at the top
    table.touch([3, 17])                            # two recipients changed
    table.load(range(501))                          # one more appeared
    table.sort_by("status")                         # posts LiveTable.SortChanged
    table.set_filter(lambda slots: filter.mask(...))    # one truth value a key; None: all

    def on_live_table_highlighted(self, event: LiveTable.Highlighted): event.key
    def on_live_table_selected(self, event: LiveTable.Selected): event.key

Small tables need no class: ``MappedRows({"300": row, …})`` with a ``sort_key`` on each column.
Columns that do not fit are left out by ``priority``; there is no scrolling sideways.
"""

from smsmon.console.live_table.content import Column, MappedRows, Rows
from smsmon.console.live_table.table import LiveTable
from smsmon.console.live_table.view import Marking, RowView

__all__ = ["Column", "LiveTable", "MappedRows", "Marking", "RowView", "Rows"]
