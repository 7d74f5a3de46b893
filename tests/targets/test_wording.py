"""What people read of alerts, and that nothing in it is more than text, wherever it arrives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta, timezone
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from smsmon.alerts import About, Edge, Episode, Severity, Subject, Worst
from smsmon.targets import Notification
from smsmon.targets.command import facts_of
from smsmon.targets.wording import inert, notification, sent_again, trial
from smsmon.text import safe
from tests.hostile.corpus import CORPUS
from tests.targets.alerts import ENDED, LOSSES, NOW, UNREAD

ZONE = timezone(timedelta(hours=1), "CET")


def said(edge: Edge, *episodes: Episode, private: bool = False) -> tuple[str, ...]:
    told = notification(edge, episodes, NOW, ZONE, private=private)
    return (told.title, *told.lines)


def test_what_fired_says_what_is_so_of_what_and_since_when() -> None:
    assert said(Edge.FIRED, LOSSES) == (
        "Critical: losses, 2270138 Win-back 2019",
        "60% not delivered of 138 final, since 21:14 CET.",
        "Tags: autumn, otp.",
        "To acknowledge: smsmon alert ack losses 2270138",
    )


@pytest.mark.parametrize(
    ("told", "command"),
    [
        ([LOSSES], "losses 2270138"),
        ([UNREAD], "unread account:shop"),
        ([replace(LOSSES, rule="my losses")], "'my losses' 2270138"),
        ([replace(LOSSES, subject=Subject(About.TAG, "a>b"))], "losses"),
        ([replace(LOSSES, subject=Subject(About.TAG, "0612345678"))], "losses"),
        ([replace(LOSSES, rule="*all*")], "RULE"),
        ([LOSSES, replace(LOSSES, number=9)], "losses"),
        ([LOSSES, UNREAD], "RULE"),
        ([LOSSES, replace(UNREAD, over_at=NOW, number=9)], "losses"),
    ],
)
def test_what_fires_says_how_to_acknowledge_it(told: list[Episode], command: str) -> None:
    """By a command that means these alone, or leaves out what it would not mean."""
    for edge in (Edge.FIRED, Edge.ESCALATED):
        assert said(edge, *told, private=True)[-1] == f"To acknowledge: smsmon alert ack {command}"


def test_what_escalates_says_that_nobody_took_it_on() -> None:
    assert said(Edge.ESCALATED, LOSSES)[:3] == (
        "Not acknowledged, critical: losses, 2270138 Win-back 2019",
        "60% not delivered of 138 final, since 21:14 CET; nobody acknowledged it in 18 m.",
        "At worst 72% not delivered of 200 final, at 21:29 CET.",
    )


def test_what_is_over_says_how_long_how_bad_and_who_took_it_on() -> None:
    assert said(Edge.OVER, ENDED)[:4] == (
        "Over: losses, 2270138 Win-back 2019",
        "Over since 21:33 CET, after 19 m.",
        "At worst 72% not delivered of 200 final, at 21:29 CET.",
        "Acknowledged by anna@ops1 at 21:24 CET: “called the gateway”.",
    )
    gone = replace(ENDED, acknowledged=None, worst=None, tags=(), why_over="no longer watched")
    assert said(Edge.OVER, gone)[1:] == ("Over since 21:33 CET, after 19 m, no longer watched.",)


def test_what_came_together_is_one_message_the_gravest_first() -> None:
    told = notification(Edge.FIRED, [UNREAD, LOSSES], NOW, ZONE)
    assert (told.severity, told.episodes) == (Severity.CRITICAL, (LOSSES, UNREAD))
    assert (told.title, *told.lines) == (
        "Critical: 2 alerts: losses, unread",
        "losses: 2270138 Win-back 2019: 60% not delivered of 138 final, since 21:14 CET",
        "unread: account shop: down for 6 m, since 21:14 CET",
        "To acknowledge: smsmon alert ack RULE",
    )


def test_five_hundred_at_once_are_still_one_short_message() -> None:
    many = [LOSSES, *(replace(UNREAD, number=number) for number in range(500))]
    told = said(Edge.FIRED, *many)
    assert told[0] == "Critical: 501 alerts: unread (500), losses"
    shown = len(told) - 3
    assert told[-2] == f"And {501 - shown} more alerts: unread ({501 - shown})."
    assert sum(map(len, told)) < 1_800


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (Subject(About.MESSAGE, "12", "shop"), "12 Win-back 2019 (account shop)"),
        (Subject(About.TAG, "otp"), "tag otp"),
        (Subject(About.COUNTRY, "FR"), "France"),
        (Subject(About.ALL), "all messages"),
    ],
)
def test_what_it_is_about_is_named(subject: Subject, words: str) -> None:
    title, first, *_ = said(Edge.FIRED, replace(LOSSES, subject=subject, facts=""))
    assert title == f"Critical: losses, {words}"
    assert first == "Failing›20%, since 21:14 CET.", "without facts, the condition"


def test_what_happened_on_another_day_has_its_date() -> None:
    assert "since 25 Nov 21:34 CET" in said(Edge.FIRED, replace(LOSSES, began_at=NOW - 86_400))[1]


def test_phone_numbers_are_masked_where_it_is_private_and_ids_are_not() -> None:
    called = replace(
        ENDED,
        label="to +33 6 12 34 56 78",
        tags=("0612345678",),
        facts="0612345678 waits",
        why_over="0612345678 gone",
        worst=Worst(1, NOW, "0612345678 waited"),
    )
    for edge in Edge:
        assert "12345678" in "".join(said(edge, called)).replace(" ", "")
        private = " ".join(said(edge, called, private=True))
        assert "2270138" in private
        assert not re.search(r"6 ?1?2 ?34", private)


def test_what_may_have_arrived_before_says_so_when_it_is_sent_again() -> None:
    told = notification(Edge.FIRED, [LOSSES], NOW, ZONE)
    again = sent_again(told)
    assert again.lines[:-1] == told.lines
    assert again.lines[-1].startswith("Sent again: ")
    assert (facts_of(told)["again"], facts_of(again)["again"]) == (False, True)


def test_a_test_says_that_it_is_one() -> None:
    told = trial("on-call", "anna@ops1", NOW)
    assert told.title == "Test from smsmon for on-call"
    assert "nothing is wrong" in told.lines[0]
    assert told.lines[1] == "Sent by anna@ops1 at 2026-11-26 20:34:00 UTC."
    (example,) = told.episodes
    assert (told.test, example.rule, example.facts) == (True, "test", told.lines[0])


# --- hostile text ------------------------------------------------------------------------

MARKS = [
    *(text[:500] for text in CORPUS.values()),
    "[x](http://evil.example) ![y](http://evil.example/y.png) [z]: http://evil.example",
    "`code` ```\nfence\n``` *a* **b** _c_ __d__ ~~e~~ ||f|| > g",
    "@channel @here @everyone x@everyone <!here> <!channel> <@U024BE7LH> <#C024BE7LR>",
    "<http://evil.example|your bank> <script>alert(1)</script> <img src=x onerror=alert(1)>",
    "&lt;b&gt; &#64;here &#x40;here &amp;",
    "# heading",
    "1. list",
    "- list",
    "+ list",
    "---",
    "> quote",
    ":skull: :+1: www.evil.example HTTPS://evil.example \\[x\\](y)",
]
PIECES = st.sampled_from(
    [
        "[",
        "]",
        "(",
        ")",
        "<",
        ">",
        "@",
        "here",
        "everyone",
        "`",
        "*",
        "_",
        "~",
        "|",
        "#",
        "-",
        "1.",
        "http://",
        "www.",
        ":",
        "a",
        " ",
        "\n",
        "\\",
        "&",
        "lt;",
        "!",
        "=",
        "+",
        "\u202e",
        "\x1b[",
    ]
)
HOSTILE = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=20).map("".join))


class Tags(HTMLParser):
    """The elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)


