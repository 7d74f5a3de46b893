"""What the schedule learnt of each account's reports, kept between two runs.

Nothing is lost without it but time: the schedule begins again from its built-in curve. A file
that is missing, broken or not writable is as good as none.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from smsmon import files
from smsmon.clock import Clock, sleep
from smsmon.monitor.engine import Engine

Curves = dict[str, list[list[float]]]
FILE_NAME = "learned.json"
KEEP_EVERY = 3600.0
"""Seconds between two writes: what a kill can cost."""


def load(folder: Path) -> Mapping[str, Curves]:
    """Profile → its curves, from the file in ``folder``. Blocks on the disk."""
    try:
        return msgspec.json.decode(files.read(folder / FILE_NAME).data, type=dict[str, Curves])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}


async def keep(folder: Path, engine: Engine, clock: Clock) -> None:
    """Save it now and then, until cancelled."""
    while True:
        await sleep(clock, KEEP_EVERY)
        await save(folder, engine)


async def save(folder: Path, engine: Engine) -> None:
    """Keep what ``engine`` knows by now; of those on one home, the one that polls does it."""
    if not engine.leads:
        return
    curves = {name: engine.learned(name) for name in engine.profiles}
    await asyncio.to_thread(_write, folder, msgspec.json.encode(curves))


def _write(folder: Path, content: bytes) -> None:
    with contextlib.suppress(OSError):
        files.write_whole(folder / FILE_NAME, content)
