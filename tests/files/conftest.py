"""For the tests of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.files.kinds import NO_FILES


@pytest.fixture(params=NO_FILES)
def no_file(request: pytest.FixtureRequest) -> tuple[str, Callable[[Path], None]]:
    """Something that is no file: its word, and what makes it."""
    return request.param, NO_FILES[request.param]
