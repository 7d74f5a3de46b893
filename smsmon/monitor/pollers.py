"""The pollers of an engine: one for each account, opened and closed while it runs.

They share the budget of their address, and the gate of the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from contextvars import Context
from random import Random

from smsmon.clock import Clock, sleep
from smsmon.monitor.board import Board
from smsmon.monitor.budget import Budget, Gate, Window
from smsmon.monitor.habits import Habits, Learned
from smsmon.monitor.intake import News
from smsmon.monitor.poller import EVERYTHING, Poller
from smsmon.monitor.schedule import Limits
from smsmon.monitor.source import Source

log = logging.getLogger(__name__)


class Pollers:
    """By profile, in the order in which they were taken on."""

    def __init__(
        self,
        board: Board,
        clock: Clock,
        limits: Limits,
        rng: Random,
        tell: Callable[[News], None],
    ) -> None:
        self.by_profile: dict[str, Poller] = {}
        self.granted: Container[str] = EVERYTHING
        """The messages that are ours to poll."""
        self._board = board
        self._clock = clock
        self._limits = limits
        self._rng = rng
        self._tell = tell
        self._learned: dict[str, Learned] = {}
        """Profile → what its reports once taught: what a schedule begins with."""
        self._gate = Gate(limits.concurrency)
        self._common = Window()
        self._budgets: dict[Window, Budget] = {}
        self._of: dict[str, Budget] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    @property
    def budgets(self) -> list[Budget]:
        """One for each address."""
        return list(self._budgets.values())

    def take_on(self, profile: str, source: Source, window: Window | None = None) -> None:
        """Poll the messages of an account that has none yet: those that are watched already too.

        Without a ``window`` of its address it shares one with all others that have none.
        """
        window = window or self._common
        budget = self._budgets.setdefault(window, Budget(self._limits.per_minute, window))
        self._of[profile] = budget
        poller = self.by_profile[profile] = Poller(
            profile,
            source,
            self._board,
            self._clock,
            budget=budget,
            gate=self._gate,
            limits=self._limits,
            rng=self._rng,
            habits=Habits(),
            tell=self._tell,
            granted=(),
        )
        if profile in self._learned:
            poller.teach(self._learned[profile])
        poller.add(each.id for each in self._board if each.entry.profile == profile)
        poller.grant(self.granted)
        if self._group is not None:
            self._begin(profile, self._group)

    def teach(self, learned: Mapping[str, Learned]) -> None:
        """Go on from what the reports of these accounts once taught."""
        self._learned.update(learned)
        for profile, poller in self.by_profile.items():
            if profile in learned:
                poller.teach(learned[profile])

    async def let_go(self, profile: str) -> None:
        """Poll an account no longer; its requests in flight are cancelled and over then.

        What its reports taught is kept for the next of that name. Its messages stay on the board.
        """
        poller, budget = self.by_profile.pop(profile), self._of.pop(profile)
        self._learned[profile] = poller.learned
        if (task := self._tasks.pop(profile, None)) is not None:
            task.cancel()
            await asyncio.wait([task])
        poller.leave()
        if budget not in self._of.values():
            del self._budgets[budget.window]

    def arrange(self, profiles: Iterable[str]) -> None:
        """Have them in this order."""
        for profile in [name for name in profiles if name in self.by_profile]:
            self.by_profile[profile] = self.by_profile.pop(profile)

    def limit(self, limits: Limits) -> None:
        """Keep within other limits from now on."""
        self._limits = limits
        self._gate.widen(limits.concurrency)
        for budget in self.budgets:
            budget.limit_to(limits.per_minute)
        for poller in self.by_profile.values():
            poller.limit(limits)

    def grant(
        self,
        granted: Container[str],
        *,
        in_parts: bool = False,
        changed: Collection[str] | None = None,
    ) -> None:
        """Poll what ``granted`` holds and nothing else; the rest is followed (``Engine.follow``).

        It is asked before each request goes out and each answer is taken in, so what it holds
        may be less at any moment; of what it holds newly it is told by another call. ``NOTHING``
        holds no message. ``in_parts``: others poll the same accounts at the same time, each by a
        way of its own. ``changed`` is what it may hold otherwise than at the call before, where it
        is the very same; None: anything.
        """
        changed = changed if granted is self.granted else None
        self.granted = granted
        for poller in self.by_profile.values():
            poller.grant(granted, in_parts=in_parts, changed=changed)

    async def run(self) -> None:
        """Poll until cancelled, every account that is or comes to be open."""
        try:
            async with asyncio.TaskGroup() as self._group:
                for profile in self.by_profile:
                    self._begin(profile, self._group)
                await sleep(self._clock, None)
        finally:
            self._group = None
            self._tasks.clear()

    def _begin(self, profile: str, group: asyncio.TaskGroup) -> None:
        poller = self.by_profile[profile]
        # Not in the context of who takes it on: what that holds would be held for as long.
        self._tasks[profile] = group.create_task(
            self._keep_polling(poller), name=f"poller {profile}", context=Context()
        )

    async def _keep_polling(self, poller: Poller) -> None:
        """Run a poller for good: a bug in it costs a second, not the rhythm."""
        while True:
            try:
                await poller.run()
            except Exception:
                log.exception("the poller of %s failed; it starts again", poller.profile)
            await sleep(self._clock, 1.0)
