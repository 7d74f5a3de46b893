"""What the rows of a batch say of one message, beside what is known of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from smsmon.batch import BatchAnswer, BatchRow, Outcome, Pair
from smsmon.model import Answer, Origin, Report, Unchanged
from smsmon.monitor.state import Watched
from smsmon.phones import E164
from smsmon.recipients import STOP_UNTOLD, STOP_YES, Recipient, Recipients, Status

MOST_RECIPIENTS = 5
"""Messages of more recipients are read alone: there one request tells as much."""


def readable(watched: Watched) -> int:
    """How many rows of a batch read the whole message; 0 when it is to be read alone.

    Its recipients have to be known: from a report that listed all, each once and in words that
    are understood, or else from the source that told of the message and its only number.
    """
    if watched.fault is not None:
        return 0
    if watched.read_at is None:
        arrival = watched.entry.arrival
        return int(arrival is not None and E164.fullmatch(arrival.phone) is not None)
    counts = watched.counts
    total = counts.total
    if not 0 < total <= MOST_RECIPIENTS or counts.unknown or counts.absent:
        return 0
    phones = watched.recipients.phones
    if len(phones) != total or phones.others or (total > 1 and len({*phones}) < total):
        return 0
    return total


def pairs_of(watched: Watched) -> list[Pair]:
    """What a batch asks to read a message that is ``readable``, by the place of each recipient."""
    arrival = watched.entry.arrival
    if watched.read_at is None and arrival is not None:
        return [Pair(watched.id, arrival.phone)]
    return [Pair(watched.id, phone) for phone in watched.recipients.phones]


class Seen(NamedTuple):
    """How it stands with one recipient, as far as two answers can be compared."""

    status: Status
    stop: bool | None
    """None: it was not said."""

    @classmethod
    def of(cls, recipient: Recipient) -> Seen:
        return cls(recipient.status, recipient.stop)

    @classmethod
    def known(cls, recipients: Recipients, slot: int) -> Seen:
        stop = recipients.stops[slot]
        return cls(
            Status(recipients.statuses[slot]), None if stop == STOP_UNTOLD else stop == STOP_YES
        )


NOTHING_KNOWN = Seen(Status.WAITING, None)
"""How it stands with a recipient nobody has read of yet: it has not arrived, as far as is known."""


class Move(Enum):
    """How what is seen of a recipient changed from one moment to a later one."""

    NONE = "none"
    ON = "on"
    """As time goes: a report came, or a STOP."""
    BACK = "back"
    """Against it: what was final is not, or is another way; a STOP was withdrawn."""


def move(before: Seen, after: Seen) -> Move:
    """How a recipient changed. What is not said changed nothing."""
    withdrawn = before.stop is True and after.stop is False
    if withdrawn or (before.status.final and after.status is not before.status):
        return Move.BACK
    stopped = before.stop is not True and after.stop is True
    return Move.ON if stopped or after.status is not before.status else Move.NONE


class Heard(NamedTuple):
    """What a batch said of one message."""

    answer: Answer | None
    """What is taken in; None: nothing."""
    alone: bool
    """It is to be read alone: of some recipient the batch said nothing that can be believed."""
    news: bool
    """It would change what is known: a final status, or a STOP."""


def heard(watched: Watched, rows: Sequence[BatchRow], batch: BatchAnswer) -> Heard:
    """What the rows of a message say, one for each of ``pairs_of``, in their order.

    Nothing goes back by a batch: a row that says so is left out, as one that is not understood.
    Another date alone is no news: it may be told in another way than in reports.
    """
    known = watched.recipients
    believed: list[Recipient] = []
    raw: list[bytes] = []
    news = False
    for slot, row in enumerate(rows):
        said = row.recipient
        if row.outcome is not Outcome.READ or said is None or said.status is Status.UNKNOWN:
            continue
        seen = Seen.of(said)
        moved = move(Seen.known(known, slot) if len(known) else NOTHING_KNOWN, seen)
        if moved is Move.BACK:
            continue
        news = news or moved is Move.ON
        believed.append(said)
        raw.append(row.raw)
    alone = len(believed) < len(rows)
    times = batch.asked_at, batch.fetched_at
    if alone:
        return Heard(None, True, news)
    if news or not len(known):
        found, told = Recipients.of(believed), b"\n".join(raw)
        answer = Report(watched.id, found, b"", *times, told, batch.served_at, Origin.BATCH)
        return Heard(answer, False, news)
    return Heard(Unchanged(watched.id, b"", *times, batch.served_at, Origin.BATCH), False, False)
