"""``make screenshots``: draws the pictures in ``screenshots/`` from the simulator.

Fixed seed, held clock: the same pictures every time, until the console looks different.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import replace
from pathlib import Path

from smsmon.simulator.scenario import demo_entries
from tests.console.pictures import PICTURES, Picture
from tests.support.clock import START
from tests.support.scene import SMALL, WIDE

FOLDER = Path(__file__).parent.parent / "screenshots"
SHOTS: dict[str, tuple[str, tuple[int, int], bool]] = {
    "console": ("running", WIDE, True),
    "recipient": ("recipient", (100, 30), True),
    "overview": ("overview", WIDE, False),
    "find": ("find", (100, 30), True),
    "stale": ("stale", SMALL, True),
    "trouble": ("trouble", SMALL, True),
    "alerts": ("alerts", (120, 20), True),
    "groups": ("groups", WIDE, False),
    "wide": ("recipients", (200, 55), True),
}
"""Name of the file → picture, size, and whether of the whole demo: its message to 20,000 would
leave nothing to see of the others in the plots."""


async def drawn(picture: Picture, size: tuple[int, int], *, whole: bool) -> str:
    """Play ``picture``; what it then shows, as SVG."""
    if whole:
        picture = replace(picture, entries=tuple(demo_entries(START)))
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_RUNTIME_DIR"] = home  # requests of other consoles are none of these
        scene = picture.scene(Path(home))
        async with scene.app.run_test(size=size) as pilot:
            await picture.play(scene, pilot)
            shown = scene.app.export_screenshot()
    # Without it librsvg joins the blanks at the edge of a piece of text, and shifts what follows.
    return shown.replace("<svg ", '<svg xml:space="preserve" ', 1)


def main() -> None:
    """Draw them all."""
    FOLDER.mkdir(exist_ok=True)
    pictures = {picture.name: picture for picture in PICTURES}
    for name, (picture, size, whole) in SHOTS.items():
        path = FOLDER / f"{name}.svg"
        svg = asyncio.run(drawn(pictures[picture], size, whole=whole))
        path.write_text(svg, encoding="utf-8")
        print(path.relative_to(FOLDER.parent))


if __name__ == "__main__":
    main()
