"""An installation that is set up for the first time, and an account that says what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from smsmon.accounts import read_key
from smsmon.console.dialogs.setup import Ask, SetupScreen
from smsmon.locations import Locations
from smsmon.model import Balance
from smsmon.secret import ApiKey
from smsmon.settings import Profile, load_settings
from tests.console.dialogs.stage import NARROW, SMALL, DialogApp, calm

BALANCE = Balance("demo", "34.56", "EUR", 1204, None, None, None, 0.0)
SIZES = pytest.mark.parametrize("size", [NARROW, SMALL])
FILE, ENV, COMMAND = ["down"], ["down"] * 2, ["down"] * 3
"""Keys that choose a way, from pasting."""


class Account:
    """What the API would say, and which keys it was asked with."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.failure: Exception | None = None
        self.answering = asyncio.Event()
        self.answering.set()
        self.asked: list[ApiKey] = []

    async def __call__(self, profile: Profile) -> Balance:
        self.asked.append(read_key("default", profile, self.environ))
        await self.answering.wait()
        if self.failure is not None:
            raise self.failure
        return BALANCE


class Home:
    """One installation, and the screen that sets it up."""

    def __init__(self, folder: Path, config: str | None = None, **environ: str) -> None:
        self.environ = environ
        self.locations = Locations.under(folder)
        if config is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self.locations.config.write_text(config)
        self.account = Account(environ)

    @property
    def config(self) -> Path:
        return self.locations.config

    @property
    def key_file(self) -> Path:
        return self.config.parent / "key"

    def screen(self, ask: Ask | None = None, problem: str = "") -> SetupScreen:
        settings = load_settings(self.locations, self.environ)
        return SetupScreen(
            settings, self.locations, ask or self.account, problem=problem, environ=self.environ
        )

    def files(self) -> set[str]:
        """The names of all files in it."""
        return {path.name for path in self.config.parent.iterdir()}

    def key_found(self) -> ApiKey:
        """The key that the next start would use."""
        settings = load_settings(self.locations, self.environ)
        return read_key(settings.profile, settings.current, self.environ)


async def paste(app: DialogApp, pilot: Pilot[None], text: str) -> None:
    """Paste ``text`` as the terminal hands it over."""
    app.post_message(events.Paste(text))
    await calm(app, pilot)


async def press(app: DialogApp, pilot: Pilot[None], *keys: str) -> None:
    """Press ``keys``, and wait for what comes of it."""
    await pilot.press(*keys)
    await calm(app, pilot)


def flat(app: DialogApp) -> str:
    """All that is on the screen, its line breaks and borders undone."""
    return " ".join(app.text.replace("│", " ").split())
