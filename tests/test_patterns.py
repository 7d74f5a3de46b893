"""Patterns that people write: they give up for what they are slow on, and not for other threads."""

from __future__ import annotations

import re
from typing import Any

import pytest

from smsmon.patterns import LinePattern, TooSlow, ValuePattern

LINE = "10:00:00 sent 5000001 to 0600000001"


class Disturbed:
    """A pattern of the library in a process whose other threads take all the time at first."""

    def __init__(self, pattern: Any, times: int) -> None:
        self._pattern, self._left = pattern, times

    def search(self, text: str, *, timeout: float) -> re.Match[str] | None:
        if self._left:
            self._left -= 1
            raise TimeoutError
        found: re.Match[str] | None = self._pattern.search(text, timeout=timeout)
        return found


def test_a_line_is_not_given_up_because_other_threads_were_busy() -> None:
    pattern = LinePattern("sent (?P<id>[0-9]+) to")
    pattern._pattern = Disturbed(pattern._pattern, 3)  # type: ignore[assignment]
    assert pattern.found(LINE) == {"id": "5000001"}


def test_a_value_is_not_slow_because_other_threads_were_busy() -> None:
    pattern = ValuePattern("sent [0-9]+", 100)
    pattern._pattern = Disturbed(pattern._pattern, 3)  # type: ignore[assignment]
    assert pattern(LINE)
    assert not pattern.slow


def test_a_line_on_which_a_pattern_wanders_is_given_up() -> None:
    pattern = LinePattern("(?P<id>(a|aa)+)$")
    with pytest.raises(TooSlow):
        pattern.found("a" * 60 + "b")
