"""What the commands about alerts need of the store and the settings, and how they say it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from datetime import UTC
from typing import TYPE_CHECKING, NoReturn

from smsmon import times
from smsmon.alerts import LONG_AGO, About, Acknowledgement, Episode
from smsmon.commands.output import fail, say
from smsmon.commands.stores import who_polls
from smsmon.phones import without_numbers
from smsmon.secret import without_keys

if TYPE_CHECKING:
    from smsmon.locations import Locations
    from smsmon.settings import Settings

NOBODY_POLLS = "Nothing polls: no alert begins or ends until a console or `smsmon watch` runs."


def warn_if_nobody_polls(locations: Locations, settings: Settings) -> None:
    """Say so when no alert can begin or end."""
    if who_polls(locations, settings) is None:
        say(NOBODY_POLLS)


def rule_names(settings: Settings, episodes: Iterable[Episode] = ()) -> list[str]:
    """The names of the rules, and of rules that are gone of which something is known yet."""
    return [*dict.fromkeys([*settings.alerts, *(each.rule for each in episodes)])]


def fail_for_rule(name: str, known: Collection[str]) -> NoReturn:
    """There is no such rule."""
    from smsmon.settings.values import did_you_mean

    hint = did_you_mean(name, known) or (f" Known: {', '.join(known)}." if known else "")
    fail(f"There is no rule {without_keys(name)!r}.{hint}")


_KINDS = frozenset(About) - {About.MESSAGE, About.ALL}


def subject_named(text: str) -> str:
    """A subject as `Subject` writes it, of what was typed; a failure for what can be none."""
    from smsmon.store.entries import why_not_an_id

    kind, colon, name = text.partition(":")
    if text == About.ALL or (colon and name and kind in _KINDS):
        return f"{kind}:{name.upper()}" if kind == About.COUNTRY else text
    if why := why_not_an_id(text):
        fail(
            f"{without_keys(text)!r} is nothing an alert can be about: give a message id ({why}),"
            " account:NAME, tag:TAG, source:NAME, label:TEXT, country:FR or all."
        )
    return text


def about(episode: Episode, *, private: bool) -> str:
    """What an alert is about, with the label of a message."""
    label = without_numbers(episode.label) if private else episode.label
    return f"{episode.subject} {label}".rstrip()


def told_below(episode: Episode, facts: str, *answered: str, private: bool) -> str:
    """What a person reads under the row of an alert: how grave it is, its facts, who answered."""
    shown = without_numbers(facts) if private else facts
    return " · ".join(filter(None, (f"{episode.severity.slug}: {shown}", *answered)))


def answer(told: Acknowledgement | None, now: float, *, in_utc: bool, private: bool) -> str:
    """Who took an alert on, with which words, and until when: ``anna@ops1: "ordered more"``."""
    if told is None:
        return ""
    note = without_numbers(told.note) if private else told.note
    parts = [f'{told.by}: "{note}"' if note else told.by]
    if told.until is not None:
        parts.append(f"until {to_come(told.until, in_utc=in_utc)}")
    if now - told.at >= LONG_AGO:
        parts.append(f"{times.age(now - told.at)} ago")
    return ", ".join(parts)


def to_come(at: float, *, in_utc: bool) -> str:
    """A moment to come within a sentence, with its weekday where that tells it."""
    zone = UTC if in_utc else times.LocalZone()
    return times.to_come(at, time.time(), zone) + ("Z" if in_utc else "")


def moment(at: float, *, in_utc: bool) -> str:
    """A moment within a sentence."""
    zone = UTC if in_utc else times.LocalZone()
    return times.moment(at, time.time(), zone) + ("Z" if in_utc else "")
