"""The pictures of the README: there, and drawn alike by browsers and by librsvg."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHOWN = re.findall(r"\((screenshots/[^)]+\.svg)\)", (ROOT / "README.md").read_text("utf-8"))


def test_every_picture_is_shown() -> None:
    drawn = {str(each.relative_to(ROOT)) for each in (ROOT / "screenshots").iterdir()}
    assert set(SHOWN) == drawn


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_keeps_its_blanks_everywhere(name: str) -> None:
    """librsvg drops blanks at the edge of a piece of text, and stretches the rest over them."""
    root = (ROOT / name).read_text("utf-8").partition(">")[0]
    assert 'xml:space="preserve"' in root
