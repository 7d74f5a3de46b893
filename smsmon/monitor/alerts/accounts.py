"""Accounts, as rules of alerts see them: how the API answers them, and what money they have.

Money is known only from what was asked for (``note_balance``): while it was not for too long, or
could not be, nobody knows it and rules about it stand still.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, pairwise
from math import inf
from typing import NamedTuple

from smsmon.alerts import About, Subject
from smsmon.filters.questions import Value
from smsmon.filters.subjects import ACCOUNTS_BY_NAME, MONEY
from smsmon.known import AccountState, Condition
from smsmon.monitor.alerts.cases import START_GRACE, Runs, Watching, always, just_after
from smsmon.monitor.alerts.rules import Rule, account_facts

BALANCE_EVERY = 600.0
"""Seconds between two questions for a balance. Money runs out within hours, not seconds, and each
question is a request that a message could have had: six an hour are one in 6,000 of the limit."""
BALANCE_GOOD = 2.5 * BALANCE_EVERY
"""Seconds for which a balance counts as known: one question may fail, not two."""
_BALANCES_KEPT = 20_000
"""Balances kept of one account, the latest: four months of them."""
_MOST_SKIPPED = 2 * BALANCE_EVERY
"""Seconds by which the oldest balance may begin after a window: it is known whole all the same."""
_WORD = {Condition.OK: "ok", Condition.DOWN: "down", Condition.STOPPED: "refused"}


class Money(NamedTuple):
    """What an account had at one moment."""

    at: float
    amount: float | None
    credits: int | None
    currency: str = ""


class Spending:
    """The balances of one account, the latest of them."""

    def __init__(self) -> None:
        self._kept: deque[Money] = deque(maxlen=_BALANCES_KEPT)
        self._heard_at = -inf
        """When it was told last, and not only recalled."""

    def note(self, money: Money) -> None:
        """This was so; what is older than what is known already is left out."""
        if not self._kept or money.at >= self._kept[-1].at:
            self._kept.append(money)
            self._heard_at = money.at

    def recall(self, past: Iterable[Money]) -> None:
        """These were so before what is known by now. They say nothing of what it has now."""
        later = list(self._kept)
        first = later[0].at if later else inf
        self._kept.clear()
        self._kept.extend(chain((each for each in past if each.at < first), later))
        if not later:
            self._heard_at = -inf

    def shift(self, seconds: float) -> None:
        """The clock was set by so many seconds."""
        self._kept = deque(
            (each._replace(at=each.at + seconds) for each in self._kept), maxlen=_BALANCES_KEPT
        )
        self._heard_at += seconds

    def known(self, now: float, good: float) -> Money | None:
        """What it has; None while nobody knows, and ``good`` seconds after the last balance."""
        last = self._kept[-1] if self._kept else None
        return last if last is not None and now - self._heard_at <= good else None

    def spent(self, since: float) -> float | None:
        """What was spent from ``since`` on: all drops added up. None of less than two balances."""
        amounts = [each.amount for each in self._from(since) if each.amount is not None]
        if len(amounts) < 2:
            return None
        return sum(max(before - after, 0.0) for before, after in pairwise(amounts))

    def covers(self, since: float) -> bool:
        """True when what is known reaches back to ``since``."""
        return bool(self._kept) and self._kept[0].at <= since + _MOST_SKIPPED

    def leaves_at(self, since: float) -> float | None:
        """The earliest balance after ``since``: with it a drop leaves the window."""
        return next((each.at for each in self._kept if each.at > since), None)

    def _from(self, since: float) -> list[Money]:
        """The balances from ``since`` on, and the one before."""
        found: list[Money] = []
        for each in reversed(self._kept):
            found.append(each)
            if each.at <= since:
                break
        return found[::-1]


class Accounts:
    """The accounts of ``monitor``, which is looked at since ``started``."""

    about = About.ACCOUNT

    def __init__(
        self,
        monitor: Watching,
        started: float,
        stale_of: Callable[[str], int],
        balance_good: float = BALANCE_GOOD,
    ) -> None:
        """``stale_of`` tells how many messages of an account are stale; a balance counts as known
        for ``balance_good`` seconds.
        """
        self.balance_good = balance_good
        self.started = started
        self._monitor = monitor
        self.stale_of = stale_of
        self._spending: dict[str, Spending] = {}
        self._seen: dict[str, AccountState] = {}

    def names(self) -> Iterable[str]:
        return self._monitor.profiles

    def look(self, name: str, now: float) -> AccountSight | None:
        if name not in self._monitor.profiles:
            self._seen.pop(name, None)
            self._spending.pop(name, None)
            return None
        self._seen[name] = state = self._monitor.account(name)
        return AccountSight(self, state, now)

    def changed(self, profile: str) -> bool:
        """True when it stands otherwise with an account than at the last look at it."""
        return self._monitor.account(profile) is not self._seen.get(profile)

    def note_balance(self, profile: str, money: Money) -> None:
        """An account had this."""
        self._spending.setdefault(profile, Spending()).note(money)

    def recall_balances(self, profile: str, past: Iterable[Money]) -> None:
        """An account had these before."""
        self._spending.setdefault(profile, Spending()).recall(past)

    def spending(self, profile: str) -> Spending:
        return self._spending.get(profile) or Spending()

    def shift(self, seconds: float) -> None:
        """The clock was set by so many seconds: what is known is as old as before."""
        self.started += min(seconds, 0.0)
        for spending in self._spending.values():
            spending.shift(seconds)

    def messages_of(self, profile: str) -> int:
        """How many messages of an account are watched."""
        return sum(each.entry.profile == profile for each in self._monitor.board)


@dataclass(slots=True)
class _Facts:
    """An account as the table of fields has it."""

    sight: AccountSight
    window: float

    @property
    def profile(self) -> str:
        return self.sight.state.profile

    @property
    def condition(self) -> str:
        return _WORD[self.sight.state.condition]

    @property
    def reason(self) -> str:
        return self.sight.state.reason

    @property
    def held(self) -> bool:
        return self.sight.held

    @property
    def failing_since(self) -> float | None:
        state = self.sight.state
        return state.since if state.condition is not Condition.OK else state.failing_since

    @property
    def messages(self) -> int:
        return self.sight.kind.messages_of(self.profile)

    @property
    def stale(self) -> int:
        return self.sight.kind.stale_of(self.profile)

    @property
    def balance(self) -> float | None:
        money = self.sight.money
        return None if money is None else money.amount

    @property
    def credits(self) -> int | None:
        money = self.sight.money
        return None if money is None else money.credits

    @property
    def spent(self) -> float | None:
        now, spending = self.sight.now, self.sight.spending
        return None if self.sight.money is None else spending.spent(now - self.window)


class AccountSight:
    """One account, as it is now."""

    label = ""
    tags: tuple[str, ...] = ()

    def __init__(self, kind: Accounts, state: AccountState, now: float) -> None:
        self.kind, self.state, self.now = kind, state, now
        self.spending = kind.spending(state.profile)
        is_well = state.condition is Condition.OK
        self.money = self.spending.known(now, kind.balance_good) if is_well else None
        self.subject = Subject(About.ACCOUNT, state.profile, state.profile)
        self.fresh = state.heard or state.condition is not Condition.OK
        self.as_of = now

    @property
    def held(self) -> bool:
        """True while the API wants to be left alone."""
        return self.state.held_until is not None and self.state.held_until > self.now

    @property
    def due(self) -> float:
        graced = self.kind.started + START_GRACE
        forgotten = None if self.money is None else self.money.at + self.kind.balance_good
        turns = (self.state.held_until, graced, forgotten)
        return min(just_after(at, self.now) for at in turns)

    def known(self, rule: Rule) -> bool:
        asked = rule.fields
        if not asked <= MONEY and not self.fresh:
            return False
        if any(name.startswith("stale") for name in asked) and not self._looked:
            return False
        if any(self.value(rule, name) is None for name in asked & MONEY):
            return False
        return "spent" not in asked or self._spent_is_clear(rule)

    @property
    def _looked(self) -> bool:
        """True when it is known of all messages whether they are stale."""
        late = self.now - self.kind.started >= START_GRACE
        return late or self.state.condition is not Condition.OK

    def _spent_is_clear(self, rule: Rule) -> bool:
        """True when nothing that is not known of the time before can turn the rule round: it was
        as much as is known, or more."""
        if self.spending.covers(self.now - rule.window):
            return True
        spent = self.value(rule, "spent")
        asked = [each.test for each in rule.checks if each.name == "spent"]
        return all(test(spent) is test(inf) for test in asked)

    def why_over(self, rule: Rule) -> str:  # noqa: ARG002 - of every kind it is asked
        return ""

    def value(self, rule: Rule, name: str) -> Value:
        return ACCOUNTS_BY_NAME[name].value(_Facts(self, rule.window), self.now)

    def turn(self, rule: Rule) -> float:
        since, turn = _Facts(self, rule.window).failing_since, inf
        for _, edge in rule.moments:  # there is one moment among the fields
            turn = min(turn, just_after(None if since is None else since + edge, self.now))
        if "spent" in rule.fields:
            leaves = self.spending.leaves_at(self.now - rule.window)
            at = None if leaves is None else leaves + rule.window
            turn = min(turn, just_after(at, self.now))
        return turn

    def runs(self, rule: Rule) -> Runs:  # noqa: ARG002 - no recipient waits in an account
        return always

    def facts(self, rule: Rule) -> str:
        currency = self.money.currency if self.money else ""
        facts = _Facts(self, rule.window)
        return account_facts(rule, facts, lambda name: self.value(rule, name), currency)
