"""What a line of a source says."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.settings.sources import Source
from smsmon.sources.arrived import (
    LINE_LIMIT,
    Arrived,
    Matching,
    NotTaken,
    SendAnswers,
    Splitter,
    Taking,
    beginning,
    moment_of,
)

SENT = r"sent id=(?P<id>\S+)(?: to=(?P<phone>\S+))?(?: tag=(?P<tag>\S+))?(?: at=(?P<time>\S+))?"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("sent id=300", [Arrived("300")]),
        (
            "x sent id=300 to=0612345678 tag=otp at=2026-11-27T10:00:00Z y",
            [Arrived("300", "", ("otp",), "+33612345678", 1_795_773_600.0)],
        ),
        ("sent id=300 at=1795773600", [Arrived("300", sent_at=1_795_773_600.0)]),
        ("sent id=300 at=1795773600250", [Arrived("300", sent_at=1_795_773_600.25)]),
        ("nothing of the kind", []),
    ],
)
def test_named_groups_tell_a_message(line: str, found: list[Arrived]) -> None:
    assert list(Matching(SENT).read(line)) == found


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("sent id=abc", "an id has only the digits"),
        ("sent id=300 at=yesterday", "is no moment"),
        ("sent id=300 at=20261127", "is no moment"),
        ("sent id=300 at=0001-01-01T00:00:00Z", "is no moment"),
        (f"sent id={'9' * 60}", "too long for an id"),
    ],
)
def test_what_looks_meant_and_is_no_message_says_why(line: str, why: str) -> None:
    (told,) = Matching(SENT).read(line)
    assert isinstance(told, NotTaken)
    assert why in told.why


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "no regular expression"),
        ("id=([0-9]+)", "It needs a group named id"),
        ("(?P<id>.)(?P<colour>.)", "no use for a group named colour"),
        (f"{'(' * 5_000}(?P<id>.){')' * 5_000}", "nested too deeply"),
        (r"(?P<id>\d{99999999})", "repeats its parts too often"),
        (r"(?P<id>\d{9999999,})", "repeats its parts too often"),
        ("(?:(?:(?P<id>1){100}){100}){100}", "repeats its parts too often"),
        ("(?x)(?P<id>1){9 999 999}", "repeats its parts too often"),
        ("(?P<id>[0-9]{1000000}){2}", "repeats its parts too often"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_why(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Matching(pattern)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"success":true,"code":200,"message_id":307,"nb_sms":1,"cost":0.039}', ["307"]),
        ('{"success":true,"message_id":"307"}', ["307"]),
        ('Nov 27 10:00:00 app: {"success":true,"message_id":307}', ["307"]),
        (
            '{"success":true,"code":200,"SMSResponse_List":[{"success":true,"code":200,'
            '"message_id":306,"nb_sms":1},{"success":true,"message_id":307}]}',
            ["306", "307"],
        ),
        (
            '{"success":true,"code":200,"message_id":308,"SMSResponse_List":[{"success":true,'
            '"code":200,"nbSms":1,"phoneNumber":"+33600000001"},{"success":true,"nbSms":1,'
            '"phoneNumber":"+33600000002"}]}',
            ["308"],
        ),
        ('[{app-1}] {"success":true,"message_id":307} in 12 ms', ["307"]),
        ('{"message_id":306} {"message_id":307}', ["306", "307"]),
        ('{"message_id":7},' * 50 + '{"message_id":8}', ["7", "8"]),
        ('{"level":"info","answer":{"success":true,"message_id":307}}', ["307"]),
        ('{"level":"info","text":"no answer to a send"}', []),
        ("no JSON at all", []),
        ("[1, 2]", []),
    ],
)
def test_answers_to_sends_tell_their_ids(line: str, found: list[str]) -> None:
    assert [each.id for each in SendAnswers().read(line) if isinstance(each, Arrived)] == found
    assert len(SendAnswers().read(line)) == len(found)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"success":false,"code":9,"message":"no credits"}', "the send was refused (code 9)"),
        ('{"success":"false","code":"9","message_id":7}', "the send was refused (code 9)"),
        ('{"success":true,"code":200}', "it has no message_id"),
        ('{"success":true,"message_id":true}', "it has no message_id"),
        ('{"success":true,"message_id":-1}', "an id has only the digits"),
        ('{"success":true', "it is no JSON object"),
        ('{"SMSResponse_List":[{"success":false,"code":4}]}', "the send was refused (code 4)"),
        ('{"SMSResponse_List":[300]}', "a row of it is no object"),
    ],
)
def test_an_answer_without_a_message_says_why(line: str, why: str) -> None:
    (told,) = SendAnswers().read(line)
    assert isinstance(told, NotTaken)
    assert why in told.why


SENT_ONE = {"success": True, "code": 200, "message_id": 307, "cost": 0.038}
SENT_BULK = {"message_id": 308, "SMSResponse_List": [{"success": True, "note": "{"}, {"a": [{}]}]}
NO_JSON = "it is no JSON object"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (json.dumps(SENT_ONE, indent=2), ["307"]),
        (json.dumps(SENT_ONE, indent="\t").replace("\n", "\r\n"), ["307"]),
        (json.dumps([SENT_ONE, SENT_BULK], indent=0), ["307", "308"]),
        (json.dumps(SENT_ONE, indent=4) + json.dumps(SENT_BULK, indent=1), ["307", "308"]),
        ("INFO sent: " + json.dumps({"a": [1, SENT_ONE]}, indent=2) + " in 3 ms", ["307"]),
        (
            json.dumps(SENT_BULK, indent=2)[:40] + "\n" + json.dumps(SENT_ONE, indent=2),
            [NO_JSON, "307"],
        ),
        ("server {\n10:00 sent " + json.dumps(SENT_ONE), [NO_JSON, "307"]),
        ("{\n" * 20_000 + json.dumps(SENT_ONE), [*[NO_JSON] * 20_000, "307"]),
        ('{"a":[\n' * 50_000, [NO_JSON, NO_JSON]),
        ("{", [NO_JSON]),
    ],
    ids=range(10),
)
def test_an_answer_over_several_lines_is_one(text: str, told: list[str]) -> None:
    reading = SendAnswers()
    found: list[Arrived | NotTaken] = []
    for line in text.splitlines():
        found += reading.read(line)
    assert reading.unended is text.rstrip().endswith(("{", "["))
    found += reading.end()
    assert [each.id if isinstance(each, Arrived) else each.why for each in found] == told
    assert not reading.unended


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_id_is_found_in_whatever_a_line_is_written(code: str) -> None:
    lines = ["starts", "sent id=307 to=+33600000001", "\x1b[1msent id=\x1b[0;31m308\x1b[m to=1"]
    cut = Splitter()
    told = [*cut.take("\r\n".join([*lines, ""]).encode(code)), *cut.end()]
    found = [each for line in told for each in Matching(SENT).read(line)]
    assert [each.id for each in found if isinstance(each, Arrived)] == ["307", "308"]


def test_a_message_is_found_at_the_end_of_a_long_line() -> None:
    (found,) = Matching(SENT).read("x" * (LINE_LIMIT - 100) + "sent id=307 to=+33600000001")
    assert isinstance(found, Arrived)


def test_of_a_bulk_answer_each_row_counts_for_itself() -> None:
    line = '{"SMSResponse_List":[{"success":false,"code":4},{"success":true,"message_id":7}]}'
    refused, sent = SendAnswers().read(line)
    assert isinstance(refused, NotTaken)
    assert sent == Arrived("7")


def test_a_number_is_told_where_it_is_the_only_one() -> None:
    start = '{"message_id":7,"SMSResponse_List":['
    row, other = '{"phoneNumber":"+33600000001"}', '{"phoneNumber":"+33600000002"}'
    (one,) = SendAnswers().read(f"{start}{row},{row}]}}")
    (many,) = SendAnswers().read(f"{start}{row},{other},{row}]}}")
    assert (one, many) == (Arrived("7", phone="+33600000001"), Arrived("7"))
    taking = Taking("shop", Source(stdin=True, match=SENT))
    lines = [f"sent id=7 to=+3360000000{last}" for last in (1, 1, 2, 1)]
    phones = [
        each.arrival and each.arrival.phone
        for some in (lines[:2], lines)
        for each in taking.read(some, now=1_000.0).entries.values()
    ]
    assert phones == ["+33600000001", ""]


@pytest.mark.parametrize("key", ["phoneNumber", "phone"])
def test_a_number_is_told_under_either_name(key: str) -> None:
    assert SendAnswers().read(f'{{"message_id":7,"{key}":"+33600000001"}}') == [
        Arrived("7", phone="+33600000001")
    ]


def test_of_a_line_with_many_rows_each_reason_is_told_once() -> None:
    row = '{"success":false,"code":4},1,{},'
    told = SendAnswers().read(f'{{"SMSResponse_List":[{row * 20_000}1]}}')
    assert [isinstance(each, NotTaken) and each.why for each in told] == [
        "the send was refused (code 4)",
        "a row of it is no object",
        "it has no message_id",
    ]


KEY = "0123456789abcdef0123456789abcdef01234567"


def test_a_key_or_a_number_in_a_line_is_not_repeated() -> None:
    label = Matching(r"sent (?P<id>\S+) (?P<time>\S+) (?P<label>.*?)(?P<tag>\S+)")
    (sent,) = label.read(f"sent 7 1795773600 a {KEY} {KEY}")
    (odd,) = label.read(f"sent 7 {KEY} +33612345678 x")
    (number,) = label.read("sent 7 +33612345678x a x")
    assert KEY[:12] not in f"{sent}{odd}"
    assert "1234567" not in f"{odd}{number}"


@pytest.mark.parametrize(
    "secret", [KEY, "q7RtB2xLw9ZkV4mNcY8sHd3PjF6gUa1E", "https://ops:Tr0ub4dor@h/"]
)
def test_of_a_secret_that_is_cut_off_nothing_is_left(secret: str) -> None:
    for before in range(90, 130):
        shown = beginning("x" * (before - 1) + f" {secret} 0612345678 y")
        assert not any(secret[at : at + 6] in shown for at in range(8, len(secret) - 6))
        assert "12345" not in shown


@given(st.text() | st.text(alphabet='{}[]":,\\ message_id0123456789truefals'))
def test_no_line_is_too_odd(line: str) -> None:
    for reading in (Matching(SENT), SendAnswers()):
        for each in reading.read(line):
            assert isinstance(each, Arrived | NotTaken)


def test_moments_are_read_in_every_usual_form(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_795_773_600.0
    for zeros in ("", "000", "000000", "000000000"):
        assert moment_of(f"1795773600{zeros}") == moment
    assert moment_of("2026-11-27T11:00:00+01:00") == moment_of("20261127T100000Z") == moment
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert moment_of("2026-11-27T19:00:00") == moment, "in this machine's zone"
    finally:
        monkeypatch.undo()
        time.tzset()
    assert moment_of("9" * 5_000) is None
    assert moment_of("nan") is None
    assert moment_of("-5") is None


def test_a_moment_far_ahead_is_of_another_zone_and_not_taken_for_true() -> None:
    taking = Taking("shop", Source(stdin=True, match=SENT))
    now = 1_795_773_600.0
    told = {"7": now - 10, "8": now + 60, "9": now + 4_000}
    lines = [f"sent id={id} at={moment}" for id, moment in told.items()]
    entries = taking.read(lines, now).entries.values()
    assert [each.arrival and each.arrival.sent_at for each in entries] == [now - 10, now, None]
