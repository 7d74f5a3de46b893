"""The alerts of a running smsmon: looked after by rules, and how it stands with them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from smsmon.accounts import Accounts
from smsmon.clock import Clock
from smsmon.monitor.engine import Engine
from smsmon.settings.telling import built_in_alerts

if TYPE_CHECKING:
    from smsmon.alerting.book import AlertBook, AlertRecord
    from smsmon.alerting.looking import Alerting, Tell
    from smsmon.alerts import Subject
    from smsmon.measuring import AskBalance, Measuring
    from smsmon.monitor.alerts import Alert, Rule
    from smsmon.store.base import HistoryStore


class RunningAlerts:
    """By the rules of the settings that ``accounts`` go by. What takes time to load waits until it
    is needed.
    """

    def __init__(
        self,
        accounts: Accounts,
        engine: Engine,
        clock: Clock,
        complain: Callable[[str], None],
        history: Callable[[], HistoryStore],
        balance: AskBalance,
        *,
        whole: bool,
    ) -> None:
        """``whole``: all of the watchlist is watched."""
        self.alerting: Alerting | None = None
        """What looks after them; None without rules."""
        self._accounts = accounts
        self._engine = engine
        self._clock = clock
        self._complain = complain
        self._history = history
        self._balance = balance
        self._whole = whole
        self._since = clock.monotonic()
        self._tell: Tell = lambda _: None
        self._filled = asyncio.Event()
        self._measuring: Measuring | None = None
        self._has_rules = asyncio.Event()

    @cached_property
    def _record(self) -> AlertRecord:
        from smsmon.alerting.book import AlertRecord

        return AlertRecord(self._history().alerts)

    @cached_property
    def book(self) -> AlertBook:
        """How it stands with the alerts, and the way to answer; up to date in `run`."""
        from smsmon.alerting.book import AlertBook
        from smsmon.who import who

        return AlertBook(self._record, self._clock, who())

    # --- its life ------------------------------------------------------------------------

    def start(self, tell: Tell, filled: asyncio.Event) -> None:
        """``tell`` is given the alerts that begin or end. Nothing is judged before all that is
        watched is ``filled``: of what is not on the board yet it would be said that nobody watches
        it any more, and of those whose recipients are not, that nobody waits.
        """
        self._tell, self._filled = tell, filled

    def use(self) -> Alerting | None:
        """Go by the rules of the settings by now. Gives what looks after them where it begins."""
        settings = self._accounts.settings
        if self.alerting is not None:
            self.alerting.use(settings)
            if self._measuring is not None:
                self._measuring.look_now()
            return None
        if not settings.alerts:
            return None
        from smsmon.alerting.looking import Alerting

        self.alerting = Alerting(
            settings,
            self._engine,
            self._clock,
            self._tell,
            self._complain,
            os.environ,
            self._record,
            wrote=self.book.look_again,
            whole=self._whole,
            since=self._since,
        )
        self.book.changed(self._pass_answers_on)
        self._has_rules.set()
        return self.alerting

    async def run(self) -> None:
        """Look after them, by rules from when there are any, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.book.run())
            group.create_task(self._go_by_rules())

    async def _go_by_rules(self) -> None:
        await self._has_rules.wait()
        await self._filled.wait()
        if self.alerting is not None:
            from smsmon.measuring import Measuring

            history = self._history()
            self._measuring = Measuring(
                self.alerting, self._engine, history, self._clock, self._balance
            )
            async with asyncio.TaskGroup() as group:
                group.create_task(self.alerting.run())
                group.create_task(self._measuring.run())

    def close(self) -> None:
        """Ask the store nothing more."""
        self._record.close()

    def _pass_answers_on(self) -> None:
        if self.alerting is not None:
            self.alerting.answers(self.book.episodes, self.book.silences)

    # --- looking -------------------------------------------------------------------------

    @property
    def has_rules(self) -> bool:
        """True when there are rules."""
        return any(each.enabled for each in self._accounts.settings.alerts.values())

    @property
    def has_own_rules(self) -> bool:
        """True when there are rules besides those that are there from the start."""
        known = built_in_alerts()
        return any(
            each.enabled and each != known.get(name)
            for name, each in self._accounts.settings.alerts.items()
        )

    @property
    def rules_firing(self) -> tuple[Rule, ...]:
        """The rule of each alert that fires."""
        return tuple(self.alerting.alerts.rules_firing) if self.alerting else ()

    @property
    def busy_since(self) -> float | None:
        """The steady time since which looking does not come to an end; None: it rests."""
        return self.alerting.busy_since if self.alerting else None

    def fired(self) -> Mapping[tuple[str, Subject], Alert]:
        """By rule and subject, what fires."""
        return self.alerting.alerts.fired() if self.alerting else {}

    def firing(self, message_id: str) -> Sequence[Rule]:
        """The rules of the alerts that fire for a message, the most severe first."""
        return self.alerting.alerts.firing.get(message_id, ()) if self.alerting else ()
