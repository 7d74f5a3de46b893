"""An answer says the same in every writing that cannot be mistaken, and nothing new in others."""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.api.decode import decode
from smsmon.api.errors import NotAReport
from smsmon.api.exchange import Unpacker
from smsmon.model import FaultKind, ReadError
from smsmon.recipients import Recipients, Status
from tests.api.bodies import report, rows, xml_report
from tests.api.support import KEY, fault, read
from tests.api.wire import answer, wire

ID = "111"
CODES = (1, 3, 4, 10, 20, 30, 40, 96, 429, 777)
WORDS = "Clé API incorrecte"

Text = Callable[[str], bytes]
ENCODINGS: dict[str, Text] = {
    "utf-8": str.encode,
    "utf-8 with a mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf-8 with two marks": lambda text: codecs.BOM_UTF8 * 2 + text.encode(),
    "latin-1": lambda text: text.encode("latin-1"),
    "windows-1252": lambda text: text.encode("cp1252"),
    "utf-16 with a mark": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "utf-16 big with a mark": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "utf-16 without one": lambda text: text.encode("utf-16-le"),
    "utf-16 big without one": lambda text: text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
    "utf-32 big without a mark": lambda text: text.encode("utf-32-be"),
}
encodings = st.sampled_from(sorted(ENCODINGS))
around = st.text(" \t\r\n\0", max_size=4)
yes = st.sampled_from([True, "true", "True", "TRUE", " true ", 1, "1"])
no = st.sampled_from([False, "false", "False", "FALSE", " false", 0, "0"])


def spellings(code: int) -> st.SearchStrategy[Any]:
    return st.sampled_from([code, str(code), f" {code} ", f"0{code}", float(code), f"{code}.0"])


def meaning(body: bytes) -> Recipients | tuple[type[ReadError], FaultKind, int | None]:
    try:
        return decode(body, ID)
    except ReadError as error:
        return type(error), error.fault.kind, error.fault.code


def xml_error(success: object, code: object, words: str, encoding: str = "UTF-8") -> str:
    flag = str(success).lower() if isinstance(success, bool) else success
    return (
        f"<?xml version='1.0' encoding='{encoding}'?>\n<result><entry>{flag}</entry>"
        f"<entry>{code}</entry><entry>{words}</entry></result>"
    )


@given(st.data(), st.sampled_from(CODES), encodings, around, around, st.booleans())
@settings(max_examples=300)
def test_an_error_means_the_same_however_it_is_written(
    data: st.DataObject, code: int, encoding: str, before: str, behind: str, as_xml: bool
) -> None:
    plain = meaning(json.dumps({"success": False, "code": code, "message": WORDS}).encode())
    success, spelt = data.draw(no), data.draw(spellings(code))
    if as_xml:
        spelt = int(spelt) if isinstance(spelt, float) else spelt
        text = xml_error(success, spelt, WORDS)
    else:
        text = json.dumps({"success": success, "code": spelt, "message": WORDS}, ensure_ascii=False)
    if "16" in encoding or "32" in encoding:
        before = ""
    assert meaning(ENCODINGS[encoding](before + text + behind)) == plain


@given(st.data(), st.integers(0, 6), encodings, around, around, st.booleans())
@settings(max_examples=200)
def test_a_report_means_the_same_however_it_is_written(
    data: st.DataObject, count: int, encoding: str, before: str, behind: str, as_xml: bool
) -> None:
    plain = decode(report(rows(count)), ID)
    if as_xml:
        text = xml_report(rows(count)).decode()
        text = text.replace("<entry>true", f"<entry>{str(data.draw(yes)).lower()}", 1)
    else:
        answered = json.loads(report(rows(count)))
        answered |= {"success": data.draw(yes), "code": data.draw(spellings(200))}
        text = json.dumps(answered, indent=data.draw(st.sampled_from([None, 1])))
    if "16" in encoding or "32" in encoding:
        before = ""
    assert meaning(ENCODINGS[encoding](before + text + behind)) == plain


unclear = st.sampled_from(["maybe", "", "yes", "no", "2", "null", "truefalse", "0.0", "-1"]) | (
    st.text(max_size=6).filter(lambda text: text.strip().lower() not in {"true", "false", "0", "1"})
)


@given(unclear | st.sampled_from([None, [], {}, 2, -1, [True], {"success": True}]), encodings)
def test_success_that_is_no_flag_stays_nonsense(success: Any, encoding: str) -> None:
    answered = {**json.loads(report(rows(2))), "success": success}
    for body in (
        ENCODINGS[encoding](json.dumps(answered)),
        json.dumps({"success": success, "code": 10}).encode(),
    ):
        assert meaning(body) == (NotAReport, FaultKind.BAD_RESPONSE, None)


