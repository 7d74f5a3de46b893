"""Between the engine and the screen: gathers what changed, hands it over a few times a second.

A burst of reports becomes one repaint; polls that found everything as it was wait for each
other longer. While nothing happens no timer runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from smsmon.clock import Clock, sleep
from smsmon.console.tables.log import Journal, LogLine, event_line, transition_lines
from smsmon.model import Event, EventKind
from smsmon.monitor.state import Applied

FRAMES_PER_SECOND = 10
"""Repaints at most, on a line that drains fast."""
_UNCHANGED_AFTER = 2.0
"""Seconds until polls that found nothing new are shown: they change times told to the minute."""


@dataclass(slots=True)
class News:
    """What happened since the screen was last brought up to date."""

    polled: set[str] = field(default_factory=set)
    """Messages read or tried: their times and states may differ."""
    changed: dict[str, set[int]] = field(default_factory=dict)
    """Messages whose recipients changed → the slots that did; a first report lists none."""
    added: set[str] = field(default_factory=set)
    """Messages that are watched from now on, whoever added them."""
    account: bool = False
    """An account went down, stopped or came back: every row may stand otherwise."""


class Feed:
    """Collects news. While nothing happens it waits, and no timer runs.

    The log is written at once, also while the screen is frozen: it is data, not paint.
    """

    def __init__(
        self,
        journal: Journal,
        show: Callable[[News], None],
        clock: Clock,
        frames_per_second: float = FRAMES_PER_SECOND,
    ) -> None:
        self._journal = journal
        self._show = show
        self._clock = clock
        self.frames_per_second = frames_per_second
        self._news = News()
        self._stirred = asyncio.Event()
        self._pressing = asyncio.Event()
        """Set when there is more to show than that messages were read."""
        self.frozen_since: float | None = None
        """Wall time of the picture that is held still; None while it is not."""

    @property
    def frozen(self) -> bool:
        """While True nothing reaches the screen; all of it does after."""
        return self.frozen_since is not None

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        self.frozen_since = self._clock.now() if frozen else None
        self._stirred.set()
        self._pressing.set()

    @property
    def held_back(self) -> int:
        """Messages changed that the frozen screen does not show yet."""
        return len(self._news.changed) if self.frozen else 0

    def hear(self, happened: Applied | Event) -> None:
        """Take in what the engine tells."""
        news = self._news
        if isinstance(happened, Event) or happened.changed:
            self._pressing.set()
        if isinstance(happened, Event):
            self._journal.note([event_line(happened)])
            if happened.message_id:
                news.polled.add(happened.message_id)
                if happened.kind is EventKind.ADDED:
                    news.added.add(happened.message_id)
            else:
                news.account = True
        else:
            id = happened.message_id
            news.polled.add(id)
            self._journal.note(transition_lines(happened.transitions))
            self._journal.note(map(event_line, happened.events))
            if happened.first or happened.transitions:
                slots = news.changed.setdefault(id, set())
                slots.update(change.slot for change in happened.transitions)
        self._stirred.set()

    def tell(self, lines: Iterable[LogLine], ids: Iterable[str]) -> None:
        """Log these lines; the rows of these messages show something else now."""
        self._journal.note(lines)
        self._news.polled.update(ids)
        self._pressing.set()
        self._stirred.set()

    async def run(self) -> None:
        """Hand over what is gathered, a few times a second at most, until cancelled."""
        while True:
            await self._stirred.wait()
            await self._clock.wait(self._pressing, _UNCHANGED_AFTER)
            await sleep(self._clock, 1 / self.frames_per_second)
            self.flush()

    def flush(self) -> None:
        """Hand over now what is gathered, unless frozen."""
        self._stirred.clear()
        self._pressing.clear()
        if not self.frozen:
            news, self._news = self._news, News()
            self._show(news)
