"""No piece of the key, of eight characters or more and in any writing, is on anything shown."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.api.masking import PIECE, Mask
from smsmon.model import ReadError, Report
from smsmon.secret import DOTS, ApiKey
from tests.api.bodies import report, rows
from tests.api.support import KEY, client
from tests.api.wire import answer, wire


def percent(text: str) -> str:
    return "".join(f"%{ord(char):02X}" for char in text)


WRITINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in capitals": str.upper,
    "swapped case": str.swapcase,
    "in capitals, by a letter that is two small ones": lambda text: f"\u0130 {text.upper()}",
    "percent-encoded": percent,
    "percent-encoded by half": lambda text: "".join(
        percent(char) if place % 2 else char for place, char in enumerate(text)
    ),
    "percent-encoded twice": lambda text: quote(percent(text)),
    "percent-encoded three times": lambda text: quote(quote(percent(text))),
    "escaped as JSON": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "escaped as JSON twice": lambda text: "".join(f"\\\\u{ord(char):04X}" for char in text),
    "escaped as Python": lambda text: "".join(f"\\x{ord(char):02x}" for char in text),
    "escaped as HTML": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "escaped as XML": lambda text: "".join(f"&#x{ord(char):X};" for char in text),
    "escaped as JavaScript": lambda text: "".join(f"\\u{{{ord(char):x}}}" for char in text),
    "escaped as C": lambda text: "".join(f"\\{ord(char):03o}" for char in text),
    "quoted printable": lambda text: "".join(f"={ord(char):02X}" for char in text),
    "in full width": lambda text: "".join(chr(ord(char) + 0xFEE0) for char in text),
    "in full width, upper case": lambda text: "".join(
        chr(ord(char) + 0xFEE0) for char in text.upper()
    ),
    "as the numbers of its bytes": lambda text: text.encode().hex(),
    "in a dump": lambda text: text.encode().hex(" ").upper(),
    "with spaces": " ".join,
    "with dashes": "-".join,
    "with line ends": "\r\n".join,
    "with NULs": "\0".join,
    "with marks": "\N{ZERO WIDTH SPACE}".join,
}
keys = st.text("0123456789abcdef", min_size=PIECE, max_size=40) | st.from_regex(
    r"[A-Za-z0-9]{8,64}", fullmatch=True
)
writings = st.lists(st.sampled_from(sorted(WRITINGS)), min_size=1, max_size=2)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def pieces(key: str) -> set[str]:
    low = key.lower()
    return {low[at : at + PIECE] for at in range(len(low) - PIECE + 1)}


def told(text: str, key: str) -> bool:
    """True if a reader finds a piece of the key in ``text``, however it is written there."""
    low = text.lower()
    bare = "".join(char for char in low if char.isascii() and char.isalnum())
    return any(piece in low or piece in bare for piece in pieces(key))


@given(keys, st.data(), writings, words, words)
@settings(max_examples=400)
def test_no_piece_of_any_key_is_left_in_a_text(
    key: str, data: st.DataObject, how: list[str], before: str, behind: str
) -> None:
    start = data.draw(st.integers(0, len(key) - PIECE))
    echo = key[start : data.draw(st.integers(start + PIECE, len(key)))]
    for name in how[:1]:
        echo = WRITINGS[name](echo)
    masked = Mask(ApiKey.parse(key)).text(f"{before} {echo} {behind}")
    assert DOTS in masked
    assert not told(masked, key)
    assert echo not in masked


@pytest.mark.parametrize("written", ["{}", "\u212a {}", "{} \uff21"])
@pytest.mark.parametrize("letter", ["\u0130", "\ufb03", "\u00df"])
def test_a_letter_that_is_several_in_another_form_leaves_the_others_in_their_places(
    letter: str, written: str
) -> None:
    for text in (f"{letter * 9} {{}} {letter * 9}", f"{letter}{{}}", f"{{}}{letter}"):
        around = written.format(text)
        assert Mask(ApiKey.parse(KEY)).text(around.format(KEY)) == around.format(DOTS)


@given(keys, st.sampled_from(sorted(WRITINGS)))
def test_no_piece_is_left_in_a_body_either(key: str, how: str) -> None:
    body = f"<p>before {WRITINGS[how](key)} behind</p>".encode()
    masked = Mask(ApiKey.parse(key)).body(body)
    assert masked.startswith(b"<p>before ")
    assert masked.endswith(b" behind</p>")
    assert not told(masked.decode("utf-8", "replace"), key)


@given(st.text("0123456789abcdef", min_size=40, max_size=40), words, words)
def test_base64_of_a_key_is_struck_wherever_it_begins(key: str, before: str, behind: str) -> None:
    packed = base64.b64encode((before + key + behind).encode("utf-8", "ignore")).decode()
    inside = base64.b64encode(b"x" * (len(before.encode()) % 3) + key.encode()).decode()[4:-4]
    assert inside not in Mask(ApiKey.parse(key)).text(packed)


@given(st.text("0123456789abcdef", min_size=8, max_size=41), st.integers(0, 2))
def test_of_base64_every_sign_is_struck_that_tells_of_the_key_alone(key: str, shift: int) -> None:
    """But for the last four, which are too few, and in which others may have a share."""
    packed = base64.b64encode(b"\xff" * shift + key.encode()).decode()
    begins = -(-8 * shift // 6)
    if len(packed) - 4 - begins >= PIECE:
        left = Mask(ApiKey.parse(key)).text(packed)
        assert DOTS in left
        assert len(left) <= begins + len(DOTS) + 4


@given(keys, words)
def test_masking_twice_is_masking_once(key: str, text: str) -> None:
    mask = Mask(ApiKey.parse(key))
    once = mask.text(f"{text} {key} apiKey={text}")
    assert mask.text(once) == once


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("GET /me?apiKey=other&x=1", f"GET /me?apiKey={DOTS}&x=1"),
        ("GET /me?APIKEY=other", f"GET /me?APIKEY={DOTS}"),
        ("api_key = 'other'", f"api_key = '{DOTS}'"),
        ('{"apiKey": "other", "a": 1}', f'{{"apiKey": "{DOTS}", "a": 1}}'),
        ("apiKey%3Dother rest", f"apiKey%3D{DOTS} rest"),
        ("apiKey%253Dother rest", f"apiKey%253D{DOTS} rest"),
        ("the key is refused", "the key is refused"),
        ("apiKey: must not be empty", "apiKey: must not be empty"),
        ("Clé API incorrecte: apiKey", "Clé API incorrecte: apiKey"),
    ],
)
def test_whatever_follows_the_name_of_the_key_is_struck(text: str, left: str) -> None:
    assert Mask(ApiKey.parse(KEY)).text(text) == left
    assert Mask(ApiKey.parse(KEY)).body(text.encode()).decode() == left


@pytest.mark.parametrize(("key", "left"), [("abcdefg", f"x{DOTS}y"), ("abcd", f"x{DOTS}efgy")])
def test_short_key_is_struck_whole(key: str, left: str) -> None:
    assert Mask(ApiKey.parse(key)).text("xABCDefgy") == left
    assert Mask(ApiKey.parse(key)).text("xab c") == "xab c"
    assert Mask(ApiKey.parse(key)).text(f"x{key}{key[-1]}y") == f"x{DOTS}{key[-1]}y"


@given(st.text("0123456789abcdef", min_size=40, max_size=40), st.text(max_size=200))
def test_text_that_has_no_piece_is_left_alone(key: str, text: str) -> None:
    if told(text, key) or any(mark in text for mark in "%\\&="):
        return
    assert Mask(ApiKey.parse(key)).text(text) == text


NUMBERS = "12345678901234567890"


async def test_number_of_a_report_is_not_torn_for_looking_like_a_piece_of_the_key() -> None:
    row = {"phoneNumber": f"+{NUMBERS[:11]}", "status": "Delivered", "stopSMS": 0, "date": 12345678}
    async with wire(answer(report([row]))) as server, client(server) as partner:
        partner._mask = Mask(ApiKey.parse("ab" + NUMBERS + "cd"))
        found = await partner.bulk_status("111")
    assert isinstance(found, Report)
    assert found.recipients[0].phone == "+12345678901"
    assert found.raw == report([row])


ECHOES = [
    KEY,
    KEY.upper(),
    KEY[:36],
    KEY[4:13],
    percent(KEY)[:-1],
    f"apiKey%3D{KEY[:20]}",
    "\\u0035\\u0065\\u0034\\u0037\\u0031\\u0037\\u0031\\u0065\\u0031\\u0035",
]
PLACES: dict[str, Callable[[str], bytes]] = {
    "location": lambda text: answer(b"", status="302 No", headers=f"Location: https://{text}.a/"),
    "location's path": lambda text: answer(b"", status="302 No", headers=f"Location: /{text}"),
    "encoding": lambda text: answer(b"{}", headers=f"Content-Encoding: {text}"),
    "type": lambda text: answer(report(rows(1)), content_type=f"text/{text}"),
    "message": lambda text: answer(f'{{"success":false,"code":10,"message":"{text}"}}'.encode()),
    "code": lambda text: answer(f'{{"success":true,"code":"{text}"}}'.encode()),
    "id": lambda text: answer(report(rows(1), text).replace(b"\\\\", b"\\")),
    "page": lambda text: answer(f"<html>{text}".encode(), status="404 No"),
    "page's cut": lambda text: answer(b"<html>" + b"x" * 270 + text.encode(), status="404 No"),
    "status": lambda text: answer(report([{**rows(1)[0], "status": text}])),
    "phone": lambda text: answer(report([{**rows(1)[0], "phoneNumber": text}])),
    "refusal": lambda text: answer(report([{**rows(1)[0], "success": False, "status": text}])),
    "flag": lambda text: answer(report([{**rows(1)[0], "stopSMS": text, "date": text}])),
    "unread field": lambda text: answer(report([{**rows(1)[0], "more": text}])),
    "unread head": lambda text: answer(
        report(rows(1)).replace(b'"code"', f'"more":"{text}","code"'.encode())
    ),
    "phone named twice": lambda text: answer(
        report(rows(1)).replace(b'"phone', f'"phoneNumber":"{text}","phone'.encode())
    ),
}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("place", PLACES)
async def test_no_place_of_an_answer_shows_a_piece_of_the_key(place: str, echo: str) -> None:
    async with wire(PLACES[place](echo)) as server, client(server) as partner:
        try:
            found = await partner.bulk_status("111")
        except ReadError as error:
            shown = repr(error.fault) + str(error)
        else:
            assert isinstance(found, Report)
            shown = repr(list(found.recipients)) + found.raw.decode()
        shown += repr(partner.last_exchange)
    assert not told(shown, KEY)
    for how in ("percent-encoded", "escaped as JSON"):
        assert WRITINGS[how](KEY[1:9]).lower() not in shown.lower()


async def test_report_that_repeats_the_key_is_still_read() -> None:
    row = {**rows(1)[0], "status": f"Queued for {KEY[:20]}"}
    async with wire(answer(report([row, *rows(2)]))) as server, client(server) as partner:
        found = await partner.bulk_status("111")
    assert isinstance(found, Report)
    assert [one.raw_status for one in found.recipients] == [
        f"Queued for {DOTS}",
        "Delivered",
        "Waiting",
    ]
    assert json.loads(found.raw)["StatutResponse_List"][0]["status"] == f"Queued for {DOTS}"


def test_large_and_hostile_bodies_are_masked_in_little_time() -> None:
    mask = Mask(ApiKey.parse(KEY))
    for body in (
        report(rows(20_000)).replace(b"Delivered", KEY.encode(), 3),
        KEY[:5].encode() * 150_000,
        KEY.encode() * 20_000,
        percent(KEY).encode() * 8_000,
        b"apiKey" * 100_000,
        b"apiKey=" * 100_000,
        b"%25" * 200_000,
    ):
        start = time.process_time()
        masked = mask.body(body)
        assert time.process_time() - start < 2
        assert not told(masked[:10_000].decode("utf-8", "replace"), KEY)
