"""Between the engine and the screen: gathers what changed, hands it over a few times a second.

A burst of reports becomes one repaint. While nothing happens no timer runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from smsmon.console.journal import Journal, event_line, transition_lines
from smsmon.model import Event
from smsmon.monitor.state import Applied

FRAMES_PER_SECOND = 10
"""Repaints at most, on a line that drains fast."""


@dataclass(slots=True)
class News:
    """What happened since the screen was last brought up to date."""

    polled: set[str] = field(default_factory=set)
    """Messages read or tried: their times and states may differ."""
    changed: dict[str, set[int]] = field(default_factory=dict)
    """Messages whose recipients changed → the slots that did; a first report lists none."""
    account: bool = False
    """An account went down, stopped or came back: every row may stand otherwise."""


class Feed:
    """Collects news. ``later(seconds, call)`` starts the one timer it ever has.

    The log is written at once, also while the screen is frozen: it is data, not paint.
    """

    def __init__(
        self,
        journal: Journal,
        show: Callable[[News], None],
        later: Callable[[float, Callable[[], None]], object],
        frames_per_second: float = FRAMES_PER_SECOND,
    ) -> None:
        self._journal = journal
        self._show = show
        self._later = later
        self._pause = 1 / frames_per_second
        self._news = News()
        self._armed = False
        self._frozen = False

    @property
    def frozen(self) -> bool:
        """While True nothing reaches the screen; all of it does after."""
        return self._frozen

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        self._frozen = frozen
        if not frozen:
            self._arm()

    @property
    def held_back(self) -> int:
        """Messages changed that the frozen screen does not show yet."""
        return len(self._news.changed) if self._frozen else 0

    def hear(self, happened: Applied | Event) -> None:
        """Take in what the engine tells."""
        news = self._news
        if isinstance(happened, Event):
            self._journal.note([event_line(happened)])
            if happened.message_id:
                news.polled.add(happened.message_id)
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
        self._arm()

    def flush(self) -> None:
        """Hand over now what is gathered, unless frozen."""
        self._deliver()

    def _arm(self) -> None:
        if not self._armed and not self._frozen:
            self._armed = True
            self._later(self._pause, self._deliver)

    def _deliver(self) -> None:
        self._armed = False
        if not self._frozen:
            news, self._news = self._news, News()
            self._show(news)
