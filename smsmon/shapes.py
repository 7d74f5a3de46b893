"""What leaves the program, in one shape each: JSON, the rows of exports, and words.

The shapes are a contract: keys are added, never changed. Moments are UTC, to the second. Where it
is ``private``, phone numbers are masked, and so are those in words: of the API, in labels, tags
and notes, and in what an alert is about. Ids and names of accounts and rules stay.

A recipient's change is news when its status changed, or its STOP, or its word where the status is
unknown both times. Another date, or another spelling of a status that is known, is none. Who is
no longer listed, or is again, is an event of the message that counts them: one short answer may
leave out all of a hundred thousand.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from smsmon.alerts import About, Edge, What
from smsmon.model import Event, Transition
from smsmon.phones import as_shown, without_numbers
from smsmon.recipients import Status
from smsmon.times import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from smsmon.alerts import Episode, Silence, State, Subject
    from smsmon.filters import Kind
    from smsmon.filters.fields import Fact
    from smsmon.filters.recipients import RecipientField, Sighted
    from smsmon.groups import Figures
    from smsmon.model import Counts, Entry, Fault
    from smsmon.monitor.alerts import Alert
    from smsmon.monitor.state import Applied
    from smsmon.recipients import Recipient
    from smsmon.store.past import InShort, Sighting

Happening = Transition | Event


def shape_of(kind: Kind, *, private: bool) -> Callable[[Any], object]:
    """What gives the facts of a kind as JSON and CSV have them; 0 is no moment."""
    from smsmon.filters import Kind  # most commands do without the grammar

    match kind:
        case Kind.MOMENT:
            return lambda fact: utc(fact) if fact else None
        case Kind.PHONE:
            return partial(as_shown, private=private)
        case Kind.TEXT if private:
            return _without_numbers
    return lambda fact: list(fact) if isinstance(fact, tuple) else fact


def _without_numbers(fact: Any) -> object:
    """A text, or several."""
    return list(map(without_numbers, fact)) if isinstance(fact, tuple) else without_numbers(fact)


def fact_json(fact: Fact, kind: Kind, *, private: bool = False) -> object:
    """What is known of a message or of a recipient."""
    return shape_of(kind, private=private)(fact)


def entry_json(entry: Entry) -> dict[str, Any]:
    """One message of the watchlist."""
    return {
        "id": entry.id,
        "label": entry.label,
        "tags": list(entry.tags),
        "note": entry.note,
        "note_by": entry.note_by,
        "note_at": utc(entry.note_at or None),
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


def recipient_json(recipient: Recipient, *, private: bool) -> dict[str, Any]:
    """One recipient as an answer has it."""
    return {
        "phone": as_shown(recipient.phone, private=private),
        "status": recipient.status.slug,
        "raw_status": words_of_api(recipient.raw_status, private),
        "stop": recipient.stop,
        "date": utc(recipient.date),
    }


def group_json(group: Figures, *, private: bool) -> dict[str, Any]:
    """A group as it is at one moment: what its exports have, and what became of each minute."""
    from smsmon.filters.groups import GROUP_ROWS

    told: dict[str, Any] = {}
    for each in GROUP_ROWS:
        if each.exported:
            fact = fact_json(each.of(group), each.kind, private=private)
            told[each.exported] = round(fact, 4) if isinstance(fact, float) else fact
    minutes = [{"sent": each.sent, "failed": each.failed} for each in group.minutes]
    return {**told, "per_minute": minutes}


def yes_no(flag: bool | None) -> str:
    """A flag in a row of text: ``yes``, ``no``, or nothing where the API did not say."""
    return {True: "yes", False: "no", None: ""}[flag]


def known_json(one: Sighted, *, private: bool) -> dict[str, Any]:
    """One recipient as last seen, and what is known of it besides."""
    from smsmon.filters.recipients import RECIPIENT_COLUMNS, RECIPIENTS, SIGHTED, RecipientRow

    fields: Sequence[RecipientField] = RECIPIENTS if isinstance(one, RecipientRow) else SIGHTED
    told = {each.exported: fact_json(each.of(one), each.kind, private=private) for each in fields}
    return {name: told[name] for name in RECIPIENT_COLUMNS if name in told}


def sighting_json(sighting: Sighting, *, private: bool) -> dict[str, Any]:
    """One phone number in one message, as ``find`` has it."""
    seen = sighting
    return {
        "id": seen.message_id,
        "label": words_of_api(seen.label, private),
        **known_json(seen, private=private),
        "read_at": utc(seen.read_at),
        "profile": seen.profile,
        "changes": [transition_json(each, private=private) for each in seen.transitions],
    }


def fault_json(fault: Fault, *, private: bool) -> dict[str, Any]:
    """Why a message could not be read."""
    message = words_of_api(fault.message, private)
    return {"kind": str(fault.kind), "code": fault.code, "message": message}


def transition_json(change: Transition, *, private: bool) -> dict[str, Any]:
    """One recipient's change; ``stop`` is what it is since."""
    return {
        "id": change.message_id,
        "phone": as_shown(change.phone, private=private),
        "before": None if change.before is None else change.before.slug,
        "after": change.after.slug,
        "raw_status": words_of_api(change.raw_status, private),
        "stop_before": change.stop_before,
        "stop": change.stop_after,
        "date": utc(change.date),
        "observed_at": utc(change.observed_at),
        "profile": change.profile,
    }


