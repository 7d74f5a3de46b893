"""Full passes of the garbage collector are short, and garbage goes all the same."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

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
    spared = Collecting(lambda: 0.0)
    gc.disable()  # as a start does
    spared.begin()
    settled = asyncio.Event()
    asyncio.get_running_loop().call_later(0.0, settled.set)  # behind the collector's own
    await settled.wait()
    assert gc.get_freeze_count()
    yield spared
    spared.end()
    assert gc.get_freeze_count() == 0


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
    monkeypatch.setattr(process, "_ALL_EVERY", 0.0)
    spared._look()
    assert gone() is None


POOLS = """
import ctypes, sys, threading
from smsmon.console.terminal.process import share_one_pool

if sys.argv[2] == "one":
    share_one_pool()
kept = []
threads = [threading.Thread(target=lambda: kept.append(bytearray(5_000))) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
told = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, told)
libc.fclose(told)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="glibc alone tells")
def test_threads_take_memory_from_one_pool(tmp_path: Path) -> None:
    pools = {}
    for how in ("one", "many"):
        told = tmp_path / how
        subprocess.run([sys.executable, "-c", POOLS, told, how], check=True)
        pools[how] = told.read_text().count("<heap nr")
    assert pools["one"] == 1
    assert pools["many"] > 1
