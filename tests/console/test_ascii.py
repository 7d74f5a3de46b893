"""With ``display.signs = "ascii"`` no cell of any screen or dialog is anything but ASCII."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from smsmon.console.actions import Where
from smsmon.model import Entry
from tests.console.pictures import PICTURES, Picture, Play
from tests.support.scene import DAY, SMALL, Scene
from tests.support.waiting import screen_text

ODD = (Entry("2270151", "Été à Noël: “ça”, 漢字"), *DAY)
"""With a label that has letters beyond ASCII."""


def keys(*pressed: str) -> Play:
    """After these keys, one after the other."""

    async def look(scene: Scene, pilot: Pilot[Any]) -> None:
        for key in pressed:
            await pilot.press(key)
            await pilot.pause()
            for group in ("overview", "find", "since", "past"):
                await scene.done(group)
        await pilot.pause()

    return look


LOOKS: dict[str, Play] = {
    **{each.name: each.look for each in PICTURES if not each.alone and not each.environ},
    "log": keys("l"),
    "edit": keys("e"),
    "columns": keys("c"),
    "raw answer": keys("w"),
    "export": keys("x"),
    "palette": keys("colon", "a"),
    "mistaken filter": keys("slash", *"zz:1"),
    "marked and sorted": keys("space", "space", "greater_than_sign", "S"),
    "marks of an edit": keys("space", "space", "e", *"été"),
    "masked and frozen": keys("P", "F"),
}
"""What one console is made to show, one after the other."""
OVERVIEWS: dict[str, Play] = {
    "figures": keys(),
    "curve": keys("right"),
    "countries": keys("right", "right"),
    "help": keys("question_mark"),
}
"""What there is to see of the overview, once it stands."""


async def looks(
    shown: Picture, then: Mapping[str, Play], scene: Scene, pilot: Pilot[Any]
) -> AsyncIterator[tuple[str, str]]:
    """What the screen shows at ``shown``, and after each look that follows: name and text."""
    await shown.play(scene, pilot)
    yield shown.name, screen_text(scene.app)
    for name, look in then.items():
        await look(scene, pilot)
        yield name, screen_text(scene.app)
        if shown.name != "overview":
            await back(scene, pilot)


async def back(scene: Scene, pilot: Pilot[Any]) -> None:
    """To the messages, with nothing before them and no filter."""
    while scene.app.screen is not scene.screen:
        await pilot.press("escape")
        await pilot.pause()
    await pilot.press("escape", "escape", "escape", "home")
    await scene.show(pilot)
    assert scene.screen.picture.at is Where.MESSAGES


SITTINGS: list[tuple[Picture, dict[str, Play]]] = [
    (Picture("odd label", keys(), 30.5, ODD), LOOKS),
    (Picture("overview", keys("o"), 60.5), OVERVIEWS),
    *((each, {}) for each in PICTURES if each.name in ("happened", "alerts", "groups")),
]
"""Each a console of its own, and what it is made to show besides: all screens, panes and dialogs.
Whatever else stands in them goes through the same filter (`test_signs`)."""


@pytest.mark.parametrize(("shown", "then"), SITTINGS, ids=[each.name for each, _ in SITTINGS])
async def test_every_cell_is_ascii(shown: Picture, then: dict[str, Play], tmp_path: Path) -> None:
    wanted = {"SMSMON_DISPLAY_SIGNS": "ascii"}
    scene = replace(shown, environ={**shown.environ, **wanted}).scene(tmp_path)
    async with scene.app.run_test(size=SMALL) as pilot:
        async for name, text in looks(shown, then, scene, pilot):
            odd = sorted({char for char in text if not char.isascii()})
            assert not odd, f"{odd} in {name}:\n{text}"
            assert len(text.split()) > 10, name
            assert all(len(line) <= SMALL[0] for line in text.splitlines()), name


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
