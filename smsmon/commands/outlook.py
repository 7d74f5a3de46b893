"""How it stands with all that is watched, by what the store knows: nobody is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smsmon.alerts import About, Episode, State, state_of
from smsmon.commands.stores import open_alerts, who_polls
from smsmon.known import AccountState, Condition
from smsmon.model import Counts
from smsmon.monitor.standing import Standing, standing
from smsmon.monitor.state import MessageState, Watched

if TYPE_CHECKING:
    from smsmon.commands.knowledge import Knowledge
    from smsmon.locations import Locations
    from smsmon.settings import Settings
    from smsmon.store.shared import Holder

_POLLED = (MessageState.LIVE, MessageState.COMPLETE, MessageState.STALE)
"""The states of messages that are read again and again."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """How it stands with messages, their accounts and alerts at one moment."""

    now: float
    rows: Sequence[tuple[Watched, Standing]]
    accounts: Sequence[AccountState]
    """Those that these messages are read with."""
    alerts: Sequence[Episode]
    """What fires and nobody answered, the worst first."""
    answered: int
    """How many alerts fire, and are acknowledged or silenced."""
    holder: Holder | None
    """Who polls; None: nobody does."""
    read_at: float | None
    """When anything was read last; None: nothing ever was."""

    @property
    def counts(self) -> Counts:
        """Of all these messages, as they were last read."""
        return sum((row.counts for row, _ in self.rows), Counts())

    def of_state(self, state: MessageState) -> list[tuple[Watched, Standing]]:
        """The messages that are in this state."""
        return [each for each in self.rows if each[1].state is state]

    @property
    def unread(self) -> float | None:
        """For how many seconds nothing was read though it should have been, since nobody polls or
        whoever polls gets nothing; 0 where all is well, None: nothing was ever read.
        """
        polled = [each.state for _, each in self.rows if each.state in _POLLED]
        in_vain = bool(polled) and all(state is MessageState.STALE for state in polled)
        if self.holder is not None and not in_vain:
            return 0.0
        return None if self.read_at is None else max(0.0, self.now - self.read_at)

    @property
    def troubled_accounts(self) -> list[AccountState]:
        """The accounts that are down or refused."""
        return [each for each in self.accounts if each.condition is not Condition.OK]


def outlook(
    known: Knowledge,
    rows: Iterable[Watched],
    locations: Locations,
    settings: Settings,
    of_these: Collection[str] | None = None,
) -> Outlook:
    """How it stands with these messages. ``of_these``: only alerts about one of these subjects;
    None: all.
    """
    stood = [(row, standing(known, row, known.now)) for row in rows]
    store = open_alerts(locations, settings)
    silences = store.silences(known.now)
    firing = [each for each in store.firing() if of_these is None or str(each.subject) in of_these]
    states = [state_of(each, silences, known.now) for each in firing]
    unanswered = [each for each, state in zip(firing, states, strict=True) if state is State.FIRING]
    return Outlook(
        known.now,
        stood,
        [known.account(each) for each in dict.fromkeys(row.profile for row, _ in stood)],
        sorted(unanswered, key=lambda each: (-each.severity, each.fired_at)),
        len(firing) - len(unanswered),
        who_polls(locations, settings),
        known.read_at,
    )


def subjects_of(rows: Iterable[Watched], tags: Iterable[str]) -> set[str]:
    """What alerts are about that belong to these messages: each, its account, and ``tags``."""
    found = {f"{About.TAG}:{tag}" for tag in tags}
    for row in rows:
        found |= {row.id, f"{About.ACCOUNT}:{row.profile}"}
    return found
