"""Whatever comes in, nothing a terminal would obey goes out."""

import unicodedata

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
