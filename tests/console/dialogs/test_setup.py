"""A first start asks where the key is, tries it, and writes that down: never the key."""

from __future__ import annotations

import gc
import logging
import secrets
import stat
import types
from pathlib import Path

import pytest

from smsmon.accounts import open_client
from smsmon.api.errors import KeyRefused, TimedOut
from smsmon.clock import SystemClock
from smsmon.console.dialogs.setup import SetupScreen, asker
from smsmon.console.dialogs.setup_view import KeyField
from smsmon.locations import Locations
from smsmon.secret import ApiKey
from smsmon.settings import load_settings
from smsmon.simulator.scenario import demo_world
from smsmon.simulator.server import serve
from tests.console.dialogs.setup_stage import COMMAND, ENV, FILE, SIZES, Home, flat, paste, press
from tests.console.dialogs.stage import asking, calm, type_text


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "new" / "smsmon")


# A first start


async def test_a_pasted_key_is_tried_kept_in_a_file_of_its_own_and_found_by_the_next_start(
    home: Home,
) -> None:
    key = secrets.token_hex(20)
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, f"\n  {key} \nmore")
        await press(app, pilot, "enter")
        assert home.account.asked == [ApiKey(key)]
        assert "1,204 credits · 34.56 EUR" in app.text
        assert app.answers == []
        await press(app, pilot, "enter")
        assert app.answers == [True]
    assert home.key_found() == ApiKey(key)
    assert key not in home.config.read_text()
    for path in (home.key_file, home.config):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.config.parent.stat().st_mode) == 0o700


async def test_a_typed_key_shows_as_dots_and_letters_do_nothing_else(home: Home) -> None:
    async with asking(home.screen()) as (app, pilot):
        await type_text(app, pilot, "quitq12")
        assert "•" * 7 in app.text
        assert "quit" not in app.text
        await press(app, pilot, "backspace")
        assert "•" * 6 + " " in app.text
        assert "•" * 7 not in app.text
        await press(app, pilot, "enter")
        assert home.account.asked == [ApiKey("quitq1")]


async def test_a_key_file_is_named_in_the_settings_that_it_begins(home: Home) -> None:
    place = home.config.parent.parent.parent / "my key"
    place.write_text("k" * 40)
    place.chmod(0o600)
    async with asking(home.screen()) as (app, pilot):
        await press(app, pilot, *FILE)
        await paste(app, pilot, str(place))
        await press(app, pilot, "enter")
        assert "SMS Partner takes the key" in app.text
        assert "Others can read" not in app.text
        assert not home.key_file.exists()
    assert home.key_found() == ApiKey("k" * 40)


async def test_a_key_file_that_others_can_read_is_taken_with_a_warning(
    home: Home, tmp_path: Path
) -> None:
    place = tmp_path / "key"
    place.write_text("k" * 40)
    place.chmod(0o644)
    async with asking(home.screen()) as (app, pilot):
        await press(app, pilot, *FILE)
        await paste(app, pilot, str(place))
        await press(app, pilot, "enter")
        assert "chmod 600" in flat(app)  # the path behind it may be cut where it is long


async def test_a_variable_is_named_in_the_settings_that_it_begins(tmp_path: Path) -> None:
    home = Home(tmp_path, MY_KEY="k" * 40)
    async with asking(home.screen()) as (app, pilot):
        await press(app, pilot, *ENV)
        await type_text(app, pilot, "MY_KEY")
        await press(app, pilot, "enter", "enter")
        assert app.answers == [True]
    assert home.key_found() == ApiKey("k" * 40)
    assert 'api_key_env = "MY_KEY"\n' in home.config.read_text()


async def test_a_command_is_named_in_the_settings_that_it_begins(home: Home) -> None:
    async with asking(home.screen()) as (app, pilot):
        await press(app, pilot, *COMMAND)
        await paste(app, pilot, "printf '%s' 'k1 '")
        await press(app, pilot, "enter", "enter")
        assert app.answers == [True]
    assert home.key_found() == ApiKey("k1")
    assert 'api_key_command = ["printf", "%s", "k1 "]\n' in home.config.read_text()


