"""What a history tells of the past: plain values, as columns where there are many.

Moments are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self

from smsmon.alerts import About, Episode
from smsmon.model import DEFAULT_PROFILE, Balance, Event, EventKind, Transition
from smsmon.recipients import Recipient

Grouping = Literal["message", "tag", "country"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One phone number in one message: as last seen, and every change ever seen."""

    message_id: str
    label: str
    slot: int
    recipient: Recipient
    first_seen: float
    changed_at: float | None
    read_at: float | None
    """When the message was last truly read."""
    transitions: tuple[Transition, ...]
    """Oldest first."""
    absent_since: float | None = None
    """Since when the message's reports leave it out; None while they list it."""
    profile: str = DEFAULT_PROFILE
    """The account that the message was read with."""

    @property
    def took(self) -> float | None:
        """Seconds from first seen, waiting or unknown, to first seen final; None: not observed."""
        final = next((each for each in self.transitions if each.after.final), None)
        if final is None or final.before is None or final.before.final:
            return None
        return final.observed_at - self.first_seen if self.recipient.status.final else None


class Absence(NamedTuple):
    """A stretch of time in which the reports of a message left a recipient out."""

    since: float
    until: float
    """When he was seen to be back."""


@dataclass(frozen=True, slots=True)
class NumberFound:
    """Everything ever seen about the phone numbers that a search means."""

    asked: str
    exact: bool
    """True: the whole number was given; False: it is a fragment of those found."""
    sightings: tuple[Sighting, ...]
    """By number; of one number, the most recently read message first."""
    more: bool = False
    """True when the search stopped at its limit."""


@dataclass(frozen=True, slots=True)
class DeliveryTimes:
    """How long deliveries took, in seconds, as far as they were observed."""

    key: str
    """The message id, the tag or the country."""
    measured: int
    """Deliveries that were first seen waiting and then delivered."""
    median: float
    p90: float
    p99: float


@dataclass(frozen=True, slots=True)
class Happened:
    """What changed in a stretch of time, oldest first."""

    transitions: tuple[Transition, ...]
    events: tuple[Event, ...]
    more: bool = False
    """True when the limit cut something off."""


class BalanceSeen(NamedTuple):
    """What an account held from a moment on, until it is seen to hold something else."""

    at: float
    amount: str
    """As the API wrote it (a decimal); empty when it did not."""
    currency: str
    credits: int | None
    credits_eco: int | None
    credits_hlr: int | None
    to_send: int | None

    @classmethod
    def of(cls, balance: Balance) -> Self:
        """What the API said of it."""
        return cls(
            balance.fetched_at,
            balance.amount,
            balance.currency,
            balance.credits,
            balance.credits_eco,
            balance.credits_hlr,
            balance.to_send,
        )


class Unread(NamedTuple):
    """A stretch of time in which a message was not truly read although that was promised.

    Nobody knows what happened in it: whatever changed was seen when it was read again.
    """

    since: float
    """When it was read last; of one that was never read, when that failed first."""
    until: float | None
    """When it was read again; None: it was not yet."""


@dataclass(frozen=True, slots=True)
class InShort:
    """What happened in a stretch of time to one message, to an account itself, or to a group."""

    message_id: str | None
    """None: the account itself, or the group."""
    profile: str = DEFAULT_PROFILE
    label: str = ""
    delivered: int = 0
    """Times that a recipient was seen to become delivered; the same of the others."""
    not_delivered: int = 0
    waiting: int = 0
    unknown: int = 0
    stop: int = 0
    stop_withdrawn: int = 0
    unread: tuple[Unread, ...] = ()
    """The stretches that reach into this time, oldest first; of an account, those in which it was
    down or stopped."""
    events: tuple[tuple[EventKind, int], ...] = ()
    """What happened besides and how many times, in the order of the kinds."""
    last_at: float | None = None
    """When something happened last; None: nothing did, it was unread."""
    alerts: tuple[Episode, ...] = ()
    """Those that fired, or still did, oldest first."""
    group: str = ""
    """What alerts were about that is no message and no account: ``tag:otp``, ``country:FR``,
    ``all``. There is nothing to tell of it but these."""
    missing: bool = False
    """True when it is unread because the API has not found it, up to now."""

    @property
    def name(self) -> str:
        """What it is about, in words."""
        return self.message_id or self.group or f"account {self.profile}"


