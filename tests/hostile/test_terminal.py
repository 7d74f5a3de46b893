"""The scanner the other tests rely on: it lets nothing of the corpus pass."""

from __future__ import annotations

import pytest

from tests.hostile.corpus import CORPUS
from tests.hostile.terminal import seen

HARMLESS = frozenset(
    {
        "line ends",  # two of the four are how output ends its lines
        "blank letters",
        "wide",
        "markup",
        "markup unterminated",
        "percent and braces",
        "a formula",
        "quotes",
        "one megabyte",
    }
)
"""Texts that no terminal obeys: they are in the corpus for other readers."""


@pytest.mark.parametrize("name", sorted(CORPUS.keys() - HARMLESS))
def test_each_hostile_text_is_noticed(name: str) -> None:
    assert seen(f"before {CORPUS[name]} after").obeyed


@pytest.mark.parametrize("name", sorted(HARMLESS - {"line ends", "blank letters"}))
def test_harmless_text_passes(name: str) -> None:
    assert seen(f"before {CORPUS[name]} after").obeyed == []


def test_what_textual_writes_passes() -> None:
    stream = (
        "\x1b[?1049h\x1b[?1000h\x1b[?25l\x1b[?2026h\x1b[12;1H\x1b[38;2;10;20;255;1mÀ faire\x1b[0m"
        "\x1b[?2026l\x1b]22;default\x07\x1b[>25u\x1b[<u\x1b[?25h"
    )
    assert seen(stream, (80, 24)) == ([], "À faire")


def test_moves_beyond_the_screen_are_noticed() -> None:
    assert seen("\x1b[25;1H", (80, 24)).obeyed == ["\x1b[25;1H"]