@given(
    st.sampled_from(
        [
            {"success": "false"},
            {"success": 0},
            {"code": "10"},
            {"code": 10.0},
            {"code": "201"},
            {"code": "two hundred"},
            {"message_id": "112"},
            {"message_id": 112},
            {"StatutResponse_List": None},
            {"StatutResponse_List": "[]"},
            {"StatutResponse_List": {}},
        ]
    ),
    encodings,
    st.booleans(),
)
def test_an_edit_that_changes_the_meaning_never_gives_a_report(
    edit: dict[str, Any], encoding: str, text_flag: bool
) -> None:
    answered = {**json.loads(report(rows(2))), **({"success": "true"} if text_flag else {}), **edit}
    assert not isinstance(meaning(ENCODINGS[encoding](json.dumps(answered))), Recipients)


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        ("<result>", "<!-- a > b <c/> -->\n<?x href='a>b'?><result>"),
        ("<result>", "<result xmlns='https://x.example/' code='1'>"),
        ("result>", "a:result>"),
        ("<entry>", "<entry type='string'><?php 1 > 0?>"),
        ("</entry>", "<!-- & --></entry>"),
        ("+336", "]]>&#43;3&#x33;6<![CDATA["),
    ],
)
def test_xml_means_the_same_in_every_form_that_it_allows(written: str, otherwise: str) -> None:
    text = xml_report(rows(3)).decode()
    other = text.replace(written, otherwise)
    if otherwise == "a:result>":
        other = other.replace("<a:result>", "<a:result xmlns:a='x'>")
    assert other != text
    assert meaning(other.encode()) == meaning(text.encode()) == decode(report(rows(3)), ID)


@pytest.mark.parametrize(
    "words",
    ["key & more", "cl&eacute;", "a\x0bb", "<![CDATA[a & b]]> & c", "&#233; &", "R&#;D &#x;"],
)
def test_an_error_of_xml_is_understood_in_spite_of_its_words(words: str) -> None:
    found = meaning(xml_error(False, 10, words).encode())
    assert found == meaning(xml_error(False, 10, "").encode())


def test_an_error_of_json_is_understood_in_spite_of_line_breaks_in_its_words() -> None:
    found = meaning(b'{"success": false, "code": 10, "message": "a\nb\tc\x01"}')
    assert found == meaning(b'{"success": false, "code": 10}')


def test_a_list_with_gaps_and_a_row_alone_are_lists() -> None:
    one, two = rows(2)
    for listed, found in (([one], one), ([one, two], {"0": one, "7": two})):
        answered = {**json.loads(report(listed)), "StatutResponse_List": found}
        assert decode(json.dumps(answered).encode(), ID) == decode(report(listed), ID)
    alone = xml_report([one]).decode().replace("<entry><entry><entry>", "<entry><entry>")
    alone = alone.replace("</entry></entry></entry>", "</entry></entry>")
    assert decode(alone.encode(), ID) == decode(report([one]), ID)
    for other in ({"0": one, "x": two}, {"a": one}, {"status": "Delivered"}):
        answered = {**json.loads(report([])), "StatutResponse_List": other}
        assert not isinstance(meaning(json.dumps(answered).encode()), Recipients)


@pytest.mark.parametrize("success", [False, "false", "0", 0, "FALSE", " false "])
def test_row_that_is_refused_in_text_is_refused(success: Any) -> None:
    row = {**rows(1)[0], "success": success, "code": "4", "status": "Delivered"}
    (found,) = decode(report([row]), ID)
    assert (found.status, found.reason) == (Status.UNKNOWN, "refused with code 4: Delivered")


@pytest.mark.parametrize("success", ["maybe", "", 2, []])
def test_row_whose_success_is_unclear_is_unknown(success: Any) -> None:
    (found,) = decode(report([{**rows(1)[0], "success": success}]), ID)
    assert found.status is Status.UNKNOWN
    assert "about its success" in found.reason


@pytest.mark.parametrize(
    ("top", "inner", "cause"),
    [
        (55, "10", 10),
        (55, 4, 4),
        ("55", " 96 ", 96),
        (55, "9", 9),
        (10, "9", 10),
        (4, "10", 10),
        (None, "10", 10),
        (55, None, 55),
        (55, "none", 55),
        (200, "20", 20),
    ],
)
@pytest.mark.parametrize("shape", ["errors", "error", "object", "second", "gaps"])
def test_code_inside_the_details_is_the_true_cause(
    top: Any, inner: Any, cause: int, shape: str
) -> None:
    detail = {"code": inner, "message": "why"}
    gaps = {"0": {"elementId": "x"}, "2": detail}
    shapes: dict[str, Any] = {"object": detail, "second": [*gaps.values()], "gaps": gaps}
    details = shapes.get(shape, [detail])
    name = "error" if shape == "error" else "errors"
    found = meaning(json.dumps({"success": False, "code": top, name: details}).encode())
    assert isinstance(found, tuple)
    assert found[2] == cause


def test_code_inside_the_details_of_xml_is_the_true_cause() -> None:
    text = xml_error(
        False, 55, "vague</entry><entry><entry><entry>10</entry><entry>why</entry></entry>"
    )
    found = meaning(text.encode())
    assert isinstance(found, tuple)
    assert found[1:] == (FaultKind.AUTH, 10)


