"""The fields of groups of messages: what a rule about tags, countries or all can ask, in one table.

A group's numbers are those of a window of time up to now: what became final in it, and who said
STOP in it. What waits is what waits now. Moments are epoch seconds, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from types import MappingProxyType
from typing import Protocol

from smsmon.filters import Field, Kind
from smsmon.filters.fields import AnyField, Fact, asked_value
from smsmon.filters.questions import Value

USUAL_DAYS = 7
"""Days before the window that tell what is usual."""
USUAL_LEAST = 200
"""Final reports in these days below which nobody knows what is usual."""
LEAST_FINAL = 10
"""Final reports in the window below which nothing is compared with what is usual, as a message's
rate tells nothing below as many."""


class Group(Protocol):
    """What is known of a group; None: nobody knows, or there is none."""

    @property
    def name(self) -> str:
        """The tag, the code of the country; empty for all."""
        ...

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
    def waiting(self) -> int: ...
    @property
    def waiting_since(self) -> float | None: ...
    @property
    def failed_times(self) -> float | None: ...
    @property
    def stop_times(self) -> float | None: ...
    @property
    def p90_times(self) -> float | None: ...


@dataclass(frozen=True)
class GroupField(AnyField):
    """One thing that is known of groups."""

    of: Callable[[Group], Fact]
    _: KW_ONLY
    shown: None = None
    exported: None = None

    def value(self, group: Group, now: float) -> Value:
        """What a filter asks of a group at wall time ``now``."""
        return asked_value(self.kind, self.of(group), now)


def _share(part: Callable[[Group], int]) -> Callable[[Group], float | None]:
    """A part ÷ all that are final; None where nothing is."""

    def share(it: Group) -> float | None:
        final = it.delivered + it.failed
        return part(it) / final if final else None

    return share


_USUAL = (
    f" of the last {USUAL_DAYS} days; not known with less than {USUAL_LEAST} final in them, or"
    f" {LEAST_FINAL} in the window"
)

GROUPS: tuple[GroupField, ...] = (
    GroupField("name", Kind.TEXT, lambda it: it.name, plain=True,
               help="the tag, or the code of the country"),
    GroupField("delivered", Kind.NUMBER, lambda it: it.delivered,
               help="how many were delivered within the window"),
    GroupField("failed", Kind.NUMBER, lambda it: it.failed,
               help="how many became not delivered within the window"),
    GroupField("final", Kind.NUMBER, lambda it: it.delivered + it.failed, asked_as="final>=20",
               help="how many became final within the window"),
    GroupField("failed_share", Kind.SHARE, _share(lambda it: it.failed),
               asked_as="failed_share>20%", help="not delivered ÷ final"),
    GroupField("stop", Kind.NUMBER, lambda it: it.stop,
               help="how many said STOP within the window"),
    GroupField("stop_share", Kind.SHARE, _share(lambda it: it.stop), help="said STOP ÷ final"),
    GroupField("p50", Kind.DURATION, lambda it: it.p50,
               help="the time within which half of the deliveries came, as observed"),
    GroupField("p90", Kind.DURATION, lambda it: it.p90, asked_as="p90>60s",
               help="the time within which 90 % of the deliveries came, as observed"),
    GroupField("waiting", Kind.NUMBER, lambda it: it.waiting, help="how many wait now"),
    GroupField("waiting_oldest", Kind.MOMENT, lambda it: it.waiting_since,
               help="how long the oldest of them has been waiting"),
    GroupField("failed_times", Kind.NUMBER, lambda it: it.failed_times, asked_as="failed_times>3",
               help=f"how many times its usual failed_share{_USUAL}"),
    GroupField("stop_times", Kind.NUMBER, lambda it: it.stop_times,
               help="how many times its usual stop_share (see failed_times)"),
    GroupField("p90_times", Kind.NUMBER, lambda it: it.p90_times,
               help="how many times its usual p90 (see failed_times)"),
)  # fmt: skip

GROUPS_BY_NAME: Mapping[str, GroupField] = MappingProxyType({each.name: each for each in GROUPS})
GROUP_FIELDS: tuple[Field, ...] = tuple(each.question for each in GROUPS)
"""What a rule about tags, countries or all can ask."""
USUAL = frozenset(("failed_times", "stop_times", "p90_times"))
"""The fields that compare with what is usual."""
WAITING_FIELDS = frozenset(("waiting", "waiting_oldest"))
"""The fields that tell who waits now."""
