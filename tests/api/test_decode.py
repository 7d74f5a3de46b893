"""Decoding, for whatever comes in: properties that hold for every body."""

from __future__ import annotations

import json
import time
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.api import decode_json
from smsmon.api.decode import decode
from smsmon.api.envelope import check_report
from smsmon.api.rows import ColumnBuilder, names
from smsmon.model import ReadError
from smsmon.recipients import Recipients, Status
from tests.api.bodies import report, rows, xml_report

ID = "111"

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)

phones = st.one_of(
    st.from_regex(r"\+[1-9][0-9]{5,14}", fullmatch=True),
    st.from_regex(r"0[1-9][0-9]{8}", fullmatch=True),
    st.from_regex(r"(00)?33[1-9][0-9]{8}", fullmatch=True),
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            ",",
            "+",
            "+33600000001,+33600000002",
            "+0336",
            "+330600000001",
            "+33６００００００００",
            "a" * 11,
        ]
    ),
)
words = st.sampled_from(
    [*decode_json.WORDS, "DELIVRD", "KO", "Teleported", "", " Waiting "]
) | st.text(max_size=12)
flags = st.sampled_from(
    [True, False, "0", "1", "true", "FALSE", "yes", "", None, "null", " 1", 0, 1, 2, 0.0]
)
dates = st.one_of(
    st.integers(0, 2**33).map(str),
    st.integers(-10, 2**33),
    st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S")),
    st.sampled_from(
        [
            "",
            "0",
            None,
            "null",
            "Null",
            "1e3",
            "1.0",
            "1.5",
            " 12",
            "012",
            1.0,
            "-0",
            "+5",
            2**70,
            "٣",
        ]
    ),
)
near_rows = st.fixed_dictionaries(
    {"phoneNumber": phones, "status": words, "stopSMS": flags, "date": dates},
    optional={
        "number": phones,
        "success": st.booleans(),
        "messageId": st.sampled_from([ID, 111, "112"]),
    },
)
good_rows = st.fixed_dictionaries(
    {
        "phoneNumber": phones,
        "status": st.sampled_from(decode_json.WORDS),
        "stopSMS": st.sampled_from([True, False, "0", "1", "true", "false", 0, 1]),
        "date": st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1).map(str)),
    }
)
loose_rows = st.fixed_dictionaries(
    {"phoneNumber": phones, "status": st.sampled_from(decode_json.WORDS)},
    optional={"stopSMS": flags, "stopSms": flags, "date": dates},
)
any_row = near_rows | good_rows | loose_rows | json_values


def in_one_way(body: bytes) -> Recipients | ReadError:
    """Recipients or a ``ReadError``: any other exception fails the test."""
    try:
        return decode(body, ID)
    except ReadError as error:
        return error


def tolerantly(body: bytes) -> Recipients:
    """What the tolerant tier alone makes of a report."""
    columns = ColumnBuilder(ID)
    columns.extend(check_report(decode_json.parse(body), ID))
    return columns.build()


@given(
    st.lists(good_rows, max_size=12)
    | st.lists(loose_rows, max_size=4)
    | st.lists(good_rows | loose_rows | near_rows, max_size=8)
)
@settings(max_examples=300)
def test_typed_and_tolerant_tier_agree(given_rows: list[Any]) -> None:
    body = report(given_rows)
    assert decode(body, ID) == tolerantly(body)


@given(st.lists(any_row, max_size=12), st.sampled_from([1, 40, 200]))
def test_where_a_body_is_cut_into_pieces_makes_no_difference(
    given_rows: list[Any], piece: int
) -> None:
    body = json.dumps(json.loads(report(given_rows)), allow_nan=True).encode()
    with patch.object(decode_json, "PIECE", piece):
        in_pieces = in_one_way(body)
    whole = in_one_way(body)
    if isinstance(whole, Recipients):
        assert in_pieces == whole
    else:
        assert isinstance(in_pieces, type(whole))


@given(json_values)
def test_any_json_value_is_a_report_or_a_read_error(value: Any) -> None:
    in_one_way(json.dumps(value).encode())


@given(st.lists(any_row, max_size=10), st.booleans(), st.sampled_from([ID, 111, "112", None]))
def test_rows_never_outnumber_the_answers(
    given_rows: list[Any], pretty: bool, found_id: Any
) -> None:
    answer = {
        "success": True,
        "code": 200,
        "message_id": found_id,
        "StatutResponse_List": given_rows,
    }
    found = in_one_way(json.dumps(answer, indent=2 if pretty else None).encode())
    if isinstance(found, Recipients):
        assert len(found) == len(given_rows)
        assert len(found.phones) == len(found.words) == len(found.stops) == len(found.dates)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_read_error(body: bytes) -> None:
    assert isinstance(in_one_way(body), ReadError)


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """A good answer with some of its bytes replaced, cut out or doubled."""
    body = bytearray(draw(st.sampled_from([report(rows(4)), xml_report(rows(4))])))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 12)))
        new = draw(
            st.binary(max_size=6)
            | st.sampled_from([b"{", b"}", b'"', b"null", b"<entry>", b"]]>", b"\\u0000"])
        )
        body[start:end] = draw(st.sampled_from([new, bytes(body[start:end]) * 2]))
    return bytes(body)


