"""What a message's row must say, its account considered: the state, since when, and why."""

from __future__ import annotations

from functools import cache
from typing import Protocol

from msgspec import Struct

from smsmon.filters import Kind
from smsmon.filters.fields import Fact
from smsmon.filters.messages import MESSAGES_BY_NAME, MessageField, OfStanding, low_rate
from smsmon.filters.questions import Value
from smsmon.known import AccountState, Condition
from smsmon.monitor.board import Board
from smsmon.monitor.state import MessageState, Watched


class Standing(Struct, frozen=True):
    """How it stands with one message."""

    state: MessageState
    since: float | None = None
    """For a stale message: when it was last truly read; None: never. For one that is not found:
    when that was first said."""
    reason: str = ""
    """Why it is stale or not found, one safe sentence; else empty."""
    trouble: bool = False
    """Somebody should look at it: it is stale or not found, or too little of it is delivered."""


class Monitor(Protocol):
    """The part of the engine that tells how things stand."""

    board: Board
    trouble_below: float
    """The delivery rate, from 0 to 1, under which a message is in trouble."""

    def account(self, profile: str) -> AccountState: ...


def standing(monitor: Monitor, watched: Watched, now: float) -> Standing:
    """How it stands with ``watched`` at wall time ``now``.

    While its account is down or stopped nothing is read, so whatever a poll could still change
    is stale, its own fault or not. A settled message is not: nobody promised to read it.

    What is stale is as old as its last true read, not as the trouble: it may have been due for
    long when the trouble began.
    """
    state = monitor.board.state_of(watched, now)
    if state is MessageState.STALE and watched.fault is not None:
        return Standing(state, watched.read_at, watched.fault.message, True)
    if state is MessageState.NOT_FOUND:
        return Standing(state, watched.fault_since, monitor.board.reason_of(watched, now), True)
    if state not in (MessageState.SETTLED, MessageState.PAUSED):
        account = monitor.account(watched.entry.profile)
        if account.condition is not Condition.OK:
            return Standing(MessageState.STALE, watched.read_at, account.reason, True)
    if state is MessageState.STALE:
        return Standing(state, watched.read_at, monitor.board.reason_of(watched, now), True)
    return _well(state, low_rate(watched.counts, monitor.trouble_below))


@cache
def _well(state: MessageState, low: bool) -> Standing:
    """One object for all that stand so: a filter asks it of 20,000 messages at once."""
    return Standing(state, trouble=low)


def message_fact(monitor: Monitor, watched: Watched, now: float, field: MessageField) -> Fact:
    """What is known of a watched message at wall time ``now``."""
    if isinstance(field, OfStanding):
        return field.of(standing(monitor, watched, now))
    return field.of(watched)


def message_value(monitor: Monitor, watched: Watched, now: float, name: str) -> Value:
    """What a filter asks of a watched message at wall time ``now``, by the name of the field."""
    field = MESSAGES_BY_NAME[name]
    return field.value(message_fact(monitor, watched, now, field), now)


def began_at(monitor: Monitor, watched: Watched, now: float, name: str) -> float | None:
    """The moment since which a field counts; None when it does not now, or is no such field."""
    field = MESSAGES_BY_NAME[name]
    fact = message_fact(monitor, watched, now, field) if field.kind is Kind.MOMENT else None
    return fact if isinstance(fact, float | int) else None
