"""The console's Textual app: wiring only."""

from __future__ import annotations

import asyncio
import os
from random import Random
from typing import TYPE_CHECKING, ClassVar, cast

# Read once, when Textual is imported: nothing on this screen moves by itself.
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")

from textual import events, work
from textual.binding import Binding, BindingType

from smsmon.assemble import open_client
from smsmon.clock import Clock, SystemClock
from smsmon.console.key_order import KeysInOrder
from smsmon.console.lens import Lens
from smsmon.console.screens.console import ConsoleScreen
from smsmon.console.station import OpenClient, Station
from smsmon.console.themes import DARK, THEMES
from smsmon.store.errors import StoreError
from smsmon.text import safe_lines

if TYPE_CHECKING:
    from smsmon.locations import Locations
    from smsmon.settings import Settings

_LOOK_EVERY = 0.5
"""Seconds between two looks at the watchlist file: what another shell adds shows in a second."""


class ConsoleApp(KeysInOrder[int], inherit_bindings=False):
    """The operations console."""

    CSS_PATH = "smsmon.tcss"
    TITLE = "smsmon"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", show=False, priority=True)
    ]

    def __init__(
        self,
        settings: Settings,
        locations: Locations,
        clock: Clock | None = None,
        open_client: OpenClient = open_client,
        *,
        tint_seconds: float = 4.0,
        rng: Random | None = None,
    ) -> None:
        """``tint_seconds``: how long a row that changed stays tinted. ``rng``: of back-offs."""
        super().__init__()
        self._settings = settings
        self._clock = clock or SystemClock()
        self._station = Station(settings, locations, self._clock, self._complain, open_client, rng)
        self._tint_seconds = tint_seconds
        self.ready = asyncio.Event()
        """Set once the accounts are connected and the watchlist is read."""
        for theme in THEMES:
            self.register_theme(theme)
        wanted = settings.display.theme
        self.theme = wanted if wanted in self.available_themes else DARK.name

    def get_default_screen(self) -> ConsoleScreen:
        display = self._settings.display
        lens = Lens(self._clock, utc=display.utc, masked=display.privacy)
        lens.still = not display.clock
        return ConsoleScreen(
            self._station,
            lens,
            name=self._settings.profile,
            clock=display.clock,
            frames_per_second=display.frame_rate,
            tint_seconds=self._tint_seconds,
        )

    @property
    def front(self) -> ConsoleScreen:
        """The one screen that is always there."""
        screen = self.screen_stack[0]
        return cast(ConsoleScreen, screen)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Paste) and not event.is_forwarded:
            # Textual's inputs show a paste as it came, escape sequences included.
            event.text = safe_lines(event.text)
        await super().on_event(event)

    def on_mount(self) -> None:
        self.call_after_refresh(self._start)

    @work(group="engine", exit_on_error=False)
    async def _start(self) -> None:
        """Read the watchlist, connect the accounts, and poll until the end."""
        try:
            await self._station.start(self.front.show_everything)
        except StoreError as error:
            self._complain(str(error))
        await self._station.open()
        self._follow_watchlist()
        self.ready.set()
        await self._station.engine.run()

    @work(group="watchlist file", exit_on_error=False)
    async def _follow_watchlist(self) -> None:
        """Show what others do to the watchlist file."""
        watching = self._station.watching
        never = asyncio.Event()
        while True:
            await self._clock.wait(never, _LOOK_EVERY)
            try:
                await watching.look()
            except StoreError as error:
                self._complain(str(error))

    def _complain(self, sentence: str) -> None:
        """Say what is wrong with a file; may be called in any thread."""
        if self.is_running:
            self.call_later(self.front.say, sentence, "error")

    async def on_unmount(self) -> None:
        await self._station.close()


def run_console(settings: Settings, locations: Locations) -> int:
    """Run the console in this terminal until it is left; gives the exit code."""
    app = ConsoleApp(settings, locations)
    app.run()
    return app.return_code or 0
