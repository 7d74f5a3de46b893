"""What happened, a row for each message: the worst first, and what is no trouble added up. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from smsmon.filters.messages import low_rate
from smsmon.model import Counts, EventKind
from smsmon.store.past import InShort
from smsmon.times import counted, duration, utc

_TOLD_BY_UNREAD = (EventKind.STALE, EventKind.RECOVERED)
"""Ends of what ``unread`` tells, as far as a poll saw them."""
_BAD = frozenset((EventKind.NOT_FOUND, EventKind.ABSENT, EventKind.REOPENED))
"""What needs a look though nothing else went wrong."""
_QUIET = frozenset((EventKind.BATCHES_ON,))
"""What an account may do and needs no look; all else of it does."""
_AGAIN = "×"
_SHORT = 120
"""Seconds below which it is said how long something took, and not until when."""


TROUBLE_BELOW = 0.9
"""The delivery rate under which a message is in trouble, where no setting says another."""
LONG = 300.0
"""Seconds from which on it is trouble that a message was not read: each restart takes some."""


class Lasted(NamedTuple):
    """A stretch of time."""

    since: float
    until: float | None
    """None: it still lasts."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """What happened, by how much it matters."""

    troubled: tuple[InShort, ...]
    """What somebody should look at, the worst first."""
    calm: tuple[InShort, ...]
    """The rest, the most delivered first."""

    @property
    def rest(self) -> str:
        """The rest in a line: ``18 more without trouble: 3,120 ✓``; empty where there is none."""
        calm = sum(each.message_id is not None for each in self.calm)
        if not calm:
            return ""
        count = f"{calm:,} more" if self.troubled else counted(calm, "message")
        sums = (
            (sum(each.delivered for each in self.calm), "✓"),
            (sum(each.not_delivered for each in self.calm), "✗"),
        )
        told = ", ".join(f"{number:,} {sign}" for number, sign in sums if number)
        return f"{count} without trouble" + (f": {told}" if told else "")


def worst_first(rows: Iterable[InShort], below: float = TROUBLE_BELOW) -> Sorted:
    """``rows`` in order; ``below`` is the delivery rate, from 0 to 1, under which a message is in
    trouble.
    """
    order = sorted(rows, key=_badness)
    return Sorted(
        tuple(each for each in order if is_trouble(each, below)),
        tuple(each for each in order if not is_trouble(each, below)),
    )


def is_trouble(row: InShort, below: float = TROUBLE_BELOW) -> bool:
    """True when somebody should look at it: what `trouble:yes` finds of messages, had it been asked
    of what happened in this time alone."""
    came = Counts(delivered=row.delivered, not_delivered=row.not_delivered)
    wrong = long_unread(row) or low_rate(came, below)
    told = any(kind in _BAD for kind, _ in row.events)
    return bool(_of_account(row) or wrong or told or row.alerts)


def _of_account(row: InShort) -> bool:
    """True of an account, unless all that it did needs no look."""
    quiet = not row.unread and {kind for kind, _ in row.events} <= _QUIET
    return row.message_id is None and not row.group and not quiet


def long_unread(row: InShort) -> bool:
    """True when it was not read for long, or still is not."""
    return any(each.until is None or each.until - each.since >= LONG for each in row.unread)


def _badness(row: InShort) -> tuple[object, ...]:
    return (
        not _of_account(row),
        -max((each.severity for each in row.alerts), default=0),
        -len(row.alerts),
        not long_unread(row),
        -row.not_delivered,
        -row.stop,
        -row.unknown,
        not any(kind in _BAD for kind, _ in row.events),
        -row.delivered,
        row.message_id is None,
        row.message_id or row.group,
        row.profile,
    )


class Stretch(Protocol):
    """What lasts from one moment to another, or still does."""

    @property
    def since(self) -> float: ...
    @property
    def until(self) -> float | None: ...


def stretches(all: Sequence[Stretch], moment: Callable[[float], str], *, most: int = 1) -> str:
    """``02:10–02:31``, ``02:10 for 20 s``, ``02:10–`` for what goes on; of more than ``most`` how
    many, and from when to when.
    """
    if len(all) > most:
        ends = [each.until for each in all]
        last = None if None in ends else max(end for end in ends if end is not None)
        return f"{len(all)} {_AGAIN} {_stretch(all[0].since, last, moment)}"
    return ", ".join(_stretch(each.since, each.until, moment) for each in all)


def _stretch(since: float, until: float | None, moment: Callable[[float], str]) -> str:
    if until is not None and until - since < _SHORT:
        return f"{moment(since)} for {duration(until - since)}"
    return f"{moment(since)}–{'' if until is None else moment(until)}"


def alerts(row: InShort, moment: Callable[[float], str]) -> str:
    """Its alerts in words: ``losses 22:14–06:40, ack. by anna@ops1``."""
    told = []
    for rule in dict.fromkeys(each.rule for each in row.alerts):
        own = [each for each in row.alerts if each.rule == rule]
        lasted = stretches([Lasted(each.began_at, each.over_at) for each in own], moment)
        by = ", ".join(dict.fromkeys(each.acknowledged.by for each in own if each.acknowledged))
        told.append(f"{rule} {lasted}" + (f", ack. by {by}" if by else ""))
    return ", ".join(told)


def besides(row: InShort) -> str:
    """What happened besides, in words: ``first read, completed``, ``not found 2 ×``."""
    return ", ".join(
        kind.value.removeprefix("account ") + (f" {count} {_AGAIN}" if count > 1 else "")
        for kind, count in row.events
        if kind not in _TOLD_BY_UNREAD
    )


HEADER = (
    "id", "label", "account", "delivered", "not_delivered", "waiting", "unknown", "stop",
    "stop_withdrawn", "unread", "alerts", "besides", "last_at",
)  # fmt: skip


def written(row: InShort) -> tuple[str, ...]:
    """A row of CSV, below ``HEADER``."""
    numbers = (row.delivered, row.not_delivered, row.waiting, row.unknown, row.stop,
               row.stop_withdrawn)  # fmt: skip
    return (
        row.message_id or row.group,
        row.label,
        row.profile,
        *map(str, numbers),
        " ".join(f"{utc(each.since)}/{utc(each.until) or ''}" for each in row.unread),
        alerts_written(row),
        besides(row),
        utc(row.last_at) or "",
    )


def alerts_written(row: InShort) -> str:
    """The alerts of a row for a program: name, from when, until when, by whom taken on."""
    told = []
    for each in row.alerts:
        by = f" {each.acknowledged.by}" if each.acknowledged else ""
        told.append(f"{each.rule} {utc(each.began_at)}/{utc(each.over_at) or ''}{by}")
    return "; ".join(told)
