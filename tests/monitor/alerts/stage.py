"""A board, its alerts, and a clock that stops at every moment the alerts ask for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from smsmon.alerts import About
from smsmon.filters import parse
from smsmon.filters.subjects import FIELDS_ABOUT
from smsmon.known import AccountState, Condition
from smsmon.model import Entry, Fault, FaultKind
from smsmon.monitor.alerts import Alert, Alerts, Money, Rule
from smsmon.monitor.board import Board
from smsmon.recipients import Status
from tests.monitor.fakes import report, row
from tests.support.clock import START

TIMEOUT = Fault(FaultKind.TIMEOUT, "It took too long.")


def rule(
    when: str,
    hold: float = 0.0,
    clear: float = 60.0,
    name: str = "late",
    *,
    about: str = "message",
    until: str | None = None,
    window: float = 3_600.0,
) -> Rule:
    fields = FIELDS_ABOUT[About(about)]
    return Rule(
        name,
        parse(when, fields),
        hold,
        clear,
        about=About(about),
        until=parse(until, fields) if until else None,
        window=window,
    )


@dataclass
class Stage:
    """A board, its alerts, and a clock that stops at every moment the alerts ask for."""

    rules: tuple[Rule, ...]
    ids: tuple[str, ...] = ("300",)
    now: float = START
    board: Board = field(default_factory=Board)
    condition: Condition = Condition.OK
    trouble_below: float = 0.9
    night_holds: Collection[str] = ()
    state: AccountState | None = None
    """How it stands with the account; None: as the condition says."""
    told: list[Alert] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alerts = Alerts(self.rules, self, self.now, self.night_holds)
        for id in self.ids:
            self.board.watch(Entry(id, tags=("otp",), added_at=self.now), self.now)

    @property
    def profiles(self) -> tuple[str, ...]:
        return ("default",)

    def account(self, profile: str) -> AccountState:
        if self.state is None or self.state.condition is not self.condition:
            self.state = AccountState(profile, self.condition)
        return self.state

    def read(self, waiting: int, id: str = "300", *, failed: int = 0, of: int = 4) -> None:
        """A report on some people, of whom so many wait, failed, and the others are delivered."""
        rows = [
            row(
                each,
                Status.WAITING
                if each < waiting
                else Status.NOT_DELIVERED
                if each >= of - failed
                else Status.DELIVERED,
                date=self.now,
            )
            for each in range(of)
        ]
        self.alerts.hear(self.board.apply(report(rows, id, at=self.now), self.now))
        self.look(id)

    def fail(self, id: str = "300") -> None:
        self.alerts.hear(self.board.fail(id, TIMEOUT, self.now))
        self.look(id)

    def look(self, *ids: str) -> None:
        self.alerts.touch(ids)
        while self.alerts.step(self.now):
            pass
        self.told += self.alerts.to_tell.take()

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.alerts.next_look) <= end:
            assert due > self.now
            self.now = due
            self.look()
        self.now = end

    def stand(self, state: AccountState) -> None:
        """The account stands so from now on."""
        self.state, self.condition = state, state.condition
        self.alerts.touch_profile("default")
        self.look()

    def hold(self, amount: float | None, credits: int | None = None) -> None:
        """The account holds so much."""
        self.alerts.note_balance("default", Money(self.now, amount, credits, "EUR"))
        self.look()

    @property
    def ends(self) -> list[bool]:
        return [each.firing for each in self.told]
