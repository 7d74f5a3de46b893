"""The screen of the alerts alone, over a record in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from textual.pilot import Pilot

from smsmon.alerting.book import AlertBook
from smsmon.alerts import About, Acknowledgement, Episode, Severity, Subject, Worst
from smsmon.console.alert_standing import AlertRow, alert_rows
from smsmon.console.alerts.answering import Answering
from smsmon.console.alerts.screen import AlertsScreen, Picture
from smsmon.console.formats import Formats
from smsmon.console.undoing import Steps
from tests.alerting.fakes import InTurn
from tests.console.dialogs.stage import SMALL, DialogApp, asking, calm
from tests.store.memory_alerts import Kept, MemoryAlerts
from tests.support.clock import START, VirtualClock

HOUR, DAY = 3_600.0, 86_400.0


def episode(rule: str, about: About, name: str = "", ago: float = 360, **more: Any) -> Episode:
    """One that fires since ``ago`` seconds."""
    profile = "default" if about in (About.MESSAGE, About.ACCOUNT) else ""
    at = START - ago
    fields: dict[str, Any] = {
        "severity": Severity.WARNING,
        "condition": "failed_share>20%",
        "began_at": at,
        "fired_at": at + 60,
        "facts": "60% not delivered of 138 final",
    }
    return Episode(rule, Subject(about, name, profile), **(fields | more))


LOSSES = episode("losses", About.MESSAGE, "2270138", label="Win-back 2019 list", tags=("shop",),
                 worst=Worst(0.72, START - 60, "72% not delivered of 210 final"))  # fmt: skip
BALANCE = episode("balance", About.ACCOUNT, "default", HOUR, condition="balance<50",
                  facts="38 credits left")  # fmt: skip
LATE = episode("late", About.TAG, "otp", 2 * HOUR, severity=Severity.CRITICAL,
               condition="p90>60s", facts="90% delivered within 4 m 10 s")  # fmt: skip
OVER = episode("losses", About.COUNTRY, "FR", 5 * HOUR, condition="failed_share>30%")


@dataclass
class Desk:
    """One console's answers on a record, and what it said."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    kept: Kept = field(default_factory=Kept)
    by: str = "anna@ops1"
    said: list[str] = field(default_factory=list)
    steps: Steps = field(default_factory=Steps)

    def __post_init__(self) -> None:
        self.store = MemoryAlerts(self.kept)
        self.formats = Formats(self.clock, utc=True)
        self.book = AlertBook(InTurn(self.store), self.clock, self.by)
        self.app: DialogApp | None = None
        self.answering = Answering(
            lambda: self.book, self.formats, self.steps,
            lambda text, severity="information": self.said.append(text),
            self._start, lambda: "u",
        )  # fmt: skip

    def _start(self, work: Callable[[], Any], **options: Any) -> object:
        assert self.app is not None
        return self.app.run_worker(work, **options)

    def rows(self) -> list[AlertRow]:
        return alert_rows(self.book.episodes, self.book.silences, self.clock.now())

    def screen(self) -> AlertsScreen:
        def heard(listener: Callable[[], None]) -> Callable[[], None]:
            self.book.changed(listener)
            return lambda: None

        async def tried(name: str) -> str:
            return f"The rule cannot be tried. It is {name}."

        return AlertsScreen(
            Picture(
                self.rows, lambda: self.book.silences, self.book.past, heard, lambda: True, tried
            ),
            self.answering,
            self.formats,
        )


def a_desk(episodes: Sequence[Episode] = (LOSSES, BALANCE, LATE)) -> Desk:
    """A desk where these fire; the balance is acknowledged, and one is over."""
    desk = Desk()
    numbers = desk.store.fire(episodes)
    if BALANCE in episodes:
        desk.store.acknowledge(
            [numbers[episodes.index(BALANCE)]],
            Acknowledgement("night@ops2", START - HOUR, "ordered more", START + 3 * DAY),
        )
    return desk


@asynccontextmanager
async def opened(
    desk: Desk, size: tuple[int, int] = SMALL
) -> AsyncIterator[tuple[DialogApp, Pilot[None]]]:
    """The alerts of ``desk``, on the screen."""
    await desk.book.read()
    async with asking(desk.screen(), size) as (app, pilot):
        desk.app = app
        yield app, pilot


async def press(app: DialogApp, pilot: Pilot[None], *keys: str) -> str:
    """Press these, and wait for what comes of them; gives what is on the screen then."""
    await pilot.press(*keys)
    await calm(app, pilot)
    return app.text
