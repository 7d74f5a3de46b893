"""What people are told of alerts, in words for a phone, a mail, a page. Pure.

The title says what it is about, each line is a sentence on its own. What came together is told
together: one line each, the gravest first. All text from outside is made `inert`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import partial
from shlex import quote

from smsmon.alerts import About, Edge, Episode, Severity, Subject
from smsmon.countries import country_name
from smsmon.phones import without_numbers
from smsmon.targets import Notification
from smsmon.text import LABEL_LIMIT, painted, safe
from smsmon.times import capital, counted, duration, moment, timestamp

_LOOK_ALIKES = str.maketrans(
    {
        "<": "‹",
        ">": "›",
        "`": "ʼ",
        "*": "∗",
        "~": "∼",
        "[": "(",
        "]": ")",
        "|": "¦",
        "\\": "∖",
    }
)
_CROWD = "everyone|here|channel|all|online|room"
_MARKS = re.compile(
    r"(?P<scheme>:(?=//))"
    r"|(?P<web>(?<=\bwww)\.)"
    rf"|(?P<mention>@(?:(?=(?:{_CROWD})\b)|(?<![0-9A-Za-z]@)))"
    r"|(?P<edge>(?<![0-9A-Za-z])_|_(?![0-9A-Za-z]))"
    r"|(?P<sign>:(?=[0-9_+-]*[a-z][a-z0-9_+-]*:))"
    r"|(?P<entity>&(?=#?[0-9A-Za-z]{1,32};))"
    r"|(?P<ref>(?<![0-9A-Za-z])#(?=\w))",
    re.IGNORECASE,
)
_STAND_INS = {
    "scheme": ": ",
    "web": " .",
    "mention": "＠",
    "edge": "＿",
    "sign": "∶",
    "entity": "＆",
    "ref": "＃",
}
_BLOCK = re.compile(r"^(?:(?P<mark>[-+=#])(?=[\s\-+=#]|$)|(?P<digits>[0-9]{1,9})[.)](?=\s|$))")
_BLOCKS = {"-": "–", "+": "＋", "=": "＝", "#": "＃"}


def inert(text: str, limit: int = LABEL_LIMIT, *, private: bool = False) -> str:
    """``text`` on one line, at most ``limit`` characters long, with nothing to be obeyed.

    Which marks a chat or a mail takes for a link, a mention or a format differs. So what could be
    one anywhere (HTML, Markdown and its kin, mentions, addresses, signs by name) becomes a
    look-alike that is none. ``private``: phone numbers in it are masked. Idempotent.
    """
    text = painted(" ".join(safe(text[: limit * 8], limit * 8).split()))
    if private:
        text = without_numbers(text)
    text = safe(text.translate(_LOOK_ALIKES), limit)
    # What stands where a mark stood can make another, and so can the cut behind it.
    while (less := safe(_MARKS.sub(_stand_in, text), limit)) != text:
        text = less
    return _BLOCK.sub(_no_block, text)


def _stand_in(found: re.Match[str]) -> str:
    return _STAND_INS[found.lastgroup or ""]


def _no_block(found: re.Match[str]) -> str:
    """What begins a line of Markdown as a heading, a list or a rule, as plain text."""
    return _BLOCKS[found["mark"]] if found["mark"] else f"{found['digits']}․"


_TITLE_LIMIT = 120
"""Characters: mails and phones show hardly more."""
_LINE_LIMIT = 200
_BODY_LIMIT = 1_500
"""Characters of all lines: Discord takes 2,000 with the title, most others more."""
_NAMED = 3
"""Rules, and tags, that are named; of more, how many."""


def notification(
    edge: Edge,
    episodes: Sequence[Episode],
    now: float,
    zone: tzinfo = UTC,
    *,
    private: bool = False,
) -> Notification:
    """What a target is told of ``episodes``, one or more: that they have come to this ``edge``.

    Of those that fire, some may be over by now: each is told as it is.

    ``zone`` is the one that times are told in; ``private``: phone numbers are masked.
    """
    ranked = sorted(episodes, key=lambda each: (-each.severity, each.fired_at, each.number))
    said = _Said(edge, now, zone, private)
    if len(ranked) == 1:
        title, lines = said.title(*ranked), said.all_of(*ranked)
    else:
        title, lines = said.title_of(ranked), said.list_of(ranked)
    lines += said.how_to_answer(ranked)
    gravest = _gravest(edge, ranked)
    return Notification(title, tuple(lines), gravest, edge, tuple(ranked), private)


def sent_again(told: Notification) -> Notification:
    """The same, sent once more although it may have arrived: whoever reads it is to know."""
    said = "Sent again: nobody confirmed this, or a part of it, so it may have arrived before."
    return replace(told, lines=(*told.lines, said), again=True)


def trial(target: str, by: str, now: float, zone: tzinfo = UTC) -> Notification:
    """What ``smsmon alert test`` sends, asked for by somebody: nobody takes it for an alert."""
    nothing = "This is a test of where alerts speak: nothing is wrong, nothing has to be done."
    example = Episode("test", Subject(About.ALL), Severity.INFO, "", now, now, facts=nothing)
    return Notification(
        f"Test from smsmon for {inert(target)}",
        (nothing, f"Sent by {inert(by)} at {timestamp(now, zone)}."),
        Severity.INFO,
        Edge.FIRED,
        (example,),
        test=True,
    )


class _Said:
    """The words of one notification."""

    def __init__(self, edge: Edge, now: float, zone: tzinfo, private: bool) -> None:
        self._edge = edge
        self._now = now
        self._zone = zone
        self._safe = partial(inert, private=private)

    def title(self, one: Episode) -> str:
        return inert(f"{self._lead(one.severity)}: {one.rule}, {self._about(one)}", _TITLE_LIMIT)

    def title_of(self, several: Sequence[Episode]) -> str:
        lead = self._lead(_gravest(self._edge, several))
        told = f"{lead}: {counted(len(several), 'alert')}: {_rules_of(several)}"
        return inert(told, _TITLE_LIMIT)

    def all_of(self, one: Episode) -> list[str]:
        """The lines of what is told alone."""
        told = [f"{capital(self._what(one))}."]
        if self._edge is not Edge.FIRED and (worst := self._worst(one)):
            told.append(f"{capital(worst)}.")
        if self._edge is Edge.OVER and (answer := one.acknowledged):
            who = f"Acknowledged by {self._safe(answer.by)} at {self._time(answer.at)}"
            note = self._safe(answer.note, _LINE_LIMIT)
            told.append(f"{who}: “{note}”." if note else f"{who}.")
        if one.tags:
            more = len(one.tags) - _NAMED
            named = ", ".join(map(self._safe, one.tags[:_NAMED]))
            told.append(f"Tags: {named}" + (f" and {more} more." if more > 0 else "."))
        return [inert(each, 2 * _LINE_LIMIT) for each in told]

    def list_of(self, several: Sequence[Episode]) -> list[str]:
        """A line for each, and for those that there is no room for one together."""
        told: list[str] = []
        room = _BODY_LIMIT
        for each in several:
            line = f"{each.rule}: {self._about(each)}: {self._what(each)}"
            if (self._edge is Edge.OVER or not each.firing) and (worst := self._worst(each)):
                line += f"; {worst}"
            told.append(inert(line, _LINE_LIMIT))
            room -= len(told[-1]) + 1
            if room < _LINE_LIMIT:
                break
        if left := several[len(told) :]:
            told.append(f"And {counted(len(left), 'more alert')}: {_rules_of(left)}.")
        return told

    def how_to_answer(self, told: Sequence[Episode]) -> list[str]:
        """The command that acknowledges what fires, as a line; nothing where all is over."""
        firing = [each for each in told if each.firing and self._edge is not Edge.OVER]
        if not firing:
            return []
        rule, subject = quote(firing[0].rule), firing[0].subject
        about = quote(str(subject)) if len(told) == 1 else ""
        # What cannot be told as it is would be a command for something else.
        as_it_is = about == (inert if subject.about is About.MESSAGE else self._safe)(about)
        if rule != inert(rule) or len({each.rule for each in firing}) > 1:
            rule, about = "RULE", ""
        words = f"{rule} {about}" if about and as_it_is else rule
        return [f"To acknowledge: smsmon alert ack {words}"]

    def _lead(self, severity: Severity) -> str:
        if self._edge is Edge.OVER:
            return "Over"
        word = severity.slug
        return capital(word) if self._edge is Edge.FIRED else f"Not acknowledged, {word}"

    def _about(self, one: Episode) -> str:
        """What it is about: ``2270138 Win-back 2019``, ``account shop``, ``France``."""
        about, name, profile = one.subject
        if about is About.ALL:
            return "all messages"
        if about is About.COUNTRY:
            return self._safe(country_name(name))
        if about is not About.MESSAGE:
            return f"{about} {self._safe(name)}"
        label = f" {self._safe(one.label)}" if one.label else ""
        account = f" (account {inert(profile)})" if profile not in ("", "default") else ""
        return f"{inert(name)}{label}{account}"

    def _what(self, one: Episode) -> str:
        """What is so, or was, and when: a part of a sentence."""
        if self._edge is Edge.OVER or not one.firing:
            ended = one.over_at or self._now
            why = f", {self._safe(one.why_over)}" if one.why_over else ""
            lasted = duration(max(0.0, ended - one.began_at))
            return f"over since {self._time(ended)}, after {lasted}{why}"
        facts = self._safe(one.facts or one.condition, _LINE_LIMIT)
        told = f"{facts}, since {self._time(one.began_at)}"
        if self._edge is Edge.ESCALATED:
            waited = duration(max(0.0, self._now - one.fired_at))
            told += f"; nobody acknowledged it in {waited}"
        return told

    def _worst(self, one: Episode) -> str:
        worst = one.worst
        if worst is None or not worst.facts:
            return ""
        return f"at worst {self._safe(worst.facts, _LINE_LIMIT)}, at {self._time(worst.at)}"

    def _time(self, at: float) -> str:
        """A moment with its zone: ``20:14 CET``, ``21 Nov 20:14 CET``."""
        told = moment(at, self._now, self._zone)
        if told.count(":") == 2:
            told = told.rpartition(":")[0]
        return f"{told} {timestamp(at, self._zone).split(' ', 2)[-1]}"


def _gravest(edge: Edge, episodes: Iterable[Episode]) -> Severity:
    """How much it matters: by those that fire, unless it is told that all are over."""
    counting = [each for each in episodes if each.firing or edge is Edge.OVER]
    return max((each.severity for each in counting or episodes), default=Severity.INFO)


def _rules_of(episodes: Iterable[Episode]) -> str:
    """``losses (4), late-codes``: the rules, the most frequent first."""
    count = Counter(each.rule for each in episodes)
    named = [f"{rule} ({many})" if many > 1 else rule for rule, many in count.most_common(_NAMED)]
    more = len(count) - _NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
