"""What one value of a row may be: to the last number that is one, and the first that is none."""

from __future__ import annotations

from array import array
from typing import Any

import msgspec
import pytest

from smsmon.api.rows import (
    DATE_END,
    ID_NAMES,
    PHONE_NAMES,
    STATUS_NAMES,
    STOP_NAMES,
    ColumnBuilder,
    code_of,
    date_of,
    first,
    flag_of,
    phone_of,
    row_refusal,
    shown,
    stop_of,
    word_of,
)
from smsmon.recipients import NO_DATE, STOP_NO, STOP_UNTOLD, STOP_YES, Status
from smsmon.text import LABEL_LIMIT

ABSENT = msgspec.UNSET
GOOD = {"phoneNumber": "+33612345678", "status": "Delivered", "stopSMS": False, "date": 1}


@pytest.mark.parametrize(
    ("value", "phone"),
    [
        ("+33612345678", "+33612345678"),
        (" 0612345678 ", "+33612345678"),
        (33612345678, "+33612345678"),
        (0, "0"),
        (10**15 - 1, "999999999999999"),
        ("Shop", "Shop"),
        ("x" * 300, "x" * (LABEL_LIMIT - 1) + "…"),
    ],
)
def test_a_phone_is_a_text_or_up_to_fifteen_digits(value: object, phone: str) -> None:
    assert phone_of(value) == (phone, "")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (ABSENT, "no phone number"),
        ("", "no phone number"),
        ("  ", "no phone number"),
        (10**15, "not a phone: 1000000000000000"),
        (-1, "not a phone: -1"),
        (True, "not a phone: true"),
        (1.0, "not a phone: 1.0"),
        (None, "not a phone: null"),
        ([], "not a phone: a list"),
    ],
)
def test_what_is_no_phone_is_told(value: object, problem: str) -> None:
    assert phone_of(value) == ("", problem)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (" Delivered ", ("Delivered", Status.DELIVERED, "")),
        ("Perhaps", ("Perhaps", Status.UNKNOWN, "")),
        ("", ("", Status.UNKNOWN, "no status")),
        (" ", ("", Status.UNKNOWN, "no status")),
        (ABSENT, ("", Status.UNKNOWN, "no status")),
        (None, ("", Status.UNKNOWN, "no word: null")),
        (1, ("", Status.UNKNOWN, "no word: 1")),
    ],
)
def test_a_word_is_a_text(value: object, read: tuple[str, Status, str]) -> None:
    assert word_of(value) == read


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        *((yes, STOP_YES) for yes in (True, 1, "1", " 1 ", "true", "True")),
        *((no, STOP_NO) for no in (False, 0, "0", "false", "FALSE ")),
        *((untold, STOP_UNTOLD) for untold in (ABSENT, "", "  ", None, "null")),
    ],
)
def test_a_stop_is_said_or_denied_or_untold(value: object, flag: int) -> None:
    assert stop_of(value) == (flag, "")


@pytest.mark.parametrize("value", [2, -1, "yes", "2", [], {}])
def test_what_is_no_flag_leaves_the_stop_untold_and_says_so(value: object) -> None:
    assert stop_of(value) == (STOP_UNTOLD, f"not a STOP flag: {shown(value)}")
    assert flag_of(value) is None


@pytest.mark.parametrize(
    ("value", "date"),
    [
        (None, NO_DATE),
        ("", NO_DATE),
        (" ", NO_DATE),
        (0, NO_DATE),
        ("0", NO_DATE),
        (1, 1),
        (" 1 ", 1),
        (1.9, 1),
        (DATE_END - 1, DATE_END - 1),
        (str(DATE_END - 1), DATE_END - 1),
        (DATE_END - 0.5, DATE_END - 1),
        ("1970-01-01 01:00:00", 0),
        ("1970-01-01 01:00:01", 1),
        ("2026-07-01 12:00:00", 1_782_900_000),
        ("2026-01-01 12:00:00", 1_767_265_200),
        ("2026-07-01T12:00:00", 1_782_900_000),
        ("2026-07-01T10:00:00Z", 1_782_900_000),
        ("2026-07-01 12:00:00+0200", 1_782_900_000),
        ("2026-07-01 12:00:00.250 +02", 1_782_900_000),
        ("2026-07-01T10:00:00.123456789Z", 1_782_900_000),
        ("2026-07-01 10:00 UTC", 1_782_900_000),
        ("2026-07-01 12:00", 1_782_900_000),
        ("1782900000.5", 1_782_900_000),
        *((never, NO_DATE) for never in ("0000-00-00 00:00:00", "0000-00-00", "00:00", "-")),
        # Autumn has this hour twice: the first, in summer time.
        ("2026-10-25 02:30:00", 1_792_888_200),
    ],
)
def test_a_date_is_seconds_or_the_clocks_of_paris(value: object, date: int) -> None:
    assert date_of(value) == (date, "")