def with_alerts(rows: Iterable[InShort], episodes: Iterable[Episode]) -> list[InShort]:
    """``rows`` with their alerts, and a row for all else that ``episodes`` are about."""
    found = {(each.message_id, each.profile): each for each in rows}
    accounts = {message_id: profile for message_id, profile in found if message_id is not None}
    groups: dict[str, InShort] = {}
    for each in sorted(episodes, key=lambda one: (one.fired_at, one.number)):
        about, name, profile = each.subject
        if about is About.MESSAGE:
            key = name, profile if (name, profile) in found else accounts.get(name, profile)
            row = found.get(key) or InShort(*key, each.label)
            found[key] = replace(row, alerts=(*row.alerts, each))
        elif about is About.ACCOUNT:
            row = found.get((None, name)) or InShort(None, name)
            found[None, name] = replace(row, alerts=(*row.alerts, each))
        else:
            group = str(each.subject)
            row = groups.get(group) or InShort(None, "", group=group)
            groups[group] = replace(row, alerts=(*row.alerts, each))
    return [*found.values(), *groups.values()]


_OF_BATCHES = frozenset({EventKind.BATCHES_ON, EventKind.BATCHES_OFF})
"""How an account is read, not whether it can be."""


def of_accounts(events: Iterable[Event], since: float, down: Container[str]) -> list[InShort]:
    """A row for each account of which ``events``, oldest first, tell something from ``since`` on.

    ``down`` are the accounts that are down or stopped now. One that was never seen to come up and
    is not among them did so unseen: nobody knows when.
    """
    stretches: defaultdict[str, list[Unread]] = defaultdict(list)
    counts: defaultdict[str, Counter[EventKind]] = defaultdict(Counter)
    last_at: dict[str, float] = {}
    for event in events:
        own = stretches[event.profile]
        is_open = bool(own) and own[-1].until is None
        if event.kind in _OF_BATCHES:
            pass
        elif event.kind is EventKind.ACCOUNT_UP:
            if is_open:
                own[-1] = own[-1]._replace(until=event.at)
        elif not is_open:
            own.append(Unread(event.at, None))
        if event.at >= since:
            counts[event.profile][event.kind] += 1
            last_at[event.profile] = event.at
    rows = []
    for profile, all in stretches.items():
        told = tuple(
            each for each in all if (profile in down if each.until is None else each.until > since)
        )
        if told or counts[profile]:
            own_events = tuple((kind, counts[profile][kind]) for kind in EventKind)
            kinds = tuple(each for each in own_events if each[1])
            rows.append(
                InShort(None, profile, unread=told, events=kinds, last_at=last_at.get(profile))
            )
    return rows


@dataclass(frozen=True, slots=True)
class Info:
    """How large a history is, and what is in it."""

    where: str
    """Where it is kept."""
    bytes: int
    """What it takes there, all in all."""
    version: int
    messages: int
    removed: int
    """Of the messages, those no longer on the watchlist."""
    recipients: int
    changes: int
    events: int
    oldest: float | None
    """The first read of the oldest message."""
    alerts: int = 0
    balances: int = 0


RETIRED_AT_ONCE = 20_000
"""Messages that are dropped by themselves in one go, so that nobody waits long for an answer: where
it is as many, there may be more."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was dropped."""

    messages: int = 0
    recipients: int = 0
    changes: int = 0
    events: int = 0
    alerts: int = 0
