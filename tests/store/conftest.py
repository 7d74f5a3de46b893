"""The suite of every store runs against each kind of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.places import PLACES, Place


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return PLACES[request.param](tmp_path)
