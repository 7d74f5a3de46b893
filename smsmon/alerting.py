"""Watches over the alerts for both front ends: looks, gathers, tells, and runs the commands.

What begins and ends together is told together: five hundred messages that turn late within a
second are one toast, one run of a command, and not five hundred. What held already when the
program started is told once, apart, and wakes nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from smsmon.assemble import known_keys, rules_of
from smsmon.clock import Clock
from smsmon.commands.shapes import alert_json
from smsmon.hooks import environment, run_hook
from smsmon.model import Event
from smsmon.monitor.alerts import Alert, Alerts
from smsmon.monitor.engine import Engine
from smsmon.monitor.state import Applied
from smsmon.settings import Settings

GATHER = 1.0
"""Seconds for which what begins or ends waits for what comes with it."""
GATHER_OLD = 30.0
"""As much for what held already at the start: its messages are read one after the other."""
AGAIN = 30.0
"""Seconds between two tellings of one rule, at least: trouble comes in messages one by one."""
_HOOKS_WAITING = 32
"""Runs of commands that may wait; more are dropped, and that is said."""

Tell = Callable[[Sequence[Alert]], None]


@dataclass(slots=True)
class _Basket:
    """What is to be told together."""

    seconds: float
    alerts: list[Alert] = field(default_factory=list)
    due: float = inf
    _last: float = -inf

    def put(self, alert: Alert, now: float) -> None:
        if not self.alerts:
            self.due = max(now + self.seconds, self._last + AGAIN)
        self.alerts.append(alert)

    def take(self, now: float) -> list[Alert]:
        taken, self.alerts, self.due, self._last = self.alerts, [], inf, now
        return taken


class Alerting:
    """The alerts of one program.

    ``tell`` is given what began and ended, several at once; ``complain`` one sentence when a
    command fails, and no more until it has worked again.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        clock: Clock,
        tell: Tell,
        complain: Callable[[str], None],
        environ: Mapping[str, str],
    ) -> None:
        self.alerts = Alerts(rules_of(settings), engine, clock.now())
        self._board = engine.board
        self._clock = clock
        self._tell = tell
        self._complain = complain
        self._commands = {
            name: tuple(alert.command) for name, alert in settings.alerts.items() if alert.command
        }
        self._settings = settings
        self._environ = environ
        self._stirred = asyncio.Event()
        self._baskets: dict[tuple[str, bool], _Basket] = {}
        """By rule, and whether it holds what held already at the start."""
        self._jobs: deque[tuple[tuple[str, ...], list[Alert]]] = deque()
        self._work = asyncio.Event()
        self._failing: set[tuple[str, ...]] = set()
        engine.subscribe(self._hear)

    def look_again(self, message_id: str) -> None:
        """A message was described anew: its label or tags may be asked about."""
        self.alerts.touch([message_id])
        self._stirred.set()

    async def run(self) -> None:
        """Look whenever something happened or is due, until cancelled.

        What is watched when it begins counts as there at the start.
        """
        self.alerts.meet(self._board.messages)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run_commands())
            group.create_task(self._look())

    def _hear(self, news: Applied | Event) -> None:
        if news.message_id is not None:
            self.alerts.touch([news.message_id])
        elif isinstance(news, Event):
            self.alerts.touch_profile(news.profile)
        self._stirred.set()

    async def _look(self) -> None:
        while True:
            now = self._clock.now()
            more = self.alerts.step(now)
            for each in self.alerts.take():
                # What held at the start is no news when it fires, but it is when it is over.
                key = each.rule.name, each.old and each.firing
                self._baskets.setdefault(key, _Basket(GATHER_OLD if key[1] else GATHER)).put(
                    each, now
                )
            self._publish(now)
            if more:
                await asyncio.sleep(0)
                continue
            baskets_due = (basket.due for basket in self._baskets.values())
            due = min(self.alerts.next_look, *baskets_due, inf)
            await self._clock.wait(self._stirred, None if due == inf else max(0.0, due - now))
            self._stirred.clear()

    def _publish(self, now: float) -> None:
        """Tell what has been gathered for long enough, and what was about to be."""
        for old in (True, False):
            baskets = [basket for (_, of_old), basket in self._baskets.items() if of_old is old]
            if any(basket.due <= now for basket in baskets):
                soon = [basket for basket in baskets if basket.due <= now + basket.seconds]
                self._tell_and_run([each for basket in soon for each in basket.take(now)])

    def _tell_and_run(self, alerts: list[Alert]) -> None:
        self._tell(alerts)
        by_command: dict[tuple[str, ...], list[Alert]] = {}
        for each in alerts:
            command = self._commands.get(each.rule.name)
            if command is not None and not (each.old and each.firing):
                by_command.setdefault(command, []).append(each)
        for job in by_command.items():
            if len(self._jobs) >= _HOOKS_WAITING:
                self._complain("Too many alert commands wait: one was not run.")
                continue
            self._jobs.append(job)
            self._work.set()

    async def _run_commands(self) -> None:
        """One at a time, in the order in which they are called for."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._jobs:
                command, alerts = self._jobs.popleft()
                facts = {"alerts": [alert_json(each) for each in alerts]}
                environ = environment(self._settings, self._environ, known_keys())
                trouble = await run_hook(command, facts, environ)
                if trouble and command not in self._failing:
                    self._complain(trouble)
                (self._failing.add if trouble else self._failing.discard)(command)
