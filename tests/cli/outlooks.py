"""How it may stand with what is watched, for those that tell it in a line."""

from __future__ import annotations

from smsmon.alerts import About, Episode, Severity, Subject
from smsmon.commands.knowledge import Outlook
from smsmon.known import AccountState, Condition, Remembered, Summary
from smsmon.model import Counts, Entry, Fault, FaultKind
from smsmon.monitor.board import Board
from smsmon.monitor.standing import Standing
from smsmon.monitor.state import MessageState, Watched
from smsmon.store.shared import Holder

NOW = 1_764_000_000.0
PHONE = "+33612345678"


def message(id: str, counts: Counts, label: str = "", read: float | None = 60) -> Watched:
    read_at = None if read is None else NOW - read
    known = Remembered(Summary(id, label=label, counts=counts, read_at=read_at))
    return Board().restore(Entry(id, label), known, NOW)


def stood(*states: MessageState, read: float | None = 60) -> Outlook:
    """How it stands with a message of each of these states; somebody polls."""
    counts = Counts(total=100, delivered=90, not_delivered=5, waiting=5)
    rows = [
        (message(str(200 + n), counts, f"to {PHONE}", read), Standing(state, reason=f"of {PHONE}"))
        for n, state in enumerate(states)
    ]
    read_at = None if read is None else NOW - read
    holder = Holder(4711, "watch")
    return Outlook(NOW, rows, [AccountState("default")], [], 0, holder, read_at)


ALERT = Episode(
    "losses",
    Subject(About.MESSAGE, "200", "default"),
    Severity.CRITICAL,
    "failed>0",
    NOW,
    NOW,
    label=f"to {PHONE} <b>$(id)|`x`",
    facts="60% not delivered",
)
CALM = stood(MessageState.LIVE, MessageState.SETTLED)
STOPPED = AccountState("default", Condition.STOPPED, Fault(FaultKind.AUTH, f"Bad {PHONE}"))
