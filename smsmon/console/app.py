"""The console's Textual app: wiring only."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from random import Random
from typing import TYPE_CHECKING, ClassVar, cast

from rich.console import COLOR_SYSTEMS
from textual import events, work
from textual.binding import Binding, BindingType
from textual.filter import LineFilter, Monochrome, NoColor
from textual.theme import Theme

from smsmon.accounts import AccountProblem, Accounts, OpenClient, open_client, read_key
from smsmon.clock import Clock, SystemClock, sleep
from smsmon.console import checks
from smsmon.console.alerts.told import DesktopNotifier
from smsmon.console.formats import Formats
from smsmon.console.memory import memory_of
from smsmon.console.notices import Severity
from smsmon.console.screen import ConsoleScreen
from smsmon.console.terminal import process
from smsmon.console.terminal.words import PLAIN, painters
from smsmon.console.themes import (
    TERMINAL,
    THEMES,
    kept_theme,
    readable,
    theme_choice,
    theme_for,
    wanted_theme,
)
from smsmon.failures import POLLING, Failed
from smsmon.model import ReadError
from smsmon.programs import beside
from smsmon.reloading import Reloading
from smsmon.session import Session
from smsmon.store import open_store
from smsmon.store.errors import StoreError
from smsmon.text import safe_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from smsmon.locations import Locations
    from smsmon.settings import Settings
    from smsmon.settings.reading import Reading

_LOOK_EVERY = 0.5
"""Seconds between two looks at the watchlist file: what another shell adds shows in a second."""
_BALANCE_EVERY = 600.0
"""Seconds between two looks at the account's balance."""
_NO_COLOR, _MONOCHROME = NoColor(), Monochrome()
_THEME = "theme"
"""What the theme chosen is remembered under."""


