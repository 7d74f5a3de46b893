"""What the overview promises: one key away, calm while open, gone without a trace."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.worker import WorkerFailed

from smsmon.console.cells import Span
from smsmon.console.overview.activity import Activity
from smsmon.console.overview.charts import Bar, Bars
from smsmon.console.overview.figures import Captured, FigureCache, Figures, TimeAxis
from smsmon.console.overview.panel import Drawing
from smsmon.console.overview.panels import TABS
from smsmon.console.overview.screen import CountedScreen, OverviewScreen, grid
from smsmon.console.signs import Tone
from smsmon.model import Entry, Fault, FaultKind
from smsmon.simulator.scenario import demo_entries
from tests.support.clock import START
from tests.support.scene import SMALL, Scene
from tests.support.waiting import screen_text, within

WALL = (200, 60)
SOME = [
    replace(entry, label=f"[red]{entry.label}[/]") for entry in demo_entries(START)
    if entry.id in ("2270142", "2270137", "2270138", "2270128")
]  # fmt: skip
MESSAGE = "2270137"

Shown = tuple[Scene, OverviewScreen, Pilot[Any]]
Open = Callable[..., AbstractAsyncContextManager[Shown]]


@pytest.fixture
def shown(tmp_path: Path) -> Open:
    """Opens a console on four messages, and the overview over it; one minute is past."""

    @asynccontextmanager
    async def shown(
        size: tuple[int, int] = SMALL, entries: Sequence[Entry] = SOME, seconds: float = 60
    ) -> AsyncIterator[Shown]:
        scene = Scene(tmp_path, entries, environ={"SMSMON_DISPLAY_UTC": "true"})
        async with scene.app.run_test(size=size) as pilot:
            activity = Activity(scene.clock)
            engine = scene.screen.session.engine
            engine.subscribe(activity.hear)
            engine.count(activity.count)
            await scene.open(pilot, seconds)
            message = MESSAGE if MESSAGE in engine.board else None
            below = scene.screen
            screen = OverviewScreen(
                engine,
                below.formats,
                activity,
                lambda: below.head.told,
                message_id=message,
                grouping=below.session.grouping,
            )
            await scene.app.push_screen(screen)
            await settled(screen, pilot)
            yield scene, screen, pilot

    return shown


async def settled(screen: OverviewScreen, pilot: Pilot[Any]) -> None:
    """Until everything is reckoned and shown."""
    await pilot.pause()
    for worker in [each for each in screen.workers if each.group == "overview"]:
        await within(screen.app, worker.wait(), "the overview reckoned")
    await pilot.pause()


def text_of(scene: Scene) -> str:
    """Everything the screen shows now."""
    return screen_text(scene.app)


async def test_at_80x24_each_plot_has_the_screen_and_a_sentence(shown: Open) -> None:
    async with shown() as (scene, screen, pilot):
        said = {
            "Curve": ("Delivery curve", "also those that wait", "time since the message began"),
            "Delays": ("How long reports take", "final reports half came within", "median"),
            "Reports": ("Reports over time", "in the last hour", "reports per minute"),
            "Countries": ("By country", "Recipients in", "France"),
            "Groups": ("Groups", "the last hour"),
            "STOPs": ("STOPs", "of the delivered", MESSAGE),
            "Budget": ("Requests and the budget", "requests used", "requests per minute"),
        }
        for tab in TABS:
            text = text_of(scene)
            assert f"▸{tab}" in text
            for words in said[tab]:
                assert words in text
            assert all(len(line) == 80 for line in text.splitlines())
            await pilot.press("tab")
            await settled(screen, pilot)
        assert f"▸{TABS[0]}" in text_of(scene)
        for key, tab in (
            ("right", "Delays"),
            ("left", "Curve"),
            ("shift+tab", "Budget"),
            ("4", "Countries"),
        ):
            await pilot.press(key)
            assert f"▸{tab}" in text_of(scene)


async def test_one_key_leads_back_to_the_console_and_nothing_listens_any_more(shown: Open) -> None:
    async with shown() as (scene, _screen, pilot):
        for key in ("escape", "q", "o"):
            screen, hearers = scene.app.screen, scene.screen.session.engine._hearers
            listeners = len(hearers.listeners)
            await pilot.press(key)
            await pilot.pause()
            assert scene.app.screen is scene.screen
            assert len(hearers.listeners) == listeners - 1
            assert not screen.is_running
            await pilot.press("o")
            await scene.done("overview")
            assert isinstance(scene.app.screen, OverviewScreen)


async def test_as_many_plots_stand_side_by_side_as_can_be_read_in_any_size(shown: Open) -> None:
    async with shown() as (scene, screen, pilot):
        for size, plots in (((80, 24), 1), ((120, 35), 4), (WALL, 7)):
            columns, rows = grid(*size)
            assert columns * rows >= plots
            await pilot.resize_terminal(*size)
            await settled(screen, pilot)
            seen = [each for each in screen.query(Drawing) if each.region and each.is_on_screen]
            assert len(seen) == plots
            assert all(each.size.width >= 54 and each.size.height >= 9 for each in seen)
            for each in screen.query(Drawing):
                lines = each.plain.splitlines()
                assert len(lines) in (0, each.size.height)
                assert {len(line) for line in lines} <= {each.size.width}
            await pilot.press("z")
            assert len([each for each in screen.query(Drawing) if each.is_on_screen]) == 1
            await pilot.press("z")
        await pilot.resize_terminal(50, 12)
        assert "needs at least 60 columns" in text_of(scene)
        await pilot.press("escape")
        assert scene.app.screen is scene.screen


async def test_one_message_can_be_looked_at_beside_all_until_it_is_removed(shown: Open) -> None:
    async with shown((120, 35)) as (scene, screen, pilot):
        assert "all messages · last hour" in text_of(scene)
        await pilot.press("m")
        await settled(screen, pilot)

        text = text_of(scene)
        assert f"{MESSAGE} [red]Loyalty points[/] · last hour" in text
        assert "delivered, all messages" in text
        await pilot.press("m")
        await settled(screen, pilot)
        assert "delivered, all messages" not in text_of(scene)
        await pilot.press("m")
        await settled(screen, pilot)
        scene.screen.session.engine.forget(MESSAGE)
        screen.look()
        await settled(screen, pilot)
        assert "delivered, all messages" not in text_of(scene)
        assert "all messages · last hour" in text_of(scene)


async def test_the_span_of_time_can_be_widened_to_two_days(shown: Open) -> None:
    async with shown() as (scene, screen, pilot):
        await pilot.press("3")
        for span in ("last 6 hours", "last 48 hours", "last hour"):
            await pilot.press("w")
            await settled(screen, pilot)
            assert f"all · {span}" in text_of(scene) or f"all messages · {span}" in text_of(scene)
            assert f"in the {span}" in text_of(scene)


async def test_how_each_is_counted_is_one_key_away_and_new_reports_show(shown: Open) -> None:
    async with shown(SMALL) as (scene, screen, pilot):
        await pilot.press("question_mark")
        assert [type(each) for each in scene.app.screen_stack[1:]] == [
            OverviewScreen,
            CountedScreen,
        ]
        assert "Delivered ÷ final." in text_of(scene)
        assert "╰" in text_of(scene)
        await pilot.press("escape")
        assert scene.app.screen_stack[1:] == [screen]
        before = text_of(scene)
        await scene.clock.advance(30)
        screen.look()
        await settled(screen, pilot)
        assert text_of(scene) != before


async def test_what_is_wrong_is_told_above_the_plots_as_it_is_in_the_console(shown: Open) -> None:
    async with shown() as (scene, screen, pilot):
        scene.client.fault = Fault(FaultKind.NETWORK, "The connection was refused")
        await scene.clock.advance(120)
        screen.look()
        await settled(screen, pilot)
        assert "down, next try" in text_of(scene)
        scene.screen.session.halted = "a fault of smsmon itself"
        scene.screen.head.show()
        screen.look()
        await pilot.pause()
        assert "NOT POLLING: a fault of smsmon itself" in text_of(scene)


async def test_an_empty_watchlist_says_so_instead_of_drawing(shown: Open) -> None:
    async with shown(entries=[]) as (scene, screen, pilot):
        assert "No final report yet, 0 recipients waiting." in text_of(scene)
        assert "this message" not in text_of(scene)
        await pilot.press("m")
        assert scene.app.screen is screen


async def test_nothing_is_reckoned_while_nothing_changed_nor_painted_if_all_came_out_the_same(
    shown: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown(WALL) as (_scene, screen, pilot):
        painted: list[object] = []
        with monkeypatch.context() as patch:
            for drawing in screen.query(Drawing):
                patch.setattr(drawing, "refresh", lambda *_, **__: painted.append(_))
            screen._changed = True
            screen.look()
            await settled(screen, pilot)
            assert painted == []
        for each in screen.query("*"):
            monkeypatch.setattr(each, "refresh", lambda *_, **__: painted.append(_))
        monkeypatch.setattr(screen, "_reckon", lambda: painted.append("reckoned"))

        for _ in range(3):
            screen.look()

        assert painted == []


async def test_only_the_lines_that_differ_are_painted(
    shown: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown() as (_scene, screen, pilot):
        await pilot.press("4")
        drawing = next(each for each in screen.query(Drawing) if each.is_on_screen)
        rows = tuple(Bar(name, 5, 1.0, (5,)) for name in ("France", "Belgium", "Spain"))
        bars = Bars("country", "recipients", "rate", (("━", Tone.GOOD),), rows)
        drawing.show(bars)
        await pilot.pause()
        painted: list[Region] = []
        monkeypatch.setattr(drawing, "refresh", lambda *regions: painted.extend(regions))

        drawing.show(replace(bars, rows=(*rows[:2], Bar("Italy", 5, 1.0, (5,)))))

        assert [region.y for region in painted] == [6]


async def test_two_reckonings_never_run_at_once_and_the_last_wish_wins(
    shown: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, most = threading.Semaphore(1), []
    reckon = FigureCache.reckon

    def counted(
        cache: FigureCache,
        sources: Sequence[Captured],
        now: float,
        axis: TimeAxis,
        only: str | None,
    ) -> tuple[Figures, Figures | None]:
        assert busy.acquire(blocking=False)
        try:
            most.append(axis)
            return reckon(cache, sources, now, axis, only)
        finally:
            busy.release()

    async with shown() as (scene, screen, pilot):
        monkeypatch.setattr(FigureCache, "reckon", counted)
        screen.action_span()
        screen.action_span()
        screen.action_scope()
        await settled(screen, pilot)

        assert most
        assert most[-1].step == 3600
        assert f"{MESSAGE}… · last 48 hours" in text_of(scene)
        assert not screen._reckoning


async def test_a_bug_in_reckoning_is_told_and_ends_nothing(
    shown: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    async with shown() as (scene, screen, pilot):
        with monkeypatch.context() as patch:
            patch.setattr(FigureCache, "reckon", broken)
            await pilot.press("w")
            with suppress(WorkerFailed):
                await settled(screen, pilot)
        await pilot.pause()
        assert any("overview" in words for words in scene.said)

        await pilot.press("w")
        await settled(screen, pilot)
        assert screen._figures is not None
        assert screen._figures[0].flow.step == 3600


async def test_what_changes_below_paints_nothing_above(
    shown: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown() as (scene, screen, pilot):
        painted: list[object] = []
        monkeypatch.setattr(scene.app, "_display", lambda *what: painted.append(what))

        scene.screen.query_one("#truth").refresh()
        scene.screen.picture.messages.table.refresh()
        await pilot.pause()
        scene.screen._on_timer_update()
        await pilot.pause()
        screen._on_timer_update()
        await pilot.pause()

        assert painted == []


async def test_a_new_theme_recolours_the_plots_and_without_colours_each_tone_is_grey(
    shown: Open,
) -> None:
    async with shown() as (scene, screen, pilot):
        await pilot.press("3")
        drawing = next(each for each in screen.query(Drawing) if each.is_on_screen)

        def colours() -> set[object]:
            lines = (drawing.render_line(y) for y in range(drawing.size.height))
            return {segment.style and segment.style.color for line in lines for segment in line}

        dark, text = colours(), drawing.plain
        scene.app.theme = "smsmon-light"
        await pilot.pause()
        assert colours().isdisjoint(dark - {None})
        assert drawing.plain == text
        scene.app.theme = "smsmon-monochrome"
        await pilot.pause()
        drawing = screen.query(Drawing).first()
        for tone in Tone:
            style = drawing.get_component_rich_style(f"drawing--{tone}")
            assert style.color is not None
            red, green, blue = style.color.get_truecolor()
            assert red == green == blue
        assert Span("█", Tone.GOOD).text != Span("▓", Tone.BAD).text


def test_the_console_loads_no_plotting_library_until_a_plot_is_drawn() -> None:
    program = (
        "import sys\n"
        "import smsmon.console.app, smsmon.console.overview.screen\n"
        "import smsmon.console.overview.activity\n"
        "loaded = [name for name in sys.modules if 'plotext' in name]\n"
        "assert not loaded, loaded\n"
        "import smsmon.console.overview.plotting\n"
        "assert 'textual_plotext' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