def outcome(change: Transition, *, private: bool) -> str:
    """What a recipient's change came to, for a table that has the status before.

    ``delivered``, ``waiting, stop``, ``waiting, stop withdrawn``, ``unknown (a word of the API)``.
    """
    word, stop = _news(change, private)
    return f"{change.after.slug}{word}" + (f", {stop.lower()}" if stop else "")


def in_words(change: Transition, *, private: bool = False) -> str:
    """What became of one recipient: ``Waiting → Not delivered``, ``new, Waiting``, ``STOP``."""
    word, stop = _news(change, private)
    told = f"{change.after.word}{word}"
    if change.before is None:
        told = f"new, {told}"
    elif change.before is not change.after:
        told = f"{change.before.word} → {told}"
    elif stop and not word:
        return stop
    return f"{told}, {stop}" if stop else told


def _news(change: Transition, private: bool) -> tuple[str, str]:
    """The API's word where smsmon has none, and what became of STOP; empty where nothing is."""
    raw = change.raw_status if change.after is Status.UNKNOWN else ""
    word = f" ({words_of_api(raw, private)})" if raw else ""
    if change.stop_after == change.stop_before:
        return word, ""
    return word, "STOP" if change.stop_after else "STOP withdrawn"


def event_json(event: Event, *, private: bool) -> dict[str, Any]:
    """One thing that happened to a message or an account."""
    return {
        "kind": event.kind.slug,
        "id": event.message_id,
        "profile": event.profile,
        "detail": words_of_api(event.detail, private),
        "at": utc(event.at),
        "until": utc(event.until),
    }


def in_short_json(row: InShort, *, private: bool) -> dict[str, Any]:
    """What happened to one message, to an account itself or to a group, added up."""
    return {
        "type": "message" if row.message_id else "group" if row.group else "account",
        "id": row.message_id,
        "group": words_of_api(row.group, private) or None,
        "label": words_of_api(row.label, private),
        "profile": row.profile,
        "delivered": row.delivered,
        "not_delivered": row.not_delivered,
        "waiting": row.waiting,
        "unknown": row.unknown,
        "stop": row.stop,
        "stop_withdrawn": row.stop_withdrawn,
        "unread": [{"since": utc(each.since), "until": utc(each.until)} for each in row.unread],
        "missing": row.missing,
        "alerts": [episode_json(each, private=private) for each in row.alerts],
        "events": {kind.slug: count for kind, count in row.events},
        "last_at": utc(row.last_at),
    }


