"""Where what caused an alert is to be seen: a message, some of its recipients, a filter. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from smsmon.alerts import About, Episode

_ASKED = re.compile(r"[a-z_0-9]+(?=[:<>=])")
_WHO: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset(("failed", "failed_share", "rate", "losses", "not_delivered")),
        "status:not_delivered",
        "failed>0",
    ),
    (
        frozenset(("waiting", "waiting_share", "oldest", "waiting_oldest", "p50", "p90")),
        "status:waiting",
        "waiting>0",
    ),
    (frozenset(("stop", "stop_share")), "stop:yes", "stop>0"),
    (frozenset(("unknown",)), "status:unknown", "unknown>0"),
    (frozenset(("absent",)), "absent:yes", "absent>0"),
)
"""Fields that a condition asks of → the recipients that matter then, and their messages."""


class Cause(NamedTuple):
    """What to show of an alert."""

    message_id: str = ""
    """The message to stand before."""
    recipients: str = ""
    """The filter of its recipients that shows those that matter."""
    messages: str = ""
    """The filter of the messages, where it is about many."""
    account: str = ""
    """The account whose reason is to be told."""


def cause_of(episode: Episode) -> Cause:
    asked = set(_ASKED.findall(episode.condition))
    recipients, messages = next(
        ((whom, which) for fields, whom, which in _WHO if fields & asked), ("", "")
    )
    name = episode.subject.name
    match episode.subject.about:
        case About.MESSAGE:
            return Cause(message_id=name, recipients=recipients)
        case About.ACCOUNT:
            return Cause(account=name, messages=f"profile={_quoted(name)}")
        case About.TAG:
            return Cause(messages=f"tag={_quoted(name)} {messages}".rstrip())
        case About.SOURCE | About.LABEL | About.PROFILE as of:
            return Cause(messages=f"{of}={_quoted(name)} {messages}".rstrip())
        case About.COUNTRY:
            return Cause(
                messages=messages, recipients=f"country={name.lower()} {recipients}".rstrip()
            )
        case _:
            return Cause(messages=messages or "trouble:yes")


def _quoted(name: str) -> str:
    """A value as filters read it."""
    return name if re.fullmatch(r"[\w.+-]+", name) else '"' + name.replace('"', "") + '"'