@given(mutations())
@settings(max_examples=300)
def test_any_mutation_of_a_good_answer_is_a_report_or_a_read_error(body: bytes) -> None:
    found = in_one_way(body)
    if isinstance(found, Recipients):
        assert len(found) <= body.count(b"{") + body.count(b"<entry") + body.count(b",") + 1


xml_trees = st.recursive(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<&>"), max_size=12)
    | st.sampled_from(
        ["true", "false", "200", ID, "10", "<![CDATA[+33600000001]]>", "Delivered", "0"]
    ),
    lambda inner: st.lists(inner, max_size=5).map(
        lambda parts: "".join(f"<entry>{part}</entry>" for part in parts)
    ),
    max_leaves=25,
)


@given(st.lists(xml_trees, max_size=5), st.sampled_from(["result", "html", "entry"]))
def test_any_xml_tree_is_a_report_or_a_read_error(parts: list[str], root: str) -> None:
    inside = "".join(f"<entry>{part}</entry>" for part in parts)
    body = f"<?xml version='1.0' encoding='UTF-8'?><{root}>{inside}</{root}>".encode()
    found = in_one_way(body)
    if isinstance(found, Recipients):
        assert len(found) <= body.count(b"<entry>")


@given(st.lists(good_rows.filter(lambda row: str(row["phoneNumber"]).isalnum()), max_size=8))
def test_json_and_xml_of_the_same_report_agree(given_rows: list[Any]) -> None:
    assert decode(report(given_rows), ID) == decode(
        xml_report(
            [dict(row, stopSMS=row["stopSMS"] in (True, 1, "1", "true")) for row in given_rows]
        ),
        ID,
    )


@given(any_row)
def test_no_text_of_a_row_can_reach_the_terminals_ear(row: Any) -> None:
    found = decode(report([row, *rows(1)]), ID)
    for one in found:
        assert (one.phone + one.raw_status + one.reason).isprintable()
    assert found[1].status is Status.DELIVERED


def test_large_body_of_mixed_shapes_is_read_row_for_row() -> None:
    many = rows(9_000)
    many[4_000]["status"] = "Teleported"
    many[7_500]["date"] = None
    many[8_999]["phoneNumber"] = "0612345678"
    body = report(many)
    assert len(body) > 2 * decode_json.PIECE
    found = decode(body, ID)
    assert found == tolerantly(body)
    assert (found[4_000].status, found[4_000].raw_status) == (Status.UNKNOWN, "Teleported")
    assert found[7_500].date is None
    assert found[8_999].phone == "+33612345678"


def test_more_words_than_a_byte_counts_keep_their_rows() -> None:
    many = rows(700)
    for place, row in enumerate(many[:600]):
        row["status"] = f"word {place}"
    found = decode(report(many), ID)
    assert [one.raw_status for one in found[:600]] == [f"word {place}" for place in range(600)]
    assert found[699].raw_status == many[699]["status"]
    with patch.object(decode_json, "PIECE", 2_000):
        assert decode(report(many), ID) == found


HEAD = b'{"success":true,"code":200,"message_id":"111","StatutResponse_List":['
XML_HEAD = b"<?xml version='1.0'?><result><entry>true</entry><entry>200</entry>"
HOSTILE = {
    "lists in lists": HEAD + b"[" * 10**6,
    "objects in objects": HEAD + b'{"a":' * 10**6,
    "rows that never end": HEAD + b'{"phoneNumber":"+33600000001",' * 10**5,
    "braces and spaces": HEAD + (b"}" + b" " * 1000) * 2000 + b"]}",
    "rows of nothing": HEAD + b"},{" * 10**6 + b"]}",
    "many closing brackets": HEAD + b"]" * 10**6,
    "long number": b'{"success":true,"code":' + b"1" * 10**6 + b"}",
    "long id": HEAD.replace(b'"111"', b"1" * 5000) + b"]}",
    "long text": b'{"success":false,"code":9,"message":"' + b"a" * 10**6 + b'"}',
    "many errors": b'{"success":false,"code":9,"errors":[' + b'{"message":"x"},' * 10**5 + b"{}]}",
    "entries in entries": XML_HEAD + b"<entry>" * 10**6,
    "long attribute": XML_HEAD + b"<entry a='" + b"a" * 10**6,
    "long comment": XML_HEAD + b"<!--" + b"a" * 10**6,
    "long tag": XML_HEAD + b"<" + b"a" * 10**6,
    "many references": XML_HEAD + b"&lt;" * 10**5,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_shapes_are_refused_in_little_time(name: str) -> None:
    start = time.process_time()
    assert isinstance(in_one_way(HOSTILE[name]), ReadError)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("found", "message_id", "same"),
    [
        ("0300", "0300", True),
        (" 0300\n", "0300", True),
        ("300", "0300", False),
        (300, "0300", True),
        (None, "1", True),
        (True, "1", False),
        (1.0, "1", False),
        ("", "1", False),
        ([], "1", False),
    ],
)
def test_ids_are_compared_as_text_and_numbers_without_leading_zeros(
    found: Any, message_id: str, same: bool
) -> None:
    assert names(found, message_id) is same
