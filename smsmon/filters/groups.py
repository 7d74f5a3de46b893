"""The fields of groups: what is known of many messages at once, and all that is made of it.

From this table come what a filter of groups or a rule about groups can ask, the columns of the
screen and of ``status --group``, and what is exported. A group's numbers are those of a window of
time. A row of a table tells of what was sent within the last hour (``smsmon.groups``); a rule of
what became final within its own window, and who said STOP in it. What waits is what waits now; who
has been waiting for longer than a limit, since the window began, has missed it in a rule as well.
Moments are epoch seconds, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from types import MappingProxyType
from typing import Any, Protocol

from smsmon.filters import Field, Kind
from smsmon.filters.fields import AnyField, Drawn, Fact, Shown, asked_value
from smsmon.filters.messages import ALERT_FIELD
from smsmon.filters.questions import Value
from smsmon.groups import LIMITS, Figures, Within
from smsmon.recipients import Status

USUAL_DAYS = 7
"""Days before the window that tell what is usual."""
USUAL_LEAST = 200
"""Final reports in these days below which nobody knows what is usual."""
LEAST_FINAL = 10
"""Final reports in the window below which nothing is compared with what is usual, as a message's
rate tells nothing below as many."""


class Group(Protocol):
    """What is known of a group, in a table and in a rule; None: nobody knows, or there is none."""

    @property
    def name(self) -> str:
        """The tag, the source, …; empty for all, or for what has none."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def delivered(self) -> int: ...
    @property
    def failed(self) -> int: ...
    @property
    def stop(self) -> int: ...
    @property
    def p50(self) -> float | None: ...
    @property
    def p90(self) -> float | None: ...
    @property
    def within(self) -> tuple[Within, ...]: ...
    @property
    def waiting(self) -> int: ...
    @property
    def waiting_since(self) -> float | None: ...


class RuledGroup(Group, Protocol):
    """A group as a rule sees it, which knows what is usual."""

    @property
    def failed_times(self) -> float | None: ...
    @property
    def stop_times(self) -> float | None: ...
    @property
    def p90_times(self) -> float | None: ...


@dataclass(frozen=True, eq=False, repr=False)
class GroupField(AnyField):
    """One thing that is known of groups."""

    of: Callable[[Any], Fact]
    _: KW_ONLY
    shown: Shown | None = None
    exported: str | None = None

    def value(self, group: Group, now: float) -> Value:
        """What a filter asks of a group at wall time ``now``."""
        return asked_value(self.kind, self.of(group), now)


@dataclass(frozen=True, eq=False, repr=False)
class OfAny(GroupField):
    """What is known of a group in tables and in rules."""

    of: Callable[[Group], Fact]


@dataclass(frozen=True, eq=False, repr=False)
class OfRow(GroupField):
    """What only a row of a table tells."""

    of: Callable[[Figures], Fact]


@dataclass(frozen=True, eq=False, repr=False)
class OfRule(GroupField):
    """What only a rule asks."""

    of: Callable[[RuledGroup], Fact]


def _share(part: Callable[[Group], int]) -> Callable[[Group], float | None]:
    """A part ÷ all that are final; None where nothing is."""

    def share(it: Group) -> float | None:
        final = it.delivered + it.failed
        return part(it) / final if final else None

    return share


def _number(name: str, title: str, width: int, priority: int, *, spare: bool = False) -> Shown:
    return Shown(name, title, Drawn.NUMBER, width=width, align="right", priority=priority,
                 may_be_empty=True, descending=True, spare=spare)  # fmt: skip


def _rate(name: str, title: str, priority: int) -> Shown:
    return Shown(name, title, Drawn.RATE, width=6, align="right", priority=priority)


def _took(name: str, priority: int) -> Shown:
    return Shown(name, name, Drawn.TOOK, width=8, align="right", priority=priority,
                 descending=True)  # fmt: skip


_USUAL = (
    f" of the last {USUAL_DAYS} days; not known with less than {USUAL_LEAST} final in them, or"
    f" {LEAST_FINAL} in the window"
)

