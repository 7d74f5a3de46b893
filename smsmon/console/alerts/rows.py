"""The alerts as rows of a table: what fires, who answered, what is silenced, what is past. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from textual.content import Content

from smsmon.alerts import About, Episode, State, is_acknowledged
from smsmon.console import alert_words as words
from smsmon.console.alert_standing import AlertRow, row_place
from smsmon.console.cells import Cell, Span
from smsmon.console.formats import Formats
from smsmon.console.live_table import Column
from smsmon.console.signs import CHOSEN, DASH, SILENCED, Tone, styled
from smsmon.console.tables.rows import KeptRows
from smsmon.filters import Field, Kind, Stage, Stages
from smsmon.filters.questions import Value
from smsmon.times import counted

_BETWEEN = " · "
SEVERITIES = ("info", "warning", "critical")
ALERT_FIELDS = (
    Field("rule", Kind.TEXT, plain=True, offered=True, help="the name of the rule"),
    Field("about", Kind.TEXT, plain=True, help="what it is about: a message, its label, a tag"),
    Field("state", Kind.WORD, words=tuple(State), asked_as="state:firing",
          help="how it stands with it"),
    Field("severity", Kind.WORD, words=SEVERITIES, asked_as="severity:critical",
          help="how much it matters"),
    Field("tag", Kind.TEXT, offered=True, help="a tag of its message, or the tag it is about"),
    Field("profile", Kind.TEXT, offered=True, help="the account"),
    Field("facts", Kind.TEXT, plain=True, help="what was so, in words"),
    Field("who", Kind.TEXT, plain=True, help="who answered, and with which words"),
    Field("age", Kind.MOMENT, asked_as="age>1h", help="since when it holds"),
)  # fmt: skip
ALERT_STAGES: Stages = (
    Stage("state:firing", "not answered", "Nothing fires that nobody answered."),
)


class Shown(StrEnum):
    """Which alerts are looked at."""

    OPEN = "open"
    """All that fire, answered or not."""
    FIRING = "firing"
    """What fires, and nobody answered."""
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    PAST = "past"


def looked_at(
    shown: Shown, rows: Sequence[AlertRow], silences: Sequence[AlertRow], past: Sequence[AlertRow]
) -> list[AlertRow]:
    """The rows of what is looked at."""
    match shown:
        case Shown.OPEN:
            return list(rows)
        case Shown.PAST:
            return list(past)
        case Shown.SILENCED:
            return [*silences, *(each for each in rows if each.state is State.SILENCED)]
        case _:
            return [each for each in rows if each.state == shown.value]


def counts(
    rows: Iterable[AlertRow], silences: int, past: int, shown: Shown, *, more: bool = False
) -> Content:
    """``firing 1 · acknowledged 1 · silenced 0 · past 12``, what is looked at standing out.

    ``more``: there is more of the past than was read.
    """
    states = Counter(each.state for each in rows)
    silenced = f"{states[State.SILENCED]:,}"
    if silences:
        silenced += f" ({counted(silences, 'silence')})"
    told = {
        Shown.FIRING: f"firing {states[State.FIRING]:,}",
        Shown.ACKNOWLEDGED: f"acknowledged {states[State.ACKNOWLEDGED]:,}",
        Shown.SILENCED: f"silenced {silenced}",
        Shown.PAST: f"past {past:,}{'+' if more else ''}",
    }
    pieces = []
    for which, text in told.items():
        alarming = which is Shown.FIRING and states[State.FIRING]
        tone = Tone.WARN if alarming else Tone.DIM
        if which is shown:
            text, tone = f"{CHOSEN.glyph} {text}", Tone.WARN if alarming else Tone.STRONG
        pieces.append(styled(text, tone))
    return Content(_BETWEEN).join(pieces)


class AlertRows(KeptRows[str, AlertRow]):
    """Alerts as rows of a table, by their keys."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats

    def tell(self, rows: Iterable[AlertRow]) -> None:
        """These are the rows from now on."""
        self._rows = {each.key: each for each in rows}

    def value(self, row: AlertRow, name: str) -> Value:
        episode = row.episode
        match name:
            case "rule":
                return rule_of(row)
            case "about":
                return about_of(row)
            case "state":
                return str(row.state)
            case "severity":
                return episode.severity.slug if episode else None
            case "tag":
                return tags_of(episode) if episode else ()
            case "profile":
                return episode.subject.profile if episode else ""
            case "facts":
                return (row.facts or words.facts_of(episode)) if episode else ""
            case "who":
                return answer_of(row, self._formats)[0]
            case _:
                return self._formats.now() - row.since


def rule_of(row: AlertRow) -> str:
    """The rule; of a silence alone the one that it is of."""
    if row.episode is not None:
        return row.episode.rule
    return row.silence.name if row.silence and row.silence.what == "rule" else ""


