"""A frozen picture may show what is gone: nothing done to it fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual import events

from smsmon.console.signs import Tone
from smsmon.console.tables.log import LIMIT, LogLine
from tests.support.scene import WIDE, Scene

KEYS = ("y", "Y", "down", "s", "r", "p", "d", "e", "w", "x", "asterisk", "y", "Y", "p", "d")


@pytest.mark.parametrize("among", [(), ("g", "m", "end")])
async def test_keys_on_messages_that_are_gone_harm_nothing(
    tmp_path: Path, among: Sequence[str]
) -> None:
    scene = Scene(tmp_path)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 5)
        await pilot.press(*among, "F")
        session = scene.screen.session
        await session.watching.remove(list(session.engine.board.messages)[:12])
        await scene.pass_time(pilot, 15)
        for key in KEYS:
            scene.app.post_message(events.Key(key, key if len(key) == 1 else None))
            scene.app.post_message(events.Key("escape", None))
            await pilot.pause()
        await scene.pass_time(pilot, 15)
        assert scene.app.is_running


async def test_lines_the_log_has_dropped_are_not_taken_for_others(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 60)
        await pilot.press("l", "F")
        screen = scene.screen
        shown = list(screen.picture.journal.numbers)
        screen.picture.journal.note(
            LogLine(0.0, None, "", f"line {n}", Tone.PLAIN) for n in range(LIMIT)
        )
        assert screen.exports.records(shown) == []
