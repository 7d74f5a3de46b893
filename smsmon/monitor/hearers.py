"""Who hears what an engine tells: the recorder first, then listeners, then who counts requests.

They are called on the event loop, in the order in which they came; one that raises hurts nobody
else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

from smsmon.model import Event, Origin
from smsmon.monitor.board import Board
from smsmon.monitor.intake import News
from smsmon.monitor.state import Applied, Asked, Watched

log = logging.getLogger(__name__)

_T = TypeVar("_T")
Listener = Callable[[Applied | Event], None]


class Recorder(Protocol):
    """What keeps the history. ``record`` must not block: it takes note and returns."""

    def record(self, applied: Applied, watched: Watched) -> None: ...


class Hearers:
    """All who hear what is told of the messages of ``board``."""

    def __init__(self, board: Board, recorder: Recorder | None) -> None:
        self.listeners: list[Listener] = []
        self.counting: list[Callable[[Asked], None]] = []
        """Who hears of each request that is over."""
        self._board = board
        self.recorder = recorder
        self._broken: set[object] = set()

    def tell(self, news: News) -> None:
        """Tell all whom it concerns."""
        if isinstance(news, Asked):
            for counting in tuple(self.counting):
                self._guard(counting, lambda count: count(news))
            return
        if self.recorder is not None and isinstance(news, Applied):
            watched = self._board.get(news.message_id)
            if watched is not None and news.origin is not Origin.RECORDED:
                self._guard(self.recorder, lambda r: r.record(news, watched))
        for listener in tuple(self.listeners):
            self._guard(listener, lambda listen: listen(news))

    def _guard(self, target: _T, call: Callable[[_T], None]) -> None:
        try:
            call(target)
        except Exception:
            if id(target) not in self._broken:
                self._broken.add(id(target))
                log.exception("%r failed; the engine goes on", target)
