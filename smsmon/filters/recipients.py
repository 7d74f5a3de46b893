"""The fields of recipients: what a filter can ask of one."""

from __future__ import annotations

from array import array
from collections.abc import Container, Mapping, Sequence
from typing import Protocol

from smsmon.filters import Coded, Column, Field, Kind
from smsmon.phones import region
from smsmon.recipients import Recipients, Status

_USUAL = [Status.DELIVERED, Status.WAITING, Status.NOT_DELIVERED, Status.UNKNOWN]
STATUS_WORDS = tuple(status.slug for status in _USUAL)

# Columns of few values stand before the phone: a word found in all of them asks no further.
RECIPIENT_FIELDS: tuple[Field, ...] = (
    Field("status", Kind.WORD, plain=True, words=STATUS_WORDS, help="the delivery status"),
    Field("word", Kind.TEXT, plain=True, help="the API's own word for the status"),
    Field("country", Kind.COUNTRY, plain=True, help="ISO code or name"),
    Field("phone", Kind.PHONE, plain=True, help="any part of the number"),
    Field("stop", Kind.FLAG, help="said STOP"),
    Field("took", Kind.DURATION, help="from first seen to final, as observed"),
    Field("age", Kind.DURATION, help="since first seen"),
    Field("changed", Kind.DURATION, help="since the last change seen"),
    Field("absent", Kind.FLAG, help="no longer listed by the API"),
    Field("reason", Kind.TEXT, help="why the row could not be understood"),
)


class Seen(Protocol):
    """The recipients of one message as last seen, by slot; moments are epoch seconds UTC."""

    @property
    def recipients(self) -> Recipients: ...
    @property
    def first_seen(self) -> array[float]: ...
    @property
    def changed_at(self) -> array[float]:
        """0.0 where no change was seen."""
        ...

    @property
    def final_at(self) -> Mapping[int, float]:
        """Slot → when it was first seen final, for those that changed after that; else
        ``changed_at`` tells. 0.0: it was at first sight."""
        ...

    @property
    def absent(self) -> Container[int]:
        """Slots that the last report left out."""
        ...


def recipient_column(seen: Seen, now: float, name: str) -> Column:
    """One of ``RECIPIENT_FIELDS`` for all recipients of a message, as a filter asks for it."""
    recipients = seen.recipients
    match name:
        case "phone":
            return recipients.phones
        case "status":
            return Coded(recipients.statuses, [status.slug for status in Status])
        case "word":
            return Coded(recipients.words, recipients.vocabulary)
        case "country":
            return [region(phone) for phone in recipients.phones]
        case "stop":
            return Coded(recipients.stops, (False, True, None))
        case "took":
            return took_column(seen)
        case "age":
            return [now - first for first in seen.first_seen]
        case "changed":
            return [now - changed if changed else None for changed in seen.changed_at]
        case "absent":
            return [slot in seen.absent for slot in range(len(recipients))]
        case _:
            return [recipients.reasons.get(slot, "") for slot in range(len(recipients))]


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
