"""Full passes of the garbage collector are short, and garbage goes all the same."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from time import monotonic

import pytest

from smsmon.console.terminal import process
from smsmon.console.terminal.process import Collecting


class Ring:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
async def spared(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collecting]:
    monkeypatch.setattr(process, "_SETTLED_AFTER", 0.0)
    spared = Collecting(monotonic)  # somebody is typing
    thresholds = gc.get_threshold()
    gc.disable()  # as a start does
    passes = process._full_passes()
    spared.begin()
    settled = asyncio.Event()
    asyncio.get_running_loop().call_later(0.0, settled.set)  # behind the collector's own
    await settled.wait()
    assert gc.get_freeze_count()
    assert process._full_passes() == passes, "no key waits while all of a start is looked at"
    yield spared
    spared.end()
    assert gc.get_freeze_count() == 0
    gc.set_threshold(*thresholds)
    gc.freeze()  # else all passes to come would look at the whole suite again


async def test_garbage_of_every_day_goes_by_itself(spared: Collecting) -> None:
    assert gc.isenabled()
    gone = weakref.ref(Ring())
    kept = [Ring() for _ in range(20_000)]  # so many that young garbage is looked for
    assert gone() is None
    assert kept


async def test_what_outlives_a_full_pass_is_spared_the_next(spared: Collecting) -> None:
    kept = [Ring() for _ in range(1_000)]
    gc.collect()
    spared._look()
    before = gc.get_freeze_count()
    assert len(gc.get_objects()) < 1_000
    del kept
    assert before >= 1_000


async def test_nothing_is_done_within_a_pass_and_nothing_spared_that_no_pass_has_seen(
    spared: Collecting,
) -> None:
    assert not any("smsmon" in repr(each) for each in gc.callbacks)
    before = gc.get_freeze_count()
    kept = [Ring() for _ in range(1_000)]
    spared._look()
    assert gc.get_freeze_count() <= before
    gone = weakref.ref(Ring())
    gc.collect(2)
    ring = Ring()
    young = weakref.ref(ring)
    del ring
    spared._look()
    assert gc.get_freeze_count() >= before + len(kept)
    assert gone() is None
    assert young() is None


async def test_what_was_spared_and_became_garbage_goes_in_a_quiet_moment(
    spared: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = Ring()
    gc.collect()
    spared._look()
    gone = weakref.ref(ring)
    del ring
    gc.collect()
    assert gone() is not None
    spared._look()
    assert gone() is not None, "somebody would wait for it"
    monkeypatch.setattr(process, "_QUIET", -1.0)
    spared._look()
    assert gone() is None
    passes, new = process._full_passes(), [Ring() for _ in range(60_000)]
    assert process._full_passes() > passes, "as much is new as a pass may look at"
    assert new