@pytest.mark.parametrize(
    "value",
    [
        -1,
        DATE_END,
        str(DATE_END),
        float(DATE_END),
        -float(DATE_END),
        -1.0,
        True,
        "soon",
        "1969-12-31 23:59:59",
        "2026-02-30 12:00:00",
        "2026-01-01 12:00:00 and more",
        "2026-01-01 12",
        "2026-01-01 12:00:00 CET",
        "12026-01-01 12:00:00",
        [],
    ],
)
def test_what_is_no_date_is_none_and_told(value: object) -> None:
    assert date_of(value) == (NO_DATE, f"not a date: {shown(value)}")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, 0),
        (200, 200),
        (200.0, 200),
        (" 10 ", 10),
        (10**9 - 1, 10**9 - 1),
        (1 - 10**9, 1 - 10**9),
        (float(10**9 - 1), 10**9 - 1),
        ("999999999", 999_999_999),
        ("10.0", 10),
    ],
)
def test_a_code_has_up_to_nine_digits(value: object, code: int) -> None:
    assert code_of(value) == code


@pytest.mark.parametrize(
    "value",
    [
        *(10**9, -(10**9), 1e9, -1e9, 1.5, float("inf"), float("nan")),
        *("1000000000", "-1", "", "x", True, None, []),
    ],
)
def test_what_is_no_code_is_none(value: object) -> None:
    assert code_of(value) is None


@pytest.mark.parametrize(
    ("value", "picture"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        (2**63 - 1, "9223372036854775807"),
        (1 - 2**63, "-9223372036854775807"),
        (2**63, "a number"),
        (-(2**63), "a number"),
        (1e300, "a number"),
        ([1], "a list"),
        ((1,), "a list"),
        ({}, "an object"),
        ("a" * 40, f"“{'a' * 40}”"),
        ("a" * 41, f"“{'a' * 39}…”"),
    ],
)
def test_a_value_that_was_not_expected_is_shown_short(value: object, picture: str) -> None:
    assert shown(value) == picture


@pytest.mark.parametrize(
    ("row", "word", "why"),
    [
        ({}, "", ""),
        ({"success": None}, "", ""),
        ({"success": True}, "Ko", ""),
        ({"success": "1"}, "Ko", ""),
        ({"success": False}, "", "refused"),
        ({"success": 0, "code": None}, "Ko", "refused: Ko"),
        ({"success": "false", "code": 0}, "", "refused with code 0"),
        ({"success": False, "code": "10"}, "Ko", "refused with code 10: Ko"),
        ({"success": "maybe", "code": 10}, "Ko", "says “maybe” about its success"),
        ({"success": 2}, "", "says 2 about its success"),
    ],
)
def test_a_row_that_the_api_refuses_says_why(row: dict[str, Any], word: str, why: str) -> None:
    assert row_refusal(row, word) == why


@pytest.mark.parametrize("names", [PHONE_NAMES, STATUS_NAMES, STOP_NAMES, ID_NAMES])
def test_the_first_spelling_that_has_a_value_counts(names: tuple[str, str]) -> None:
    one, other = names
    assert first({one: 0, other: 1}, names) == 0
    assert first({one: None, other: False}, names) is False
    assert first({one: "", other: "x"}, names) == "x"
    assert first({one: None, other: ""}, names) is ABSENT


def added(*rows: object) -> Any:
    columns = ColumnBuilder("111")
    columns.extend(rows)
    return columns.build()


