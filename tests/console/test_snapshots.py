"""Pictures of the console: each was looked at before it was kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.console.pictures import PICTURES, Picture
from tests.support.scene import SMALL, WIDE

SIZES = {"80x24": SMALL, "140x40": WIDE, "120x35": (120, 35), "200x55": (200, 55)}
THEMES = ("smsmon-dark", "smsmon-light", "smsmon-high-contrast", "smsmon-monochrome")
SHOTS = [(picture, size) for picture in PICTURES for size in picture.sizes]

Compare = Callable[..., bool]


@pytest.mark.parametrize(
    ("picture", "size"), SHOTS, ids=[f"{picture.name}-{size}" for picture, size in SHOTS]
)
def test_the_console_looks_as_it_did(
    picture: Picture, size: str, tmp_path: Path, snap_compare: Compare
) -> None:
    scene = picture.scene(tmp_path)

    async def play(pilot: Pilot[Any]) -> None:
        await picture.play(scene, pilot)

    assert snap_compare(scene.app, terminal_size=SIZES[size], run_before=play)


WORN = [("recipients", theme, size) for theme in THEMES for size in ("80x24", "120x35", "200x55")]
WORN += [("overview", "smsmon-monochrome", "120x35"), ("recipients", "smsmon-terminal", "80x24")]


@pytest.mark.parametrize(("name", "theme", "size"), WORN, ids=["-".join(each) for each in WORN])
def test_the_console_wears_its_themes_as_it_did(
    name: str, theme: str, size: str, tmp_path: Path, snap_compare: Compare
) -> None:
    worn = next(picture for picture in PICTURES if picture.name == name)
    scene = replace(worn, environ={"SMSMON_DISPLAY_THEME": theme}).scene(tmp_path)

    async def play(pilot: Pilot[Any]) -> None:
        await worn.play(scene, pilot)

    assert snap_compare(scene.app, terminal_size=SIZES[size], run_before=play)