# In the order of the columns on the screen.
GROUPS: tuple[GroupField, ...] = (
    OfAny("group", Kind.TEXT, lambda it: it.title, plain=True, offered=True, asked_as="group:otp",
          help="what it is called: the tag, the code of the country, …",
          shown=Shown("group", "group", Drawn.STRONG, width=16, flex=4, wish=26, max_width=40,
                      priority=100)),
    OfAny("name", Kind.TEXT, lambda it: it.name, exported="group",
          help="the same; empty for what has no tag, no label, …"),
    OfRow("messages", Kind.NUMBER, lambda it: it.messages, exported="messages",
          help="how many messages of it are watched", shown=_number("messages", "messages", 8, 52)),
    OfRow("recipients", Kind.NUMBER, lambda it: it.counts.total, exported="recipients",
          help="how many recipients these have",
          shown=_number("recipients", "recip", 7, 20, spare=True)),
    OfRow("unread", Kind.NUMBER, lambda it: it.unread, exported="unread",
          help="how many of these messages were never read",
          shown=_number("unread", "unread", 6, 25, spare=True)),
    OfRow("troubled", Kind.NUMBER, lambda it: it.troubled, exported="troubled",
          help="how many of these messages are stale or not found: what is told of them is old",
          shown=Shown("troubled", "!", Drawn.WARNING, width=7, align="right", priority=96,
                      may_be_empty=True, descending=True,
                      help="How many messages of it are stale or not found; of one alone, since"
                      " when.")),
    OfRow("paused", Kind.NUMBER, lambda it: it.paused, asked_as="paused>0",
          help="how many of these messages are paused"),
    OfRow("sent_5m", Kind.NUMBER, lambda it: it.sent_lately, exported="sent_5m",
          asked_as="sent_5m>100", help="to how many it was sent within the last 5 minutes",
          shown=_number("sent_5m", "sent 5 m", 8, 95)),
    OfRow("sent", Kind.NUMBER, lambda it: it.sent, exported="sent",
          help="to how many it was sent within the last hour",
          shown=_number("sent", "sent 1 h", 8, 55)),
    OfAny("within_10s", Kind.SHARE, lambda it: it.within[0].share, exported="within_10s",
          asked_as="within_10s<90%",
          help="delivered within 10 s, within the window, of all of whom that is known",
          shown=_rate("within_10s", "≤10 s", 85)),
    OfAny("within_1m", Kind.SHARE, lambda it: it.within[1].share, exported="within_1m",
          help="delivered within 1 min, within the window, of all of whom that is known",
          shown=_rate("within_1m", "≤1 min", 84)),
    OfRow("not_known_10s", Kind.NUMBER, lambda it: it.within[0].unknown, exported="not_known_10s",
          help="of how many sent more than 10 s ago that is not known: not read since, or undated"),
    OfRow("not_known_1m", Kind.NUMBER, lambda it: it.within[1].unknown, exported="not_known_1m",
          help="of how many sent more than 1 min ago that is not known"),
    OfAny("waiting", Kind.NUMBER, lambda it: it.waiting, exported="waiting",
          help="how many wait now",
          shown=Shown("waiting", "", Status.WAITING, width=6, align="right", priority=90,
                      may_be_empty=True, descending=True)),
    OfAny("waiting_oldest", Kind.MOMENT, lambda it: it.waiting_since, exported="waiting_since",
          asked_as="waiting_oldest>60s", help="how long the oldest of them has been waiting",
          shown=Shown("waiting_oldest", "oldest", Drawn.AGE, width=8, align="right",
                      priority=89, may_be_empty=True)),
    OfAny("failed", Kind.NUMBER, lambda it: it.failed, exported="not_delivered",
          help="how many are not delivered, within the window",
          shown=Shown("failed", "", Status.NOT_DELIVERED, width=5, align="right", priority=88,
                      may_be_empty=True, descending=True)),
    OfAny("failed_share", Kind.SHARE, _share(lambda it: it.failed),
          asked_as="failed_share>20%", help="not delivered ÷ final"),
    OfAny("delivered", Kind.NUMBER, lambda it: it.delivered, exported="delivered",
          help="how many are delivered, within the window",
          shown=Shown("delivered", "", Status.DELIVERED, width=7, align="right", priority=28,
                      may_be_empty=True, descending=True, spare=True)),
    OfAny("final", Kind.NUMBER, lambda it: it.delivered + it.failed, asked_as="final>=20",
          help="how many are final: delivered or not delivered, within the window"),
    OfAny("rate", Kind.SHARE, _share(lambda it: it.delivered), exported="delivery_rate",
          help="delivered ÷ final", shown=_rate("rate", "rate", 80)),
    OfAny("stop", Kind.NUMBER, lambda it: it.stop, exported="stop",
          help="how many said STOP, within the window",
          shown=Shown("stop", "STOP", Drawn.WARNING, width=5, align="right", priority=50,
                      may_be_empty=True, descending=True)),
    OfAny("stop_share", Kind.SHARE, _share(lambda it: it.stop), help="said STOP ÷ final"),
    OfAny("p50", Kind.DURATION, lambda it: it.p50, exported="p50",
          help="the time within which half of the deliveries came", shown=_took("p50", 82)),
    OfAny("p90", Kind.DURATION, lambda it: it.p90, asked_as="p90>60s", exported="p90",
          help="the time within which 90% of the deliveries came", shown=_took("p90", 83)),
    OfRow("per_minute", Kind.NUMBER, lambda it: it.sent, asked=False,
          help="to how many it was sent, minute by minute, and how many of them failed",
          shown=Shown("per_minute", "per minute", Drawn.SPARK, width=12, flex=2, max_width=60,
                      priority=60, descending=True)),
    OfRow("absent", Kind.NUMBER, lambda it: it.counts.absent, exported="absent",
          asked_as="absent>0", help="how many recipients the API no longer lists"),
    OfRule("failed_times", Kind.NUMBER, lambda it: it.failed_times, asked_as="failed_times>3",
           help=f"how many times its usual failed_share{_USUAL}"),
    OfRule("stop_times", Kind.NUMBER, lambda it: it.stop_times,
           help="how many times its usual stop_share (see failed_times)"),
    OfRule("p90_times", Kind.NUMBER, lambda it: it.p90_times,
           help="how many times its usual p90 (see failed_times)"),
)  # fmt: skip

