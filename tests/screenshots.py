"""``make screenshots``: draws the pictures in ``screenshots/`` from the simulator.

Fixed seed, held clock: the same pictures every time, until the console looks different.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from smsmon.simulator.scenario import demo_entries
from tests.console.pictures import PICTURES, Picture
from tests.support.clock import START
from tests.support.scene import SMALL

FOLDER = Path(__file__).parent.parent / "screenshots"
SHOTS: dict[str, tuple[str, tuple[int, int]]] = {
    "console": ("running", (140, 40)),
    "recipient": ("recipient", (100, 30)),
    "overview": ("overview", (140, 40)),
    "find": ("find", (100, 30)),
    "stale": ("stale", SMALL),
}
"""Name of the file → picture and size."""


async def draw(picture: Picture, size: tuple[int, int], path: Path) -> None:
    """Play ``picture`` on the whole demo and save what it shows as SVG."""
    with tempfile.TemporaryDirectory() as home:
        entries = tuple(demo_entries(START)) if picture.entries else ()
        scene = Picture(picture.name, picture.play, entries, picture.environ).scene(Path(home))
        async with scene.app.run_test(size=size) as pilot:
            await picture.play(scene, pilot)
            scene.app.save_screenshot(path.name, str(path.parent))


def main() -> None:
    """Draw them all."""
    FOLDER.mkdir(exist_ok=True)
    pictures = {picture.name: picture for picture in PICTURES}
    for name, (picture, size) in SHOTS.items():
        path = FOLDER / f"{name}.svg"
        asyncio.run(draw(pictures[picture], size, path))
        print(path.relative_to(FOLDER.parent))


if __name__ == "__main__":
    main()
