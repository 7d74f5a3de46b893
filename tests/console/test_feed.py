"""What happened reaches the screen soon, and seldom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from smsmon.console.feed import Feed, News
from smsmon.console.tables.log import Journal
from smsmon.model import Event, EventKind
from smsmon.monitor.state import Applied
from tests.support.clock import VirtualClock


class Shown:
    """A feed at work, and when it handed over what."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.moments: list[float] = []
        self.news: list[News] = []
        self.feed = Feed(Journal(), self._show, self.clock, frames_per_second=10)

    def _show(self, news: News) -> None:
        self.moments.append(round(self.clock.monotonic() - self.start, 3))
        self.news.append(news)

    async def poll(self, seconds: float, *, first: bool = False) -> None:
        """A poll of another message every 20 ms, for so long."""
        self.start = self.clock.monotonic()
        for number in range(round(seconds * 50)):
            self.feed.hear(Applied(str(number), self.clock.now(), first=first))
            await self.clock.advance(0.02)


@pytest.fixture
async def shown() -> AsyncIterator[Shown]:
    shown = Shown()
    working = asyncio.create_task(shown.feed.run())
    yield shown
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working


async def test_burst_of_changes_is_shown_ten_times_a_second(shown: Shown) -> None:
    await shown.poll(2, first=True)
    assert 15 <= len(shown.moments) <= 20
    assert sum(len(news.changed) for news in shown.news) >= 90


async def test_polls_that_found_nothing_new_are_shown_seldom(shown: Shown) -> None:
    await shown.poll(5)
    assert 1 <= len(shown.moments) <= 5
    assert sum(len(news.polled) for news in shown.news) >= 100


async def test_change_does_not_wait_for_polls_that_found_nothing_new(shown: Shown) -> None:
    await shown.poll(0.1)
    assert shown.moments == []
    shown.feed.hear(Event(EventKind.STALE, shown.clock.now(), "1", "default", ""))
    await shown.clock.advance(0.11)
    assert len(shown.moments) == 1
