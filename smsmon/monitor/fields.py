"""What a filter or an alert asks of a watched message: the value of each message field."""

from __future__ import annotations

from smsmon.filters.questions import Value
from smsmon.monitor.standing import Monitor, standing
from smsmon.monitor.state import Watched


def message_value(monitor: Monitor, watched: Watched, now: float, name: str) -> Value:
    """One of ``MESSAGE_FIELDS`` for one message at wall time ``now``; None where there is none."""
    counts = watched.counts
    match name:
        case "state":
            return standing(monitor, watched, now).state.value.replace(" ", "_")
        case "reason":
            return standing(monitor, watched, now).reason
        case "id" | "label" | "note" | "profile":
            return str(getattr(watched.entry, name))
        case "tag":
            return watched.entry.tags
        case "recipients" | "failed" | "delivered" | "waiting" | "unknown" | "stop" | "absent" if (
            watched.read_at is None
        ):
            return None  # nobody knows yet: that is not none
        case "recipients":
            return counts.total
        case "failed":
            return counts.not_delivered
        case "delivered" | "waiting" | "unknown" | "stop" | "absent":
            return int(getattr(counts, name))
        case "rate":
            return counts.delivery_rate
        case "failed_share":
            return counts.not_delivered / counts.total if counts.total else None
        case "waiting_share" | "stop_share":
            number: int = getattr(counts, name.removesuffix("_share"))
            return number / counts.total if counts.total else None
        case _:
            began = began_at(watched, name)
            return None if began is None else now - began


def began_at(watched: Watched, name: str) -> float | None:
    """Since when one of the fields counts that are durations and grow with the clock.

    None when it does not count now, or is no such field.
    """
    match name:
        case "age":
            return watched.entry.added_at or None
        case "oldest":
            return watched.oldest_waiting
        case "changed":
            return watched.last_change_at
        case "read":
            return watched.read_at
        case _:
            return None