class ConsoleApp(process.TerminalApp, inherit_bindings=False):
    """The operations console."""

    CSS_PATH = "smsmon.tcss"
    TITLE = "smsmon"
    SUSPENDED_SCREEN_CLASS = "-behind"
    ENABLE_COMMAND_PALETTE = False  # Textual's: ours is a dialog
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
        reread: Callable[[], Reading],
        tint_seconds: float = 4.0,
        rng: Random | None = None,
    ) -> None:
        """``reread`` reads the settings anew, from all that they were first read from.

        ``tint_seconds``: how long a row that changed stays tinted. ``rng``: of back-offs.
        """
        self._readable: dict[str, Theme] = {}
        plain = settings.display.plain
        self._signs = painters(settings.display.signs, plain=plain)
        super().__init__(shows_cursor=plain)
        self.set_class(plain, PLAIN)
        self.failures.folder = locations.crashes
        self._settings = settings
        self._locations = locations
        self._reread = reread
        self._open_client = open_client
        self._memory = memory_of(settings, locations)
        store = open_store(locations, settings)
        self._clock = clock = store.clock(clock or SystemClock())
        self.complaints: tuple[str, ...] = ()
        """What is wrong with the settings in force, a sentence each."""
        self._unsaid: list[str] = []
        """What went wrong before there was a screen to say it on."""
        accounts = Accounts(settings, self._clock, self._complain, open_client)
        self._session = Session(
            accounts, locations, clock, self._complain, name="console", rng=rng, store=store
        )
        self._reloading = Reloading(
            locations.config,
            reread,
            self._clock,
            settings,
            self._take,
            lambda text, severity: self.front.say(text, severity),
            checks.REFUSING,
        )
        self._tint_seconds = tint_seconds
        self.ready = asyncio.Event()
        """Set once the accounts are connected and the watchlist is read."""
        for theme in (*THEMES, TERMINAL):
            self.register_theme(theme)
        self._wear_wanted()
        self.stylesheet.set_variables(self.get_css_variables())  # it is read by this theme at once

    def _wear_wanted(self) -> None:
        """Put on the theme that somebody chose last: in the palette, or in the settings."""
        wanted = wanted_theme(self._settings.display.theme, self._memory.get(_THEME))
        if wanted not in self.available_themes:
            colors = COLOR_SYSTEMS.get(self.console.color_system or "")
            wanted = theme_for(colors, no_color=self.no_color).name
        self.theme = wanted

    def action_wear(self, theme: str) -> None:
        """Put on a theme, from now on and at the next start."""
        self.theme = theme
        set_theme = self._settings.display.theme
        self._memory.keep(_THEME, theme_choice(theme, set_theme))
        self.front.say(kept_theme(theme, set_theme))

    def get_theme(self, theme_name: str) -> Theme | None:
        """A theme as it is worn: with all colours that the stylesheet asks for, each legible."""
        if theme_name not in self._readable:
            theme = super().get_theme(theme_name)
            if theme is None:
                return None
            self._readable[theme_name] = readable(theme)
        return self._readable[theme_name]

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = [*super().get_line_filters(), *self._signs]
        if not self.no_color:
            return filters
        # Textual picks the filter once, for the theme it starts with.
        plain = _NO_COLOR if self.native_ansi_color else _MONOCHROME
        return [*(each for each in filters if not isinstance(each, Monochrome | NoColor)), plain]

    def get_default_screen(self) -> ConsoleScreen:
        display = self._settings.display
        formats = Formats(self._clock, utc=display.utc, masked=display.privacy)
        formats.plain = display.plain
        formats.still = display.plain or not display.clock
        return ConsoleScreen(
            self._session,
            formats,
            memory=self._memory,
            locations=self._locations,
            keymap=self._settings.keymap,
            name=self._settings.profile,
            frames_per_second=display.frame_rate,
            tint_seconds=0 if display.plain else self._tint_seconds,
            notifier=DesktopNotifier(
                self.write_between_frames,
                os.environ,
                lambda: self._settings.display.notify,
                lambda: self.in_sight,
                formats.words,
                partial(self.run_worker, exit_on_error=False),
            ),
        )

    @property
    def front(self) -> ConsoleScreen:
        """The one screen that is always there."""
        screen = self.screen_stack[0]
        return cast(ConsoleScreen, screen)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent | events.Paste) and not self.screen_stack:
            return  # what was typed while the last screen went away
        if isinstance(event, events.Paste) and not event.is_forwarded:
            # Textual's inputs show a paste as it came, escape sequences included.
            event.text = safe_lines(event.text)
        await super().on_event(event)

    def on_mount(self) -> None:
        self.set_keymap(self._settings.keymap)
        self._session.engine.subscribe(self._polling)
        self.call_after_refresh(self._start)

    @work(group=process.ENGINE_GROUP, exit_on_error=False)
    async def _start(self) -> None:
        """Read the watchlist, connect the accounts, and poll until the end."""
        while self._unsaid:
            self._complain(self._unsaid.pop(0))
        updates, filled = self.front.updates, partial(self.front.feed.tell, ())
        try:
            await self._session.start(updates.show_alerts, updates.show_everything, filled)
        except StoreError as error:
            self._complain(str(error))
        updates.show_watchlist()
        self._fill()
        self.front.alerts.begin()
        self._share()
        self._watch_alerts()
        self._read_sources()
        await self._session.open()
        self._follow_watchlist()
        self._follow_settings()
        self._follow_balance()
        self._keep_learned()
        self._look_at_settings()
        self.ready.set()
        self._offer_setup()
        await self.keep_going(POLLING, self._session.engine.run)

    @work(group="recipients", exit_on_error=False)
    async def _fill(self) -> None:
        """Load what the history knows of recipients: the rows are there before."""
        await self._session.fill()

    @work(group="complaints", exit_on_error=False)
    async def _look_at_settings(self) -> None:
        """Say what is wrong with them; nobody who polls waits for the files that are looked at."""
        self._complain_of(await asyncio.to_thread(lambda: checks.complaints(self._reread())))

    def _complain_of(self, complaints: Sequence[str]) -> None:
        """Say in one line what is wrong with the settings in force."""
        self.complaints = tuple(complaints)
        if complaints:
            more = len(complaints) - 1
            rest = f" {more} more: `smsmon config check` lists all." if more else ""
            self.front.say(f"{complaints[0]}{rest}", "warning")

    @work(group="setup", exit_on_error=False)
    async def _offer_setup(self) -> None:
        """Ask where the key is, when the current account has none."""
        settings, name = self._settings, self._settings.profile
        problem = self._session.accounts.problems.get(name)
        if problem is None or not await beside(_lacks_key, settings):
            return
        self.front.updates.lack_key(lacking=True)
        if self._session.engine.polls:  # else somebody else reads, with a key that we do not need
            await self._set_up(problem)

    @work(group="setup", exclusive=True, exit_on_error=False)
    async def action_setup(self) -> None:
        """Ask where the current account's key is, whether it has one or not."""
        await self._set_up(self._session.accounts.problems.get(self._settings.profile, ""))

    async def _set_up(self, problem: str) -> None:
        from smsmon.console.dialogs.setup import SetupScreen, asker

        ask = asker(self._settings, self._clock, self._open_client)
        screen = SetupScreen(self._settings, self._locations, ask, problem=problem)
        if not await self.push_screen_wait(screen):
            if self.front.head.keyless:
                key = self.front.keymap.face("app.setup")
                self.front.say(f"No API key yet: {key} asks where it is, whenever you like.")
            return
        reading = await asyncio.to_thread(self._reread)
        self._reloading.in_force = reading.settings
        await self._take(reading, answered=reading.settings.profile)

    async def _take(self, reading: Reading, answered: str | None = None) -> Sequence[str]:
        """Go by other settings; gives what is wrong with them that is gone on without."""
        from smsmon.console.changed import show_changes

        before, self._settings = self._settings, reading.settings
        self._signs = painters(reading.settings.display.signs, plain=self.shows_cursor)
        await self._session.use(reading.settings, answered=answered)
        if before.display.theme != reading.settings.display.theme:
            self._wear_wanted()
        show_changes(self.front, before, reading.settings)
        self.complaints = await asyncio.to_thread(checks.complaints, reading)
        self._follow_balance()
        return self.complaints

    @work(group="settings file", exit_on_error=False)
    async def _follow_settings(self) -> None:
        await self.keep_going("Following the settings file", self._reloading.run)

    def noticed(self) -> None:
        self.front.noticed()

    def notify(self, message: str, *, severity: Severity = "information", **_: object) -> None:
        """What Textual has to say goes where all else is told: nothing is laid over the screen."""
        self.front.say(message, severity)

    @work(group="balance", exclusive=True, exit_on_error=False)
    async def _follow_balance(self) -> None:
        """Show what the account holds; a balance that cannot be read is left out."""
        while True:
            try:
                balance = await self._session.balance(self._settings.profile)
            except ReadError:
                balance = None
            self.front.head.show_balance(balance)
            await sleep(self._clock, _BALANCE_EVERY)

    @work(group="alerts", exit_on_error=False)
    async def _watch_alerts(self) -> None:
        await self.keep_going("The work on the alerts", self._session.alerts.run)

    @work(group="sources", exit_on_error=False)
    async def _read_sources(self) -> None:
        self._session.incoming.turned = self.front.head.show
        await self.keep_going("Reading the sources", self._session.incoming.run)

    @work(group="sharing", exit_on_error=False)
    async def _share(self) -> None:
        self._session.sharing.turned = self.front.head.show
        await self.keep_going("Following who polls", self._session.sharing.run)

    @work(group="learned", exit_on_error=False)
    async def _keep_learned(self) -> None:
        await self._session.keep_learned()

    @work(group="watchlist file", exit_on_error=False)
    async def _follow_watchlist(self) -> None:
        await self.keep_going("Following the watchlist file", self._look_at_watchlist)

    async def _look_at_watchlist(self) -> None:
        """Show what others do to the watchlist file."""
        shown = self._session.read_only

        def looked() -> None:
            nonlocal shown
            before, shown = shown, self._session.read_only
            if shown != before:
                self.front.updates.show_watchlist()

        await self._session.look_at_watchlist(_LOOK_EVERY, looked)

    async def wait_to_try_again(self) -> None:
        await sleep(self._clock, process.TRY_AGAIN)

    def failed(self, failed: Failed) -> None:
        if failed.what == POLLING:
            self._session.halted = f"a fault of smsmon itself ({type(failed.error).__name__})"
            self.front.head.show()
        if failed.first:
            self.front.say(failed.sentence, "error")

    def _polling(self, _: object) -> None:
        """The engine lives."""
        if self._session.halted:
            self._session.halted = ""
            self.front.head.show()

    def line_is_slow(self, slow: bool) -> None:
        wanted = self._settings.display.frame_rate
        self.front.feed.frames_per_second = min(process.SLOW_FRAMES, wanted) if slow else wanted

    def _complain(self, sentence: str) -> None:
        """Say what is wrong with a file; may be called in any thread."""
        if self.is_running:
            self.call_later(self.front.say, sentence, "error")
        else:
            self._unsaid.append(sentence)

    async def on_unmount(self) -> None:
        try:
            await self._session.close()
        except StoreError as error:
            self._complain(str(error))


def _lacks_key(settings: Settings) -> bool:
    """True when the current account's source gives no key. Blocks on a file or a command."""
    try:
        read_key(settings.profile, settings.current)
    except AccountProblem:
        return True
    return False


def run_console(settings: Settings, locations: Locations, reread: Callable[[], Reading]) -> int:
    """Run the console in this terminal until it is left; gives the exit code.

    ``reread`` reads the settings anew. Raises what the console failed of, once the terminal is
    as it was.
    """
    return process.run(ConsoleApp(settings, locations, reread=reread))
