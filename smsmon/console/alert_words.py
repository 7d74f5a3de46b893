"""What is said of an alert: what it is about, what is so, since when, and who answered. Pure.

No names of fields: what is so is told in the words of its facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from textual.content import Content

from smsmon.alerts import (
    LONG_AGO,
    About,
    Acknowledgement,
    Episode,
    Silence,
    State,
    Subject,
    is_acknowledged,
)
from smsmon.console.formats import Formats
from smsmon.console.signs import ACKNOWLEDGED, ALERT, ALERT_TONES, SILENCED, Sign, Tone, styled
from smsmon.countries import country_name
from smsmon.text import painted
from smsmon.times import age, counted, duration

_BETWEEN = " · "
STATE_SIGNS: Mapping[State, Sign | None] = MappingProxyType(
    {
        State.FIRING: ALERT,
        State.ACKNOWLEDGED: ACKNOWLEDGED,
        State.SILENCED: SILENCED,
        State.PAST: None,
    }
)


def tone_of(state: State, severity: int) -> Tone:
    """How an alert is meant: by how grave it is while nobody answered, else it stands back."""
    return ALERT_TONES[severity] if state is State.FIRING else Tone.DIM


def about(subject: Subject, label: str = "") -> str:
    """``2270138 Win-back 2019 list``, ``account default``, ``tag otp``, ``France``."""
    match subject.about:
        case About.MESSAGE:
            return f"{subject.name} {painted(label)}".rstrip()
        case About.COUNTRY:
            return country_name(subject.name) or subject.name
        case About.ALL:
            return "all messages"
        case _:
            return f"{subject.about} {painted(subject.name)}"


def named(episodes: Iterable[Episode]) -> str:
    """``losses 2270138 Win-back 2019 list``, or how many: ``3 alerts``."""
    episodes = list(episodes)
    if len(episodes) != 1:
        return counted(len(episodes), "alert")
    (episode,) = episodes
    return f"{episode.rule} {about(episode.subject, episode.label)}"


def silence_of(silence: Silence) -> str:
    """What it is of: ``rule losses``, ``tag otp``, ``message 2270138``."""
    return f"{silence.what} {painted(silence.name)}"


def facts_of(episode: Episode) -> str:
    """What was so when it fired; its condition where nobody noted that."""
    return episode.facts or episode.condition


def facts_by_now(episode: Episode, facts: str, formats: Formats) -> str:
    """``facts``: what is so by now. Where that is empty, as nobody has looked since smsmon was
    started: what was so when it fired, with the moment.
    """
    if facts or not (episode.firing and episode.facts):
        return formats.words(facts or facts_of(episode))
    return f"{formats.words(episode.facts)} at {formats.minute(episode.fired_at)}"


# The line above the keys


def line(
    episode: Episode,
    facts: str,
    formats: Formats,
    *,
    more: int = 0,
    key: str = "A",
    here: bool = False,
) -> tuple[Content, ...]:
    """An alert that nobody answered, in its forms from the longest to the shortest.

    ``facts``: what is so by now. ``more``: how many alerts nobody answered besides. ``here``: it
    is of the row under the cursor, which needs no name.
    """
    whom = "" if here else f" {about(episode.subject, episode.label)}"
    short = "" if here else f" {about(episode.subject)}"
    told = facts_by_now(episode, facts, formats)
    since = f"since {formats.minute(episode.began_at)}"
    others = f"{_BETWEEN}{more:,} more: {key}" if more else ""
    tone = ALERT_TONES[episode.severity]
    forms = (
        f"{whom}: {told}, {since}{_BETWEEN}not acknowledged{others}",
        f"{short}: {told}, {since}{_BETWEEN}not acknowledged{others}",
        f"{short}: {told}, {since}{others}",
    )
    sign = ALERT.word if formats.plain else ALERT.glyph
    return tuple(styled(f"{sign} {episode.rule}{each}", tone) for each in forms)


def of_row(episode: Episode, facts: str, state: State, formats: Formats) -> Content:
    """An alert of the row under the cursor, and how it stands with it in a word."""
    sign = ALERT.word if formats.plain else (STATE_SIGNS[state] or ALERT).glyph
    told = facts_by_now(episode, facts, formats)
    since = f"since {formats.minute(episode.began_at)}"
    answer = {
        State.ACKNOWLEDGED: f"{_BETWEEN}{_by(episode.acknowledged, formats)}",
        State.SILENCED: f"{_BETWEEN}{SILENCED.word}",
    }.get(state, "")
    text = f"{sign} {episode.rule}: {told}, {since}{answer}"
    return styled(text, tone_of(state, episode.severity))


def _by(told: Acknowledgement | None, formats: Formats) -> str:
    if told is None:
        return ACKNOWLEDGED.word
    ago = formats.now() - told.at
    when = f" {_ago(told, formats)}" if ago >= LONG_AGO else ""
    return f"{ACKNOWLEDGED.word}{when} by {painted(told.by)}"


def _ago(told: Acknowledgement, formats: Formats) -> str:
    if formats.still:  # nothing may change by itself
        return formats.minute(told.at)
    return f"{age(formats.now() - told.at)} ago"


# A row of the alerts


def lasted(episode: Episode, formats: Formats) -> str:
    """How long it fires, or fired. Empty where nothing may change by itself, and it still does."""
    if episode.over_at is not None:
        return duration(max(0.0, episode.over_at - episode.began_at))
    return "" if formats.still else formats.since(episode.began_at)


def is_old(episode: Episode, now: float) -> bool:
    """True when it was acknowledged long ago, and fires still."""
    told = episode.acknowledged
    return (
        episode.firing
        and told is not None
        and is_acknowledged(episode, now)
        and now - told.at >= LONG_AGO
    )


def answer(episode: Episode, silence: Silence | None, formats: Formats) -> tuple[str, Tone]:
    """Who answered, until when, with which words; and how that is meant.

    The words come last: they may be long, and a narrow column cuts what is last.

    ``silence``: the one that covers it, in force.
    """
    told = episode.acknowledged
    if not episode.firing:
        over = f"over {formats.minute(episode.over_at)}"
        why = f", {episode.why_over}" if episode.why_over else ""
        by = f", ack. by {painted(told.by)}{_said(told.note, formats)}" if told else ""
        return f"{over}{why}{by}", Tone.DIM
    if silence is not None:
        return silenced_by(silence, formats), Tone.DIM
    if told is None:
        return "", Tone.DIM
    until = f" until {formats.to_come(told.until)}" if told.until is not None else ""
    if not is_acknowledged(episode, formats.now()):
        ended = formats.minute(told.until)
        return f"{painted(told.by)} until {ended}{_said(told.note, formats)}", Tone.WARN
    said = _said(told.note, formats)
    if is_old(episode, formats.now()):
        old = f"acknowledged {_ago(told, formats)} by {painted(told.by)}"
        return f"{old}{until and ','}{until}{said}", Tone.WARN
    return f"{painted(told.by)}{until}{said}", Tone.PLAIN


def silenced_by(silence: Silence, formats: Formats, *, named: bool = True) -> str:
    """Who silenced it, until when, with which words; ``named``: and what it is a silence of."""
    who = painted(silence.by) or "silenced"
    of = f", {silence_of(silence)}" if named else ""
    said = _said(silence.note, formats)
    return f"{who} until {formats.to_come(silence.until)}{of}{said}"


def _said(note: str, formats: Formats) -> str:
    return f": “{formats.words(painted(note))}”" if note else ""


def worst_of(episode: Episode, facts: str, formats: Formats) -> str:
    """The worst moment: ``72% not delivered of 210 final, 20:31``; empty where none is known, and
    where it was as ``facts`` tell, which is so by now."""
    worst = episode.worst
    if worst is None or worst.facts in ("", facts or facts_of(episode)):
        return ""
    return f"{formats.words(worst.facts)}, {formats.minute(worst.at)}"


def whole(episode: Episode, silence: Silence | None, facts: str, formats: Formats) -> Content:
    """A row in sentences: what its columns have no room for; what can best be spared at the end."""
    head = f"{episode.rule} {about(episode.subject, episode.label)}: "
    now = facts_by_now(episode, facts, formats)
    told, tone = answer(episode, silence, formats)
    state = [styled(f"{_BETWEEN}{told}", Tone.DIM if tone is Tone.PLAIN else tone)] if told else []
    rest = []
    if worst := worst_of(episode, facts, formats):
        rest.append(f"worst {worst}")
    if (condition := episode.condition) and condition != now:
        rest.append(f"rule {formats.words(condition)}")
    told_at_last = painted("".join(f"{_BETWEEN}{each}" for each in rest))
    return Content.assemble(head, painted(now), *state, told_at_last)
