"""What a batch asks for, and what each row of its answer says of whom."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smsmon.api.batches import in_order, question, read_batch
from smsmon.batch import BatchRow, Outcome, Pair
from smsmon.recipients import Recipient, Status

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
READ = Recipient(ONE.phone, Status.DELIVERED, "Delivered", False, 1517934416)
ABSENT = object()


def row(**changes: object) -> dict[str, Any]:
    """``GOOD`` with changes; ``ABSENT`` takes a key away."""
    return {key: value for key, value in {**GOOD, **changes}.items() if value is not ABSENT}


def body(*rows: object, **changes: object) -> bytes:
    answer = {"success": True, "code": 200, "StatutResponse_List": list(rows), **changes}
    return json.dumps(answer).encode()


def told(answer: bytes, *pairs: Pair) -> list[BatchRow]:
    pairs = pairs or (ONE,)
    return list(in_order(read_batch(answer, pairs), pairs))


def test_a_question_has_ids_as_numbers_where_nothing_of_them_is_lost() -> None:
    ids = ["2270142", "007", "0", str(2**53), "9" * 32]
    asked = json.loads(question([Pair(each, "+33600000001") for each in ids]))
    sent = [each["messageId"] for each in asked["SMSStatut_List"]]
    assert sent == [2270142, "007", 0, str(2**53), "9" * 32]
    assert {each["phoneNumber"] for each in asked["SMSStatut_List"]} == {"+33600000001"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, READ),
        ({"date": 1517934416, "stopSms": False}, READ),
        ({"messageId": "111", "success": "true", "code": "200", "stopSMS": "false"}, READ),
        ({"phoneNumber": "0600000001"}, READ),
    ],
)
def test_a_row_is_understood_in_every_spelling(
    changes: dict[str, Any], expected: Recipient
) -> None:
    assert told(body(row(**changes))) == [
        BatchRow(ONE, Outcome.READ, expected, raw=json.dumps(row(**changes)).encode())
    ]
