"""One sign means one thing, and has one home; each has a twin in ASCII."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import smsmon.console
from smsmon.console.signs import BAR, SIGNS, STATE_SIGNS, STATUS_SIGNS, in_ascii, wants_ascii
from smsmon.recipients import Status

CONSOLE = Path(next(iter(smsmon.console.__path__)))
HOME = CONSOLE / "signs.py"
IN_SENTENCES = set("…·×÷≤“”–→")
"""What texts are made of: cut, apart, times, by, within, quoted, from–to, from this to that."""


@pytest.mark.parametrize("of", ["glyph", "twin", "word"])
def test_no_two_signs_share_a(of: str) -> None:
    seen = [getattr(sign, of) for sign in SIGNS]
    assert len(set(seen)) == len(seen)


def test_every_sign_takes_one_column() -> None:
    for sign in SIGNS:
        assert (cell_len(sign.glyph), len(sign.twin), sign.twin.isascii()) == (1, 1, True), sign
        assert in_ascii(sign.glyph) == sign.twin


def test_every_state_and_status_is_in_the_table() -> None:
    known = {(sign.glyph, sign.twin) for sign in SIGNS}
    for sign in (*STATUS_SIGNS.values(), *STATE_SIGNS.values()):
        assert (sign.glyph, sign.twin) in known
    delivered, complete = STATUS_SIGNS[Status.DELIVERED], STATE_SIGNS["complete"]
    assert delivered.glyph == complete.glyph, "a message is complete when its recipients are"


def test_parts_of_a_bar_are_no_signs_and_are_told_apart_in_ascii() -> None:
    drawn = [glyph for glyph in BAR.values() if glyph != " "]
    assert not set(drawn) & {sign.glyph for sign in SIGNS}
    assert [in_ascii(glyph) for glyph in drawn] == ["#", "-", "x"]


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Line and value of every text in a file that is no docstring."""
    tree = ast.parse(path.read_text())
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def is_sign(char: str) -> bool:
    return char >= "\u2000" or char in "¬·»×÷"


def test_signs_are_written_in_their_table_alone() -> None:
    files = [path for path in CONSOLE.rglob("*.py") if path != HOME]
    found = [
        f"{path.relative_to(CONSOLE)}:{line}: {text!r} has {sorted(odd)}"
        for path in files
        for line, text in literals(path)
        if (odd := {char for char in text if char.isprintable() and is_sign(char)} - IN_SENTENCES)
    ]
    assert len(files) > 40
    assert not found, "\n".join(found)


# In ASCII


@given(st.text())
def test_any_text_keeps_its_columns_in_ascii(text: str) -> None:
    told = in_ascii(text, cell_len)
    assert told.isascii()
    if text.isprintable():
        assert len(told) == sum(map(cell_len, text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("✓ 9,422  … 13,850  ✗ 208", "+ 9,422  . 13,850  x 208"),
        ("◆ ‖ ∅ ■ » ▾", "# | 0 = > v"),
        ("▬▬┄┄▒  31%", "##--x  31%"),
        ("╭─ Add ─╮│", "+- Add -+|"),
        ("▁▂▃▄▅▆▇█", "_.-=+*%#"),
        ("⠉⣀⣿⠀", "'.: "),
        ("Été à Noël, “ça”", 'Ete a Noel, "ca"'),
        ("漢字 Ω", "? ?  ?"),
        ("↑ ↓ ← →", "^ v < >"),
        ("🔎", "? "),
    ],
)
def test_what_stands_in_its_place(text: str, told: str) -> None:
    assert in_ascii(text) == told


@pytest.mark.parametrize(
    ("wanted", "environ", "ascii_"),
    [
        ("auto", {"TERM": "xterm-256color", "LANG": "fr_FR.UTF-8"}, False),
        ("auto", {"TERM": "xterm-256color"}, False),
        ("auto", {"TERM": "tmux", "LANG": "C.utf8"}, False),
        ("auto", {"TERM": "linux", "LANG": "fr_FR.UTF-8"}, True),
        ("auto", {"TERM": "dumb"}, True),
        ("auto", {"TERM": "vt220", "LANG": "fr_FR.UTF-8"}, True),
        ("auto", {"TERM": "xterm", "LANG": "fr_FR.ISO-8859-1"}, True),
        ("auto", {"TERM": "xterm", "LANG": "C"}, True),
        ("auto", {"TERM": "xterm", "LANG": "C", "LC_ALL": "en_GB.UTF-8"}, False),
        ("auto", {"TERM": "xterm", "LC_CTYPE": "POSIX", "LANG": "en_GB.UTF-8"}, True),
        ("unicode", {"TERM": "linux"}, False),
        ("ascii", {"TERM": "xterm", "LANG": "fr_FR.UTF-8"}, True),
    ],
)
def test_signs_are_chosen_by_terminal_and_locale(
    wanted: str, environ: dict[str, str], ascii_: bool
) -> None:
    assert wants_ascii(wanted, environ) is ascii_
