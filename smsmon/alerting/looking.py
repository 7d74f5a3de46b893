"""Watches over the alerts for both front ends: looks, gathers, tells, and runs the commands.

What begins and ends together is told together: five hundred messages that turn late within a
second are one notice, one run of a command, and not five hundred. What held already when the
program started is told once, apart, and wakes nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

from smsmon.alerts import About, Subject
from smsmon.clock import CLOCK_SLACK, Clock
from smsmon.model import Event
from smsmon.monitor.alerts import Alert, Alerts
from smsmon.monitor.engine import Engine
from smsmon.monitor.state import Applied
from smsmon.rules import night_holds, rules_of
from smsmon.settings import Settings
from smsmon.shapes import alert_json
from smsmon.store.errors import StoreError
from smsmon.store.shared import AlertTurn, Episode
from smsmon.targets.command import run_hook
from smsmon.targets.secrecy import environment

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


class AlertRecord(Protocol):
    """The record of the alerts whose commands ran (the history). Both raise ``StoreError``."""

    async def told(self) -> frozenset[Episode]: ...

    async def claim(self, turns: Sequence[AlertTurn], now: float) -> Sequence[bool]: ...


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
        record: AlertRecord | None = None,
        whole: bool = True,
        since: float | None = None,
    ) -> None:
        """``record`` keeps what was told, so that each command runs once a home; None: nothing
        is kept. ``whole``: all of the watchlist is watched, and what is not was removed.
        ``since`` is the steady time from which on messages are read by this program; None: now.
        The first rule may come long after that, and what was read until then is known.
        """
        read_for = 0.0 if since is None else clock.monotonic() - since
        self._record = record
        self._whole = whole
        self._engine = engine
        self._takes_over = False
        rules, holds = rules_of(settings), night_holds(settings)
        self.alerts = Alerts(rules, engine, clock.now() - read_for, holds)
        self._board = engine.board
        self._clock = clock
        self._tell = tell
        self._complain = complain
        self._commands = _commands_of(settings)
        self._settings = settings
        self._environ = environ
        self._stirred = asyncio.Event()
        self._baskets: dict[tuple[str, bool], _Basket] = {}
        """By rule, and whether it holds what held already at the start."""
        self._jobs: deque[tuple[tuple[str, ...], list[Alert]]] = deque()
        self._marks: list[Alert] = []
        """What held at the start and runs nothing, but counts as told."""
        self._work = asyncio.Event()
        self._failing: set[tuple[str, ...]] = set()
        engine.subscribe(self._hear)

    def use(self, settings: Settings) -> None:
        """Go by the rules as these settings have them, without losing what fires."""
        # The command of a rule that is gone is told yet that its alerts are over.
        gone = {name: it for name, it in self._commands.items() if name not in settings.alerts}
        self._settings, self._commands = settings, gone | _commands_of(settings)
        self.alerts.use(rules_of(settings), self._clock.now(), night_holds(settings))
        self._stirred.set()

    def look_again(self, message_id: str) -> None:
        """A message was described anew: its label or tags may be asked about."""
        self.alerts.touch([message_id])
        self._stirred.set()

    def look_now(self) -> None:
        """What rules ask for is known by now."""
        self._stirred.set()

    async def run(self) -> None:
        """Look whenever something happened or is due, until cancelled.

        What is watched when it begins counts as there at the start.
        """
        told = await self._told()
        self.alerts.resume(
            (name, self._subject(id)) for name, id in told if self._whole or id in self._board
        )
        self.alerts.meet(self._board.messages)
        self._takes_over = False
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run_commands())
            group.create_task(self._look())

    def take_over(self) -> None:
        """From now on commands run here: those too that the one before us did not run any more."""
        self._takes_over = True
        self._stirred.set()

    async def _told(self) -> frozenset[Episode]:
        """What was told as firing, as far as that can be read."""
        if self._record is not None:
            with contextlib.suppress(StoreError):
                return await self._record.told()
        return frozenset()

    async def _reconcile(self, now: float) -> None:
        """Run what ought to have run."""
        told, fired = await self._told(), self.alerts.fired()
        episodes = {_episode(alert): alert for alert in fired.values()}
        left = [alert for episode, alert in episodes.items() if episode not in told]
        gone = [(name, self._subject(id)) for name, id in told - episodes.keys()]
        over = [self.alerts.over(*each, now) for each in gone]
        self.alerts.resume(each for each, alert in zip(gone, over, strict=True) if alert is None)
        self._run([*left, *filter(None, over)])

    def _hear(self, news: Applied | Event) -> None:
        self.alerts.hear(news)
        self._stirred.set()

    def _subject(self, id: str) -> Subject:
        watched = self._board.get(id)
        return Subject(About.MESSAGE, id, watched.entry.profile if watched else "")

    async def _look(self) -> None:
        ahead = self._clock.now() - self._clock.monotonic()
        while True:
            now, steady = self._clock.now(), self._clock.monotonic()
            if abs(now - steady - ahead) > CLOCK_SLACK:
                self.alerts.shift(now - steady - ahead)
                ahead = now - steady
            more = self.alerts.step(now)
            for each in self.alerts.take():
                # What held at the start is no news when it fires, but it is when it is over.
                key = each.rule.name, each.old and each.firing
                if key[1] and self._engine.leads and each.rule.name in self._commands:
                    self._marks.append(each)
                    self._work.set()
                self._baskets.setdefault(key, _Basket(GATHER_OLD if key[1] else GATHER)).put(
                    each, steady
                )
            self._publish(steady)
            if self._takes_over and not more:
                self._takes_over = False
                await self._reconcile(now)
            if more:
                await asyncio.sleep(0)
                continue
            baskets_due = (basket.due for basket in self._baskets.values())
            pause = min(self.alerts.next_look - now, *(due - steady for due in baskets_due), inf)
            await self._clock.wait(self._stirred, None if pause == inf else max(0.0, pause))
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
        if self._engine.leads:
            self._run([each for each in alerts if not (each.old and each.firing)])

    def _run(self, alerts: list[Alert]) -> None:
        by_command: dict[tuple[str, ...], list[Alert]] = {}
        for each in alerts:
            command = self._commands.get(each.rule.name)
            if command is not None:
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
            marks, self._marks = self._marks, []
            if marks:
                await self._claimed(marks)
            while self._jobs:
                command, asked = self._jobs.popleft()
                alerts = await self._claimed(asked)
                if not alerts:
                    continue
                facts = {"alerts": [alert_json(each) for each in alerts]}
                environ = environment(self._settings, self._environ)
                trouble = await run_hook(command, facts, environ)
                if trouble and command not in self._failing:
                    self._complain(trouble)
                (self._failing.add if trouble else self._failing.discard)(command)

    async def _claimed(self, alerts: list[Alert]) -> list[Alert]:
        """Those whose command is to run: what nobody told before, and what is news.

        What held already when we started counts as told, and runs nothing.
        """
        granted: Sequence[bool] = [True] * len(alerts)
        if self._record is not None:
            turns = [AlertTurn(*_episode(each), each.firing) for each in alerts]
            with contextlib.suppress(StoreError):  # better told twice than never
                granted = await self._record.claim(turns, self._clock.now())
        claimed = [each for each, ours in zip(alerts, granted, strict=True) if ours]
        return [each for each in claimed if not (each.old and each.firing)]


def _episode(alert: Alert) -> Episode:
    return alert.rule.name, str(alert.subject)


def _commands_of(settings: Settings) -> dict[str, tuple[str, ...]]:
    return {name: tuple(alert.command) for name, alert in settings.alerts.items() if alert.command}
