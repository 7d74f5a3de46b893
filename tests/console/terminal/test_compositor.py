"""Parts of the screen that are painted anew look as they do in the whole."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from rich.style import Style
from textual.app import ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from smsmon.console.dialogs.base import Dialog
from smsmon.console.terminal.private import LayoutUpdate, NearCompositor
from tests.support.scene import WIDE, Scene
from tests.support.waiting import until


class Small(Dialog[None]):
    """A dialog of one line."""

    FRAME = "small"
    HEADING = "Small"

    def body(self) -> ComposeResult:
        yield Static("one line")


def parts(compositor: NearCompositor, *regions: Region) -> dict[tuple[int, int], Strip]:
    """What is painted for ``regions``: (line, column) → what begins there."""
    compositor._dirty_regions = set(regions)
    update = compositor.render_partial_update()
    assert update is not None
    painted = {}
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if x < last and end > first:
                assert strip is not None, f"nothing is painted at {x}, {y}"
                painted[y, x] = strip.crop(0, end - x)
    return painted


def cells(strip: Strip) -> list[tuple[str, Style | None]]:
    return [(char, segment.style) for segment in strip for char in segment.text]


async def test_any_parts_are_painted_as_in_the_whole(tmp_path: Path) -> None:
    scene, draw = Scene(tmp_path), Random(3)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 20)
        compositor = scene.screen._compositor
        assert isinstance(compositor, NearCompositor)
        whole = compositor.render_strips()

        def somewhere() -> Region:
            x, y = draw.randrange(WIDE[0]), draw.randrange(WIDE[1])
            return Region(x, y, draw.randint(1, WIDE[0] - x), draw.choice((1, 1, WIDE[1] - y)))

        for count in (1, 2, 5) * 60:
            changed = [somewhere() for _ in range(count)]
            for (line, start), strip in parts(compositor, *changed).items():
                seen = whole[line].crop(start, start + strip.cell_length)
                assert cells(seen) == cells(strip)


async def test_a_widget_that_is_not_to_be_painted_is_not_rendered(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 20)
        rendered: dict[Widget, int] = {}

        def watch(widget: Widget) -> None:
            render = widget.render_lines

            def counted(crop: Region) -> list[Strip]:
                rendered[widget] = rendered.get(widget, 0) + crop.height
                return render(crop)

            widget.render_lines = counted  # type: ignore[method-assign]  # to look on

        compositor = scene.screen._compositor
        assert isinstance(compositor, NearCompositor)
        for widget in list(compositor.visible_widgets):
            watch(widget)
        clock, table = scene.screen.query_one("#clock"), scene.screen.picture.messages.table
        parts(compositor, clock.region, Region(table.region.x, table.region.y + 3, 10, 2))
    assert rendered == {clock: 1, table: 2}


async def test_a_change_behind_a_dialog_has_little_more_painted_than_itself(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 20)
        await pilot.press("e")
        await pilot.pause()
        dialog = scene.app.screen
        assert dialog is not scene.screen
        clock = scene.screen.query_one("#clock")
        compositor = dialog._compositor
        painted: list[set[Region]] = []
        render = compositor.render_update

        def noted(*given: Any, **options: Any) -> Any:
            painted.append(set(compositor._dirty_regions))
            return render(*given, **options)

        compositor.render_update = noted  # type: ignore[method-assign]  # to look on
        clock.refresh()
        await until(pilot, lambda: bool(painted), "the clock painted")
        assert painted[0] == {clock.region}


async def test_the_head_goes_on_behind_a_dialog_over_a_dialog(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    async with scene.app.run_test() as pilot:
        await scene.open(pilot, 20)
        await pilot.press("A")
        await scene.app.push_screen(Small())
        await pilot.pause()

        def seen() -> str:
            behind = scene.app._background_screens
            painted = scene.app.screen._compositor.render_update(full=True, screen_stack=behind)
            assert isinstance(painted, LayoutUpdate)
            return "".join(strip.text for strip in painted.strips[0])

        def clock() -> str:
            return (
                scene.screen.query_one("#clock").render_lines(Region(0, 0, 10, 1))[0].text.strip()
            )

        assert len(scene.app.screen_stack) == 3
        before = clock()
        assert before in seen()
        await scene.pass_time(pilot, 5)
        assert clock() != before
        await until(pilot, lambda: clock() in seen(), "the time of now before the eyes")
