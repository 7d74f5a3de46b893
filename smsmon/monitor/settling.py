"""When a complete message has settled: a judgement that a clock that was set back takes back."""

from __future__ import annotations

from smsmon.clock import CLOCK_SLACK
from smsmon.monitor.state import SETTLED_AFTER, Watched


def has_settled(watched: Watched, settled_at: float, now: float) -> bool:
    """True when 48 hours have passed over the last change of a complete message at wall time
    ``now``, and ``settled_at`` is not yet to come.
    """
    return (
        watched.completed_at is not None
        and watched.last_change_at is not None
        and now - watched.last_change_at >= SETTLED_AFTER
        and settled_at <= now + CLOCK_SLACK
    )
