"""Diagnostics as JSON objects: whatever they hold, each is one line that a program can read."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator

import pytest

from smsmon.commands.output import log_as, say


@pytest.fixture(autouse=True)
def objects() -> Iterator[None]:
    log_as("json")
    yield
    log_as("text")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("smsmon: All is well again.", "All is well again."),
        ('a "quote", a \\ and a\nline', 'a "quote", a \\ and a\N{REPLACEMENT CHARACTER}line'),
        ("\x1b[31mred\x07 \u202eright to left", None),
        ("\ud800 half a character", None),
        ("the key " + "0123456789abcdef" * 3, "the key ••••"),
        ("long " * 1_000, None),
    ],
)
def test_each_is_one_line_of_json(
    said: str, message: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    say(said, "error", profile="te\x1b[1mst", event="odd")
    (line,) = out.getvalue().splitlines()
    assert line.isprintable()
    told = json.loads(line)
    assert list(told) == ["time", "level", "priority", "message", "profile", "event"]
    assert (told["level"], told["priority"]) == ("error", 3)
    assert "\x1b" not in told["message"] + told["profile"]
    assert message is None or told["message"] == message
    assert len(told["message"]) <= 2_000
