"""Watches over the alerts: looks, gathers what is told here, and has the rest recorded and told.

What begins and ends together is told together: five hundred messages that turn late within a
second are one notice, and not five hundred. What held already when the program started is told
once, apart, and wakes nobody. The front end of every process is told what its own look found; the
process that polls records it too, and tells the targets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from math import inf
from random import Random

from smsmon.alerting.book import AlertRecord
from smsmon.alerting.ledger import TRY_AGAIN, Key, Ledger
from smsmon.alerting.sending import Sender
from smsmon.alerting.ways import COMMAND, Ways, command_of, ways_of
from smsmon.alerts import About, Edge, Episode, Silence, Subject
from smsmon.clock import CLOCK_SLACK, Clock
from smsmon.model import Event
from smsmon.monitor.alerts import Alert, Alerts, Rule
from smsmon.monitor.engine import Engine
from smsmon.monitor.state import Applied
from smsmon.patterns import GAVE_UP
from smsmon.rules import night_holds, rules_of
from smsmon.settings import Settings
from smsmon.store.errors import StoreError
from smsmon.targets import Notification, Target, open_targets
from smsmon.targets.wording import notification
from smsmon.times import LocalZone

GATHER = 1.0
"""Seconds for which what begins or ends waits for what comes with it."""
GATHER_OLD = 30.0
"""As much for what held already at the start: its messages are read one after the other."""
AGAIN = 30.0
"""Seconds between two tellings of one rule, at least: trouble comes in messages one by one."""
_BLIND_AFTER = 3
"""Tries to read what is recorded, after which we go on without."""
_ENDS_KEPT = 5_000
"""Ends that are known of what another process recorded."""

OpenTargets = Callable[[Settings, Mapping[str, str]], Mapping[str, Target]]

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
    target begins to fail, and when it can be told again.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        clock: Clock,
        tell: Tell,
        complain: Callable[[str], None],
        environ: Mapping[str, str],
        record: AlertRecord,
        *,
        wrote: Callable[[], None] = lambda: None,
        whole: bool = True,
        since: float | None = None,
        zone: tzinfo | None = None,
        open_targets: OpenTargets = open_targets,
        rng: Random | None = None,
    ) -> None:
        """``wrote`` is called when something was recorded. ``whole``: all of the watchlist is
        watched, and what is not was removed. ``since`` is the steady time from which on messages
        are read by this program; None: now. The first rule may come long after that, and what was
        read until then is known. Quiet hours are those of ``zone``; None: of this machine.
        """
        read_for = 0.0 if since is None else clock.monotonic() - since
        self._complain = complain
        self._rules, holds = self._rules_of(settings), night_holds(settings)
        self.alerts = Alerts(self._rules, engine, clock.now() - read_for, holds)
        self.ledger = Ledger(record, clock, wrote)
        self.sender = Sender(
            self.ledger, clock, complain, self._in_words, lambda: engine.leads, rng
        )
        self._record = record
        self._whole = whole
        self._engine = engine
        self._board = engine.board
        self._clock = clock
        self._tell = tell
        self._settings = settings
        self._environ = environ
        self._zone = zone or LocalZone()
        self._open_targets = open_targets
        self._targets: Mapping[str, Target] = {}
        self._ways = Ways({}, {})
        self._ended: dict[Key, Alert] = {}
        """What ended while another process recorded, which may have come to its end before."""
        self._begins = False
        """We have just begun to poll."""
        self._failed = 0
        """How often what is recorded could not be read, since we poll."""
        self._is_other = False
        """The history became another one, and what that has of alerts is not known yet."""
        self._read_from = -inf
        """The steady time at which it is tried again."""
        self._looks_since: float | None = None
        self.began = asyncio.Event()
        """Set once it is known what fired before, and all that happens from now on is news."""
        self._stirred = asyncio.Event()
        self._baskets: dict[tuple[str, bool], _Basket] = {}
        """By rule, and whether it holds what held already at the start."""
        self._use_targets(settings, changed=())
        engine.subscribe(self._hear)

    # --- what others say -----------------------------------------------------------------

    def use(self, settings: Settings) -> None:
        """Go by rules and targets as these settings have them, without losing what fires."""
        before, self._settings = self._settings, settings
        self._rules = self._rules_of(settings)
        self.alerts.use(self._rules, self._clock.now(), night_holds(settings))
        self._use_targets(settings, changed=_changed(before, settings))
        self._stirred.set()

    def _rules_of(self, settings: Settings) -> tuple[Rule, ...]:
        """The rules, which complain when a regular expression of theirs takes too long."""
        rules = rules_of(settings)
        for rule in rules:
            for pattern in rule.patterns:
                pattern.tell = partial(self._complain, f"Alert {rule.name}: {GAVE_UP}")
        return rules

    def look_again(self, message_id: str) -> None:
        """A message was described anew: its label or tags may be asked about."""
        self.alerts.touch([message_id])
        self._stirred.set()

    def look_now(self) -> None:
        """What rules ask for is known by now."""
        self._stirred.set()

    def take_over(self) -> None:
        """From now on it is recorded and told here: that too which the one before us did not
        tell any more.
        """
        self._begins = True
        self._stirred.set()

    def record_anew(self) -> None:
        """The history is another one, or may have lost something."""
        if self.ledger.kept:
            self.ledger.record_anew()
            self._is_other = True
            self._stirred.set()

    def answers(self, episodes: Iterable[Episode], silences: Iterable[Silence]) -> None:
        """How it stands with answers and silences, as recorded."""
        if self.ledger.kept:
            self.ledger.answers(episodes, silences)

    def _hear(self, news: Applied | Event) -> None:
        self.alerts.hear(news)
        self._stirred.set()

    @property
    def busy_since(self) -> float | None:
        """The steady time since which it looks or records without coming to an end; None: it
        rests until there is more to do.
        """
        return min(filter(None, (self._looks_since, self.sender.busy_since)), default=None)

    # --- looking -------------------------------------------------------------------------

    async def run(self) -> None:
        """Look whenever something happened or is due, until cancelled.

        What is watched when it begins counts as there at the start.
        """
        try:
            firing = await self._record.ask(lambda store: store.firing())
        except StoreError:
            firing = []
        self.alerts.resume(
            (
                (each.rule, each.subject, each.fired_at)
                for each in firing
                if self._concerns(each.subject)
            ),
            self._clock.now(),
        )
        for _ in self.alerts.meet([*self._board.messages]):
            await asyncio.sleep(0)
        self.began.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.sender.run())
            group.create_task(self._look())

    async def _look(self) -> None:
        ahead = self._clock.now() - self._clock.monotonic()
        while True:
            now, steady = self._clock.now(), self._clock.monotonic()
            self._looks_since = steady
            if abs(now - steady - ahead) > CLOCK_SLACK:
                self.alerts.shift(now - steady - ahead)
                ahead = now - steady
            more = self.alerts.step(now)
            self._whose_turn()
            for each in self.alerts.to_tell.take():
                # What held at the start is no news when it fires, but it is when it is over.
                key = each.rule.name, each.old and each.firing
                basket = self._baskets.setdefault(key, _Basket(GATHER_OLD if key[1] else GATHER))
                basket.put(each, steady)
                self._enter(each)
            for each in self.alerts.to_tell.worsened():
                self.ledger.worsen(each)
            self._publish(steady)
            if more:
                await asyncio.sleep(0)
                continue
            if self._to_be_read and steady >= self._read_from:
                await self._read_record()
                continue
            moments = [basket.due - steady for basket in self._baskets.values()]
            if self._to_be_read:
                moments.append(self._read_from - steady)
            pause = min(self.alerts.next_look - now, *moments, inf)
            self._looks_since = None
            await self._clock.wait(self._stirred, None if pause == inf else max(0.0, pause))
            self._stirred.clear()

    def _publish(self, now: float) -> None:
        """Tell what has been gathered for long enough, and what was about to be."""
        for old in (True, False):
            baskets = [basket for (_, of_old), basket in self._baskets.items() if of_old is old]
            if any(basket.due <= now for basket in baskets):
                soon = [basket for basket in baskets if basket.due <= now + basket.seconds]
                self._tell([each for basket in soon for each in basket.take(now)])

    # --- recording -----------------------------------------------------------------------

    def _whose_turn(self) -> None:
        begins, self._begins = self._begins, False
        if begins or not self._engine.leads:
            if self.ledger.kept:
                self.ledger.drop()
            self._failed, self._read_from, self._is_other = 0, -inf, False

    @property
    def _to_be_read(self) -> bool:
        """True while it is not known what was recorded before us."""
        unknown = not self.ledger.kept or self._failed > 0 or self._is_other
        return self._engine.leads and unknown

    async def _read_record(self) -> None:
        """Take in what was recorded before us, and go on with it."""
        if self._is_other and self.ledger.unwritten:  # its numbers are not known yet
            self._read_from = self._clock.monotonic() + 1.0
            return
        try:
            await self.ledger.take_over(self._ways)
        except StoreError:
            self._failed += 1
            self._read_from = self._clock.monotonic() + TRY_AGAIN * self._failed
            if self._failed == _BLIND_AFTER:
                self.ledger.kept = True  # better told twice than never
                self._reconcile()
        else:
            self._failed, self._is_other = 0, False
            self._reconcile()

    def _enter(self, alert: Alert) -> None:
        """Have it recorded, and told, if that is for us to do."""
        key = (alert.rule.name, alert.subject)
        if not self._concerns(alert.subject):
            return
        if not self.ledger.kept:
            if alert.firing or len(self._ended) > _ENDS_KEPT:
                self._ended.pop(key, None)
            else:
                self._ended[key] = alert
        elif alert.firing:
            self.ledger.fire(alert)
        else:
            self.ledger.end(key, alert.at, alert.why, self._ways)

    def _reconcile(self) -> None:
        """Record what fires, and the end of what does not fire any more."""
        now, fired = self._clock.now(), self.alerts.fired()
        ended, self._ended = self._ended, {}
        for key, alert in ended.items():
            case = self.ledger.open.get(key)
            if case is not None and case.episode.fired_at <= alert.at:
                self._enter(alert)
        for alert in fired.values():
            self._enter(alert)
        rules = {rule.name: rule for rule in self._rules}
        recorded: list[tuple[str, Subject, float]] = []
        for key, case in [*self.ledger.open.items()]:
            name, subject = key
            if key in fired or not self._concerns(subject):
                continue
            rule = rules.get(name)
            if rule is None:
                self.ledger.end(key, now, "its rule was removed", self._ways)
            elif rule.about is not subject.about:
                self.ledger.end(key, now, "its rule is about something else", self._ways)
            else:
                recorded.append((name, subject, case.episode.fired_at))
        self.alerts.resume(recorded, now)

    def _concerns(self, subject: Subject) -> bool:
        """False for what cannot be judged by the part of the watchlist that is watched here."""
        if self._whole or subject.about is About.ACCOUNT:
            return True
        return subject.about is About.MESSAGE and subject.name in self._board

    # --- the targets ---------------------------------------------------------------------

    def _use_targets(self, settings: Settings, changed: Iterable[str]) -> None:
        ways = ways_of(settings.targets, settings.alerts, self._zone)
        targets = dict(self._open_targets(settings, self._environ))
        # The command of a rule that is gone is told yet that its alerts are over.
        for name, target in self._targets.items():
            rule = name.removeprefix(COMMAND)
            if rule != name and rule not in settings.alerts and name in self._ways.targets:
                targets[name] = target
                ways = Ways({**ways.targets, name: self._ways.targets[name]}, ways.named)
        self._targets, self._ways = targets, ways
        self.sender.use(targets, ways, frozenset(changed))

    def _in_words(self, edge: Edge, episodes: Sequence[Episode]) -> Notification:
        display = self._settings.display
        zone = UTC if display.utc else self._zone
        return notification(edge, episodes, self._clock.now(), zone, private=display.privacy)


def _changed(before: Settings, after: Settings) -> Iterable[str]:
    """The targets that are other ones by now."""
    for name, target in after.targets.items():
        if before.targets.get(name) != target:
            yield name
    for name, alert in after.alerts.items():
        known = before.alerts.get(name)
        if known is None or known.command != alert.command:
            yield command_of(name)