def happening_json(one: Happening, *, private: bool) -> dict[str, Any]:
    """A line of ``watch`` and of ``history changes --json``."""
    if isinstance(one, Event):
        return {"type": "event", **event_json(one, private=private)}
    return {"type": "change", **transition_json(one, private=private)}


def news_json(news: Applied | Event, *, private: bool) -> Iterator[dict[str, Any]]:
    """The lines that ``watch`` prints for one piece of news; none for a poll without change."""
    told: tuple[Happening, ...]
    told = (news,) if isinstance(news, Event) else (*news.transitions, *news.events)
    for each in told:
        yield happening_json(each, private=private)


def alert_json(alert: Alert, number: int | None = None, *, private: bool) -> dict[str, Any]:
    """One end of an alert, with the number of its episode as far as that is known."""
    return {
        "number": number,
        "state": "firing" if alert.firing else "over",
        "name": alert.rule.name,
        "severity": alert.rule.severity.slug,
        "condition": alert.rule.condition.text,
        "about": str(alert.subject.about),
        "subject": _subject(alert.subject, private),
        "id": alert.message_id,
        "label": words_of_api(alert.label, private),
        "facts": words_of_api(alert.facts, private),
        "since": utc(alert.began),
        "at": utc(alert.at),
        "already": alert.old,
        "detail": alert.why,
    }


def episode_json(episode: Episode, edge: Edge | None = None, *, private: bool) -> dict[str, Any]:
    """One episode of an alert, or one ``edge`` of it as it is told: what `alert_json` has of an
    alert, and what is known of it besides.
    """
    over = not episode.firing if edge is None else edge is Edge.OVER
    about, worst, answer = episode.subject.about, episode.worst, episode.acknowledged
    return {
        "state": "over" if over else "firing",
        "name": episode.rule,
        "severity": episode.severity.slug,
        "condition": episode.condition,
        "id": episode.subject.name if about is About.MESSAGE else "",
        "label": words_of_api(episode.label, private),
        "since": utc(episode.began_at),
        "at": utc(episode.over_at if over else episode.fired_at),
        "already": episode.old,
        "detail": episode.why_over if over else "",
        "number": episode.number,
        "about": str(about),
        "subject": _subject(episode.subject, private),
        "profile": episode.subject.profile,
        "tags": [words_of_api(each, private) for each in episode.tags],
        "facts": words_of_api(episode.facts, private),
        "fired_at": utc(episode.fired_at),
        "over_at": utc(episode.over_at),
        "worst": worst and {"at": utc(worst.at), "facts": words_of_api(worst.facts, private)},
        "acknowledged": answer
        and {
            "by": answer.by,
            "at": utc(answer.at),
            "note": words_of_api(answer.note, private),
            "until": utc(answer.until),
        },
    }


def standing_json(episode: Episode, state: State, *, private: bool) -> dict[str, Any]:
    """One episode, and how it stands: ``firing``, ``acknowledged``, ``silenced`` or ``past``."""
    return {**episode_json(episode, private=private), "standing": str(state)}


def silence_json(silence: Silence, *, private: bool) -> dict[str, Any]:
    """That nobody wants to hear of some alerts for a while."""
    return {
        "number": silence.number,
        "what": str(silence.what),
        "name": words_of_api(silence.name, private and silence.what is What.TAG),
        "since": utc(silence.since),
        "until": utc(silence.until),
        "by": silence.by,
        "note": words_of_api(silence.note, private),
    }


def _subject(subject: Subject, private: bool) -> str:
    """What an alert is about, as it is written; of tags and labels anybody chose the words."""
    return words_of_api(str(subject), private and subject.about in (About.TAG, About.LABEL))


def words_of_api(words: str, private: bool) -> str:
    """Words in which phone numbers can be: without their digits if ``private``."""
    return without_numbers(words) if private else words
