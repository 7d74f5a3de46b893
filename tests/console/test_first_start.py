"""A start without a key asks for one, and never says that all is well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from smsmon.assemble import AccountProblem
from smsmon.console.screens.setup import SetupScreen
from tests.console.test_console import text_of
from tests.support.scene import DAY, SMALL, Scene
from tests.support.waiting import until


class Keyless(Scene):
    """A console whose account has no key."""

    def _open_client(self, name: str, settings: Any, clock: Any) -> Any:
        raise AccountProblem(name, "No API key for profile default: set SMSMON_API_KEY.")


async def test_a_start_without_a_key_asks_where_it_is(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("SMSMON_API_KEY", raising=False)
    scene = Keyless(tmp_path, DAY[:3])
    async with scene.app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(scene.app.screen, SetupScreen), "the set-up")
        await pilot.press("escape")
        await until(pilot, lambda: scene.app.screen is scene.screen, "the console's screen")
        await scene.pass_time(pilot, 30)
        shown = text_of(scene)
        assert "API ● ok" not in shown
        assert "✗ stopped" in shown
        assert "No API key" in shown