def elements(page: str) -> set[str]:
    found = Tags()
    found.feed(page)
    found.close()
    return found.seen - {"p", "br"}


_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["strikethrough", "table"])
_OF_CHATS = re.compile(
    r"<[!@#a-z/]|(?<![0-9a-z])@|@(?:here|everyone|channel|all)\b|://|\bwww\.|`|\|\||:[a-z_]+:"
    r"|(?<![0-9a-z])[*_~]|[*_~](?![0-9a-z])",
    re.IGNORECASE,
)


def obeyed(text: str) -> set[str]:
    """What a chat, a mail or a pager would make of a text that is more than text."""
    found = elements(_MARKDOWN.render(text)) | {each[0] for each in _OF_CHATS.finditer(text)}
    return found | {char for char in text if char != "\n" and safe(char) != char}


def with_everywhere(text: str) -> Episode:
    return replace(
        ENDED,
        label=text,
        tags=(text,),
        facts=text,
        why_over=text,
        worst=Worst(1.0, NOW, text),
        acknowledged=replace(ENDED.acknowledged, by=text, note=text),  # type: ignore[type-var]
    )


def everything_told(text: str) -> list[Notification]:
    hostile = with_everywhere(text)
    lone = [notification(edge, [hostile], NOW) for edge in Edge]
    return [*lone, notification(Edge.FIRED, [hostile, UNREAD], NOW), trial(text, text, NOW)]


def body_of(told: Notification) -> str:
    return "\n".join((told.title, *told.lines))


@pytest.mark.parametrize("text", MARKS)
def test_hostile_text_is_told_and_not_obeyed(text: str) -> None:
    for told in everything_told(text):
        assert obeyed(body_of(told)) == set()


@given(HOSTILE)
def test_no_text_is_obeyed(text: str) -> None:
    told = inert(text)
    assert obeyed(told) == set()
    assert obeyed(inert(f"losses: {told}: {told}, since 20:14 UTC")) == set()
    assert inert(told) == told


@pytest.mark.parametrize(
    "text",
    [
        "Win-back 2019",
        "snake_case",
        "50 % < 60",
        "anna@ops1.example",
        "A & B",
        "+33 6 12",
        "20:14:05",
        "Fête d'été: 漢字",
        "a-b",
        "C#",
        "1.5 s",
    ],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text.replace("<", "‹")


def formats_of(body: str) -> Sequence[str]:
    """``body`` as apprise sends it to targets of HTML and of Markdown, the latter rendered."""
    apprise = pytest.importorskip("apprise")
    conversion = pytest.importorskip("apprise.conversion")
    kinds = apprise.NotifyFormat
    html = conversion.convert_between(kinds.TEXT, kinds.HTML, body)
    markdown = conversion.convert_between(kinds.TEXT, kinds.MARKDOWN, body)
    return html, _MARKDOWN.render(markdown), conversion.markdown_to_html(markdown)


def test_apprise_makes_nothing_but_text_of_it_in_any_format() -> None:
    for text in MARKS:
        for told in everything_told(text):
            assert [elements(page) for page in formats_of(body_of(told))] == [set()] * 3
