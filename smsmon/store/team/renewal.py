"""The recipients of messages that were read before: only what was written of them since is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from smsmon.store.sql.columns import COLUMNS, Columns, final_at, renewed
from smsmon.store.sql.database import Connection
from smsmon.store.sql.queries import ReadRecipients

FEW = 100
"""Recipients up to which a message is read whole each time: that costs about as much."""
KEPT = 1_000
"""Messages of which it is known what was read; those that were not read for longest are dropped."""
_FAR = 2**30
"""Transactions from which on one is not compared with a row's, which has half of its number."""
_WRITTEN_SINCE = (
    f"SELECT {COLUMNS}, slot, (SELECT array_agg(ARRAY[before, observed_at] ORDER BY revision)"  # noqa: S608 - constants
    " FROM change c WHERE c.message = r.message AND c.slot = r.slot)"
    " FROM recipient r WHERE message = ? AND age(r.xmin) <= age(?::xid8::xid) ORDER BY slot"
)
"""A row has the transaction that wrote it last (``xmin``). Those that a snapshot could not see are
none of those before its oldest one that ran. With each all changes of that recipient."""


class Mark(NamedTuple):
    """A moment of a database, as the text of a cursor has it."""

    line: str
    """Of which server, and which of its time lines (see ``database.LINE``)."""
    snapshot: str

    @classmethod
    def of(cls, text: str) -> Mark:
        return cls(*text.split(" "))

    @property
    def oldest(self) -> int:
        """The oldest transaction that may not have been seen."""
        return int(self.snapshot.split(":")[0])


class Renewal(ReadRecipients):
    """Reads them as of a moment, which is told before (``at``)."""

    def __init__(self) -> None:
        super().__init__()
        self._mark = Mark("", "")
        self._known: dict[int, tuple[Columns, int]] = {}
        """Number of a message → what was read last, and the oldest transaction that may not have
        been seen then; what was read last of all comes last."""

    def at(self, mark: Mark) -> None:
        """What is read from now on is read as of ``mark``."""
        if mark.line != self._mark.line:
            self._known.clear()
            self._texts.clear()
        self._mark = mark

    def __call__(self, connection: Connection, messages: Sequence[int]) -> dict[int, Columns]:
        oldest = self._mark.oldest
        known = {each: self._known[each] for each in messages if each in self._known}
        again = [number for number, (_, since) in known.items() if oldest - since < _FAR]
        found = super().__call__(connection, [each for each in messages if each not in again])
        since = [(number, known[number][1]) for number in again]
        for number, rows in zip(again, connection.many(_WRITTEN_SINCE, since), strict=True):
            words = self._words(connection, rows)
            final = final_at((row[9], *change) for row in rows for change in row[10] or ())
            found[number] = renewed(known[number][0], rows, words, connection.dialect, final)
        for number, columns in found.items():
            self._known.pop(number, None)
            if len(columns.recipients) > FEW:
                self._known[number] = columns, oldest
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return found
