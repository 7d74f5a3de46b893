"""The fields of messages: what is known of one, and all that is made of it, in one table.

From this table come what a filter or an alert can ask, the columns of the screen and how they sort,
what is exported, and the documentation of all these. A new field is one entry.

Moments are epoch seconds, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from smsmon.filters import Field, Kind
from smsmon.filters.fields import AnyField, Drawn, Fact, Shown, asked_value
from smsmon.filters.questions import Value
from smsmon.model import Counts, Entry
from smsmon.recipients import Status

LEAST_FINAL = 10
"""Final reports below which a delivery rate tells nothing: one of two that failed is no trouble."""
STATE_WORDS = ("stale", "not_found", "live", "new", "complete", "settled", "paused")
"""The states of a message; what needs eyes comes first, here and when they are sorted."""


class Message(Protocol):
    """A message as last seen, whether it is watched now or only recorded."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def tags(self) -> tuple[str, ...]: ...
    @property
    def profile(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def counts(self) -> Counts: ...
    @property
    def first_read_at(self) -> float | None: ...
    @property
    def read_at(self) -> float | None: ...
    @property
    def last_change_at(self) -> float | None: ...
    @property
    def completed_at(self) -> float | None: ...


class Watched(Message, Protocol):
    """A message that is watched now."""

    @property
    def entry(self) -> Entry: ...
    @property
    def oldest_waiting(self) -> float | None: ...
    @property
    def next_due(self) -> float | None: ...


class Standing(Protocol):
    """How it stands with a watched message, its account considered."""

    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def trouble(self) -> bool:
        """Whether somebody should look at it."""


def low_rate(counts: Counts, below: float) -> bool:
    """True when less than ``below``, from 0 to 1, is delivered of what is final, and enough is."""
    if counts.final < LEAST_FINAL:
        return False
    rate = counts.delivery_rate
    return rate is not None and rate < below


@dataclass(frozen=True, eq=False, repr=False)
class MessageField(AnyField):
    """One thing that is known of messages."""

    of: Callable[[Any], Fact]
    order: Callable[[Any], object] | None = field(default=None, kw_only=True)
    """What a fact is sorted by; None: as any field is."""

    def value(self, fact: Fact, now: float) -> Value:
        """What a filter asks of a fact at wall time ``now``: of a moment, how long ago it was."""
        return asked_value(self.kind, fact, now)

    def sort_key(self, fact: Fact) -> object:
        """What a fact is sorted by; None sorts last."""
        return super().sort_key(fact) if self.order is None else self.order(fact)


@dataclass(frozen=True, eq=False, repr=False)
class OfAll(MessageField):
    """What is known of a message that is watched, and recorded of one that was."""

    of: Callable[[Message], Fact]
    total: bool = field(default=False, kw_only=True)
    """True: exports of the history call it ``total``."""

    @property
    def recorded_as(self) -> str | None:
        """Its name in exports of the history."""
        return "total" if self.total else self.exported


@dataclass(frozen=True, eq=False, repr=False)
class OfWatched(MessageField):
    """What is known only while a message is watched."""

    of: Callable[[Watched], Fact]


@dataclass(frozen=True, eq=False, repr=False)
class OfStanding(MessageField):
    """What depends on the account and on the time as well."""

    of: Callable[[Standing], Fact]


def _count(name: str) -> Callable[[Message], int | None]:
    """One of the counts; None while nobody knows: the message was never read."""
    return lambda it: None if it.read_at is None else int(getattr(it.counts, name))


def _share(name: str) -> Callable[[Message], float | None]:
    """One of the counts ÷ all recipients; None of no recipients."""

    def share(it: Message) -> float | None:
        known = it.read_at is not None and it.counts.total
        return getattr(it.counts, name) / it.counts.total if known else None

    return share


def _number(status: Status, width: int, priority: int) -> Shown:
    """The column of the number of recipients with one status; its sign is the title."""
    return Shown(status.slug, "", status, width=width, align="right", priority=priority,
                 may_be_empty=True, descending=True)  # fmt: skip


# In the order of the columns on the screen.
MESSAGES: tuple[MessageField, ...] = (
    OfAll("id", Kind.TEXT, lambda it: it.id, plain=True, order=lambda id: (len(id), id),
          offered=True, help="the message id", exported="id",
          shown=Shown("id", "id", Drawn.STRONG, width=8, flex=1, max_width=12, priority=100)),
    OfAll("label", Kind.TEXT, lambda it: it.label, plain=True, offered=True,
          help="what the operator calls it", exported="label",
          shown=Shown("label", "label", Drawn.PLAIN, width=13, flex=4, wish=20, max_width=40,
                      priority=90, may_be_empty=True)),
    OfStanding("state", Kind.WORD, lambda it: it.state, plain=True, words=STATE_WORDS,
               asked_as="state:stale",
               help="what its row can tell now", exported="state",
               shown=Shown("state", "state", Drawn.STATE, width=12, priority=95,
                           help="What the row can tell now.")),
    OfStanding("reason", Kind.TEXT, lambda it: it.reason,
               help="why it is stale or not found", exported="reason", shown=None),
    OfStanding("trouble", Kind.FLAG, lambda it: it.trouble, asked_as="trouble:yes",
               help="stale, not found, account refused, or a rate under display.trouble_below of"
               f" {LEAST_FINAL} final at least; in the console also while an alert fires",
               exported=None, shown=None),
    OfAll("progress", Kind.SHARE, _share("delivered"), asked=False,
          help="delivered ÷ recipients", exported=None,
          shown=Shown("progress", "delivered", Drawn.BAR, width=11, flex=4, max_width=40,
                      priority=85, help="Delivered ÷ all, and in a bar what waits and failed.")),
    OfAll("recipients", Kind.NUMBER, _count("total"),
          help="how many recipients it has", exported="recipients", total=True,
          shown=Shown("recipients", "recip", Drawn.TOTAL, width=7, align="right", priority=60,
                      descending=True,
                      help="How many; -2: two of them are no longer listed; 500-: some.")),
    OfAll("waiting", Kind.NUMBER, _count("waiting"),
          help="how many are waiting", exported="waiting", shown=_number(Status.WAITING, 6, 78)),
    OfAll("failed", Kind.NUMBER, _count("not_delivered"),
          asked_as="failed>0", help="how many are not delivered", exported="not_delivered",
          shown=_number(Status.NOT_DELIVERED, 6, 79)),
    OfAll("delivered", Kind.NUMBER, _count("delivered"),
          help="how many are delivered", exported="delivered",
          shown=_number(Status.DELIVERED, 7, 40)),
    OfAll("final", Kind.NUMBER, _count("final"),
          help="how many are final: delivered or not delivered", exported=None, shown=None),
    OfAll("unknown", Kind.NUMBER, _count("unknown"),
          help="how many have a status that smsmon does not know", exported="unknown",
          shown=_number(Status.UNKNOWN, 4, 20)),
    OfAll("stop", Kind.NUMBER, _count("stop"),
          help="how many said STOP", exported="stop",
          shown=Shown("stop", "STOP", Drawn.WARNING, width=5, align="right", priority=70,
                      may_be_empty=True, descending=True)),
    OfAll("absent", Kind.NUMBER, _count("absent"),
          help="how many the API no longer lists", exported="absent", shown=None),
    OfAll("rate", Kind.SHARE, lambda it: it.counts.delivery_rate,
          asked_as="rate<95%", help="delivered ÷ final", exported="delivery_rate",
          shown=Shown("rate", "rate", Drawn.RATE, width=6, align="right", priority=30,
                      descending=True, help="Delivered ÷ final, so without the waiting.")),
    OfAll("waiting_share", Kind.SHARE, _share("waiting"),
          help="waiting ÷ recipients", exported=None, shown=None),
    OfAll("failed_share", Kind.SHARE, _share("not_delivered"),
          help="not delivered ÷ recipients", exported=None, shown=None),
    OfAll("stop_share", Kind.SHARE, _share("stop"),
          help="said STOP ÷ recipients", exported=None, shown=None),
    OfWatched("oldest", Kind.MOMENT, lambda it: it.oldest_waiting,
              help="since when its oldest recipient waits", exported=None,
              shown=Shown("waiting_since", "waiting since", Drawn.MOMENT, width=14, priority=48,
                          may_be_empty=True)),
    OfAll("changed", Kind.MOMENT, lambda it: it.last_change_at,
          help="when it was last seen to change", exported="last_change_at",
          shown=Shown("changed", "last change", Drawn.MOMENT, width=12, priority=49,
                      descending=True)),
    OfAll("tag", Kind.TEXT, lambda it: it.tags, plain=True, offered=True, asked_as="tag:otp",
          help="any of its tags", exported="tags",
          shown=Shown("tags", "tags", Drawn.WORDS, width=12, flex=3, max_width=24, priority=47,
                      may_be_empty=True)),
    OfWatched("note", Kind.TEXT, lambda it: it.entry.note, plain=True,
              help="what the operator noted", exported=None, shown=None),
    OfAll("profile", Kind.TEXT, lambda it: it.profile, offered=True,
          help="the account it is read with", exported="profile", shown=None),
    OfAll("source", Kind.TEXT, lambda it: it.source, offered=True, exported="source",
          help="what brought it by itself; empty where somebody added it",
          shown=Shown("source", "source", Drawn.PLAIN, width=8, flex=1, max_width=16, priority=43,
                      may_be_empty=True, spare=True)),
    OfWatched("age", Kind.MOMENT, lambda it: it.entry.added_at or None, asked_as="age<1d",
              help="since it was added", exported=None, shown=None),
    OfAll("first_read", Kind.MOMENT, lambda it: it.first_read_at,
          help="since it was first read at all", exported="first_read_at",
          shown=Shown("first_read", "first read", Drawn.MOMENT, width=12, priority=46,
                      descending=True, spare=True, help="When it was first read at all.")),
    OfAll("read", Kind.MOMENT, lambda it: it.read_at,
          help="since it was last truly read", exported="read_at",
          shown=Shown("read", "read", Drawn.MINUTE, width=6, priority=45, descending=True,
                      help="When it was last truly read, to the minute.")),
    OfAll("completed", Kind.MOMENT, lambda it: it.completed_at, asked=False,
          help="since all its recipients are final", exported="completed_at", shown=None),
    OfWatched("due", Kind.MOMENT, lambda it: it.next_due, asked=False,
              help="when it is next read", exported=None,
              shown=Shown("due", "due", Drawn.DUE, width=6, priority=44,
                          help="When it is next read, to the minute.")),
)  # fmt: skip

MESSAGES_BY_NAME: Mapping[str, MessageField] = MappingProxyType(
    {each.name: each for each in MESSAGES}
)
MESSAGE_FIELDS: tuple[Field, ...] = tuple(each.question for each in MESSAGES if each.asked)
"""What a filter of watched messages can ask."""
ALERT_FIELD = Field(
    "alert", Kind.TEXT, plain=True, help="the alerts that fire for it", offered=True
)
"""What can be asked of a message besides, by who knows the rules of alerts."""
GROUP_FIELD = Field(
    "group", Kind.TEXT, offered=True, asked_as="group:otp",
    help="the groups it is in, as g puts messages together in the console; else its tags",
)  # fmt: skip
"""What can be asked of a message besides, by who puts messages together."""
RECORDED: tuple[OfAll, ...] = tuple(each for each in MESSAGES if isinstance(each, OfAll))
"""What the history can tell of a message."""
RECORDED_FIELDS: tuple[Field, ...] = tuple(each.question for each in RECORDED if each.asked)
"""What a filter of recorded messages can ask."""
