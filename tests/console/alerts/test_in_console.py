"""The alerts in the whole console: to what caused one, answered from a row, of what is gone."""

from __future__ import annotations

from pathlib import Path

from smsmon.commands.demo import ALERTS
from smsmon.console.actions import Where
from tests.console.test_a_day import LOST, Day, a_day
from tests.support.waiting import until


async def press(day: Day, *keys: str) -> None:
    await day.pilot.press(*keys)
    await day.pilot.pause()
    await day.scene.done("alerts answered")
    await day.scene.show(day.pilot)


def sign_of(day: Day, id: str) -> str:
    line = next(line for line in day.text.splitlines() if id in line and "live" in line)
    return line.split()[0]


async def test_an_alert_is_followed_answered_and_outlives_its_message(tmp_path: Path) -> None:
    async with a_day(tmp_path, ALERTS) as day:
        screen = day.scene.screen
        session, picture = screen.session, screen.picture
        session.history.alerts.fire([it.episode for it in screen.alerts.rows if it.episode])
        await session.alerts.book.read()

        await press(day, "A", *["down"] * (len(screen.alerts.rows) - 1), "t")
        await day.scene.done("alerts trial")
        await day.pilot.pause()
        assert "When it would have fired" in day.text
        assert "rule losses: failed_share" in day.text
        assert "It would " in day.text
        await press(day, "escape", "enter")
        assert picture.at is Where.RECIPIENTS
        assert picture.open_id == LOST
        assert picture.recipients.filter.text == "status:not_delivered"

        await press(day, "escape", "escape")
        assert sign_of(day, LOST) == "◆"
        await press(day, "C", *"mine", "enter")
        assert sign_of(day, LOST) == "◇"
        assert "acknowledged" in day.text
        await press(day, "u")
        assert sign_of(day, LOST) == "◆"
        await press(day, "M")
        await press(day, "enter")
        await day.scene.clock.advance(1)  # what is kept of a moment is rounded
        await session.alerts.book.read()
        await day.scene.show(day.pilot)
        assert sign_of(day, LOST) == "◦"
        head = day.text.splitlines()[0]
        assert "◆ 1 alert " in head
        assert "◦ 1" in head

        await press(day, "A", "tab", "tab", "tab", "down")
        shown = day.text
        assert LOST in shown
        await session.watching.remove([LOST])
        await press(day, "enter")
        assert day.scene.said[-1].startswith(f"Message {LOST} is not watched any more")
        await until(day.pilot, lambda: LOST not in session.engine.board, "the message is gone")
