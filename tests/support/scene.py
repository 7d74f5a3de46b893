"""A console on a simulated account, with the clock held: the same picture every time."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, lru_cache, partial
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import msgspec
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

from smsmon.api import decode
from smsmon.console.app import ConsoleApp
from smsmon.console.notices import Notice
from smsmon.console.screen import ConsoleScreen
from smsmon.console.themes import DARK
from smsmon.locations import Locations
from smsmon.model import Balance, Entry, Fault, ReadError, Report, Unchanged
from smsmon.monitor.source import Source
from smsmon.settings import Settings
from smsmon.settings.loading import read
from smsmon.settings.reading import Reading
from smsmon.simulator.scenario import SENDS, demo_entries, message_of
from smsmon.simulator.wire import Answer, Format
from smsmon.simulator.world import World
from smsmon.store.local.watchlist import Watchlist
from tests.support.clock import START, VirtualClock
from tests.support.waiting import within

DAY = tuple(entry for entry in demo_entries(START) if entry.id != "2270141")
"""The demo's day without its message to 20,000: the same promises, kept sooner."""
SMALL, WIDE = (80, 24), (140, 40)


class WorldClient(Source):
    """An account's client that asks the simulated world itself, without HTTP between."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.fault: Fault | None = None
        """While set, every read fails with it."""

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        if self.fault is not None:
            raise ReadError(self.fault)
        body = self._world.answer(message_id).body
        digest = hashlib.blake2b(body, digest_size=16).digest()
        now = self._world.clock.now()
        if digest == known:
            return Unchanged(message_id, digest, now, now)
        return Report(message_id, _decoded(body, message_id), digest, now, now, body)

    async def me(self) -> Balance:
        return decode.decode_balance(self._world.balance().body, self._world.clock.now())

    async def aclose(self) -> None:
        pass


# Every scene has the same day: its messages are drawn, and its answers read, once for all of them.
_SENDS = {send.id: send for send in SENDS}
_message = cache(lambda id, seed, start: message_of(_SENDS[id], seed, start))
_KEPT = 512
_decoded = lru_cache(_KEPT)(decode.decode)
_parse, _parsed = Stylesheet._parse_rules, dict[Any, list[Any]]()


def _parse_once(sheet: Stylesheet, *given: Any, **named: Any) -> list[Any]:
    """A sixth of a console's start is to parse its stylesheets, which are those of all others."""
    key = given, *named.items(), *sheet._variables.items()
    if key not in _parsed:
        _parsed[key] = _parse(sheet, *given, **named)
    return _parsed[key]


setattr(Stylesheet, "_parse_rules", _parse_once)  # noqa: B010


class _DemoWorld(World):
    """Answers with what another scene's answered, of the same message after the same changes."""

    _known: ClassVar[dict[tuple[int, int], Answer]] = {}

    def answer(self, message_id: str, at: float | None = None, fmt: Format = "json") -> Answer:
        message, asked = self._messages.get(message_id), self._asked(at)
        if message is None or fmt != "json" or not message.exists(asked):
            return super().answer(message_id, at, fmt)
        told = id(message), message.position(asked)
        if told not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[told] = super().answer(message_id, at, fmt)
        return self._known[told]


def _demo_world(clock: VirtualClock, ids: set[str]) -> World:
    """The demo's world, as far as anybody looks at it."""
    world = _DemoWorld(clock=clock, seed=1)
    for id in _SENDS:
        if id in ids:
            world.add(_message(id, world.seed, world.start))
    return world


def _reread(
    locations: Locations, environ: dict[str, str], keymap: dict[str, str] | None
) -> Reading:
    reading = read(locations, environ)
    if keymap is None:
        return reading
    settings = msgspec.structs.replace(reading.settings, keymap=keymap)
    return replace(reading, settings=settings)


class Scene:
    """One console: its home, its clock, its account."""

    def __init__(
        self,
        home: Path,
        entries: Iterable[Entry] | None = None,
        *,
        world: World | None = None,
        clock: VirtualClock | None = None,
        environ: dict[str, str] | None = None,
        keymap: dict[str, str] | None = None,
    ) -> None:
        """``entries`` None: the demo's watchlist, on the demo's world."""
        self.clock = clock or VirtualClock()
        wanted = demo_entries(self.clock.now()) if entries is None else list(entries)
        self.world = world or _demo_world(self.clock, {entry.id for entry in wanted})
        self.client = WorldClient(self.world)
        self.locations = Locations.under(home)
        if wanted:
            Watchlist(self.locations.watchlist, self.clock).add(wanted)
        given = {
            "SMSMON_API_KEY": "0" * 40,
            "SMSMON_DISPLAY_THEME": DARK.name,
            "SMSMON_DISPLAY_SIGNS": "unicode",
            **(environ or {}),
        }
        settings = _reread(self.locations, given, keymap).settings
        self.app = ConsoleApp(
            settings,
            self.locations,
            self.clock,
            self._open_client,
            reread=partial(_reread, self.locations, given, keymap),
            tint_seconds=0,
            rng=Random(1),
        )
        self._said: deque[Notice] = deque(maxlen=100)  # some tests go on for weeks
        setattr(self.app, "get_default_screen", self._listening(self.app.get_default_screen))  # noqa: B010

    def _open_client(self, name: str, settings: Settings, clock: Any) -> WorldClient:
        return self.client

    @property
    def screen(self) -> ConsoleScreen:
        """The console's screen, whatever stands before it."""
        return self.app.front

    @property
    def said(self) -> list[str]:
        """What the operator was told in notices, whether they still stand there or not."""
        return [notice.text for notice in self._said]

    def _listening(self, make: Callable[[], ConsoleScreen]) -> Callable[[], ConsoleScreen]:
        """``make``, with a list kept of what its screen tells."""

        def made() -> ConsoleScreen:
            screen = make()
            add = screen.notices.add

            def heard(notice: Notice) -> Notice | None:
                self._said.append(notice)
                return add(notice)

            setattr(screen.notices, "add", heard)  # noqa: B010
            return screen

        return made

    async def open(self, pilot: Pilot[Any], seconds: float = 0.0) -> None:
        """Wait until everything is loaded, then let ``seconds`` pass."""
        await within(self.app, self.app.ready.wait(), "the console loaded")
        await self.done("complaints")
        await self.done("recipients")
        session = self.screen.session
        if session.alerts.alerting and session.watching.filled.is_set():
            await within(self.app, session.alerts.alerting.began.wait(), "the alerts looked after")
        await self.pass_time(pilot, seconds)

    async def pass_time(self, pilot: Pilot[Any], seconds: float) -> None:
        """Let ``seconds`` pass and show what happened in them."""
        with self.app.batch_update():  # nobody looks until the time has passed
            await self.clock.advance(seconds)
        await self.show(pilot)

    async def pass_time_until(
        self, pilot: Pilot[Any], done: Callable[[], bool], seconds: float = 900
    ) -> None:
        """Let time pass until ``done()``, at most ``seconds``, and show what happened in it."""
        end = self.clock.now() + seconds
        while not done():
            assert self.clock.now() < end, f"not done in {seconds} virtual seconds"
            await self.pass_time(pilot, 15)

    async def done(self, group: str) -> None:
        """Wait until the workers of ``group`` are through."""
        for worker in [each for each in self.app.workers if each.group == group]:
            await within(self.app, worker.wait(), f"the worker of {group} through")

    async def show(self, pilot: Pilot[Any]) -> None:
        """Show all that is known now, calm: nothing tinted, the clock's text up to date."""
        await self.done("watchlist")
        self.screen.feed.flush()
        self.screen.updates.tick()
        await pilot.pause()
