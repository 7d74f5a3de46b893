"""A console left open: it polls, messages come and go, somebody looks at it now and then."""

from __future__ import annotations

import gc
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from smsmon import phones, sharing
from smsmon.console import app as app_module
from smsmon.console import updates
from smsmon.console.actions import ACTIONS, Action, Where
from smsmon.console.signs import Tone
from smsmon.console.tables.log import LIMIT, LogLine
from smsmon.heap import give_back, share_one_pool
from smsmon.model import Entry
from smsmon.simulator.world import World
from tests.soak.account import CheapAccount
from tests.support.clock import VirtualClock
from tests.support.memory import resident
from tests.support.scene import Scene

LEFT_ALONE = frozenset(
    {"app.quit", "app.retry", "message.remove", "message.undo", "message.pause", "view.freeze"}
)
"""What somebody who looks around does not press: it would end or change what is watched."""
HOUR = 3600.0
FRAME = 120.0
"""Seconds between two frames: most of those of weeks that pass in minutes are seen by nobody."""
FILE_LOOK = 10.0
"""Seconds between two looks at the watchlist file, for the same reason."""
AGES_LOOK = 120
"""Seconds between two looks at ages and overdue reads, likewise."""
HEARTBEAT = 60.0
"""Seconds between two signs of life to other processes: there are none."""
NUMBERS = 10_000
CONFIG = "[polling]\nbudget = 14\n"
"""So many requests a minute make half a million in four weeks."""


class Footprint(NamedTuple):
    """How large everything is at a moment."""

    resident: int
    """Bytes of the process."""
    blocks: int
    """Pieces of memory that Python has given out."""
    widgets: int
    """Widgets that are still held, shown or not."""
    lines: int
    """Lines of the log."""

    def __str__(self) -> str:
        return (
            f"{self.resident / 1e6:.1f} MB resident, {self.blocks:,} blocks,"
            f" {self.widgets} widgets, {self.lines:,} lines in the log"
        )


class Life:
    """One console, its account and what is done to them."""

    def __init__(self, home: Path, messages: int, recipients: int = 60) -> None:
        share_one_pool()
        self.clock = VirtualClock()
        self.account = CheapAccount(self.clock, recipients)
        self._ids = count(3_000_000)
        home.mkdir(exist_ok=True)
        (home / "config.toml").write_text(CONFIG)
        self.scene = Scene(
            home, self._fresh(messages), clock=self.clock, world=World(clock=self.clock)
        )
        self.scene.client = self.account  # type: ignore[assignment]  # all that a console asks for
        self.replaced = 0
        self.looks = 0

    @property
    def answers(self) -> int:
        """Reports so far, changed or not."""
        return self.account.reports + self.account.unchanged

    async def churn(self, some: int) -> None:
        """The oldest messages leave, as many come."""
        watching = self.scene.screen.session.watching
        oldest = list(self.scene.screen.session.engine.board.messages)[:some]
        await watching.remove(oldest)
        await watching.add(self._fresh(some))
        for id in oldest:
            self.account.forget(id)
        self.replaced += some

    async def look(self, pilot: Pilot[Any], actions: Iterable[Action] = ACTIONS) -> list[Action]:
        """Somebody goes through actions, opens what can be opened and leaves it again.

        Gives the actions that opened something.
        """
        app = self.scene.app
        opening = []
        for action in actions:
            if action.id in LEFT_ALONE:
                continue
            self.scene.screen.arrangement.go(Where.MESSAGES)
            key = action.keys[0]
            app.post_message(events.Key(key, key if len(key) == 1 else None))
            await pilot.pause()
            for _ in range(3):
                app.post_message(events.Key("escape", None))
            if len(app.screen_stack) > 1:
                opening.append(action)
                await pilot.pause()
            assert len(app.screen_stack) == 1, action.id
        self.looks += 1
        return opening

    def fill_the_log(self) -> None:
        """As many lines as are kept: those that come from now on take the places of older ones."""
        lines = (LogLine(0.0, None, "", f"{number}", Tone.DIM) for number in range(LIMIT))
        self.scene.screen.picture.journal.note(lines)

    def show_many_numbers(self) -> None:
        """More numbers are written out than are remembered, as in some days of looking around."""
        for number in range(NUMBERS):
            phones.masked(f"+337{number:08}")
            phones.pretty(f"+337{number:08}")

    def footprint(self) -> Footprint:
        """What is held now, after everything that can go has gone, as in a quiet moment."""
        gc.collect()
        give_back()
        widgets = sum(isinstance(each, Widget) for each in gc.get_objects())
        lines = len(self.scene.screen.picture.journal)
        return Footprint(resident(), sys.getallocatedblocks(), widgets, lines)

    def _fresh(self, some: int) -> list[Entry]:
        return [
            Entry(str(id), f"Campaign {id}", ("soak",), added_at=self.clock.now())
            for id, _ in zip(self._ids, range(some), strict=False)
        ]


@asynccontextmanager
async def living(life: Life, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pilot[Any]]:
    """The console open, painting and looking around less often than for a person."""
    monkeypatch.setattr(app_module, "_LOOK_EVERY", FILE_LOOK)
    monkeypatch.setattr(updates, "_AGES_EVERY", AGES_LOOK)
    monkeypatch.setattr(sharing, "HEARTBEAT", HEARTBEAT)
    async with life.scene.app.run_test(size=(140, 40)) as pilot:
        await life.scene.open(pilot)
        life.scene.screen.feed.frames_per_second = 1 / FRAME
        yield pilot
