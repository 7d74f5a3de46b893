"""Whose turn it is to read a source, and how it stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon.sources.standing import STILL, Standing, Turn, look, trouble_told
from tests.support.clock import VirtualClock


async def test_one_reads_and_another_takes_over_from_one_that_stands_still(tmp_path: Path) -> None:
    clock, path = VirtualClock(), tmp_path / "otp.json"
    first, second = Turn(path, clock), Turn(path, clock)
    assert look(path) == (None, False)
    assert (first.take(), first.take(), second.take()) == (True, True, False)
    first.tell(Standing("watch 1", taken=3))
    assert look(path) == (Standing("watch 1", taken=3), True)
    assert not second.take()
    await clock.advance(STILL - 0.1)
    assert not second.take()
    await clock.advance(0.1)
    assert second.take()
    assert not first.ours_still()
    second.tell(Standing("watch 2", trouble="the log is gone"))
    assert trouble_told(path) == "the log is gone"
    second.let_go()
    assert (second.held, first.held) == (False, True)
    assert look(path) == (Standing("watch 2", trouble="the log is gone"), False)
    assert not first.take(), "what it has is no longer there"
    first.let_go()
    assert first.take()


@pytest.mark.parametrize("written", ["", "{", "[]", '{"taken":"x"}'])
def test_what_is_no_standing_tells_nothing(tmp_path: Path, written: str) -> None:
    (tmp_path / "otp.json").write_text(written)
    assert look(tmp_path / "otp.json") == (None, False)
    assert trouble_told(tmp_path / "otp.json") == ""