def about_of(row: AlertRow) -> str:
    """What it is about, in words; of a silence alone what that is of."""
    if row.episode is not None:
        return words.about(row.episode.subject, row.episode.label)
    silenced = "nothing now" if not row.covers else f"{row.covers:,} now"
    return f"{words.silence_of(row.silence)}, {silenced}" if row.silence else ""


def tags_of(episode: Episode) -> tuple[str, ...]:
    """The tags of its message; the tag it is about."""
    subject = episode.subject
    return (subject.name,) if subject.about is About.TAG else episode.tags


def answer_of(row: AlertRow, formats: Formats) -> tuple[str, Tone]:
    """Who answered, until when."""
    if row.episode is not None:
        return words.answer(row.episode, row.silence, formats)
    if row.silence is None:
        return "", Tone.DIM
    return words.silenced_by(row.silence, formats, named=False), Tone.PLAIN


def whole_of(row: AlertRow, formats: Formats) -> Content:
    """A row in sentences."""
    if row.episode is not None:
        return words.whole(row.episode, row.silence, row.facts, formats)
    return Content(words.silenced_by(row.silence, formats) if row.silence else "")


def can_be_ended(row: AlertRow, now: float) -> bool:
    """True where somebody answered, which can be ended."""
    if row.silence is not None:
        return True
    return row.episode is not None and row.episode.firing and is_acknowledged(row.episode, now)


# Columns


def alert_columns(formats: Formats) -> tuple[Column[AlertRow], ...]:
    """Since when, for how long, which rule, about what, who answered; facts where there is room."""

    def sign(row: AlertRow, _: int) -> Cell:
        found = SILENCED if row.episode is None else words.STATE_SIGNS[row.state]
        return "" if found is None else Span(found.glyph, words.tone_of(row.state, row.severity))

    def since(row: AlertRow, width: int) -> Cell:
        told = formats.minute(row.since)
        return told if len(told) <= width else told.rpartition(" ")[0]

    def state(row: AlertRow, _: int) -> Cell:
        return Span(str(row.state), words.tone_of(row.state, row.severity))

    def lasted(row: AlertRow, _: int) -> Cell:
        return Span(words.lasted(row.episode, formats) if row.episode else "", Tone.DIM)

    def rule(row: AlertRow, _: int) -> Cell:
        return Span(rule_of(row) or DASH, words.tone_of(row.state, row.severity or 1))

    def who(row: AlertRow, _: int) -> Cell:
        told, tone = answer_of(row, formats)
        return Span(told or DASH, tone if told else Tone.DIM)

    def facts(row: AlertRow, _: int) -> Cell:
        if row.episode is None:
            return ""
        return Span(words.facts_by_now(row.episode, row.facts, formats), Tone.PLAIN)

    def worst_moment(row: AlertRow) -> str:
        return words.worst_of(row.episode, row.facts, formats) if row.episode else ""

    def worst(row: AlertRow, _: int) -> Cell:
        return Span(worst_moment(row), Tone.DIM)

    first: Column[AlertRow] = (
        Column("state", "state", state, width=12, priority=99, sort_key=row_place)
        if formats.plain
        else Column("sign", "", sign, width=1, priority=99, sortable=False)
    )
    return (
        first,
        Column("since", "since", since, width=6, flex=2, max_width=6, measured=True, priority=95,
               descending=True, sort_key=lambda row: row.since,
               help="Since when its condition holds."),
        Column("for", "for", lasted, width=9, priority=90, descending=True,
               sort_key=_seconds_of(formats), help="How long it fires, or fired."),
        Column("rule", "rule", rule, width=8, flex=3, max_width=16, measured=True, priority=98,
               sort_key=rule_of, help="The rule that fires."),
        Column("about", "about", lambda row, _: about_of(row), width=16, flex=4, max_width=36,
               measured=True, priority=97, sort_key=about_of,
               help="The message, account, tag or country."),
        Column("who", "who, until when", who, width=16, flex=4, max_width=34, measured=True,
               priority=96, sort_key=lambda row: answer_of(row, formats)[0] or None,
               help="Who acknowledged or silenced it, and until when."),
        Column("facts", "what is so", facts, width=24, flex=2, max_width=44, measured=True,
               priority=60, sort_key=lambda row: row.facts, help="What is so by now, in words."),
        Column("worst", "worst moment", worst, width=24, flex=1, max_width=50, measured=True,
               priority=50, may_be_empty=True, sortable=False, sort_key=worst_moment,
               help="The worst moment so far, and when it was."),
    )  # fmt: skip


def _seconds_of(formats: Formats) -> Callable[[AlertRow], float]:
    def seconds(row: AlertRow) -> float:
        over = row.episode.over_at if row.episode else None
        return (formats.now() if over is None else over) - row.since

    return seconds


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