@pytest.mark.parametrize("spelling", ["0", "1", "true", "false", "TRUE", " 1 ", "False"])
def test_third_column_of_xml_that_could_be_a_flag_is_stop_and_no_date(spelling: str) -> None:
    row = f"<entry>+33600000001</entry><entry>Delivered</entry><entry>{spelling}</entry>"
    text = (
        xml_report([]).decode().replace("<entry></entry>", f"<entry><entry>{row}</entry></entry>")
    )
    (found,) = decode(text.encode(), ID)
    assert found.stop is (spelling.strip().lower() in ("1", "true"))
    assert (found.date, found.reason) == (None, "")


@given(st.integers(2, 2**32 - 1))
def test_third_column_of_xml_that_is_a_date_is_no_flag(date: int) -> None:
    row = f"<entry>+33600000001</entry><entry>Delivered</entry><entry>{date}</entry>"
    text = (
        xml_report([]).decode().replace("<entry></entry>", f"<entry><entry>{row}</entry></entry>")
    )
    (found,) = decode(text.encode(), ID)
    assert (found.stop, found.date, found.reason) == (None, date, "")


@pytest.mark.parametrize("declared", ["utf-16", "UTF-16LE", "utf-32", "ucs-2", "utf8", "us-ascii"])
def test_xml_that_declares_what_it_is_not_is_read(declared: str) -> None:
    for body in (
        xml_error(False, 10, "Bad key", declared),
        f"\n{xml_error(0, '10', 'x', declared)}",
    ):
        found = meaning(body.encode())
        assert isinstance(found, tuple)
        assert found[1:] == (FaultKind.AUTH, 10)


async def test_raw_answer_in_utf_16_can_be_read_and_masked() -> None:
    body = report([{**rows(1)[0], "more": KEY}]).decode().encode("utf-16")
    async with wire(answer(body)) as server:
        raw = (await read(server)).raw
    assert json.loads(raw)["success"] is True
    assert KEY.encode() not in raw


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


GOOD = report(rows(40))
PACKED: dict[str, tuple[str, bytes]] = {
    "members": (
        "gzip",
        b"".join(gzip.compress(GOOD[i : i + 100]) for i in range(0, len(GOOD), 100)),
    ),
    "member that is empty": ("gzip", gzip.compress(b"") + gzip.compress(GOOD) + gzip.compress(b"")),
    "padding": ("gzip", gzip.compress(GOOD) + b"\0" * 512),
    "x-gzip": ("X-GZIP", gzip.compress(GOOD)),
    "identity beside it": ("identity, gzip", gzip.compress(GOOD)),
    "zlib": ("deflate", zlib.compress(GOOD)),
    "zlib without packing": ("deflate", zlib.compress(GOOD, 0)),
    "raw deflate": ("deflate", raw_deflate(GOOD)),
}


@pytest.mark.parametrize("name", PACKED)
async def test_packed_report_is_read(name: str) -> None:
    encoding, body = PACKED[name]
    async with wire(answer(body, headers=f"Content-Encoding: {encoding}")) as server:
        assert (await read(server)).raw == GOOD


async def test_a_report_is_read_under_a_header_that_was_lost_or_doubled() -> None:
    twice = answer(GOOD, headers="Content-Type: application/json; charset=utf-8")
    async with wire(answer(gzip.compress(GOOD)), twice) as server:
        for _ in range(2):
            assert (await read(server)).raw == GOOD


@given(st.sampled_from(sorted(PACKED)), st.integers(1, 400))
def test_where_the_network_cuts_a_packed_body_makes_no_difference(name: str, cut: int) -> None:
    encoding, body = PACKED[name]
    unpacker = Unpacker(encoding.lower())
    pieces = [
        piece
        for start in range(0, len(body), cut)
        for piece in unpacker.feed(body[start : start + cut])
    ]
    assert b"".join(pieces) == GOOD
    assert unpacker.finished


@pytest.mark.parametrize("as_xml", [False, True])
@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_refused_key_stops_the_account_in_every_encoding(encoding: str, as_xml: bool) -> None:
    text = (
        xml_error("false", "10", WORDS)
        if as_xml
        else (json.dumps({"success": "false", "code": "10", "message": WORDS}, ensure_ascii=False))
    )
    async with wire(answer(ENCODINGS[encoding](text), content_type="text/html")) as server:
        _, told = await fault(server)
    assert (told.kind, told.code) == (FaultKind.AUTH, 10)
    assert WORDS in told.message


@given(st.binary(max_size=30), st.sampled_from(sorted(ENCODINGS)))
def test_foreign_bytes_in_a_text_change_nothing_else(junk: bytes, encoding: str) -> None:
    junk = junk.translate(None, bytes(range(32)) + b'"\\')
    body = b'{"success":false,"code":10,"message":"' + junk + b'"}'
    found = meaning(body)
    assert isinstance(found, tuple)
    assert found[1:] == (FaultKind.AUTH, 10)
