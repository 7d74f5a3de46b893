"""Which encoding a body is in: told by its mark, by its zeros, or by what it declares."""

from __future__ import annotations

import codecs

import pytest

from smsmon.api.decode import utf8

JSON = '{"a": "Clé “€”"}'
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
MARKS = dict(
    zip(
        WIDE,
        (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
        strict=True,
    )
)


@pytest.mark.parametrize("around", [("", ""), (" \t\r\n", "\n"), ("", "\0\0"), ("\n\0 ", " \0")])
@pytest.mark.parametrize("encoding", WIDE)
def test_wide_characters_are_told_by_a_mark_or_by_their_zeros(
    encoding: str, around: tuple[str, str]
) -> None:
    before, behind = around
    marked = MARKS[encoding] + f"{before}{JSON}{behind}".encode(encoding)
    assert utf8(marked).decode() == JSON
    assert utf8(f"{JSON}{behind}".encode(encoding)).decode() == JSON


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("text", ["{}", "[1]", "<a/>", '{"ü": "ž€"}'])
def test_two_ascii_characters_are_enough_to_tell(encoding: str, text: str) -> None:
    assert utf8(text.encode(encoding)).decode() == text


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8, codecs.BOM_UTF8 * 2])
@pytest.mark.parametrize("around", [b"", b" ", b"\0", b" \t\r\n\0\0"])
def test_marks_zeros_and_white_space_around_utf_8_are_dropped(mark: bytes, around: bytes) -> None:
    body = JSON.encode()
    assert utf8(around + mark + around + body + around) == body
    assert utf8(mark + b"{}" + around) == b"{}"


@pytest.mark.parametrize(
    ("byte", "char"),
    [(0x80, "€"), (0x93, "“"), (0xE9, "é"), (0xFF, "ÿ"), (0x81, "\x81"), (0x9D, "\x9d")],
)
def test_windows_1252_and_latin_1_where_it_has_no_character(byte: int, char: str) -> None:
    assert utf8(b'{"' + bytes([byte]) + b'x"}').decode() == f'{{"{char}x"}}'
    assert utf8(b'{"' + bytes([byte, byte]) + b'"}').decode() == f'{{"{char * 2}"}}'


def test_one_wrong_byte_does_not_change_the_characters_beside_it() -> None:
    assert utf8('{"é'.encode() + b"\xe9" + '€"}'.encode()).decode() == '{"éé€"}'


@pytest.mark.parametrize(
    "name", ["", "UTF-8", "utf8", "utf-16", "UCS-2", "utf32", "ISO-8859-1", "X-NONE", "cp037"]
)
@pytest.mark.parametrize("text", ["<a>x</a>", "<a>é</a>"])
def test_what_xml_declares_is_not_believed_against_the_bytes(name: str, text: str) -> None:
    encoding = f" encoding='{name}'" if name else ""
    declared = f"<?xml version='1.0'{encoding}?>\n<!-- more -->\n{text}"
    for real in ("utf-8", "utf-8-sig", *WIDE, "latin-1"):
        assert utf8(declared.encode(real)).decode() == text


@pytest.mark.parametrize("name", ["ISO-8859-15", "windows-1251", "cp850", "macintosh", "shift_jis"])
def test_bytes_that_are_no_utf_8_are_what_xml_declares(name: str) -> None:
    text = {"shift_jis": "<a>表示</a>", "windows-1251": "<a>Привет</a>"}.get(name, "<a>é</a>")
    assert utf8(f"<?xml encoding='{name}'?>{text}".encode(name)).decode() == text


def test_a_few_zeros_are_padding_and_not_an_encoding() -> None:
    body = b'{"a":1}'
    for zeros in range(1, 4):
        assert utf8(b"\0" * zeros + body) == body
        assert utf8(body + b"\0" * zeros) == body
    assert utf8(b"") == b""
    assert utf8(b"\0\0\0\0") == b""
