"""The vocabulary of smsmon: what a message, a report, a fault and a change are.

Frozen and typed, no I/O. Every moment is seconds since the epoch, UTC, on the wall clock;
an observed moment is a float, a date the API gave is an int.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from smsmon.recipients import Recipients, Status

DEFAULT_PROFILE = "default"
_NOTHING_MORE: Mapping[str, Any] = {}
MESSAGE_ID_DIGITS = 32
"""The longest message id accepted. Known ids have 3 to 10 digits; no bound is documented."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many recipients stand where. ``stop`` and ``absent`` count across the statuses."""

    total: int = 0
    delivered: int = 0
    not_delivered: int = 0
    waiting: int = 0
    unknown: int = 0
    stop: int = 0
    absent: int = 0
    """Recipients that the last report no longer lists: ``total`` has them, as last seen."""

    @classmethod
    def of(cls, recipients: Recipients, absent: int = 0) -> Counts:
        """The counts of a message's recipients, ``absent`` of them no longer listed."""
        from smsmon.recipients import Status  # whoever has any has loaded it

        statuses = recipients.statuses
        return _counts(
            len(statuses),
            statuses.count(Status.DELIVERED),
            statuses.count(Status.NOT_DELIVERED),
            statuses.count(Status.WAITING),
            statuses.count(Status.UNKNOWN),
            recipients.stops.count(1),
            absent,
        )

    @classmethod
    def sum(cls, counts: Collection[Counts]) -> Counts:
        """All of these together."""
        return cls(*(sum(map(attrgetter(each), counts)) for each in cls.__slots__))

    @property
    def present(self) -> int:
        """Recipients that the last report lists."""
        return self.total - self.absent

    @property
    def final(self) -> int:
        """Recipients whose delivery report is final: delivered or not delivered."""
        return self.delivered + self.not_delivered

    @property
    def delivery_rate(self) -> float | None:
        """Delivered ÷ final, from 0 to 1; None while nothing is final.

        Waiting and unknown recipients stay out of both sides: they are shown apart.
        """
        return self.delivered / self.final if self.final else None

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.total + other.total,
            self.delivered + other.delivered,
            self.not_delivered + other.not_delivered,
            self.waiting + other.waiting,
            self.unknown + other.unknown,
            self.stop + other.stop,
            self.absent + other.absent,
        )

    def __sub__(self, other: Counts) -> Counts:
        return Counts(
            self.total - other.total,
            self.delivered - other.delivered,
            self.not_delivered - other.not_delivered,
            self.waiting - other.waiting,
            self.unknown - other.unknown,
            self.stop - other.stop,
            self.absent - other.absent,
        )


@lru_cache(1_000)
def _counts(*numbers: int) -> Counts:
    """The counts of these numbers: thousands of messages of one recipient have the same."""
    return Counts(*numbers)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a message came to be watched though nobody added it: a source told of it."""

    source: str
    """The name of the source in the settings."""
    leave_after: float
    """Seconds after it is complete until it leaves the watchlist by itself."""
    phone: str = ""
    """Its only recipient, E.164; empty where the source did not say."""
    sent_at: float | None = None
    """When it was sent, as the source says; None where it did not."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message on the watchlist, as its owner described it."""

    id: str
    """The message id: digits, kept as an opaque string (leading zeros count)."""
    label: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    added_at: float = 0.0
    paused: bool = False
    profile: str = DEFAULT_PROFILE
    extra: Mapping[str, Any] = field(default_factory=lambda: _NOTHING_MORE, hash=False)
    """Keys of the watchlist file that this version does not know; kept when it is written."""
    note_by: str = field(default="", compare=False)
    """Who wrote the note, where the store keeps that."""
    note_at: float = field(default=0.0, compare=False)
    """When that was; 0 where it is not known."""
    arrival: Arrival | None = None
    """How it came by itself; None: somebody added it, and it stays until somebody removes it."""

    @property
    def source(self) -> str:
        """What brought it by itself; empty where somebody added it."""
        return self.arrival.source if self.arrival else ""


def is_message_id(text: str) -> bool:
    """True for what the API takes as a message id: 1 to 32 ASCII digits."""
    return text.isascii() and text.isdigit() and len(text) <= MESSAGE_ID_DIGITS


