"""What one cell of a list says, and in which encoding a list is: to the last digit and byte."""

from __future__ import annotations

import bz2
import codecs
import lzma
import zlib

import pytest

from smsmon.phones import LONGEST_ID
from smsmon.store.idlist import decoded, why_no_text
from smsmon.store.idlist.cells import (
    A_PHONE,
    AMBIGUOUS,
    CUT,
    GROUPING,
    Doubt,
    id_in,
    is_id,
    may_be_short_phone,
    uncovered,
)
from smsmon.store.idlist.tables import (
    Header,
    entry_of,
    fields_of,
    header_in,
    lines,
    names_ids,
    tags_cell,
    tags_in,
)

LONGEST = "9" * LONGEST_ID


@pytest.mark.parametrize(
    ("first", "below", "is_header"),
    [
        ("Kunde;Ort", "2270142;Paris", True),
        ("Kunde", "2270142", False),  # one column: a word above an id
        ("Kunde;", "2270142;Paris", False),  # a column without a name
        ("Kunde;Ort", "2270142", False),  # other columns below
        ("Kunde;Ort", "Anna;Paris", False),  # no ids below
        ("Kunde 1;Ort", "2270142;Paris", False),  # digits above
    ],
)
def test_names_above_ids_are_a_header_though_none_of_them_is_known(
    first: str, below: str, is_header: bool
) -> None:
    found = header_in(lines(f"{first}\n{below}"))
    assert found == (Header(0, ";", [""] * 2) if is_header else None)


@pytest.mark.parametrize(
    ("cell", "id"),
    [
        *((id, id) for id in ("0", "1", "12345", LONGEST, "12345678901234567890123456789012")),
        ('="2270142"', "2270142"),
        ('=" 2270142 "', "2270142"),
        ("'2270142", "2270142"),
        ("«2270142»", "2270142"),
        ("[2270142]", "2270142"),
        (" 2270142\t", "2270142"),
        ("\u200b2270142\ufeff", "2270142"),
        ("7.0", "7"),
        ("2270142,0", "2270142"),
        ("12345.00", "12345"),
        ("123456789.0", "123456789"),
        *((f"2{mark}270{mark}142", "2270142") for mark in GROUPING),
        ("227’014", "227014"),
    ],
)
def test_an_id_is_read_where_it_is_one_number_in_one_way_only(cell: str, id: str) -> None:
    assert id_in(cell) == id
    assert is_id(cell)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("0612345678", A_PHONE),
        ("'0612345678'", A_PHONE),
        ('="+33612345678"', A_PHONE),
        ("“0612345678”", A_PHONE),
        ("06’12’34’56’78", "an id has only the digits 0 to 9, and this has “’”"),
        ("33’612’345’678", A_PHONE),
        ("2 270 142", AMBIGUOUS),
        ("2.270.142", AMBIGUOUS),
        ("2,270,142", AMBIGUOUS),
        ("2 270.142", AMBIGUOUS),
        ("2270142 2270143", "an id has only the digits 0 to 9, and this has “ ”"),
        ("22 70", "an id has only the digits 0 to 9, and this has “ ”"),
        ("2270 142", "an id has only the digits 0 to 9, and this has “ ”"),
        ("2’270 142", "an id has only the digits 0 to 9, and this has “’”"),
        ("2’27’0142", "an id has only the digits 0 to 9, and this has “’”"),
        ("2.27E+06", CUT),
        ("2,27e6", CUT),
        ("2E+06", CUT),
        ("1234.00", "an id has only the digits 0 to 9, and this has “.”"),
        ("12345.000", "an id has only the digits 0 to 9, and this has “.”"),
        ("12345.01", "an id has only the digits 0 to 9, and this has “.”"),
        ("1234567890123456.0", "an id has only the digits 0 to 9, and this has “.”"),
        ("9" * 33, "too long for an id: 33 digits, at most 32"),
        ("", "the id is empty"),
        ("''", "the id is empty"),
        (
            "22\u200b70142",
            "it holds a character that is no text (control or invisible): type the id instead",
        ),
    ],
)
def test_what_is_in_doubt_is_no_id_and_the_reason_is_told(cell: str, why: str) -> None:
    with pytest.raises(Doubt) as told:
        id_in(cell)
    assert str(told.value) == why
    assert not is_id(cell)


def test_only_what_is_around_a_number_is_uncovered() -> None:
    assert uncovered("\u200b12\u200b34\u200b") == "12\u200b34"
    assert uncovered("a\u200bb \u200e12\u200f") == "ab 12"
    assert uncovered("12") == "12"


@pytest.mark.parametrize(
    ("text", "short"),
    [("612345678", True), ("712345678", True), ("512345678", False), ("812345678", False),
     ("61234567", False), ("6123456789", False)],
)  # fmt: skip
def test_a_mobile_number_without_its_zero_has_nine_digits(text: str, short: bool) -> None:
    assert may_be_short_phone(text) is short


