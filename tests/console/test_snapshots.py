"""Pictures of the console: each was looked at before it was kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from syrupy.location import PyTestLocation
from textual.pilot import Pilot

from tests.console.pictures import PICTURES, Picture
from tests.support.scene import SMALL, WIDE, Scene

SIZES = {"80x24": SMALL, "140x40": WIDE, "120x35": (120, 35), "200x55": (200, 55)}
THEMES = ("smsmon-dark", "smsmon-light", "smsmon-high-contrast", "smsmon-monochrome")
SHOTS = [(picture, sizes) for picture in PICTURES for sizes in picture.sizes]
WORN = (
    ("recipients", "80x24", (*THEMES, "smsmon-terminal")),
    ("recipients", "120x35", THEMES),
    ("recipients", "200x55", THEMES),
    ("overview", "120x35", ("smsmon-monochrome",)),
)


class Kept(SVGImageExtension):  # type: ignore[misc]  # Any
    """A file for each picture, several of which one test may look at."""

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: str | int = 0) -> str:
        return f"{test_location.methodname}[{index}]"


@pytest.fixture
def kept(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(Kept)


async def differs(
    name: str, scene: Scene, pilot: Pilot[Any], kept: SnapshotAssertion, home: Path
) -> list[str]:
    """What to look at, should the console not look as it is kept under ``name``."""
    await pilot.pause()
    await pilot.wait_for_scheduled_animations()
    drawn = scene.app.export_screenshot(simplify=True)
    if kept(name=name) == drawn:
        return []
    now = home / f"{name}.svg"
    now.write_text(drawn, encoding="utf-8")
    return [f"{name} looks otherwise: {now}"]


@pytest.mark.parametrize(
    ("picture", "sizes"),
    SHOTS,
    ids=[f"{picture.name}-{'-'.join(sizes)}" for picture, sizes in SHOTS],
)
async def test_the_console_looks_as_it_did(
    picture: Picture, sizes: tuple[str, ...], tmp_path: Path, kept: SnapshotAssertion
) -> None:
    scene = picture.scene(tmp_path)
    odd: list[str] = []
    async with scene.app.run_test(size=SIZES[sizes[0]]) as pilot:
        await picture.play(scene, pilot)
        for size in sizes:
            if size != sizes[0]:
                await pilot.resize_terminal(*SIZES[size])
                await scene.show(pilot)
            odd += await differs(f"{picture.name}-{size}", scene, pilot, kept, tmp_path)
    assert not odd


@pytest.mark.parametrize(
    ("name", "size", "themes"), WORN, ids=[f"{name}-{size}" for name, size, _ in WORN]
)
async def test_the_console_wears_its_themes_as_it_did(
    name: str, size: str, themes: tuple[str, ...], tmp_path: Path, kept: SnapshotAssertion
) -> None:
    worn = next(picture for picture in PICTURES if picture.name == name)
    scene = worn.scene(tmp_path)
    odd: list[str] = []
    async with scene.app.run_test(size=SIZES[size]) as pilot:
        await worn.play(scene, pilot)
        for theme in themes:
            scene.app.theme = theme
            await pilot.pause()
            await scene.show(pilot)
            odd += await differs(f"{name}-{theme}-{size}", scene, pilot, kept, tmp_path)
    assert not odd
