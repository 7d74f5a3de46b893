"""What a batch asks for, and what each row of its answer says of whom."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.api.batches import Found, in_order, question, read_batch
from smsmon.batch import BatchRow, Outcome, Pair
from smsmon.model import FaultKind, ReadError
from smsmon.recipients import Recipient, Status, status_of

ONE, TWO = Pair("111", "+33600000001"), Pair("222", "+33600000002")
GOOD: dict[str, Any] = {
    "success": True,
    "code": 200,
    "phoneNumber": "+33600000001",
    "messageId": 111,
    "status": "Delivered",
    "date": "1517934416",
    "stopSms": "0",
    "isSpam": "0",
}
"""A row as the reference shows it, of the pair ``ONE``."""
REFUSED: dict[str, Any] = {
    "success": False,
    "code": 4,
    "phoneNumber": "+33600000001",
    "messageId": 111,
    "status": "Numéro introuvable",
}
"""One as the reference shows it for what is not found."""
READ = Recipient(ONE.phone, Status.DELIVERED, "Delivered", False, 1517934416)
ABSENT = "<none>"


def row(base: dict[str, Any] = GOOD, **changes: object) -> dict[str, Any]:
    """``base`` with changes; ``ABSENT`` takes a key away."""
    return {key: value for key, value in {**base, **changes}.items() if value is not ABSENT}


def of(pair: Pair, **changes: Any) -> dict[str, Any]:
    return row(messageId=int(pair.message_id), phoneNumber=pair.phone, **changes)


def body(*rows: object, **changes: object) -> bytes:
    answer = {"success": True, "code": 200, "StatutResponse_List": list(rows), **changes}
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def read(answer: bytes, *pairs: Pair) -> list[BatchRow]:
    pairs = pairs or (ONE,)
    return list(in_order(read_batch(answer, pairs), pairs))


def told(answer: bytes, *pairs: Pair) -> list[tuple[Outcome, Recipient | None, str]]:
    return [(each.outcome, each.recipient, each.reason) for each in read(answer, *pairs)]


def test_a_question_has_ids_as_numbers_where_nothing_of_them_is_lost() -> None:
    ids = ["2270142", "007", "0", str(2**53), "9" * 32]
    asked = json.loads(question([Pair(each, "+33600000001") for each in ids]))
    sent = [each["messageId"] for each in asked["SMSStatut_List"]]
    assert sent == [2270142, "007", 0, str(2**53), "9" * 32]
    assert {each["phoneNumber"] for each in asked["SMSStatut_List"]} == {"+33600000001"}


DATELESS = Recipient(ONE.phone, Status.DELIVERED, "Delivered", False, None)
UNDERSTOOD: list[tuple[dict[str, Any], Recipient]] = [
    ({}, READ),
    ({"date": 1517934416, "stopSms": False}, READ),
    ({"date": "2018-02-06 17:26:56"}, READ),
    ({"messageId": "111", "success": "true", "code": "200", "stopSms": "false"}, READ),
    ({"messageId": ABSENT, "message_id": "111"}, READ),
    ({"phoneNumber": "0600000001", "success": 1}, READ),
    ({"phoneNumber": ABSENT, "number": "33600000001"}, READ),
    ({"phoneNumber": 33600000001}, READ),
    ({"phoneNumber": "+33 6 00 00 00 01", "isSpam": ABSENT, "cost": "0.045"}, READ),
    ({"isSpam": "1", "success": ABSENT, "code": ABSENT}, READ),
    ({"stopSms": ABSENT, "stopSMS": False, "status": ABSENT, "statut": "Delivered"}, READ),
    ({"date": ABSENT}, DATELESS),
    ({"date": None}, DATELESS),
    ({"date": "0"}, DATELESS),
    ({"date": ""}, DATELESS),
    ({"stopSms": ABSENT, "date": 0}, Recipient(ONE.phone, Status.DELIVERED, "Delivered")),
    ({"stopSms": "1", "date": 0}, Recipient(ONE.phone, Status.DELIVERED, "Delivered", True)),
    ({"status": "DELIVRD", "date": 0}, Recipient(ONE.phone, Status.DELIVERED, "DELIVRD", False)),
    ({"status": "ko", "date": 0}, Recipient(ONE.phone, Status.NOT_DELIVERED, "ko", False)),
    ({"status": "UNKNOWN", "date": 0}, Recipient(ONE.phone, Status.UNKNOWN, "UNKNOWN", False)),
    ({"status": " waiting ", "date": 0}, Recipient(ONE.phone, Status.WAITING, "waiting", False)),
]


@pytest.mark.parametrize(("changes", "expected"), UNDERSTOOD, ids=str)
def test_a_row_is_understood_in_every_spelling(
    changes: dict[str, Any], expected: Recipient
) -> None:
    right = row(**changes)
    (found,) = read(body(right))
    assert (found.outcome, found.recipient, found.reason) == (Outcome.READ, expected, "")
    assert json.loads(found.raw) == right


UNCLEAR: list[tuple[dict[str, Any], str]] = [
    (row(status="Vu"), "an unknown word: “Vu”"),
    (row(status=""), "no status"),
    (row(status=ABSENT), "no status"),
    (row(status=["Delivered"]), "no word: a list"),
    (row(date="tomorrow"), "not a date: “tomorrow”"),
    (row(date=-1), "not a date: -1"),
    (row(date=2**32), "not a date: 4294967296"),
    (row(date=2**32 + 1), "not a date: 4294967297"),
    (row(stopSms="maybe"), "not a STOP flag: “maybe”"),
    (row(code=4), "success, and code 4"),
    (row(success=ABSENT, code=4), "success, and code 4"),
    (row(success="perhaps"), "says “perhaps” about its success"),
    (row(success=False), "refused with code 200: Delivered"),
    (row(REFUSED, code=9), "refused with code 9: Numéro introuvable"),
    (row(REFUSED, code=10), "refused with code 10: Numéro introuvable"),
    (row(REFUSED, code=ABSENT), "refused: Numéro introuvable"),
    (row(REFUSED, status="Delivered"), "refused with code 4: Delivered"),
]


@pytest.mark.parametrize(("wrong", "reason"), UNCLEAR, ids=str)
def test_a_row_that_leaves_a_doubt_says_nothing_but_why(wrong: dict[str, Any], reason: str) -> None:
    # The other row is good: one alone whose key is refused would stand for the account.
    assert told(body(wrong, of(TWO)), ONE, TWO)[0] == (Outcome.UNCLEAR, None, reason)


@pytest.mark.parametrize(
    "missing",
    [
        REFUSED,
        row(REFUSED, success="false", code="4"),
        row(REFUSED, code=55, errors=[{"code": "4"}]),
        row(REFUSED, messageId="111", status=ABSENT, phoneNumber="06 00 00 00 01"),
    ],
    ids=str,
)
def test_what_the_api_does_not_find_is_not_found(missing: dict[str, Any]) -> None:
    (found,) = read(body(missing))
    assert (found.outcome, found.recipient) == (Outcome.NOT_FOUND, None)
    assert found.reason.startswith("refused with code ")


STRANGERS: list[tuple[Any, str]] = [
    (row(messageId=112), "message 112, which was not asked for"),
    (row(messageId="0111"), "message “0111”, which was not asked for"),
    (row(messageId=111.0), "message 111.0, which was not asked for"),
    (row(messageId=True), "message true, which was not asked for"),
    (row(messageId=[111]), "message a list, which was not asked for"),
    (row(phoneNumber=TWO.phone), "message 111, with a number that was not asked for"),
    (row(phoneNumber=ABSENT), "message 111, with a number that was not asked for"),
    (row(phoneNumber="06 00 00 00"), "message 111, with a number that was not asked for"),
    (row(messageId=ABSENT), "a row that does not say which message it is about"),
    (row(messageId=None), "a row that does not say which message it is about"),
    ({}, "a row that does not say which message it is about"),
    (None, "not a row: null"),
    ("Delivered", "not a row: “Delivered”"),
    ([GOOD], "not a row: a list"),
]


@pytest.mark.parametrize(("stranger", "about"), STRANGERS, ids=str)
def test_a_row_that_names_nothing_asked_for_is_told_apart(stranger: Any, about: str) -> None:
    for answer in (body(stranger, of(TWO)), body(of(TWO), stranger, extra=1)):
        found = read_batch(answer, [ONE, TWO])
        assert (found.strangers, found.stranger) == (1, about)
        assert [each.outcome for each in in_order(found, [ONE, TWO])] == ["missing", "read"]


def test_two_ids_that_are_one_number_are_told_apart_by_text_alone() -> None:
    short, long = Pair("7", ONE.phone), Pair("007", ONE.phone)
    by_text = body(row(messageId="7"), row(messageId="007", status="Waiting"))
    assert [
        each.recipient and each.recipient.raw_status for each in read(by_text, short, long)
    ] == [
        "Delivered",
        "Waiting",
    ]
    assert [each.outcome for each in read(body(row(messageId=7)), short, long)] == ["missing"] * 2
    # Where only one of them was asked for, there is no doubt.
    assert [each.outcome for each in read(body(row(messageId=7)), long)] == ["read"]


def test_the_same_row_twice_is_one_and_two_that_differ_are_none() -> None:
    assert told(body(GOOD, row(phoneNumber="0600000001", isSpam="1"))) == [(Outcome.READ, READ, "")]
    for other in (row(status="Waiting"), row(stopSms="1"), row(date="1517934417"), REFUSED):
        for both in ((GOOD, other), (other, GOOD), (GOOD, other, GOOD)):
            reason = "two rows of it contradict each other"
            assert told(body(*both)) == [(Outcome.UNCLEAR, None, reason)]


def test_a_pair_asked_for_twice_is_answered_twice() -> None:
    assert [each.recipient for each in read(body(GOOD), ONE, TWO, ONE)] == [READ, None, READ]


ONE_MESSAGE = {
    "success": True,
    "code": 200,
    "message_id": "333",
    "StatutResponse_List": [{"phoneNumber": ONE.phone, "status": "Delivered"}],
}
REFUSALS: list[tuple[bytes, FaultKind, int | None, str]] = [
    (b'{"success":false,"code":10,"message":"x"}', FaultKind.AUTH, 10, "refuses the API key"),
    (b'{"success":"false","code":"1"}', FaultKind.AUTH, 1, "asks for an API key"),
    (b'{"success":false,"code":55,"errors":[{"code":"96"}]}', FaultKind.AUTH, 96, "IP"),
    (b'{"success":false,"code":429}', FaultKind.RATE_LIMITED, 429, "Too many requests"),
    (b'{"success":false,"code":4}', FaultKind.BAD_RESPONSE, 4, "several messages at once, with"),
    (b'{"success":false,"code":2}', FaultKind.BAD_RESPONSE, 2, "several messages at once, with"),
    (b'{"success":false}', FaultKind.BAD_RESPONSE, None, "several messages at once, without"),
    (codecs.BOM_UTF8 + b'{"success":false,"code":10}', FaultKind.AUTH, 10, "refuses the API key"),
    ('{"success":false,"code":10,"message":"Clé"}'.encode("latin-1"), FaultKind.AUTH, 10, "Clé"),
    (
        b"<?xml version='1.0'?><result><entry>false</entry><entry>10</entry></result>",
        FaultKind.AUTH,
        10,
        "refuses the API key",
    ),
    (b'{"success":true,"code":200}', FaultKind.BAD_RESPONSE, None, "no list of recipients"),
    (b'{"success":true,"StatutResponse_List":{}}', FaultKind.BAD_RESPONSE, None, "an object"),
    (b'{"code":200,"StatutResponse_List":[]}', FaultKind.BAD_RESPONSE, None, "does not say"),
    (body(GOOD, code=4), FaultKind.BAD_RESPONSE, 4, "contradicts itself"),
    (json.dumps(ONE_MESSAGE).encode(), FaultKind.BAD_RESPONSE, None, "another message: “333”"),
    (body(GOOD)[:-20], FaultKind.BAD_RESPONSE, None, "cut short"),
    (b"<html></html>", FaultKind.BAD_RESPONSE, None, "web page"),
    (b"", FaultKind.BAD_RESPONSE, None, "empty"),
    (b"[" * 100_000, FaultKind.BAD_RESPONSE, None, "too deeply"),
    # All rows refused for the account's sake: the key is not to be sent on.
    (body(row(REFUSED, code=10)), FaultKind.AUTH, 10, "refuses the API key"),
    (body(row(REFUSED, code=96), row(REFUSED, code="96")), FaultKind.AUTH, 96, "IP"),
    (body(row(REFUSED, code=10, message="expired")), FaultKind.AUTH, 10, "expired"),
    (body(row(REFUSED, code=429)), FaultKind.RATE_LIMITED, 429, "Too many requests"),
]


@pytest.mark.parametrize(("answer", "kind", "code", "words"), REFUSALS, ids=range(len(REFUSALS)))
def test_an_answer_that_is_none_says_what_it_is(
    answer: bytes, kind: FaultKind, code: int | None, words: str
) -> None:
    with pytest.raises(ReadError, match=words) as caught:
        read_batch(answer, [ONE, TWO])
    assert (caught.value.fault.kind, caught.value.fault.code) == (kind, code)


@pytest.mark.parametrize("answer", [body(), body(REFUSED, row(REFUSED, code=10))])
def test_an_answer_without_a_good_row_is_an_answer(answer: bytes) -> None:
    assert {each.recipient for each in read(answer, ONE, TWO)} == {None}


def test_xml_says_the_same_by_the_order_of_its_columns() -> None:
    cells = "<entry>true</entry><entry>200</entry>"
    row = "".join(
        f"<entry>{each}</entry>"
        for each in ("true", 200, ONE.phone, 111, "Delivered", 1517934416, 0)
    )
    xml = f"<?xml version='1.0'?><result>{cells}<entry><entry>{row}</entry></entry></result>"
    assert told(xml.encode()) == [(Outcome.READ, READ, "")]


PAIRS = [ONE, TWO, Pair("111", TWO.phone), Pair("0111", ONE.phone), Pair("222", "+590690000001")]
ids = st.sampled_from(["111", 111, "0111", 222, "222", 333, None, 111.0, True, "", " 111 "])
phones = st.sampled_from(
    [ONE.phone, TWO.phone, "0600000001", 33600000002, "0690000001", "+33600000009", "", None, "x"]
)
statuses = st.sampled_from(
    ["Delivered", "Waiting", "ko", "UNKNOWN", "Vu", "", None, 4, "delivered"]
)
plain = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["true", "false", "0"])
codes = st.sampled_from([200, "200", 200.0, 4, "4", 10, None, "x"])
dates = st.sampled_from(["1517934416", 1517934416, "", None, "0", -1, 2**40, "2018-02-06 17:26:56"])
likely = {
    "messageId": ids,
    "phoneNumber": phones,
    "status": statuses,
    "success": st.just(True) | plain,
    "code": codes,
}
rows = st.fixed_dictionaries(
    likely, optional={"date": dates, "stopSms": plain, "stopSMS": plain, "isSpam": plain}
)
anything = st.recursive(plain | st.text(max_size=5), lambda each: st.lists(each, max_size=3))


def means(row: dict[str, Any], pair: Pair) -> bool:
    """Whether the row names the pair and no other of ``PAIRS``: told in another way."""
    spelt = {ONE.phone: (ONE.phone, "0600000001"), TWO.phone: (TWO.phone, 33600000002)}
    phone = row.get("phoneNumber") in spelt.get(pair.phone, (pair.phone, "0690000001"))
    about = row.get("messageId")
    if isinstance(about, str):
        return phone and about.strip() == pair.message_id
    # As a number, 111 is both 111 and 0111 where the number was asked for under both.
    twins = {"111", "0111"} if pair.phone == ONE.phone else set()
    return (
        phone
        and type(about) is int
        and about == int(pair.message_id)
        and pair.message_id not in twins
    )


@given(st.lists(rows | anything, max_size=6), st.booleans())
@settings(max_examples=400)
def test_nothing_is_read_that_no_row_says_of_that_very_pair(rows: list[Any], extra: bool) -> None:
    answer = body(*rows, **({"extra": 1} if extra else {}))
    try:
        found = read_batch(answer, PAIRS)
    except ReadError:
        return
    for each in in_order(found, PAIRS):
        saying = [row for row in rows if isinstance(row, dict) and means(row, each.pair)]
        assert bool(saying) is (each.outcome is not Outcome.MISSING)
        if (one := each.recipient) is not None:
            assert {status_of(str(row["status"])) for row in saying} == {one.status}
            assert all(row["success"] not in (False, "false", "0", 0) for row in saying)
            assert one.phone == each.pair.phone
    named = sum(any(isinstance(r, dict) and means(r, p) for p in PAIRS) for r in rows)
    assert found.strangers == len(rows) - named


@given(st.lists(rows, max_size=4))
@settings(max_examples=200)
def test_the_quick_way_and_the_tolerant_one_say_the_same(rows: list[Any]) -> None:
    def meaning(answer: bytes) -> object:
        try:
            found = read_batch(answer, PAIRS)
        except ReadError as error:
            return type(error), error.fault.kind, error.fault.code
        said = [(r.pair, r.outcome, r.recipient, r.reason) for r in in_order(found, PAIRS)]
        return said, found.strangers, found.stranger

    assert meaning(body(*rows)) == meaning(body(*rows, extra=1))


@given(st.binary(max_size=200) | st.tuples(st.binary(max_size=60), st.integers(0, 400)))
@settings(max_examples=300)
def test_whatever_comes_every_pair_has_an_answer_or_there_is_none(
    given: bytes | tuple[bytes, int],
) -> None:
    good = body(GOOD, of(TWO))
    answer = given if isinstance(given, bytes) else good[: given[1]] + given[0] + good[given[1] :]
    try:
        found = read_batch(answer, [ONE, TWO])
    except ReadError:
        return
    assert isinstance(found, Found)
    assert [each.pair for each in in_order(found, [ONE, TWO])] == [ONE, TWO]
