"""Full passes of the garbage collector are short, and garbage goes all the same."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator

import pytest

from smsmon.console import collecting
from smsmon.console.collecting import Collecting


class Ring:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
async def spared(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collecting]:
    monkeypatch.setattr(collecting, "_SETTLED_AFTER", 0.0)
    spared = Collecting(lambda: 0.0)
    spared.begin()
    settled = asyncio.Event()
    asyncio.get_running_loop().call_later(0.0, settled.set)  # behind the collector's own
    await settled.wait()
    assert gc.get_freeze_count()
    yield spared
    spared.end()
    assert gc.get_freeze_count() == 0


async def test_what_outlives_a_full_pass_is_spared_the_next(spared: Collecting) -> None:
    kept = [Ring() for _ in range(1_000)]
    gc.collect()
    before = gc.get_freeze_count()
    assert len(gc.get_objects()) < 1_000
    del kept
    assert before >= 1_000


async def test_what_was_spared_and_became_garbage_goes_in_a_quiet_moment(
    spared: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = Ring()
    gc.collect()
    gone = weakref.ref(ring)
    del ring
    gc.collect()
    assert gone() is not None
    monkeypatch.setattr(collecting, "_ALL_EVERY", 0.0)
    spared._look()
    assert gone() is None
