"""A console whose account, watchlist and clipboard are hostile, on a terminal that keeps all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual import events
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from smsmon.api.decode import decode, decode_balance
from smsmon.model import Balance, Entry, Report, Unchanged
from smsmon.monitor.engine import Engine
from smsmon.monitor.source import Source
from smsmon.simulator.world import World
from tests.hostile.corpus import NAME, marked
from tests.hostile.terminal import Seen, seen
from tests.support.clock import VirtualClock
from tests.support.scene import Scene

SIZE = (220, 60)
"""Columns and lines: room for every column of the tables, and for the whole corpus."""
_BELL = "\a"


class Paper(HeadlessDriver):
    """A terminal that keeps whatever is written for it."""

    @property
    def is_headless(self) -> bool:
        return False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.written: list[str] = []

    def write(self, data: str) -> None:
        if data != _BELL:  # the console's own, written by itself
            self.written.append(data)


def report(message_id: str, rows: Iterable[tuple[str, str]]) -> bytes:
    """An answer with these phones and status words."""
    listed = [{"phoneNumber": phone, "status": word, "stopSMS": False} for phone, word in rows]
    answer = {"success": True, "code": 200, "message_id": message_id}
    return json.dumps(answer | {"StatutResponse_List": listed}).encode()


def refusal(code: int, words: str) -> bytes:
    """An error in these words."""
    return json.dumps({"success": False, "code": code, "message": words}).encode()


class HostileAccount(Source):
    """Answers with bodies made by hand, through the real decoder."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.bodies: dict[str, bytes] = {}
        self.balance = b"{}"

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        body, now = self.bodies[message_id], self._clock.now()
        digest = hashlib.blake2b(body, digest_size=16).digest()
        if digest == known:
            return Unchanged(message_id, digest, now, now)
        return Report(message_id, decode(body, message_id), digest, now, now, body)

    async def me(self) -> Balance:
        return decode_balance(self.balance, self._clock.now())

    async def aclose(self) -> None:
        pass


class Stage:
    """The console, its account, and what reached the terminal."""

    def __init__(self, scene: Scene, account: HostileAccount, pilot: Pilot[Any]) -> None:
        self.scene = scene
        self.account = account
        self.pilot = pilot

    @property
    def engine(self) -> Engine:
        return self.scene.screen.session.engine

    def taken(self) -> Seen:
        """What was written since this was last asked, taken apart."""
        driver = self.scene.app._driver
        assert isinstance(driver, Paper)
        written = "".join(driver.written)
        driver.written.clear()
        return seen(written, SIZE)

    async def press(self, *keys: str) -> None:
        """Press these as fast as a packet over SSH brings them, and let the screen follow."""
        await self.type(*(events.Key(key, key if len(key) == 1 else None) for key in keys))

    async def type(self, *typed: events.Key | events.Paste) -> None:
        """The same for keys and pastes, handed over as the terminal's driver does."""
        for event in typed:
            self.scene.app.post_message(event)
        await self.pilot.pause()

    async def pass_time(self, seconds: float) -> None:
        await self.scene.pass_time(self.pilot, seconds)


@asynccontextmanager
async def hostile_stage(home: Path, entries: list[Entry]) -> AsyncIterator[Stage]:
    """A console on these entries, open and polled for the first time; its files' names are hostile.

    The account reports the whole corpus for the first message and one recipient for each of the
    others.
    """
    clock = VirtualClock()
    scene = Scene(home / NAME, entries, clock=clock, world=World(clock=clock))
    account = HostileAccount(clock)
    scene.client = account  # type: ignore[assignment]  # it has all that the console asks for
    phones, words = marked("Ph").values(), marked("St").values()
    for entry in entries:
        account.bodies[entry.id] = report(entry.id, [("+33639980001", "Waiting")])
    account.bodies[entries[0].id] = report(entries[0].id, zip(phones, words, strict=True))
    scene.app.driver_class = Paper
    async with scene.app.run_test(size=SIZE, headless=False) as pilot:
        await scene.open(pilot, 60)
        scene.screen.feed.frames_per_second = 1e6  # no frame is left out for the next one
        yield Stage(scene, account, pilot)


def hostile_entries() -> list[Entry]:
    """One message for each text of the corpus: as its label, its tag and its note."""
    texts = zip(marked("Lb").values(), marked("Tg").values(), marked("Nt").values(), strict=True)
    return [
        Entry(str(1000 + place), label=label, tags=(tag,), note=note)
        for place, (label, tag, note) in enumerate(texts)
    ]
