"""Whatever comes in, nothing a terminal would obey goes out."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from smsmon.text import REPLACEMENT, painted, piped, safe, safe_bytes, safe_lines, shown, typed

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT, st.integers(1, 400))
def test_no_control_or_format_character_leaves_and_the_length_is_bounded(
    text: str, limit: int
) -> None:
    shown = safe(text, limit)
    assert len(shown) <= limit
    for char in shown:
        category = unicodedata.category(char)
        assert category[0] != "C"
        assert category not in ("Zl", "Zp")


@given(ANY_TEXT, st.integers(1, 400))
def test_safe_text_passes_unchanged_the_second_time(text: str, limit: int) -> None:
    once = safe(text, limit)
    assert safe(once, limit) == once


@given(st.binary(max_size=3000))
def test_any_bytes_become_safe_text(data: bytes) -> None:
    shown = safe_bytes(data, 120)
    assert len(shown) <= 120
    assert shown.isprintable()
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred", f"{REPLACEMENT}[31mred"),
        ("\x1b]52;c;aGk=\x07", f"{REPLACEMENT}]52;c;aGk={REPLACEMENT}"),
        ("\x9b2J", f"{REPLACEMENT}2J"),
        ("+336\u202e12", f"+336{REPLACEMENT}12"),
        ("a\u200bb", f"a{REPLACEMENT}b"),
        ("two\nlines", f"two{REPLACEMENT}lines"),
        ("lone \ud800", f"lone {REPLACEMENT}"),
        ("+33\u00a06", "+33 6"),
        ("Zalgo" + "\u0300" * 40, "Zalgo\u0300\u0300"),
        ("[/red] [bold", "[/red] [bold"),
        ("Numéro introuvable", "Numéro introuvable"),
    ],
)
def test_known_hostile_text_is_disarmed(hostile: str, shown: str) -> None:
    assert safe(hostile) == shown


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert safe("x" * 100, 10) == "xxxxxxxxx…"


def test_latin_1_bytes_read_as_the_text_they_are() -> None:
    assert safe_bytes("Clé API incorrecte".encode("latin-1")) == "Clé API incorrecte"


def test_a_cut_inside_a_character_does_not_turn_the_rest_into_latin_1() -> None:
    assert safe_bytes(("é" * 5000).encode(), 10) == "ééééééééé…"
    assert safe_bytes(("x" + "é" * 5000).encode(), 11) == "xééééééééé…"


def test_a_byte_order_mark_is_not_shown() -> None:
    assert safe_bytes(b"\xef\xbb\xbf{}") == "{}"


@given(ANY_TEXT)
def test_safe_lines_keep_every_line_end_and_tab_and_nothing_else_a_terminal_obeys(
    text: str,
) -> None:
    shown = safe_lines(text)
    assert all(char.isprintable() for char in shown if char not in "\n\t")
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    assert (shown.count("\n"), shown.count("\t")) == (whole.count("\n"), whole.count("\t"))


AS_TYPED = [
    "می\u200cخواهم",
    "क्\u200dष",
    "👨\u200d👩\u200d👧",
    "❤\ufe0f 1\ufe0f\u20e3",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "newer than Python: \U0001fadf",
    "Việt e\u0302\u0301",
]


@pytest.mark.parametrize("text", AS_TYPED)
def test_what_scripts_and_emoji_need_is_kept_as_typed_and_painted_without(text: str) -> None:
    assert typed(text) == text
    assert piped(text) == text
    assert painted(text).isprintable()
    assert cell_len(painted(text)) == sum(cell_len(char) for char in painted(text))


@given(ANY_TEXT, st.integers(1, 400))
def test_typed_text_holds_nothing_that_acts_and_passes_unchanged_the_second_time(
    text: str, limit: int
) -> None:
    once = typed(text, limit)
    assert len(once) <= limit
    assert typed(once, limit) == once
    for char in once:
        category = unicodedata.category(char)
        assert category not in ("Cc", "Cs", "Co", "Zl", "Zp")
        assert category != "Cf" or char in "\u200c\u200d" or "\U000e0030" <= char <= "\U000e007f"


@given(ANY_TEXT)
def test_painted_text_is_plain_and_shown_text_has_line_ends_and_tabs_besides(text: str) -> None:
    assert painted(text).isprintable()
    assert painted(painted(text)) == painted(text)
    assert shown(text).replace("\n", "").replace("\t", "").isprintable()
    for whole in (shown(text), piped(text)):
        assert (whole.count("\n"), whole.count("\t")) == (text.count("\n"), text.count("\t"))
        whole.encode()


@pytest.mark.parametrize("text", ["\u202e", "\u2066", "\u200e", "\u061c", "x\U000e0067", "\ue000"])
def test_what_misleads_is_not_kept(text: str) -> None:
    assert REPLACEMENT in typed(text)


@pytest.mark.parametrize("clean", [safe, typed])
@pytest.mark.parametrize("char", ["x", "é", "\x07"])
def test_only_what_is_longer_than_the_limit_is_cut(clean: Callable[..., str], char: str) -> None:
    kept = REPLACEMENT if char == "\x07" else char
    for limit, default in ((1, 80), (2, 80), (80, 80)):
        assert clean(char * limit, limit) == kept * limit
        assert clean(char * (limit + 1), limit) == kept * (limit - 1) + "…"
        assert clean(char * default) == kept * default
        assert clean(char * (default + 1)) == kept * (default - 1) + "…"


@pytest.mark.parametrize(
    ("marks", "left"),
    [
        ("e\u0301", "e\u0301"),
        ("e\u0301\u0302", "e\u0301\u0302"),
        ("e\u0301\u0302\u0303", "e\u0301\u0302"),
        ("\u0301\u0302\u0303e\u0301\u0302\u0303", "\u0301\u0302e\u0301\u0302"),
        ("e\u0301\u0302\u0303\u0304 e\u0301", "e\u0301\u0302 e\u0301"),
        ("e\u20dd\u20e3\u0301", "e\u20dd\u20e3"),
    ],
)
def test_two_marks_over_each_character_are_kept(marks: str, left: str) -> None:
    assert (safe(marks), typed(marks)) == (left, left)


@pytest.mark.parametrize(
    ("tags", "kept"),
    [("1", False), ("12", True), ("gbeng", True), ("123456", True), ("1234567", False)],
)
def test_a_flag_of_a_region_has_two_to_six_tags_and_an_end(tags: str, kept: bool) -> None:
    behind = "".join(chr(0xE0000 + ord(char)) for char in tags)
    flag = f"\U0001f3f4{behind}\U000e007f"
    assert (typed(flag) == flag) is kept
    assert painted(flag).rstrip(REPLACEMENT) == "\U0001f3f4"
    for broken in (flag[:-1], flag[1:], f"\U0001f3f3{flag[1:]}"):
        assert REPLACEMENT in typed(broken)
    assert (typed(f"a{flag}\x07{flag}b") == f"a{flag}{REPLACEMENT}{flag}b") is kept


@pytest.mark.parametrize(
    ("char", "kept", "shown"),
    [
        ("\ufe0d", "\ufe0d", "\ufe0d"),
        ("\ufe0e", "\ufe0e", ""),
        ("\ufe0f", "\ufe0f", ""),
        ("\u200b", REPLACEMENT, REPLACEMENT),
        ("\u200c", "\u200c", ""),
        ("\u200d", "\u200d", ""),
        ("\u200e", REPLACEMENT, REPLACEMENT),
        ("\U0001efff", REPLACEMENT, REPLACEMENT),
        ("\U0001fbff", "\U0001fbff", REPLACEMENT),
        ("\U0001fc00", REPLACEMENT, REPLACEMENT),
        ("\u2028", REPLACEMENT, REPLACEMENT),
        ("\u3000", " ", " "),
        ("\u2009", " ", " "),
    ],
)
def test_of_what_is_not_printable_scripts_and_emoji_keep_what_they_need(
    char: str, kept: str, shown: str
) -> None:
    assert typed(f"a{char}b") == f"a{kept}b"
    assert painted(f"a{char}b") == f"a{shown}b"


@pytest.mark.parametrize("cut", range(1, 5))
@pytest.mark.parametrize("char", ["x", "é", "€", "😀"])
def test_bytes_cut_at_any_place_of_a_character_read_as_what_stands_before_it(
    char: str, cut: int
) -> None:
    data = b"a" * (80 - cut) + char.encode() + b"b" * 9
    read = safe_bytes(data, 10)
    assert read == "aaaaaaaaa…"
    spaced = b"ok" + b" " * (78 - cut) + char.encode() + b" " * 80
    whole = len(char.encode()) <= cut
    assert safe_bytes(spaced, 10) == (f"ok {char}" if whole else "ok")


@pytest.mark.parametrize("behind", range(5))
def test_what_is_no_utf_8_before_the_cut_is_latin_1(behind: int) -> None:
    """A broken character counts as cut by us within its three bytes, and as broken before."""
    spaced = b"\xe9" + b" " * (79 - behind) + b"x" * behind
    assert safe_bytes(spaced, 10)[0] == "é"
    ended = b"o" + b" " * (78 - behind) + b"\xe9" + b"x" * behind
    assert safe_bytes(ended, 10) == "o é" + "x" * behind
    assert safe_bytes(ended + b" more", 10) == ("o" if behind < 3 else "o é" + "x" * behind)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\r\nb\rc\nd\te", "a\nb\nc\nd\te"),
        ("a\r\r\n\nb", "a\n\n\nb"),
        ("a\x0bb\x85c", f"a{REPLACEMENT}b{REPLACEMENT}c"),
        ("é" * 500 + "\n" + "x" * 500, "é" * 500 + "\n" + "x" * 500),
    ],
)
def test_lines_end_as_they_ended_and_are_not_cut(text: str, lines: str) -> None:
    assert safe_lines(text) == lines
    assert shown(lines) == piped(lines) == lines


def test_white_space_of_a_page_is_folded_and_its_beginning_shown() -> None:
    assert safe_bytes(b" <html>\r\n\t<p> a  b </p>\n", 300) == "<html> <p> a b </p>"
    assert safe_bytes(b"x" * 300) == "x" * 300
    assert safe_bytes(b"x" * 301) == "x" * 299 + "…"