class Origin(StrEnum):
    """How an answer reached us."""

    POLLED = "polled"
    """It was asked for, alone."""
    BATCH = "batch"
    """One request brought it with answers about other messages."""
    PUSHED = "pushed"
    """Nobody here asked: the provider sent it."""
    RECORDED = "recorded"
    """Another process had it and recorded it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one answer of the API truly said about one message."""

    message_id: str
    recipients: Recipients
    digest: bytes
    """A digest of the answer's body: equal digests are equal answers. Empty where the answer was
    of more than this message: no other one can be compared with it."""
    asked_at: float
    """When the request left: of two answers the one asked for later is the newer, whichever
    arrives first."""
    fetched_at: float
    """When the answer had arrived whole."""
    raw: bytes = b""
    """The body as it came, less the key should it echo one; to look at, never to decode again."""
    served_at: float | None = None
    """When the server says it answered, by its own clock; None: it did not say."""
    origin: Origin = Origin.POLLED
    whole: bool = True
    """It lists every recipient of the message. False: only some, of whom it has news; nothing
    is said of the others."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The API gave, byte for byte, the answer already known: nothing to decode. In a batch: all
    that it says of the message is known."""

    message_id: str
    digest: bytes
    asked_at: float
    """When the request left."""
    fetched_at: float
    served_at: float | None = None
    """When the server says it answered, by its own clock; None: it did not say."""
    origin: Origin = Origin.POLLED


Answer = Report | Unchanged
"""What a source says about one message."""


class FaultKind(StrEnum):
    """Every way a read can go wrong, named as ``smsmon status --json`` prints it."""

    AUTH = "auth"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    NETWORK = "network"
    BAD_RESPONSE = "bad_response"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message could not be read. Every text in it is safe to print and key-free."""

    kind: FaultKind
    message: str
    """One sentence for the operator: what happened, and what to do if there is something."""
    code: int | None = None
    """The API's control code, when it gave one."""
    excerpt: str = ""
    """The beginning of what came instead of a report."""
    retry_after: float | None = None
    """Seconds the server asked to be left alone."""


class ReadError(Exception):
    """A read that gave no report. ``smsmon.api.errors`` has one subclass for each way."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Transition:
    """One recipient, seen to have changed between two reports."""

    message_id: str
    slot: int
    """The recipient's place in its message; stays the same for as long as it is watched."""
    phone: str
    before: Status | None
    """None: the recipient was not in any report before."""
    after: Status
    raw_status: str
    stop_before: bool
    stop_after: bool
    date: int | None
    """The API's own date for the new status."""
    observed_at: float
    profile: str = DEFAULT_PROFILE
    """The account that the message was read with."""

    @property
    def at(self) -> float:
        """When it was observed, as events call it."""
        return self.observed_at


class Final(NamedTuple):
    """One recipient who became final, for whom a STOP appeared, or both at once."""

    at: float
    """When that was seen."""
    message_id: str
    profile: str
    tags: tuple[str, ...]
    """Of the message, as it has them now."""
    country: str
    """Of the number, two letters; empty where it is not known."""
    status: Status | None
    """What he became, also when it is another final status than before; None: only the STOP
    appeared."""
    stop: bool
    """True when a STOP appeared."""
    took: float | None
    """Seconds from first seen, waiting or unknown, to first seen final; of what a source brought,
    from its sending, to the API's date where that can be true. None: not observed."""
    label: str = ""
    """Of the message, as it has it now."""
    source: str = ""
    """What brought it; empty where people added it."""
    dated: bool = True
    """False: what it took is to when that was seen, for want of a date; it may have been less."""


class EventKind(StrEnum):
    """What can happen to a message or an account, besides recipients changing."""

    ADDED = "added"
    REMOVED = "removed"
    PAUSED = "paused"
    RESUMED = "resumed"
    FIRST_READ = "first read"
    COMPLETED = "completed"
    REOPENED = "reopened"
    SETTLED = "settled"
    STALE = "stale"
    RECOVERED = "recovered"
    NOT_FOUND = "not found"
    FOUND = "found"
    ABSENT = "absent"
    """Recipients known before are missing from a report; they stay as last seen."""
    LISTED_AGAIN = "listed again"
    """Recipients that were missing are back."""
    ACCOUNT_STOPPED = "account stopped"
    ACCOUNT_DOWN = "account down"
    ACCOUNT_UP = "account up"
    BATCHES_ON = "account reads batches"
    """Small messages of the account are read many in one request from then on."""
    BATCHES_OFF = "account reads no batches"
    """They are no longer: each is read alone."""

    @property
    def slug(self) -> str:
        """The name used in JSON and CSV: ``first_read`` and so on."""
        return self.value.replace(" ", "_")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, once: a line of the log."""

    kind: EventKind
    at: float
    message_id: str | None = None
    """None: it concerns the whole account."""
    profile: str = DEFAULT_PROFILE
    detail: str = ""
    """A safe sentence: the reason, the counts; empty where the kind says it all."""
    until: float | None = None
    """An account that went down: until when the server asked to be left alone; else None."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account holds, from ``GET /me``. Credits are message counts."""

    username: str
    amount: str
    """The money left, as the API wrote it (a decimal); empty when it did not."""
    currency: str
    credits: int | None
    credits_eco: int | None
    credits_hlr: int | None
    to_send: int | None
    """Messages scheduled and not yet sent."""
    fetched_at: float
