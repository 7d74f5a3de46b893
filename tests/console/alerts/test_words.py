"""What is said of an alert: in prose, and with who answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smsmon.alerts import About, Acknowledgement, Silence, State, Subject, What
from smsmon.console import alert_words as words
from smsmon.console.alert_standing import alert_rows, silence_rows
from smsmon.console.alerts.rows import Cause, Shown, alert_columns, cause_of, counts
from smsmon.console.formats import Formats
from smsmon.console.signs import Tone
from smsmon.filters import parse
from smsmon.filters.messages import MESSAGE_FIELDS
from smsmon.filters.recipients import RECIPIENT_FIELDS
from tests.console.alerts.stage import BALANCE, DAY, HOUR, LATE, LOSSES, OVER, episode
from tests.support.clock import START, VirtualClock

FORMATS = Formats(VirtualClock(START), utc=True)
NIGHT = Acknowledgement("night@ops2", START - HOUR, "ordered more")
SILENT = Silence(What.TAG, "shop", START - 60, START + HOUR, "anna@ops1", "known")


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        (Subject(About.MESSAGE, "2270138", "default"), "2270138 Win-back"),
        (Subject(About.ACCOUNT, "default", "default"), "account default"),
        (Subject(About.TAG, "otp"), "tag otp"),
        (Subject(About.COUNTRY, "FR"), "France"),
        (Subject(About.COUNTRY, "XX"), "XX"),
        (Subject(About.ALL), "all messages"),
    ],
)
def test_what_an_alert_is_about_is_told_in_words(subject: Subject, told: str) -> None:
    label = "Win-back" if subject.about is About.MESSAGE else ""
    assert words.about(subject, label) == told


def test_the_line_tells_what_is_so_since_when_and_that_nobody_answered() -> None:
    long, short, shortest = (
        each.plain for each in words.line(LOSSES, "61% not delivered of 140 final", FORMATS)
    )
    assert long == (
        "◆ losses 2270138 Win-back 2019 list: 61% not delivered of 140 final, since 09:54"
        " · not acknowledged"
    )
    assert short == long.replace(" Win-back 2019 list", "")
    assert shortest == short.removesuffix(" · not acknowledged")
    (here, *_) = words.line(LOSSES, "61% not delivered", FORMATS, here=True, more=2)
    assert here.plain == ("◆ losses: 61% not delivered, since 09:54 · not acknowledged · 2 more: A")


def test_what_was_so_when_it_fired_is_not_told_as_what_is_so_by_now() -> None:
    unseen = "60% not delivered of 138 final at 09:55"
    assert words.facts_by_now(LOSSES, "", FORMATS) == unseen
    assert words.facts_by_now(LOSSES, "61% not delivered", FORMATS) == "61% not delivered"
    assert words.facts_by_now(replace(LOSSES, facts=""), "", FORMATS) == LOSSES.condition
    over = replace(LOSSES, over_at=START)
    assert words.facts_by_now(over, "", FORMATS) == "60% not delivered of 138 final"
    assert unseen in words.line(LOSSES, "", FORMATS)[0].plain
    assert unseen in words.of_row(LOSSES, "", State.SILENCED, FORMATS).plain
    assert unseen in words.whole(LOSSES, None, "", FORMATS).plain


def test_a_screen_reader_is_told_in_words() -> None:
    plain = Formats(VirtualClock(START), utc=True)
    plain.plain = True
    (told, *_) = words.line(LOSSES, "", plain, here=True)
    assert told.plain.startswith("alert losses: 60%")
    known = replace(LOSSES, acknowledged=NIGHT)
    of_row = words.of_row(known, "", State.ACKNOWLEDGED, plain).plain
    assert of_row.startswith("alert losses: ")
    assert of_row.endswith("· acknowledged by night@ops2")


@pytest.mark.parametrize(
    ("changes", "told", "tone"),
    [
        ({}, "", Tone.DIM),
        ({"acknowledged": NIGHT}, "night@ops2: “ordered more”", Tone.PLAIN),
        (
            {"acknowledged": replace(NIGHT, until=START + 3 * DAY)},
            "night@ops2 until Wed 10:00: “ordered more”",
            Tone.PLAIN,
        ),
        (
            {"acknowledged": replace(NIGHT, at=START - 3 * DAY, note="")},
            "acknowledged 3 d ago by night@ops2",
            Tone.WARN,
        ),
        (
            {"acknowledged": replace(NIGHT, until=START - 60)},
            "night@ops2 until 09:59: “ordered more”",
            Tone.WARN,
        ),
        ({"over_at": START - 60}, "over 09:59", Tone.DIM),
        (
            {"over_at": START - 60, "why_over": "paused", "acknowledged": NIGHT},
            "over 09:59, paused, ack. by night@ops2: “ordered more”",
            Tone.DIM,
        ),
    ],
)
def test_who_answered_is_told_with_words_and_end(
    changes: dict[str, Any], told: str, tone: Tone
) -> None:
    assert words.answer(replace(LOSSES, **changes), None, FORMATS) == (told, tone)


def test_in_sentences_who_answered_until_when_comes_before_what_can_be_spared() -> None:
    taken = replace(LOSSES, acknowledged=replace(NIGHT, until=START + HOUR))
    told = words.whole(taken, None, "61% not delivered of 140 final", FORMATS).plain
    assert told == (
        "losses 2270138 Win-back 2019 list: 61% not delivered of 140 final"
        " · night@ops2 until 11:00: “ordered more”"
        " · worst 72% not delivered of 210 final, 09:59 · rule failed_share>20%"
    )
    silenced = words.whole(LOSSES, SILENT, "", FORMATS).plain
    assert f"{SILENT.by} until 11:00, {words.silence_of(SILENT)}: “known” · worst" in silenced


def test_where_nothing_may_change_by_itself_moments_stand_in_place_of_ages() -> None:
    still = Formats(VirtualClock(START), utc=True)
    still.still = True
    old = replace(LOSSES, acknowledged=replace(NIGHT, at=START - 3 * DAY))
    told, _ = words.answer(old, None, still)
    assert told.startswith("acknowledged 19 Nov 10:00 by night@ops2")
    assert words.lasted(LOSSES, still) == ""
    assert words.lasted(LOSSES, FORMATS) == "6 m"


@pytest.mark.parametrize("seconds", [59, 888, 3_599, 5_400, 86_399, 29.9 * DAY])
def test_how_long_one_lasted_has_room_in_its_column(seconds: float) -> None:
    over = replace(LOSSES, over_at=LOSSES.began_at + seconds)
    (column,) = (each for each in alert_columns(FORMATS) if each.name == "for")
    assert len(words.lasted(over, FORMATS)) <= column.width


def test_those_that_nobody_answered_come_first_and_counts_tell_the_rest() -> None:
    known = replace(BALANCE, acknowledged=NIGHT)
    rows = alert_rows([known, LOSSES, LATE, episode("x", About.ALL)], [SILENT], START)
    assert [(each.state, each.episode and each.episode.rule) for each in rows] == [
        ("firing", "late"),
        ("firing", "x"),
        ("acknowledged", "balance"),
        ("silenced", "losses"),
    ]
    told = counts(rows, 1, 12, Shown.PAST, more=True).plain
    assert told == "firing 2 · acknowledged 1 · silenced 1 (1 silence) · ▸ past 12+"
    (silent,) = silence_rows([LOSSES, LATE], [SILENT], START)
    assert silent.covers == 1
    assert silence_rows([LOSSES], [SILENT], START + HOUR) == []


@pytest.mark.parametrize(
    ("alert", "cause"),
    [
        (LOSSES, Cause(message_id="2270138", recipients="status:not_delivered")),
        (
            replace(LOSSES, condition="tag:otp waiting>0 oldest>60s"),
            Cause(message_id="2270138", recipients="status:waiting"),
        ),
        (replace(LOSSES, condition="state:stale"), Cause(message_id="2270138")),
        (BALANCE, Cause(account="default", messages="profile=default")),
        (LATE, Cause(messages="tag=otp waiting>0")),
        (
            episode("stops", About.TAG, 'a "b', condition="stop_share>2%"),
            Cause(messages='tag="a b" stop>0'),
        ),
        (OVER, Cause(messages="failed>0", recipients="country=fr status:not_delivered")),
        (episode("all", About.ALL, condition="rate<90%"), Cause(messages="failed>0")),
    ],
)
def test_what_caused_it_is_where_it_can_be_seen(alert: Any, cause: Cause) -> None:
    assert cause_of(alert) == cause
    parse(cause.messages, MESSAGE_FIELDS)
    parse(cause.recipients, RECIPIENT_FIELDS)
