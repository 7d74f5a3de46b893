"""The store in the settings: what is refused, what is shown, and who reads it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smsmon.commands.output import Failure
from smsmon.commands.stores import the_store
from smsmon.failures import crash_text
from smsmon.locations import Locations
from smsmon.settings import SettingsError, load
from smsmon.settings.loading import read
from smsmon.settings.printing import values
from smsmon.store.errors import StoreError
from smsmon.store.local import LocalStore
from tests.cli.program import Program

_NOW = datetime.now(UTC)
URL = "postgresql://anna:hunter2@db.example/smsmon"


def places(home: Path, text: str = "") -> Locations:
    locations = Locations.under(home)
    if text:
        locations.config.write_text(text)
    return locations


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('store = "mysql://db.example/smsmon"', "store must be a text such as"),
        ('store = "host=db.example user=anna"', "store must be a text such as"),
        ('store = "service="', "A service is named like service=smsmon"),
        ('store = "postgresql://db.example/sms mon"', "write %20"),
        ('store = "postgresql://db.example:70000/x"', "from 1 to 65535"),
        ('store = "postgresql://[db.example/x"', "no host's name"),
        ('store = "postgresql://anna:hun#ter2@db.example/x"', "write %23"),
        ('store_password = "hunter2"', "a password has no place in this file"),
        (
            'store_password_env = "A"\nstore_password_file = "b"',
            "the store has 2 sources for its password: keep one",
        ),
        (
            f'store_password_file = "{"0f" * 20}"',
            "looks like a password itself. Put it into a file",
        ),
    ],
)
def test_what_is_wrong_is_told_and_never_repeated(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(places(tmp_path, text), {})
    assert told in str(refused.value)
    assert "line 1" in str(refused.value) or "line 2" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "0f0f" not in str(refused.value)


def test_the_environment_is_looked_at_as_the_file_is(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SMSMON_STORE: The port of a host"):
        load(places(tmp_path), {"SMSMON_STORE": "postgresql://db.example:x/y"})
    two = {"SMSMON_STORE_PASSWORD_FILE": "a", "SMSMON_STORE_PASSWORD_ENV": "B"}
    with pytest.raises(SettingsError, match="_ENV and SMSMON_STORE_PASSWORD_FILE both name"):
        load(places(tmp_path), two)
    found = load(
        places(tmp_path, 'store_password_command = ["pass", "show"]'),
        {"SMSMON_STORE": URL, "SMSMON_STORE_PASSWORD_FILE": "/run/password"},
    )
    assert found.settings.store == URL
    assert str(found.settings.store_password_source) == "file /run/password"


def test_no_password_is_shown(tmp_path: Path) -> None:
    text = f'store = "{URL}"\nstore_password_command = ["vault", "-token=hunter2"]'
    locations = places(tmp_path, text)
    shown = {each.name: each.value for each in values(load(locations, {}))}
    assert shown["store"] == "postgresql://anna:••••@db.example/smsmon"
    assert "hunter2" not in repr(shown)
    assert "hunter2" not in crash_text(ValueError(f"invalid dsn {URL}"), _NOW)


def test_the_password_is_read_where_the_settings_say(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    settings = load(places(tmp_path, f'store_password_file = "{tmp_path}/password"'), {}).settings
    password = settings.store_password()
    assert password is not None
    assert password.reveal() == "hunter2"
    assert "hunter2" not in f"{password!r} {password}"
    settings = load(Locations.under(tmp_path), {"SMSMON_STORE_PASSWORD_ENV": "NOT_SET"}).settings
    with pytest.raises(ValueError, match="NOT_SET is not set"):
        settings.store_password()
    assert load(Locations.under(tmp_path / "none"), {}).settings.store_password() is None


def test_locate_tells_of_the_store_that_is_named(program: Program) -> None:
    places = program.run("locate", "--json", SMSMON_STORE=URL).json
    assert places["store"] == "postgresql://anna:••••@db.example/smsmon"
    assert "store" not in program.run("locate", "--json").json


@pytest.mark.parametrize(
    "text", ["", "[polling]\nbudget = 10\n", '#store = "service=x"\n', "[views.a]\nbroken = [\n"]
)
def test_a_command_without_settings_reads_none_where_no_store_is_named(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMSMON_STORE", raising=False)
    monkeypatch.setattr("smsmon.settings.loading.read", lambda *_: pytest.fail("was read"))
    assert isinstance(the_store(places(tmp_path, text)), LocalStore)


@pytest.mark.parametrize(
    "text", ['store = "{}"', '"store"="{}"', "  'store' = '{}'", '"st\\u006fre" = "{}"']
)
def test_a_store_that_is_named_is_found_however_it_is_written(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMSMON_STORE", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    locations = places(tmp_path, text.format(URL))
    assert read(locations, {}).settings.store == URL
    with pytest.raises(StoreError, match=r"is on PostgreSQL: .* Install smsmon\[team\]"):
        the_store(locations)


def test_what_else_is_wrong_with_the_settings_is_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMSMON_STORE", raising=False)
    text = 'store = ""\n[polling]\nbudget = "many"\n'
    assert isinstance(the_store(places(tmp_path, text)), LocalStore)
    with pytest.raises(Failure, match="store must be"):
        the_store(places(tmp_path, "store = 1\n"))
