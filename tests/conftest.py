"""For all tests: a promise is about what holds, never about how fast this machine is today."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("patient", settings.default, deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _window_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test counts the requests of another, nor of a console that is open meanwhile."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