async def test_it_works_against_the_api_itself(home: Home) -> None:
    world = demo_world(seed=1, speed=1)
    async with serve(world) as server:
        home.environ["SMSMON_BASE_URL"] = server.base_url
        settings = load_settings(home.locations, home.environ)
        ask = asker(settings, SystemClock(), open_client)
        async with asking(home.screen(ask)) as (app, pilot):
            await paste(app, pilot, "0" * 40)
            await press(app, pilot, "enter")
            assert "SMS Partner refuses the API key" in app.text
            await paste(app, pilot, server.key or "")
            await press(app, pilot, "enter")
            assert "SMS Partner takes the key" in app.text


# What goes wrong


@SIZES
async def test_a_refusal_is_told_and_the_next_key_can_be_tried_at_once(
    size: tuple[int, int], home: Home
) -> None:
    home.account.failure = KeyRefused("Invalid Api Key")
    async with asking(home.screen(), size) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
        assert "SMS Partner refuses the API key: check it, then retry (“Invalid" in flat(app)
        assert not home.config.exists()
        home.account.failure = None
        await paste(app, pilot, "b" * 40)
        assert "refuses" not in app.text
        await press(app, pilot, "enter")
    assert home.key_found() == ApiKey("b" * 40)
    assert home.files() == {"key", "config.toml"}


async def test_after_a_failure_of_the_line_enter_tries_the_same_key_again(home: Home) -> None:
    home.account.failure = TimedOut("No answer within 10 s.")
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
        assert "No answer within 10 s." in app.text
        home.account.failure = None
        await press(app, pilot, "enter")
        assert "SMS Partner takes the key" in app.text
    assert home.account.asked == [ApiKey("a" * 40)] * 2


async def test_putting_it_off_leaves_no_file_and_no_key_behind(home: Home) -> None:
    home.account.failure = KeyRefused()
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
        assert home.key_file.exists()
        await press(app, pilot, "escape")
        assert app.answers == [False]
    assert home.files() == set()


async def test_it_can_be_put_off_while_the_api_is_asked(home: Home) -> None:
    home.account.answering.clear()
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await pilot.press("enter")
        await pilot.pause()
        assert "Asking the API" in app.text
        await press(app, pilot, "escape")
        assert app.answers == [False]
    assert home.files() == set()


async def test_enter_pressed_twice_asks_once(home: Home) -> None:
    home.account.answering.clear()
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await pilot.press("enter", "enter", "enter")
        home.account.answering.set()
        await calm(app, pilot)
        assert "SMS Partner takes the key" in app.text
    assert len(home.account.asked) == 1


async def test_typing_on_ends_the_test_of_what_was_there_before(home: Home) -> None:
    home.account.answering.clear()
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await pilot.press("enter")
        await pilot.press("b")
        home.account.answering.set()
        await calm(app, pilot)
        assert "takes the key" not in app.text
        assert "•" in app.text
    assert not home.config.exists()


async def test_choosing_another_way_after_a_refused_key_leaves_no_key_behind(
    home: Home, tmp_path: Path
) -> None:
    home.account.failure = KeyRefused()
    place = tmp_path / "good"
    place.write_text("k" * 40)
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
        home.account.failure = None
        await press(app, pilot, *FILE)
        await paste(app, pilot, str(place))
        await press(app, pilot, "enter", "enter")
        assert app.answers == [True]
    assert not home.key_file.exists()


async def test_a_key_file_that_is_there_is_never_written_over(home: Home) -> None:
    home.key_file.parent.mkdir(parents=True)
    home.key_file.write_text("of another program")
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
    assert home.key_file.read_text() == "of another program"
    assert home.key_found() == ApiKey("a" * 40)


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    home = Home(tmp_path / "plain" / "smsmon")
    screen = SetupScreen(
        load_settings(Locations.under(tmp_path), {}), home.locations, home.account, environ={}
    )
    async with asking(screen) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
        assert "cannot be written" in flat(app)
    assert home.account.asked == []


