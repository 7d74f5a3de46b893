"""``kill -9`` at random moments: what was acknowledged is there, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.local.kill import run


def test_a_killed_console_keeps_all_it_acknowledged(tmp_path: Path) -> None:
    assert "none twice" in run(tmp_path, 8)


@pytest.mark.long
def test_two_hundred_killed_consoles_keep_all_they_acknowledged(tmp_path: Path) -> None:
    assert "none twice" in run(tmp_path, 200, seed=2)
