"""What a first start writes down, and what it leaves alone."""

from __future__ import annotations

import shlex
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.secret import ApiKey
from smsmon.settings import Profile
from smsmon.settings.first import SetupProblem, first_config, profile_with
from tests.console.dialogs.setup_stage import Home, flat, paste, press
from tests.console.dialogs.stage import asking
from tests.support.waiting import until


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        (
            "[polling]\nbudget = 60\n",
            '{0}\n[profiles.default]\napi_key_file = "{1}"\n',
            "Add these two lines at its end",
        ),
        (
            '# mine\n[profiles.default]\nanswer_format = "json"\n',
            '{0}api_key_file = "{1}"\n',
            "put the second below it",
        ),
        (
            '[profiles.default]\napi_key_env = "OLD"\n',
            '[profiles.default]\napi_key_file = "{1}"\n',
            "in place of api_key_env",
        ),
    ],
)
async def test_settings_that_are_there_stay_as_they_are_and_the_lines_to_add_are_shown(
    before: str, after: str, where: str, tmp_path: Path
) -> None:
    home = Home(tmp_path, before)
    async with asking(home.screen()) as (app, pilot):
        up = partial(press, app, pilot, "up")
        await until(pilot, lambda: "alone can read" in app.text, "the way to paste", up)
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
        assert home.config.read_text() == before
        assert where in flat(app)
        assert "[profiles.default]" in app.text
        assert "api_key_file = " in app.text

        await press(app, pilot, "enter")
        assert "Not yet" in app.text
        assert app.answers == []

        home.config.write_text(after.format(before, home.key_file))
        await press(app, pilot, "enter")
        assert app.answers == [True]
    assert home.key_found() == ApiKey("a" * 40)


async def test_lines_not_put_in_yet_mean_that_the_account_stays_stopped(tmp_path: Path) -> None:
    home = Home(tmp_path, "[polling]\nbudget = 60\n")
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter", "escape")
        assert app.answers == [False]
    # The key is good, and the operator was told its file.
    assert home.key_file.exists()


async def test_a_settings_file_broken_meanwhile_is_told_with_its_line(tmp_path: Path) -> None:
    home = Home(tmp_path, "")
    async with asking(home.screen()) as (app, pilot):
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
        home.config.write_text("[profiles.default\n")
        await press(app, pilot, "enter")
        assert "line 1" in flat(app)
        assert app.answers == []


async def test_a_source_that_gives_its_key_again_needs_no_new_settings(tmp_path: Path) -> None:
    place = tmp_path / "later"
    home = Home(tmp_path / "home", f'[profiles.prod]\napi_key_file = "{place}"\n')
    before = home.config.read_text()
    async with asking(home.screen(problem="The key file cannot be read.")) as (app, pilot):
        assert "The key file cannot be read." in app.text
        assert str(place)[:20] in app.text
        place.write_text("k" * 40)
        await press(app, pilot, "enter", "enter")
        assert app.answers == [True]
    assert home.config.read_text() == before


async def test_one_account_of_several_is_named(tmp_path: Path) -> None:
    home = Home(
        tmp_path,
        'profile = "prod"\n[profiles.test]\n[profiles.prod]\nbase_url = "http://127.0.0.1:1/v1"\n',
    )
    async with asking(home.screen()) as (app, pilot):
        assert "Where is the API key of account prod?" in app.text
        await paste(app, pilot, "a" * 40)
        await press(app, pilot, "enter")
        assert "[profiles.prod]" in app.text
        assert (tmp_path / "key-prod").exists()


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        ("env", "", "Name the variable"),
        ("env", "MY-KEY", "letters, digits and _"),
        ("env", "MISSING", "was not set when smsmon was started"),
        ("file", "", "in full"),
        ("file", "key", "in full"),
        ("file", "~no-such-user/key", "in full"),
        ("file", "/a\x1bb", "cannot be shown"),
        ("command", " ", "Name the command"),
        ("command", "''", "Name the command"),
        ("command", "pass 'show", "not closed"),
        ("file", "a1" * 20, "looks like the key itself"),
        ("command", "echo " + "a1" * 20, "looks like the key itself"),
    ],
)
def test_a_choice_that_cannot_be_used_says_what_to_do(kind: Any, text: str, problem: str) -> None:
    with pytest.raises(SetupProblem, match=problem) as raised:
        profile_with(kind, text, Profile(), {"MY_KEY": "x"})
    assert "a1" * 20 not in str(raised.value)


def test_the_file_that_begins_is_whole_whatever_the_source_is_called() -> None:
    profile = profile_with("file", "~/.config/smsmon/key", Profile(), {})
    text = first_config("default", profile)
    assert tomllib.loads(text)["profiles"] == {"default": {"api_key_file": "~/.config/smsmon/key"}}
    assert "#api_key_env = " in text
    assert "never writes this file" not in text


@given(st.lists(st.text(min_size=1), min_size=1))
def test_any_command_is_read_from_the_settings_as_it_was_typed(words: list[str]) -> None:
    try:
        profile = profile_with("command", shlex.join(words), Profile(), {})
    except SetupProblem:
        return
    written = tomllib.loads(first_config("default", profile))
    assert written["profiles"]["default"]["api_key_command"] == shlex.split(shlex.join(words))
