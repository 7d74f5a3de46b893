"""The requests that went out, as the first line tells them: looked at rarely."""

from __future__ import annotations

from smsmon.console.lens import Lens
from smsmon.monitor.engine import Engine

_LOOK_EVERY = 30
"""Seconds between two looks: the number changes with every poll."""


class Used:
    """Requests of the last minute, the limit and the stretch, as of a few seconds ago."""

    def __init__(self, engine: Engine, lens: Lens) -> None:
        self._engine = engine
        self._lens = lens
        self._looked_at: int | None = None
        self._seen = (0, 0, 1.0)

    def look(self) -> tuple[int, int, float]:
        """With a limit of 0 at first: none has gone out then, and soon many will have."""
        moment = int(self._lens.now() // _LOOK_EVERY)
        if moment != self._looked_at:
            if self._looked_at is not None:
                engine = self._engine
                self._seen = (engine.requests_last_minute, engine.allowed, engine.stretch)
            self._looked_at = moment
        return self._seen
