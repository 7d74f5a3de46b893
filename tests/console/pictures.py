"""What there is to take a picture of: one place for the snapshots and the screenshots."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import TextArea

from smsmon.commands.demo import ALERTS
from smsmon.console.overview.screen import OverviewScreen
from smsmon.model import Entry, Fault, FaultKind
from tests.support.scene import DAY, Scene
from tests.support.waiting import until, within

Play = Callable[[Scene, Pilot[Any]], Awaitable[None]]

_MANY_TIMES = "+33639982530"
"""A number to which five messages of the day went."""
_NETWORK = Fault(FaultKind.NETWORK, "The connection was refused")
_REFUSED = Fault(FaultKind.AUTH, "SMS Partner refuses the API key: check it, then retry", 10)


SMALLEST = (("80x24",),)
BOTH = (("140x40", "80x24"),)
EVERY_SIZE = (("200x55", "80x24"), ("140x40",), ("120x35",))


@dataclass(frozen=True)
class Picture:
    """One state of the console, and how to get there."""

    name: str
    look: Play
    """What leads to it in a console that is open."""
    seconds: float = 90.5
    """How long it is open then."""
    entries: tuple[Entry, ...] = DAY
    environ: dict[str, str] = field(default_factory=dict)
    config: str = ""
    """What the settings file has."""
    sizes: tuple[tuple[str, ...], ...] = BOTH
    """Each a console of its own, whose terminal is made smaller; so not where another size has
    other messages asked for more often."""
    alone: bool = False
    """Whether other looks at the same console would not be as they are without this one."""

    async def play(self, scene: Scene, pilot: Pilot[Any]) -> None:
        """Open the console, and do what leads to it."""
        await scene.open(pilot, self.seconds)
        await self.look(scene, pilot)

    def scene(self, home: Path) -> Scene:
        """The console to play it on."""
        if self.config:
            (home / "config.toml").write_text(self.config)
        return Scene(home, self.entries, environ={"SMSMON_DISPLAY_UTC": "true"} | self.environ)


async def _running(scene: Scene, pilot: Pilot[Any]) -> None:
    pass


async def _recipients(scene: Scene, pilot: Pilot[Any]) -> None:
    scene.screen.picture.messages.table.move_to_key("2270142")
    await pilot.press("enter")
    await scene.show(pilot)


async def _recipient(scene: Scene, pilot: Pilot[Any]) -> None:
    await _recipients(scene, pilot)
    phones = scene.screen.session.engine.board["2270142"].recipients.phones
    scene.screen.picture.recipients.table.move_to_key(list(phones).index(_MANY_TIMES))
    await pilot.press("enter")
    await scene.done("past")
    await scene.show(pilot)


async def _stale(scene: Scene, pilot: Pilot[Any]) -> None:
    scene.client.fault = _NETWORK
    await scene.pass_time(pilot, 300)


async def _bad_key(scene: Scene, pilot: Pilot[Any]) -> None:
    scene.client.fault = _REFUSED
    await scene.pass_time(pilot, 60)


async def _filtered(scene: Scene, pilot: Pilot[Any]) -> None:
    await _recipients(scene, pilot)
    await pilot.press("slash")
    await pilot.press(*"!status:delivered country:fr")
    await scene.show(pilot)


async def _overview(scene: Scene, pilot: Pilot[Any]) -> None:
    await scene.pass_time(pilot, 1200)
    await pilot.press("o")
    await scene.done("overview")
    grouping = scene.screen.session.grouping
    await within(scene.app, grouping.recalled.wait(), "what left within the last hour known")
    await pilot.pause()
    assert isinstance(scene.app.screen, OverviewScreen)
    scene.app.screen.look()
    await pilot.pause()


async def _find(scene: Scene, pilot: Pilot[Any]) -> None:
    await pilot.press("n")
    await pilot.press(*"98 25 30".replace(" ", ""))
    await scene.done("find")
    await pilot.pause()


async def _help(scene: Scene, pilot: Pilot[Any]) -> None:
    await pilot.press("question_mark")
    await pilot.pause()


async def _adding(scene: Scene, pilot: Pilot[Any]) -> None:
    await pilot.press("a")
    await pilot.pause()
    scene.app.screen.query_one("#ids", TextArea).insert(
        "2270200 Spring sale\n2270201, Reminder\n2270142\nnot-an-id\n"
    )
    await pilot.pause()


async def _happened(scene: Scene, pilot: Pilot[Any]) -> None:
    for seconds in (0, 295):  # what could not be read at first is on record before it can be
        await scene.pass_time(pilot, seconds)
        await scene.screen.session.history.flush()
    book = scene.screen.session.alerts.book
    await until(pilot, lambda: book.episodes, "the alert on record")
    await pilot.press("i")
    await pilot.pause()
    await scene.done("since")
    await pilot.press("f")
    await scene.show(pilot)


async def _alert(scene: Scene, pilot: Pilot[Any]) -> None:
    await pilot.press("up")  # which ends the notice of what held at the start
    await scene.pass_time(pilot, 15)


async def _groups(scene: Scene, pilot: Pilot[Any]) -> None:
    await pilot.press("g")
    await pilot.pause()
    await pilot.press("t")
    await pilot.pause()
    await until(pilot, lambda: scene.screen.session.grouping.whole, "all put together")
    await scene.pass_time(pilot, 10)
    await scene.show(pilot)


async def _alerts(scene: Scene, pilot: Pilot[Any]) -> None:
    await _alert(scene, pilot)
    await scene.pass_time(pilot, 20)
    book = scene.screen.session.alerts.book
    await until(pilot, lambda: len(book.episodes) == 2, "two alerts on record")
    await pilot.press("A")
    await pilot.pause()
    await scene.done("alerts past")
    await scene.show(pilot)


def _pressing(*keys: str) -> Play:
    """After these keys."""

    async def play(scene: Scene, pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)
        await scene.show(pilot)

    return play


PICTURES = (
    Picture("empty", _running, 1.5, (), alone=True),
    Picture("running", _running, sizes=EVERY_SIZE),
    Picture("ascii", _running, environ={"SMSMON_DISPLAY_SIGNS": "ascii"}, sizes=SMALLEST),
    Picture("plain", _running, environ={"SMSMON_DISPLAY_PLAIN": "true"}, sizes=SMALLEST),
    Picture("recipients", _recipients),
    Picture("recipient", _recipient, sizes=EVERY_SIZE),
    Picture("stale", _stale, 60.5, alone=True),
    Picture("bad_key", _bad_key, 60.5, alone=True),
    Picture("filtered", _filtered),
    Picture("overview", _overview, sizes=(("200x55", "140x40", "120x35"), ("80x24",)), alone=True),
    Picture("find", _find),
    Picture("help", _help, 60.5),
    Picture("adding", _adding, 60.5),
    Picture("happened", _happened, 5.5, sizes=(("140x40",), ("80x24",)), alone=True),
    Picture("alert", _alert, 50.5, config=ALERTS, sizes=(("120x35", "80x24"),), alone=True),
    Picture("alerts", _alerts, 50.5, config=ALERTS, alone=True),
    Picture("trouble", _pressing("f"), config=ALERTS, alone=True),
    Picture("groups", _groups, alone=True),
    Picture("palette", _pressing("colon", *"theme"), sizes=SMALLEST),
    Picture("columns", _pressing("c"), sizes=SMALLEST),
    Picture("editing", _pressing("asterisk", "e", "tab", *"+new -otp"), sizes=SMALLEST),
    Picture("mistake", _pressing("slash", *"stat:wai"), sizes=SMALLEST),
)
