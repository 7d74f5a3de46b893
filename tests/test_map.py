"""The map in CONTRIBUTING.md shows the house as it is."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_map_lists_every_room_and_none_that_is_gone() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    shown = re.search(r"^smsmon/\n(.*?)^tests/", text, re.MULTILINE | re.DOTALL)
    assert shown is not None
    named = set(re.findall(r"\b[a-z]\w*(?:\.py|/)", shown[1]))
    house = ROOT / "smsmon"
    rooms = {path.name for path in house.glob("[!_]*.py")}
    rooms |= {f"{path.parent.name}/" for path in house.glob("*/__init__.py")}
    assert rooms <= named
    gone = {name for name in named if not any(house.rglob(name.rstrip("/")))}
    assert not gone