async def test_a_fault_of_our_own_is_told_and_the_screen_goes_on(home: Home) -> None:
    home.account.failure = RuntimeError("oops")
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
        assert "A fault of smsmon itself (RuntimeError)" in app.text
        home.account.failure = None
        await press(app, pilot, "enter")
        assert "takes the key" in app.text


async def test_a_key_command_that_fails_says_so_without_repeating_itself(home: Home) -> None:
    async with asking(home.screen()) as (app, pilot):
        await press(app, pilot, *COMMAND)
        await paste(app, pilot, "no-such-program --of mine")
        await press(app, pilot, "enter")
        assert "The key command “no-such-program” cannot be run" in flat(app)
        assert "Profile default" not in app.text


async def test_nothing_is_tried_that_the_environment_would_overrule(tmp_path: Path) -> None:
    home = Home(tmp_path, SMSMON_API_KEY="not a key")
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
        assert "SMSMON_API_KEY is set, and outranks config.toml" in flat(app)
    assert home.account.asked == []
    assert home.files() == set()


# The key


async def test_a_key_put_into_a_plain_field_is_off_the_screen_at_once(home: Home) -> None:
    key = secrets.token_hex(20)
    async with asking(home.screen()) as (app, pilot):
        for _ in range(3):
            await press(app, pilot, "down")
            await paste(app, pilot, "ab/")
            await paste(app, pilot, key)
            assert key not in app.text
            assert "looked like the key itself" in app.text


@pytest.mark.parametrize("text", ["not a key at all", "x" * 290, "émile"])
async def test_what_is_no_key_is_told_and_never_written(text: str, home: Home) -> None:
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, text)
        await press(app, pilot, "enter")
        assert "an API key is one word of letters and digits" in flat(app)
        assert text not in app.text
    assert not home.config.parent.exists()


@pytest.mark.parametrize("failure", [None, KeyRefused(), RuntimeError("of ours")])
async def test_nothing_holds_the_key_after_use_but_its_own_type(
    failure: Exception | None,
    home: Home,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    home.account.failure = failure
    key = secrets.token_hex(20)
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, key)
        await press(app, pilot, "enter")
        assert home.account.asked == [ApiKey(key)]
        assert holders(key) == []
        assert key not in app.text
        widgets = list(app.screen.query("*"))
        assert key not in repr([vars(widget) for widget in widgets])
    assert key not in caplog.text + "".join(capfd.readouterr())
    assert not home.config.exists() or key not in home.config.read_text()


def holders(key: str) -> list[str]:
    """The types of all objects that hold a text with ``key`` in it, but for the key's own."""
    gc.collect()
    # The key's own type, and this test's own variables.
    allowed = (ApiKey, types.FrameType, types.CoroutineType, types.CodeType)
    found = []
    for each in gc.get_objects():
        if type(each) is list and key in "".join(held for held in each if type(held) is str):
            found.append("list of characters")
        for held in () if isinstance(each, allowed) else gc.get_referents(each):
            if type(held) is str and key in held:
                found.append(type(each).__name__)  # noqa: PERF401 - a closure would hold it too
    return found


# Looks


@SIZES
async def test_everything_fits(size: tuple[int, int], home: Home) -> None:
    async with asking(home.screen(), size) as (app, pilot):
        for text in (
            "Where is your SMS Partner API key?",
            "▸ Paste it here",
            "A command prints it",
            "enter test",
            "esc later",
            "╰",
        ):
            assert app.line_with(text), text
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
        for text in ("takes the key", "1,204 credits", "[profiles.default]", "enter go on", "╰"):
            assert app.line_with(text), text


async def test_a_click_chooses_a_way(home: Home) -> None:
    async with asking(home.screen()) as (app, pilot):
        await pilot.click("#setup-ways", offset=(5, 2))
        await calm(app, pilot)
        assert app.line_with("▸ It is in an environment variable")
        assert app.screen.focused is app.screen.query_one("#setup-env")


async def test_the_key_is_forgotten_when_another_way_is_chosen(home: Home) -> None:
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "down", "up")
        assert app.screen.query_one(KeyField).length == 0
