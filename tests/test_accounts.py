"""Keys and clients: a key file that others can read is told once, and is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon.accounts import Accounts
from smsmon.clock import SystemClock
from smsmon.locations import Locations
from smsmon.settings import load_settings


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o604, 0o777])
async def test_a_key_that_others_can_read_is_told_once(mode: int, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a" * 40)
    key.chmod(mode)
    (tmp_path / "config.toml").write_text(f'[profiles.default]\napi_key_file = "{key}"\n')
    locations = Locations.under(tmp_path)
    said: list[str] = []
    accounts = Accounts(load_settings(locations, {}), SystemClock(), said.append)
    await accounts.connect("default")
    await accounts.connect("default")
    assert accounts.problems == {}
    assert [each for each in said if "Others can read the key" in each] == said
    assert len(said) == (0 if mode == 0o600 else 1)
    await accounts.close()


async def test_a_home_folder_that_nobody_has_is_told_of_its_account(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[profiles.default]\napi_key_file = "~nosuchuser/x"\n[network]\nca_file = "~nosuchuser/y"\n'
    )
    locations = Locations.under(tmp_path)
    accounts = Accounts(load_settings(locations, {}), SystemClock(), lambda _: None)
    await accounts.connect("default")
    assert "There is no home folder ~nosuchuser" in accounts.problems["default"]
    await accounts.close()
