"""A paste arrives whole and in its order, whatever is in it, and nothing of it is a key."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from smsmon.console.terminal.input import Typed
from smsmon.store.idlist import parse
from smsmon.text import safe_lines

BEGIN, END = "\x1b[200~", "\x1b[201~"


def told(messages: Iterator[Message]) -> list[tuple[str, str]]:
    """What each event says."""
    return [
        ("paste", event.text) if isinstance(event, events.Paste) else ("key", str(event))
        for event in messages
    ]


def pieces(text: str, cuts: list[int]) -> Iterator[str]:
    """``text`` as several reads may bring it."""
    ends = sorted({cut % (len(text) + 1) for cut in cuts} | {0, len(text)})
    return (text[start:end] for start, end in pairwise(ends))


def typed(text: str, cuts: list[int]) -> list[tuple[str, str]]:
    reader = Typed()
    return [each for piece in pieces(text, cuts) for each in told(reader.feed(piece))]


def test_an_escape_in_a_paste_neither_turns_it_about_nor_presses_a_key() -> None:
    paste = "2270\x1b142\r2270139 and thirty-two characters more\r"
    assert typed(BEGIN + paste + END, []) == [("paste", paste)]
    # What it is there for: Textual takes a piece out, and hands it over first, as keys.
    there = told(iter(XTermParser().feed(BEGIN + paste + END)))
    assert there[-1][0] == "paste"
    assert any("enter" in text for kind, text in there if kind == "key")


def test_ids_around_an_escape_are_never_joined_to_another_one() -> None:
    for paste in ("2270\x1b142", "\x1b[1m2270142\x1b[0m", "22\x007", "22\x0870", "2\u200b27"):
        read = parse(safe_lines(paste))
        assert read.entries == ()
        assert "no text" in read.problems[0].why


parts = st.lists(
    st.one_of(
        st.text("0123456789\x1b[~;\r\n\x00aé", max_size=60),
        st.sampled_from(["\x1b", "\x1b[20", BEGIN, "\x1b[201", "\x1b[A", "\x1b[I"]),
    ),
    max_size=6,
).map("".join)


@given(parts.filter(lambda text: END not in text), st.lists(st.integers(0, 500), max_size=6))
def test_a_paste_is_what_stands_between_its_marks(paste: str, cuts: list[int]) -> None:
    seen = typed(f"a{BEGIN}{paste}{END}b", cuts)
    assert [each for each in seen if each[0] == "paste"] == [("paste", paste)]
    assert [text.partition("'")[2][0] for kind, text in seen if kind == "key"] == ["a", "b"]


@given(st.text("abc\x1b[]1;5A~", max_size=40), st.lists(st.integers(0, 50), max_size=4))
def test_keys_are_what_they_were(text: str, cuts: list[int]) -> None:
    if BEGIN in text:
        return
    parser = XTermParser()
    plain = [each for piece in pieces(text, cuts) for each in told(iter(parser.feed(piece)))]
    assert typed(text, cuts) == plain


def test_an_escape_that_nothing_follows_is_a_key() -> None:
    reader = Typed()
    assert (reader.ticking, told(reader.feed("\x1b")), reader.ticking) == (False, [], True)
    reader._parser._timeout_time = 0.0  # its time is over
    assert ("escape" in told(reader.tick())[0][1], reader.ticking) == (True, False)
    # What is typed after it begins no paste.
    assert [kind for kind, _ in told(reader.feed("[200~"))] == ["key"] * 5
    assert told(reader.feed("x"))[0][0] == "key"