@pytest.mark.parametrize(
    ("wrong", "status", "reason"),
    [
        ({}, Status.DELIVERED, ""),
        ({"date": "soon"}, Status.DELIVERED, "not a date: “soon”"),
        ({"stopSMS": "often"}, Status.DELIVERED, "not a STOP flag: “often”"),
        ({"status": ""}, Status.UNKNOWN, "no status"),
        ({"phoneNumber": ""}, Status.UNKNOWN, "no phone number"),
        ({"success": False}, Status.UNKNOWN, "refused: Delivered"),
        ({"messageId": "112"}, Status.UNKNOWN, "about message “112”"),
        (
            {"success": False, "messageId": 1, "phoneNumber": 1.5, "stopSMS": 9, "date": -1},
            Status.UNKNOWN,
            "refused: Delivered; about message 1; not a phone: 1.5; not a STOP flag: 9;"
            " not a date: -1",
        ),
    ],
)
def test_a_row_keeps_its_place_and_says_all_that_is_wrong(
    wrong: dict[str, Any], status: Status, reason: str
) -> None:
    """A date or a flag that is none does not take back what the row says was delivered."""
    found = added(GOOD, {**GOOD, **wrong}, GOOD)
    assert [one.status for one in found] == [Status.DELIVERED, status, Status.DELIVERED]
    assert [one.reason for one in found] == ["", reason, ""]


@pytest.mark.parametrize(("value", "picture"), [(None, "null"), ([GOOD], "a list"), (7, "7")])
def test_what_is_not_a_row_has_a_place_too(value: object, picture: str) -> None:
    one, two = added(value, GOOD)
    assert (one.phone, one.status, one.stop, one.date) == ("", Status.UNKNOWN, None, None)
    assert one.reason == f"not a row: {picture}"
    assert two.status is Status.DELIVERED


@pytest.mark.parametrize("distinct", [255, 256, 257, 300])
@pytest.mark.parametrize("typed_first", [True, False])
def test_words_stay_apart_however_many_there_are(distinct: int, typed_first: bool) -> None:
    """A byte tells 256 apart; the column widens with the 257th, whichever way it comes."""
    columns = ColumnBuilder("111")
    texts = ("Delivered", "Waiting", "UNDELIV")
    typed = (["+33600000001"] * 3, b"\2\0\2", texts, bytes([STOP_YES, STOP_NO, STOP_YES]))
    dates = array("I", [1, 0, DATE_END - 1])
    if typed_first:
        columns.add_typed(*typed, dates)
    words = [f"word {number}" for number in range(distinct - 2)]
    columns.extend({**GOOD, "status": word} for word in words)
    if not typed_first:
        columns.add_typed(*typed, dates)
    columns.extend([{**GOOD, "status": word} for word in reversed(words)])
    found = columns.build()
    three, many = ["UNDELIV", "Delivered", "UNDELIV"], [*words, *reversed(words)]
    place = 0 if typed_first else len(words)
    assert [one.raw_status for one in found] == [*many[:place], *three, *many[place:]]
    rows = list(found)[place : place + 3]
    assert [one.status.slug for one in rows] == ["not_delivered", "delivered", "not_delivered"]
    assert [one.date for one in rows] == [1, None, DATE_END - 1]
    assert [one.stop for one in rows] == [True, False, True]
    assert found.words.typecode == ("B" if distinct <= 256 else "I")
    assert len(found.vocabulary) == distinct


def test_typed_rows_that_are_no_numbers_are_judged_one_by_one() -> None:
    columns = ColumnBuilder("111")
    columns.add(GOOD)
    phones = ["+33600000001", " ", "0612345678", ""]
    columns.add_typed(phones, b"\0" * 4, ("Delivered",), bytes(4), array("I", [5, 6, 7, 8]))
    found = columns.build()
    assert [one.phone for one in found] == [
        GOOD["phoneNumber"], "+33600000001", "", "+33612345678", "",
    ]  # fmt: skip
    assert [(one.status is Status.UNKNOWN, one.reason) for one in found] == [
        (False, ""),
        (False, ""),
        (True, "no phone number"),
        (False, ""),
        (True, "no phone number"),
    ]
