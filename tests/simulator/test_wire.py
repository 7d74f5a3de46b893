"""Answers are spelt as the reference has them, and as its known variants."""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ET
from typing import Any

import msgspec
import pytest

from smsmon.simulator.wire import (
    GZIP_FROM,
    Answer,
    Look,
    Row,
    Spelling,
    encode,
    refusal,
    report,
    row_fields,
)

ROWS = [
    Row("+33600000001", Look("Delivered", False, True, 0), 1517989111.7),
    Row("+33600000002", Look("Delivered", False, True, 0), 1517989086.0),
]


def row(**spelling: Any) -> dict[str, Any]:
    return row_fields(
        Row("+33639980001", Look("Not delivered", True, True, 0), 1517989111), Spelling(**spelling)
    )


def test_json_report_is_that_of_the_reference() -> None:
    assert report("111", ROWS, Spelling(), "json").body == (
        b'{"success":true,"code":200,"message_id":"111","StatutResponse_List":['
        b'{"phoneNumber":"+33600000001","status":"Delivered","stopSMS":false,"date":"1517989111"},'
        b'{"phoneNumber":"+33600000002","status":"Delivered","stopSMS":false,"date":"1517989086"}]}'
    )


def test_xml_report_is_that_of_the_reference_by_position() -> None:
    assert report("111", ROWS, Spelling(), "xml").body.decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        "<result><entry>true</entry><entry>200</entry><entry><![CDATA[111]]></entry><entry>"
        "<entry><entry><![CDATA[+33600000001]]></entry><entry><![CDATA[Delivered]]></entry>"
        "<entry>false</entry><entry><![CDATA[1517989111]]></entry></entry>"
        "<entry><entry><![CDATA[+33600000002]]></entry><entry><![CDATA[Delivered]]></entry>"
        "<entry>false</entry><entry><![CDATA[1517989086]]></entry></entry>"
        "</entry></result>\n"
    )


def test_errors_are_those_of_the_reference_accents_included() -> None:
    assert refusal(10, "json").body.decode() == (
        '{"success":false,"code":10,"message":"Clé API incorrecte"}'
    )
    assert refusal(10, "xml").body.decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        "<result><entry>false</entry><entry>10</entry><entry>Clé API incorrecte</entry></result>\n"
    )


@pytest.mark.parametrize("code", [1, 2, 3, 4, 10, 20, 30, 40, 96, 429, 777])
def test_every_code_is_told_in_both_formats(code: int) -> None:
    told = msgspec.json.decode(refusal(code, "json").body)
    assert told["success"] is False
    assert told["code"] == code
    entries = [entry.text for entry in ET.fromstring(refusal(code, "xml").body)]
    assert entries == ["false", str(code), told["message"]]


def test_errors_come_with_200_or_with_a_4xx_as_wished() -> None:
    assert refusal(10, "json").status == 200
    assert [refusal(code, "json", http_errors=True).status for code in (1, 3, 4, 10, 96)] == [
        401, 400, 404, 403, 403,
    ]  # fmt: skip
    assert refusal(429, "xml").status == 429


@pytest.mark.parametrize(
    ("spelling", "key", "value"),
    [
        ({}, "stopSMS", True),
        ({"stop": "stopSms"}, "stopSms", True),
        ({"stop": "digit"}, "stopSms", "1"),
        ({}, "date", "1517989111"),
        ({"date": "number"}, "date", 1517989111),
        ({"date": "paris"}, "date", "2018-02-07 08:38:31"),
        ({"date": "zero"}, "date", "0"),
        ({"date": "null"}, "date", None),
        ({"date": "empty"}, "date", ""),
        ({}, "status", "Not delivered"),
        ({"words": "other pages"}, "status", "ko"),
        ({"words": "operator"}, "status", "UNDELIV"),
        ({}, "phoneNumber", "+33639980001"),
        ({"national": True}, "phoneNumber", "0639980001"),
        ({"phone_key": "number"}, "number", "+33639980001"),
    ],
)
def test_known_spelling(spelling: dict[str, Any], key: str, value: Any) -> None:
    assert row(**spelling)[key] == value


def test_flag_and_date_can_be_left_out() -> None:
    assert set(row(stop="missing", date="missing")) == {"phoneNumber", "status"}
    undated = Row("+33639980001", Look("Waiting", False, False, 0), 9.0)
    assert "date" not in row_fields(undated, Spelling())
    assert row_fields(undated, Spelling(no_date="zero"))["date"] == "0"


def test_foreign_numbers_stay_international() -> None:
    belgian = Row("+32470000001", Look("Waiting", False, True, 0), 9.0)
    assert row_fields(belgian, Spelling(national=True))["phoneNumber"] == "+32470000001"


def test_message_id_can_be_a_number_under_another_name() -> None:
    answer = report("111", [], Spelling(id_key="messageId", id_number=True), "json")
    assert msgspec.json.decode(answer.body)["messageId"] == 111


def test_xml_survives_texts_that_look_like_xml() -> None:
    answer = encode({"a": "]]>&<x>", "b": None, "c": [1, "é"]}, "xml")
    first, second, third = ET.fromstring(answer.body)
    assert (first.text, second.text) == ("]]>&<x>", None)
    assert [entry.text for entry in third] == ["1", "é"]


def test_packed_body_is_made_once_to_the_same_bytes_and_not_for_trifles() -> None:
    body = b"+33639980000 Delivered " * 100
    packed = Answer(body).packed
    assert packed is not None
    assert gzip.decompress(packed) == body
    assert packed == Answer(body).packed
    assert Answer(b"x" * (GZIP_FROM - 1)).packed is None
