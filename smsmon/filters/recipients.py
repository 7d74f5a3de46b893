"""The fields of recipients: what is known of one in a message, and all that is made of it.

The one table from which filters, columns, sorting, exports and JSON are made, as
`smsmon.filters.messages` is for messages. A message can have 100,000 recipients: what is asked of
all of them comes as a column, what is asked of one comes alone; a test holds both to the same.

Moments are epoch seconds, UTC.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from msgspec import Struct

from smsmon.filters import Coded, Column, Field, Kind
from smsmon.filters.fields import AnyField, Drawn, Fact, Shown, in_order
from smsmon.filters.questions import Value
from smsmon.phones import region
from smsmon.recipients import STOP_YES, Recipient, Recipients, Status

STATUS_WORDS = tuple(
    status.slug
    for status in (Status.DELIVERED, Status.WAITING, Status.NOT_DELIVERED, Status.UNKNOWN)
)
_TROUBLE_FIRST = bytes.maketrans(
    bytes([Status.NOT_DELIVERED, Status.UNKNOWN, Status.WAITING, Status.DELIVERED]),
    bytes([0, 1, 2, 3]),
)
"""Sorting by status puts what needs eyes first."""
_STOPS = bytes(int(value == STOP_YES) for value in range(256))


class Seen(Protocol):
    """The recipients of one message as last seen, by slot."""

    @property
    def recipients(self) -> Recipients: ...
    @property
    def first_seen(self) -> array[float]: ...
    @property
    def changed_at(self) -> array[float]:
        """0.0 where no change was seen."""

    @property
    def final_at(self) -> Mapping[int, float]:
        """Slot → when it was first seen final, for those that changed after that; else
        ``changed_at`` tells. 0.0: it was at first sight."""

    @property
    def absent(self) -> Mapping[int, float]:
        """Slots that the last report left out, and since when."""


class Sighted(Protocol):
    """One recipient of one message as last seen, by whatever found it."""

    @property
    def recipient(self) -> Recipient: ...
    @property
    def first_seen(self) -> float: ...
    @property
    def changed_at(self) -> float | None:
        """When it was last seen to change; None: it never was."""

    @property
    def absent_since(self) -> float | None:
        """Since when reports leave it out; None: the last one lists it."""


class RecipientRow(Struct, frozen=True):
    """One recipient of one message, with what is only known beside its message."""

    slot: int
    recipient: Recipient
    first_seen: float
    changed_at: float | None
    absent_since: float | None
    took: float | None = None
    """Seconds from first seen to the final status, as observed; None when not observed."""


def recipient_row(seen: Seen, slot: int) -> RecipientRow:
    """The row of one slot, as it is now."""
    return RecipientRow(
        slot,
        seen.recipients[slot],
        seen.first_seen[slot],
        seen.changed_at[slot] or None,
        seen.absent.get(slot),
        took_of(seen, slot),
    )


def took_column(seen: Seen) -> Sequence[float | None]:
    """Seconds from first seen, waiting or unknown, to first seen final, as observed.

    None where that was not observed: it is not final, or was final when it was first seen. What
    a final one did later (a STOP, another status) does not count.
    """
    final = bytes(int(Status(value).final) for value in Status)
    took = [
        changed - first if changed and final[status] else None
        for first, changed, status in zip(
            seen.first_seen, seen.changed_at, seen.recipients.statuses, strict=True
        )
    ]
    for slot, at in seen.final_at.items():
        if took[slot] is not None:
            took[slot] = at - seen.first_seen[slot] if at else None
    return took


def took_of(seen: Seen, slot: int) -> float | None:
    """The same for one recipient."""
    at = seen.final_at.get(slot, seen.changed_at[slot])
    if not at or not Status(seen.recipients.statuses[slot]).final:
        return None
    return at - seen.first_seen[slot]


@dataclass(frozen=True, eq=False, repr=False)
class RecipientField(AnyField):
    """One thing that is known of recipients."""

    of: Callable[[Any], Fact]
    """Of one recipient."""
    column: Callable[[Seen], Column]
    """Of all recipients of a message; 0 is no moment."""
    order: Callable[[Seen, Sequence[int]], Sequence[Any]] | None = field(default=None, kw_only=True)
    """What some slots are sorted by; None: the column."""

    def values(self, seen: Seen, now: float) -> Column:
        """What a filter asks of all recipients: of a moment, how long ago it was."""
        column = self.column(seen)
        if self.kind is not Kind.MOMENT or isinstance(column, Coded):
            return column
        return [now - at if isinstance(at, float | int) and at else None for at in column]

    def value(self, one: Sighted, now: float) -> Value:
        """What a filter asks of one recipient, wherever it was found."""
        fact = self.of(one)
        if self.kind is Kind.MOMENT:
            return now - fact if isinstance(fact, float | int) and fact else None
        return fact

    def sort_keys(self, seen: Seen, slots: Sequence[int]) -> Sequence[Any]:
        """What ``slots`` are sorted by; None sorts last."""
        if self.order is not None:
            return self.order(seen, slots)
        column = self.column(seen)
        return _picked(column.codes if isinstance(column, Coded) else column, slots)


@dataclass(frozen=True, eq=False, repr=False)
class OfSighted(RecipientField):
    """What is known of a recipient wherever it was found."""

    of: Callable[[Sighted], Fact]


@dataclass(frozen=True, eq=False, repr=False)
class OfRow(RecipientField):
    """What is known of a recipient only beside its message."""

    of: Callable[[RecipientRow], Fact]


def _picked(values: Sequence[Any], slots: Sequence[int]) -> Sequence[Any]:
    """The values of ``slots``; all of them, as they are, when all are asked for."""
    if len(slots) == len(values):
        return values
    picked = map(values.__getitem__, slots)
    if isinstance(values, array):
        return array(values.typecode, picked)
    return bytes(picked) if isinstance(values, bytes) else list(picked)


# In the order of the columns on the screen.
RECIPIENTS: tuple[RecipientField, ...] = (
    OfSighted("phone", Kind.PHONE, lambda it: it.recipient.phone,
              lambda seen: seen.recipients.phones, plain=True,
              order=lambda seen, slots: _picked(seen.recipients.phones.keys, slots),
              help="any part of the number", exported="phone",
              shown=Shown("phone", "phone", Drawn.PHONE, width=18, flex=3, max_width=20,
                          priority=100)),
    OfSighted("status", Kind.WORD, lambda it: it.recipient.status.slug,
              lambda seen: Coded(seen.recipients.statuses, [each.slug for each in Status]),
              plain=True, words=STATUS_WORDS, asked_as="status:waiting",
              order=lambda seen, slots: _picked(
                  seen.recipients.statuses.translate(_TROUBLE_FIRST), slots),
              help="the delivery status", exported="status",
              shown=Shown("status", "status", Drawn.STATUS, width=15, priority=95)),
    OfSighted("word", Kind.TEXT, lambda it: it.recipient.raw_status,
              lambda seen: Coded(seen.recipients.words, seen.recipients.vocabulary), plain=True,
              offered=True,
              help="the API's own word for the status", exported="raw_status", shown=None),
    OfSighted("stop", Kind.FLAG, lambda it: it.recipient.stop,
              lambda seen: Coded(seen.recipients.stops, (False, True, None)), asked_as="!stop:yes",
              order=lambda seen, slots: _picked(seen.recipients.stops.translate(_STOPS), slots),
              help="said STOP", exported="stop",
              shown=Shown("stop", "STOP", Drawn.STOP, width=5, priority=90, descending=True)),
    OfSighted("date", Kind.MOMENT, lambda it: it.recipient.date,
              lambda seen: seen.recipients.dates, asked=False,
              help="the API's own date of the status", exported="date",
              shown=Shown("date", "date", Drawn.MOMENT, width=12, priority=85, descending=True,
                          help="The API's own date of the status.")),
    OfRow("took", Kind.DURATION, lambda it: it.took, lambda seen: took_column(seen),
          asked_as="took>60s", help="from first seen to final, as observed",
          exported="took_seconds",
          shown=Shown("took", "took", Drawn.TOOK, width=10, align="right", priority=70,
                      descending=True, help="From first seen to final, as observed.")),
    OfSighted("country", Kind.COUNTRY, lambda it: region(it.recipient.phone),
              lambda seen: [*map(region, seen.recipients.phones)], plain=True, offered=True,
              asked_as="country:fr",
              order=lambda seen, slots: [
                  region(seen.recipients.phones[slot]) or None for slot in slots],
              help="ISO code or name", exported="country",
              shown=Shown("country", "country", Drawn.COUNTRY, width=8, flex=1, max_width=20,
                          priority=75)),
    OfSighted("changed", Kind.MOMENT, lambda it: it.changed_at, lambda seen: seen.changed_at,
              help="when it was last seen to change", exported="changed_at",
              shown=Shown("changed", "changed", Drawn.MOMENT, width=12, priority=60,
                          descending=True, help="When it was last seen to change.")),
    OfSighted("age", Kind.MOMENT, lambda it: it.first_seen, lambda seen: seen.first_seen,
              help="since first seen", exported="first_seen",
              shown=Shown("first_seen", "first seen", Drawn.MOMENT_BEHIND, width=12, priority=40,
                          descending=True)),
    OfSighted("absent", Kind.FLAG, lambda it: it.absent_since is not None,
              lambda seen: [slot in seen.absent for slot in range(len(seen.recipients))],
              help="no longer listed by the API", exported="absent", shown=None),
    OfSighted("absent_since", Kind.MOMENT, lambda it: it.absent_since,
              lambda seen: [*map(seen.absent.get, range(len(seen.recipients)))], asked=False,
              help="since when it is no longer listed", exported="absent_since", shown=None),
    OfSighted("reason", Kind.TEXT, lambda it: it.recipient.reason,
              lambda seen: [
                  seen.recipients.reasons.get(slot, "") for slot in range(len(seen.recipients))],
              help="why the row could not be understood", exported="reason", shown=None),
)  # fmt: skip

RECIPIENTS_BY_NAME: Mapping[str, RecipientField] = MappingProxyType(
    {each.name: each for each in RECIPIENTS}
)
SIGHTED: tuple[OfSighted, ...] = tuple(each for each in RECIPIENTS if isinstance(each, OfSighted))
RECIPIENT_FIELDS: tuple[Field, ...] = tuple(
    each.question
    for each in sorted(RECIPIENTS, key=lambda each: each.kind is Kind.PHONE)
    if each.asked
)
"""What a filter of recipients can ask. The phone, which has most values, comes last: a word found
in all of another column asks no further."""

RECIPIENT_COLUMNS = in_order(
    ("phone", "status", "raw_status", "stop", "date", "country", "reason", "first_seen",
     "changed_at", "absent", "absent_since"),
    (each.exported for each in RECIPIENTS if each.exported),
)  # fmt: skip
"""The names of what is exported, in their order."""


def recipient_column(seen: Seen, now: float, name: str) -> Column:
    """What a filter asks of all recipients of a message, by the name of the field."""
    return RECIPIENTS_BY_NAME[name].values(seen, now)
