"""What a running session tells machines at this moment, written as Prometheus reads it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from smsmon import __version__
from smsmon.alerts import Severity
from smsmon.clock import Clock
from smsmon.metrics.seen import Countries, PlacedGroups, Seen, accounts_of, tags_of
from smsmon.metrics.tally import Tally
from smsmon.rules import rules_of
from smsmon.store.errors import StoreError

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from smsmon.session import Session
    from smsmon.settings import Settings
    from smsmon.store.archive import Archive
    from smsmon.store.past import BalanceSeen

BALANCE_EVERY = 60.0
"""Seconds between two looks at what is recorded of balances."""
KEPT = 1.0
"""Seconds for which what was written is given to others who ask: they cost nothing."""
_ASKED_WITHIN = 5.0
"""Seconds that the history is given to answer; what was known before stands meanwhile."""


class Page:
    """Gathers what is told of ``session``; ``well`` says whether all is well with this process."""

    def __init__(self, session: Session, clock: Clock, well: Callable[[], bool]) -> None:
        self._session = session
        self._clock = clock
        self._well = well
        self._started_at = clock.now()
        self._tally = Tally(session.engine.board)
        self._countries = Countries()
        self._groups = PlacedGroups()
        self._balances: Mapping[str, BalanceSeen] = {}
        self._balances_due = clock.monotonic()
        self._rules_from: Settings | None = None
        self._severities: Mapping[str, str] = {}
        self._gathering = asyncio.Lock()
        self._kept: dict[bool, tuple[float, bytes]] = {}
        session.engine.subscribe(self._tally.hear)
        session.engine.count(self._tally.count)

    async def text(self, open_metrics: bool = False) -> bytes:
        """All of it, in Prometheus' text format or as OpenMetrics; up to ``KEPT`` old."""
        now = self._clock.monotonic()
        made_at, text = self._kept.get(open_metrics, (now - KEPT, b""))
        if now - made_at >= KEPT:
            text = await self._written(open_metrics)
            self._kept[open_metrics] = now, text
        return text

    async def _written(self, open_metrics: bool) -> bytes:
        from prometheus_client.exposition import generate_latest
        from prometheus_client.openmetrics import exposition

        from smsmon.metrics.families import families

        seen = await self.seen()
        write = exposition.generate_latest if open_metrics else generate_latest
        return write(_Collected(families(seen)))

    async def seen(self) -> Seen:
        """How everything stands now."""
        engine, now = self._session.engine, self._clock.now()
        polling = self._session.polling
        async with self._gathering:
            await self._countries.refresh(engine.board)
            await self._look_at_balances(now)
        return Seen(
            at=now,
            started_at=self._started_at,
            version=__version__,
            well=self._well(),
            polls=engine.polls,
            unreachable_since=None if polling is None else polling.unreachable_since,
            requests=engine.requests_last_minute,
            allowed=engine.allowed,
            accounts=accounts_of(engine, self._balances, now),
            tags=tags_of(engine.board, self._tally),
            countries=self._countries.by_label(self._tally.countries),
            firing=self._firing(),
            unanswered=self._unanswered(),
            tally=self._tally,
            sources=self._session.incoming.standings,
            groups=self._groups.of(self._session.grouping),
        )

    def _firing(self) -> Mapping[tuple[str, str], int]:
        """Rule and severity → how many alerts of it fire."""
        alerts, settings = self._session.alerts, self._session.accounts.settings
        if alerts.alerting is None:
            return {}
        if settings is not self._rules_from:
            self._rules_from = settings
            self._severities = {rule.name: rule.severity.slug for rule in rules_of(settings)}
        severities = self._severities
        firing = Counter(dict.fromkeys(severities.items(), 0))
        fired = (name for name, _ in alerts.fired() if name in severities)
        firing.update((name, severities[name]) for name in fired)
        return firing

    def _unanswered(self) -> Mapping[str, int] | None:
        """Severity → how many alerts nobody answered; None while what fires is not recorded."""
        alerts = self._session.alerts
        if alerts.alerting is None or (not alerts.book.episodes and alerts.fired()):
            return None
        counted = Counter(dict.fromkeys((each.slug for each in Severity), 0))
        counted.update(each.severity.slug for each in alerts.book.unanswered)
        return counted

    async def _look_at_balances(self, now: float) -> None:
        if self._clock.monotonic() < self._balances_due:
            return
        self._balances_due = self._clock.monotonic() + BALANCE_EVERY
        profiles = self._session.engine.profiles

        def last(archive: Archive) -> dict[str, BalanceSeen]:
            found = {name: archive.balances(name, now) for name in profiles}
            return {name: balances[-1] for name, balances in found.items() if balances}

        try:
            async with asyncio.timeout(_ASKED_WITHIN):
                self._balances = await self._session.history.ask(last)
        except (StoreError, TimeoutError):
            pass  # whoever looks after the history tells


class _Collected:
    """What the library writes: families, once."""

    def __init__(self, found: Iterator[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        return self._found
