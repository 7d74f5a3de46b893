"""A console that is open goes by a changed config.toml, and says in one line what it took."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from smsmon.console.dialogs.add import AddScreen
from smsmon.console.signs import ALERT
from smsmon.store.local.watchlist import Watchlist
from tests.console.test_console import text_of
from tests.support.scene import DAY, SMALL, Scene
from tests.support.waiting import until

Seen = Callable[[Scene], object]
CHANGES: dict[str, tuple[str, Seen, object]] = {
    "theme": (
        '[display]\ntheme = "nord"',
        lambda it: it.app.theme,
        "nord",
    ),
    "privacy": ("[display]\nprivacy = true", lambda it: it.screen.formats.masked, True),
    "utc": ("[display]\nutc = true", lambda it: it.screen.formats.utc, True),
    "clock": (
        "[display]\nclock = false",
        lambda it: (it.screen.formats.still, it.screen.query_one("#clock").display),
        (True, False),
    ),
    "frame rate": ("[display]\nframe_rate = 3", lambda it: it.screen.frames_per_second, 3),
    "columns of messages": (
        '[display]\nmessage_columns = ["label", "id"]',
        lambda it: it.screen.picture.messages.table.chosen_columns,
        ("label", "id"),
    ),
    "columns of recipients": (
        '[display]\nrecipient_columns = ["status"]',
        lambda it: it.screen.picture.recipients.table.chosen_columns,
        ("status",),
    ),
    "column of alerts": (
        '[alerts.late]\nwhen = "waiting>0"',
        lambda it: ALERT.glyph in text_of(it).splitlines()[4],
        True,
    ),
    "views": (
        '[views.late]\nfilter = "waiting>0"',
        lambda it: list(it.screen.session.accounts.settings.views),
        ["late"],
    ),
    "keys": ('[keymap]\n"message.add" = "b"', lambda it: "b add" in text_of(it), True),
    "accounts": (
        "[profiles.default]\n[profiles.shop]",
        lambda it: it.screen.session.engine.profiles,
        ("default", "shop"),
    ),
}
"""What stands in the file after a change → what is seen then."""


async def take(scene: Scene, pilot: Pilot[Any], text: str) -> None:
    """Write config.toml, and let the console look at it twice."""
    scene.locations.config.write_text(text + "\n")
    for _ in range(2):
        await scene.app._reloading.look()
    await pilot.pause()


def notices(scene: Scene) -> list[str]:
    """What was said in the place of notices."""
    folder = f"{scene.locations.config.parent}/"
    return [told.replace(folder, "") for told in scene.said]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(
        tmp_path, DAY[:3], environ={"SMSMON_DISPLAY_THEME": "", "SMSMON_DISPLAY_SIGNS": ""}
    )


@pytest.mark.parametrize(("text", "seen", "wanted"), CHANGES.values(), ids=CHANGES)
async def test_what_changes_in_the_file_is_seen_at_once(
    text: str, seen: Seen, wanted: object, scene: Scene
) -> None:
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30)
        await pilot.press("down")
        cursor = scene.screen.picture.messages.table.cursor_key
        assert seen(scene) != wanted
        await take(scene, pilot, text)
        assert seen(scene) == wanted
        assert notices(scene)[-1].startswith("config.toml was read anew: ")
        assert scene.screen.picture.messages.table.cursor_key == cursor
        assert all(each.read_at for each in scene.screen.session.engine.board)


async def test_signs_are_drawn_in_other_characters_at_once(scene: Scene) -> None:
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30)
        for signs in ("unicode", "ascii", "unicode"):
            await take(scene, pilot, f'[display]\nsigns = "{signs}"')
            await pilot.press("down", "up")
            assert text_of(scene).isascii() is (signs == "ascii"), signs


async def test_keys_that_are_moved_work_and_the_old_ones_do_not(scene: Scene) -> None:
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30)
        await take(scene, pilot, '[keymap]\n"message.add" = "b"\n"table.down" = "h,down"')
        await pilot.press("h")
        assert scene.screen.picture.messages.table.view.cursor_index == 1
        await pilot.press("a")
        assert scene.app.screen is scene.screen
        await pilot.press("b")
        await pilot.pause()
        assert isinstance(scene.app.screen, AddScreen)
        await pilot.press("escape")
        await take(scene, pilot, "")
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(scene.app.screen, AddScreen)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[keymap]\n"message.add" = "q"',
            "line 2: keymap: q would do both app.quit and message.add.",
        ),
        ("[display]\nutc = 1", "line 2: display.utc must be true or false."),
    ],
)
async def test_what_cannot_be_used_is_said_in_one_line_and_all_goes_on(
    text: str, said: str, scene: Scene
) -> None:
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30)
        await take(scene, pilot, "[display]\nprivacy = true")
        await take(scene, pilot, text)
        prefix = "config.toml was changed and is not used as it is: "
        assert notices(scene)[-1] == prefix + said
        assert scene.screen.formats.masked
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(scene.app.screen, AddScreen)
        await pilot.press("escape")
        await take(scene, pilot, "[display]\nutc = true")
        assert "config.toml was read anew: " in text_of(scene)
        assert (scene.screen.formats.masked, scene.screen.formats.utc) == (False, True)


async def test_what_it_goes_on_without_is_said(scene: Scene) -> None:
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30)
        await take(scene, pilot, '[display]\ntheme = "nrod"\nutc = true')
        told = notices(scene)[-1]
        assert told.startswith("config.toml was read anew: display.theme, display.utc. ")
        assert 'line 2: There is no theme "nrod": the usual one is worn.' in told
        assert len(scene.app.complaints) == 1


async def test_what_the_operator_chose_by_a_key_stays_where_the_setting_is_the_same(
    scene: Scene,
) -> None:
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30)
        await pilot.press("P")
        await take(scene, pilot, "[display]\nutc = true")
        assert scene.screen.formats.masked


async def test_the_file_is_followed_while_the_console_is_open(scene: Scene) -> None:
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30)
        scene.locations.config.write_text("[display]\nutc = true\n")

        async def half_a_second() -> None:
            await scene.clock.advance(0.5)

        await until(pilot, lambda: scene.screen.formats.utc, "the file taken", half_a_second)


async def test_messages_of_an_account_that_is_added_are_read(scene: Scene) -> None:
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 30)
        ids = [entry.id for entry in DAY[:1]]
        Watchlist(scene.locations.watchlist, scene.clock).amend(ids, profile="shop")
        await scene.screen.session.watching.look()
        await scene.pass_time(pilot, 30)
        board = scene.screen.session.engine.board
        assert board[ids[0]].read_at is None
        await take(scene, pilot, "[profiles.default]\n[profiles.shop]")
        await scene.pass_time(pilot, 30)
        assert board[ids[0]].read_at is not None