@pytest.mark.parametrize(
    ("names", "fields"),
    [
        (["ID", "Étiquettes", "note"], ["id", "tags", "note"]),
        ([" Message-ID: ", "id", "Label"], ["id", "", "label"]),
        (["id", "ids", "n° du message"], ["", "", "id"]),
        (["id", "id"], ["id", "id"]),
        (["id", "label", "name"], ["id", "", ""]),
        (["mots_clés", "ajouté le", "En pause"], ["tags", "added", "paused"]),
        (["sms id", "message_id"], ["id", "id"]),
        (["", "unknown"], ["", ""]),
    ],
)
def test_a_column_is_known_by_its_name_if_no_other_has_it(
    names: list[str], fields: list[str]
) -> None:
    assert fields_of(names) == fields
    assert names_ids(fields) is (fields.count("id") == 1)


@pytest.mark.parametrize(
    "tags",
    [(), ("a",), ("a", "b"), ("a b",), ("a,b", "c"), ("a;b",), ("a|b",), ("a\\", "b c"),
     ("\\|", "x"), ("a|", "|b", "c\\|d")],
)  # fmt: skip
def test_tags_in_a_cell_are_read_as_they_were_written(tags: tuple[str, ...]) -> None:
    assert tuple(filter(None, tags_in(tags_cell(tags)))) == tags


@pytest.mark.parametrize(
    ("word", "flag"), [("Yes", True), ("OUI", True), ("", False), ("0", False)]
)
def test_a_row_says_an_entry_and_what_it_cannot_be_is_told(word: str, flag: bool) -> None:
    assert entry_of({"id": "0612345678", "paused": word}, trusted=True).paused is flag
    for wrong in ({"paused": "maybe"}, {"added": "soon"}, {"id": "0612345678"}, {"id": ""}, {}):
        with pytest.raises(ValueError, match=r"paused is|added is|phone|empty"):
            entry_of({"id": "1", **wrong} if wrong else {})
    with pytest.raises(Doubt):
        entry_of({"id": "12a"}, trusted=True)


ACCENTS = "relance d'été à Nîmes, bientôt là où ça plaît"


@pytest.mark.parametrize(
    ("encoding", "guessed"),
    [("utf-8", ""), ("cp1252", "Windows-1252"), ("mac-roman", "MacRoman"),
     ("cp850", "CP850 (MS-DOS)")],
)  # fmt: skip
def test_accents_tell_the_encodings_of_the_west_apart(encoding: str, guessed: str) -> None:
    text = f"2270142\t{ACCENTS}\n2270143\n"
    assert decoded(text.encode(encoding)) == (text, guessed)
    once = "2270142\tété\n" + "2270143\n" * 9000
    assert decoded(once.encode(encoding)) == (once, guessed)


@pytest.mark.parametrize(
    ("content", "text", "guessed"),
    [
        (b"\xe9", "é", "Windows-1252"),
        (b"\x8e\x8e", "ŽŽ", "Windows-1252"),  # among no letters
        (b"a\x8e", "aé", "MacRoman"),
        (b"\x8ea", "éa", "MacRoman"),
        (b"1\x8e1", "1Ž1", "Windows-1252"),
        (b"a\x8e b\xe9", "aŽ bé", "Windows-1252"),  # as many of both
        (b"a\x8e b\x8f c\xe9", "aé bè cÈ", "MacRoman"),
        (b"a\xd7 b\x8e", "a◊ bé", "MacRoman"),  # a sign is no letter
        (b"a\xbf b\x8e", "aø bé", "MacRoman"),
        (b"a\xc0 b\xff", "aÀ bÿ", "Windows-1252"),
        ("é€\n".encode() + b"\xe9\n", "é€\né\n", "Windows-1252"),
        (b"a\x81", "aü", "CP850 (MS-DOS)"),
    ],
)
def test_bytes_that_are_no_utf_8_are_read_line_by_line(
    content: bytes, text: str, guessed: str
) -> None:
    assert decoded(content) == (text, guessed)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_two_bytes_a_character_are_told_without_a_mark(encoding: str) -> None:
    for text in ("2270142\n", "ab", "2270142 " + "é" * 3, "12\u4e2d\u4e2d"):
        assert decoded(text.encode(encoding)) == (text, "")
    assert decoded("1234".encode(encoding)[:-1]).guessed == ""
    assert "\0" in decoded("1234".encode(encoding)[:-1]).text
    assert "\0" in decoded(b"12\0" + b"3" * 20 + b"\0").text


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_mark_tells_the_encoding_and_is_no_text(mark: bytes, encoding: str) -> None:
    assert decoded(mark + "é1".encode(encoding)) == ("é1", "")
    assert decoded(mark) == ("", "")


def test_files_of_programs_are_no_lists() -> None:
    for begins in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF-1.7", b"\x1f\x8b\x08"):
        assert why_no_text(begins)
        assert why_no_text(codecs.BOM_UTF8 + begins)
        assert not why_no_text(b"x" + begins)
    ids = "".join(f"{2270142 + 37 * n**2}\n" for n in range(90)).encode()
    packed = (each(ids) for each in (bz2.compress, lzma.compress, zlib.compress))
    for other in (*packed, b"SQLite format 3\0" + bytes(80) + b"\n2270142\n"):
        assert why_no_text(other)
    for text in ("2270142\n", "2270142\0\n2270143\v\f\n", "PK;nom\n1;Été"):
        for encoding in ("utf-8", "utf-16", "utf-16-le", "cp1252"):
            assert not why_no_text(text.encode(encoding))
