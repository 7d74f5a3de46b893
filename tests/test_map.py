"""The map in CONTRIBUTING.md shows the house as it is; no document names a file that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.mutants import middle

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "smsmon"


def test_the_map_lists_every_room_and_none_that_is_gone() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    shown = re.search(r"^smsmon/\n(.*?)^tests/", text, re.MULTILINE | re.DOTALL)
    assert shown is not None
    named = set(re.findall(r"\b[a-z]\w*(?:\.py|/)", shown[1]))
    files = (*HOUSE.glob("[!_]*.py"), *(HOUSE / "console").glob("[!_]*.py"))
    folders = (each.parent for each in HOUSE.glob("*/**/__init__.py"))
    assert {each.name for each in files} | {f"{each.name}/" for each in folders} <= named
    gone = {name for name in named if not any(HOUSE.rglob(name.rstrip("/")))}
    assert not gone


def test_what_mistakes_are_put_into_and_who_may_see_them_is_there() -> None:
    assert middle.all_modules()
    assert middle.all_tests()


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "README.md", "CHANGELOG.md"])
def test_a_document_names_only_files_that_are_there(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    named = set(re.findall(r"`(\w[\w/]*(?:\.py|/))`", text))
    folders = (ROOT, HOUSE, HOUSE / "console")
    there = {
        each
        for each in named
        if any((folder / each).exists() for folder in folders) or any(HOUSE.rglob(each))
    }
    assert named == there
