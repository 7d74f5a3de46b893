"""The JSON shapes that commands print. They are a contract: keys are added, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smsmon.commands.times import utc
from smsmon.model import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from smsmon.commands.reading import Reading
    from smsmon.model import Counts, Entry, Event, Fault, Transition
    from smsmon.monitor.alerts import Alert
    from smsmon.monitor.state import Applied
    from smsmon.recipients import Recipient
    from smsmon.store.remembered import Sighting


def entry_json(entry: Entry) -> dict[str, Any]:
    """One message of the watchlist."""
    return {
        "id": entry.id,
        "label": entry.label,
        "tags": list(entry.tags),
        "note": entry.note,
        "added_at": utc(entry.added_at or None),
        "paused": entry.paused,
        "profile": entry.profile,
    }


def counts_json(counts: Counts) -> dict[str, int]:
    """How many recipients stand where."""
    return {
        "total": counts.total,
        "delivered": counts.delivered,
        "not_delivered": counts.not_delivered,
        "waiting": counts.waiting,
        "unknown": counts.unknown,
        "stop": counts.stop,
    }


def recipient_json(recipient: Recipient, phone: Callable[[str], str] = str) -> dict[str, Any]:
    """One recipient; ``phone`` masks the number in privacy mode."""
    return {
        "phone": phone(recipient.phone),
        "status": recipient.status.slug,
        "raw_status": recipient.raw_status,
        "stop": recipient.stop,
        "date": utc(recipient.date),
    }


def yes_no(flag: bool | None) -> str:
    """A flag in a row of text: ``yes``, ``no``, or nothing where the API did not say."""
    return {True: "yes", False: "no", None: ""}[flag]


def fault_json(fault: Fault) -> dict[str, Any]:
    """Why a message could not be read."""
    return {"kind": str(fault.kind), "code": fault.code, "message": fault.message}


def reading_json(reading: Reading, phone: Callable[[str], str] = str) -> dict[str, Any]:
    """One message as ``status --json`` has it. A message that was not read has no counts."""
    report = reading.report
    return {
        "id": reading.message_id,
        "state": reading.state,
        "error": fault_json(reading.fault) if reading.fault else None,
        "fetched_at": utc(report.fetched_at) if report else None,
        "counts": counts_json(reading.counts) if reading.counts else None,
        "recipients": [recipient_json(each, phone) for each in report.recipients] if report else [],
    }


def transition_json(transition: Transition, phone: Callable[[str], str] = str) -> dict[str, Any]:
    """One recipient's change."""
    return {
        "id": transition.message_id,
        "phone": phone(transition.phone),
        "before": None if transition.before is None else transition.before.slug,
        "after": transition.after.slug,
        "raw_status": transition.raw_status,
        "stop": transition.stop_after,
        "date": utc(transition.date),
        "observed_at": utc(transition.observed_at),
        "profile": transition.profile,
    }


def outcome(transition: Transition) -> str:
    """What a recipient's change came to, for a table: its status, and what else changed of it.

    ``delivered``, ``waiting, stop``, ``waiting, stop withdrawn``, ``unknown (a word of the API)``.
    """
    status = transition.after.slug
    if transition.after is Status.UNKNOWN and transition.raw_status:
        status = f"{status} ({transition.raw_status})"
    if transition.stop_after == transition.stop_before:
        return status
    return f"{status}, {'stop' if transition.stop_after else 'stop withdrawn'}"


def event_json(event: Event) -> dict[str, Any]:
    """One thing that happened to a message or an account."""
    return {
        "kind": str(event.kind).replace(" ", "_"),
        "id": event.message_id,
        "profile": event.profile,
        "detail": event.detail,
        "at": utc(event.at),
        "until": utc(event.until),
    }


def alert_json(alert: Alert) -> dict[str, Any]:
    """One end of an alert. It has no phone numbers in it."""
    return {
        "state": "firing" if alert.firing else "over",
        "name": alert.rule.name,
        "severity": alert.rule.severity.name.lower(),
        "condition": alert.rule.condition.text,
        "id": alert.message_id,
        "label": alert.label,
        "since": utc(alert.began),
        "at": utc(alert.at),
        "already": alert.old,
        "detail": alert.why,
    }


def news_json(news: Applied | Event, phone: Callable[[str], str] = str) -> list[dict[str, Any]]:
    """The lines that ``watch`` prints for one piece of news; none for a poll without change."""
    from smsmon.model import Event

    if isinstance(news, Event):
        return [{"type": "event", **event_json(news)}]
    return [{"type": "change", **transition_json(each, phone)} for each in news.transitions] + [
        {"type": "event", **event_json(each)} for each in news.events
    ]


def sighting_json(sighting: Sighting, phone: Callable[[str], str] = str) -> dict[str, Any]:
    """One phone number in one message, as ``find`` has it."""
    return {
        "id": sighting.message_id,
        "label": sighting.label,
        **recipient_json(sighting.recipient, phone),
        "first_seen": utc(sighting.first_seen),
        "changed_at": utc(sighting.changed_at),
        "read_at": utc(sighting.read_at),
        "profile": sighting.profile,
        "changes": [transition_json(each, phone) for each in sighting.transitions],
    }
