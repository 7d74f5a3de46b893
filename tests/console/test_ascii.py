"""With ``display.signs = "ascii"`` no cell of any screen or dialog is anything but ASCII."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from smsmon.model import Entry
from tests.console.pictures import PICTURES, Picture
from tests.support.scene import DAY, SMALL, Scene
from tests.support.waiting import screen_text

ODD = (Entry("2270151", "Été à Noël: “ça”, 漢字"), *DAY)
"""With a label that has letters beyond ASCII."""


def keys(*pressed: str) -> Callable[[Scene, Pilot[Any]], Awaitable[None]]:
    """Open the console, and press these keys one after the other."""

    async def play(scene: Scene, pilot: Pilot[Any]) -> None:
        await scene.open(pilot, 90.5)
        for key in pressed:
            await pilot.press(key)
            await pilot.pause()
            for group in ("overview", "find", "since", "past"):
                await scene.done(group)
        await pilot.pause()

    return play


SCREENS = (
    *(replace(each, name=f"picture {each.name}") for each in PICTURES),
    Picture("odd label", keys(), ODD),
    Picture("marked and sorted", keys("space", "space", "greater_than_sign", "S"), DAY),
    Picture("log", keys("l"), DAY),
    Picture("edit", keys("e"), DAY),
    Picture("columns", keys("c"), DAY),
    Picture("raw answer", keys("w"), DAY),
    Picture("export", keys("x"), DAY),
    Picture("palette", keys("colon", "a"), DAY),
    Picture("mistaken filter", keys("slash", *"zz:1"), DAY),
    Picture("overview curve", keys("o", "right"), DAY),
    Picture("overview countries", keys("o", "right", "right", "right"), DAY),
    Picture("overview help", keys("o", "question_mark"), DAY),
    Picture("masked and frozen", keys("P", "F"), DAY),
    Picture("marks of an edit", keys("space", "space", "e", *"été"), DAY),
)


@pytest.mark.parametrize("shown", SCREENS, ids=[each.name for each in SCREENS])
async def test_every_cell_is_ascii(shown: Picture, tmp_path: Path) -> None:
    wanted = {"SMSMON_DISPLAY_SIGNS": "ascii"}
    scene = replace(shown, environ={**shown.environ, **wanted}).scene(tmp_path)
    async with scene.app.run_test(size=SMALL) as pilot:
        await shown.play(scene, pilot)
        text = screen_text(scene.app)
        odd = sorted({char for char in text if not char.isascii()})
        assert not odd, f"{odd} in\n{text}"
        assert len(text.split()) > 10
        assert all(len(line) <= SMALL[0] for line in text.splitlines())


async def test_first_set_up_is_ascii(tmp_path: Path) -> None:
    scene = Scene(tmp_path, DAY, environ={"SMSMON_DISPLAY_SIGNS": "ascii"})
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot)
        await scene.app.run_action("app.setup")
        await pilot.pause()
        text = screen_text(scene.app)
        assert text.isascii(), text
        assert "Paste it here" in text


async def test_labels_keep_their_letters_where_the_terminal_has_them(tmp_path: Path) -> None:
    scene = Scene(tmp_path, ODD)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 2)
        assert "Été à Noël" in screen_text(scene.app)


async def test_what_is_pasted_is_kept_whole_though_it_is_shown_in_ascii(tmp_path: Path) -> None:
    scene = Scene(tmp_path, DAY, environ={"SMSMON_DISPLAY_SIGNS": "ascii"})
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 2)
        await pilot.press("a")
        await pilot.pause()
        scene.app.screen.query_one("#ids", TextArea).insert("2270200 Été")
        await pilot.pause()
        assert "2270200  Ete" in screen_text(scene.app)
        await scene.app.run_action("screen.accept")
        await pilot.pause()
        await scene.show(pilot)
        assert scene.screen.session.engine.board["2270200"].entry.label == "Été"