GROUPS_BY_NAME: Mapping[str, GroupField] = MappingProxyType({each.name: each for each in GROUPS})
GROUP_FIELDS: tuple[Field, ...] = tuple(
    each.question for each in GROUPS if not isinstance(each, OfRow)
)
"""What a rule about groups can ask."""
GROUP_ROWS: tuple[GroupField, ...] = tuple(each for each in GROUPS if not isinstance(each, OfRule))
"""What a row of a table of groups tells."""
GROUP_COLUMNS: tuple[str, ...] = tuple(each.exported for each in GROUP_ROWS if each.exported)
"""The names of the columns of an export, and of the keys in JSON."""
GROUP_ROW_FIELDS: tuple[Field, ...] = tuple(each.question for each in GROUP_ROWS if each.asked)
"""What a filter of such rows can ask."""
TROUBLE = Field(
    "trouble", Kind.FLAG, asked_as="trouble:yes",
    help="an alert fires for it, messages of it are stale or not found, or its rate is under"
    f" display.trouble_below of {LEAST_FINAL} final at least",
)  # fmt: skip
"""What can be asked of such a row besides, by who knows the settings and the alerts."""
GROUP_TABLE_FIELDS = (*GROUP_ROW_FIELDS, TROUBLE, ALERT_FIELD)
"""What a filter of the console's table of groups can ask."""
USUAL = frozenset(("failed_times", "stop_times", "p90_times"))
"""The fields that compare with what is usual."""
WAITING_FIELDS = frozenset(("waiting", "waiting_oldest"))
"""The fields that tell who waits now."""
WITHIN_FIELDS: Mapping[str, float] = MappingProxyType(
    dict(zip(("within_10s", "within_1m"), LIMITS, strict=True))
)
"""The fields that tell how many were delivered within so many seconds."""
OPEN_FIELDS = WAITING_FIELDS | WITHIN_FIELDS.keys()
"""The fields for which it matters who waits, and since when."""
