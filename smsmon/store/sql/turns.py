"""What an update made of a message's row, and which of its events are true then. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from smsmon.model import EventKind

ALL_KINDS = frozenset(EventKind)
CHECKED = frozenset((EventKind.FIRST_READ, EventKind.COMPLETED, EventKind.REOPENED)) | {
    EventKind.SETTLED, EventKind.ABSENT, EventKind.LISTED_AGAIN
}  # fmt: skip
"""The kinds of events of which the database shows by itself whether they happened."""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message's row before an update."""

    id: int
    revision: int = 0
    asked_at: int | None = None
    first_read_at: int | None = None
    last_change_at: int | None = None
    completed_at: int | None = None
    settled_at: int | None = None
    read_at: int | None = None


class Turn(NamedTuple):
    """What an update made of a message."""

    before: MessageRow
    after: MessageRow
    was_absent: Mapping[int, float]
    absent: Mapping[int, float]

    def true_kinds(self) -> frozenset[EventKind]:
        """The kinds of events that it may tell: the database must have seen them happen."""
        before, after = self.before, self.after
        happened = {
            EventKind.FIRST_READ: before.first_read_at is None,
            EventKind.COMPLETED: before.completed_at is None and after.completed_at is not None,
            EventKind.REOPENED: before.completed_at is not None and after.completed_at is None,
            EventKind.SETTLED: before.settled_at is None and after.settled_at is not None,
            EventKind.ABSENT: not self.absent.keys() <= self.was_absent.keys(),
            EventKind.LISTED_AGAIN: not self.was_absent.keys() <= self.absent.keys(),
        }
        return ALL_KINDS - {kind for kind, is_so in happened.items() if not is_so}
