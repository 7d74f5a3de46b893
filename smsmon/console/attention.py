"""When the operator last looked. Pure."""

from __future__ import annotations

ABSENCE = 600.0
"""Seconds without a key or a click that count as an absence."""


class Attention:
    """Notes every sign of the operator; tells where the last absence began.

    Wall-clock seconds. ``last`` is when the console was left the time before, if it is known.
    """

    def __init__(self, now: float, last: float | None = None) -> None:
        self._seen = now
        self.away_since = now if last is None else min(last, now)
        """When the operator looked last, before the absence that ended last."""

    def sign(self, now: float) -> bool:
        """A key or a click; True when it ends an absence."""
        back = now - self._seen >= ABSENCE
        if back:
            self.away_since = self._seen
        self._seen = now
        return back
