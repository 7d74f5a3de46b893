"""A start without a key asks for one, and never says that all is well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from smsmon.accounts import AccountProblem, read_key
from smsmon.console.dialogs.setup import SetupScreen
from smsmon.store.local.lease import LocalLease
from tests.console.test_console import text_of
from tests.support.scene import DAY, SMALL, Scene
from tests.support.waiting import until


class Keyless(Scene):
    """A console whose account has no key."""

    def _open_client(self, name: str, settings: Any, clock: Any) -> Any:
        raise AccountProblem(name, "No API key for profile default: set SMSMON_API_KEY.")


class LaterKeyed(Scene):
    """A console whose account has no key before a file has one."""

    def _open_client(self, name: str, settings: Any, clock: Any) -> Any:
        read_key(name, settings.profiles[name], {})
        return self.client


def holding(folder: Path, text: bytes) -> list[Path]:
    """The files under ``folder`` that hold ``text``."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if text in path.read_bytes()]


async def test_a_start_without_a_key_asks_where_it_is_and_tries_it(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.delenv("SMSMON_API_KEY", raising=False)
    scene = Keyless(tmp_path, DAY[:3])
    async with scene.app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(scene.app.screen, SetupScreen), "the set-up")
        await pilot.press(*"0123456789" * 4, "enter")
        await until(pilot, lambda: "the same again" in text_of(scene), "what came of the key")
        assert "0123456789" not in text_of(scene)
        await pilot.press("escape")
        await until(pilot, lambda: scene.app.screen is scene.screen, "the console's screen")
        assert holding(tmp_path, b"2270") != []
        assert holding(tmp_path, b"0123456789") == []
        await pilot.pause()
        assert "K set up" in text_of(scene)
        assert "stopped, K sets it up" in text_of(scene)
        assert any("K asks where it is" in each for each in scene.said)
        await pilot.press("K")
        await until(pilot, lambda: isinstance(scene.app.screen, SetupScreen), "the set-up again")
        await pilot.press("escape")
        await until(pilot, lambda: scene.app.screen is scene.screen, "the console's screen")
        await scene.pass_time(pilot, 30)
        shown = text_of(scene)
        assert "API ● ok" not in shown
        assert "○ stopped" in shown
        assert "No API key" in shown


async def test_beside_one_that_polls_no_key_is_asked_for(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("SMSMON_API_KEY", raising=False)
    scene = Keyless(tmp_path, DAY[:3])
    lease = LocalLease(scene.locations.history, scene.clock, "watch")
    assert lease.claim(["300"])
    try:
        async with scene.app.run_test(size=SMALL) as pilot:
            await until(pilot, lambda: "K set up" in text_of(scene), "that the key is not there")
            await scene.done("setup")
            assert scene.app.screen is scene.screen
    finally:
        lease.release()


async def test_after_the_set_up_settings_come_from_where_they_came_at_the_start(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.delenv("SMSMON_API_KEY", raising=False)
    scene = Scene(tmp_path, DAY[:1], environ={"SMSMON_DISPLAY_UTC": "true"})
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot)
        first = scene.app._settings
        await pilot.press("colon", *"set up")
        await until(pilot, lambda: "where the API key is" in text_of(scene), "the command")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(scene.app.screen, SetupScreen), "the set-up")
        await pilot.press(*"0123456789" * 4, "enter")
        await until(pilot, lambda: "credits" in text_of(scene), "what the account holds")
        await pilot.press("enter")
        await until(pilot, lambda: scene.app._settings is not first, "settings read anew")
        assert scene.app._settings.display.utc


async def test_after_the_set_up_the_head_is_right_at_once(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("SMSMON_API_KEY", raising=False)
    scene = LaterKeyed(tmp_path, DAY[:3], environ={"SMSMON_API_KEY": ""})
    async with scene.app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(scene.app.screen, SetupScreen), "the set-up")
        await scene.clock.advance(2.0)
        await pilot.press(*"0123456789" * 4, "enter")
        await until(pilot, lambda: "credits" in text_of(scene), "what the account holds")
        await pilot.press("enter")
        await until(pilot, lambda: scene.app.screen is scene.screen, "the console's screen")
        await scene.done("setup")
        await pilot.pause()
        shown = text_of(scene)
        assert "API ● ok" in shown
        assert "stopped" not in shown
        assert "K set up" not in shown


async def test_a_table_without_messages_says_that_there_is_no_key(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.delenv("SMSMON_API_KEY", raising=False)
    scene = Keyless(tmp_path, [])
    async with scene.app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(scene.app.screen, SetupScreen), "the set-up")
        await pilot.press("escape")
        await until(pilot, lambda: scene.app.screen is scene.screen, "the console's screen")
        await pilot.pause()
        assert "There is no API key yet: K asks where it is." in text_of(scene)
