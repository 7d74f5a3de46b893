"""What the schedule learnt of each account's reports, kept between two runs.

Nothing is lost without it but time: the schedule begins again from its built-in curve. What is
missing, broken or cannot be written is as good as none.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from smsmon.clock import Clock, sleep
from smsmon.monitor.engine import Engine
from smsmon.store.errors import StoreError

if TYPE_CHECKING:
    from smsmon.store.base import Store

Curves = dict[str, list[list[float]]]
KEEP_EVERY = 3600.0
"""Seconds between two writes: what a kill can cost."""


class Learning:
    """What an engine learns, taken from a store when it begins, and kept there."""

    def __init__(self, store: Store, engine: Engine, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._known: Mapping[str, Curves] | None = None
        """Profile → its curves, as the store had them; None while that is not known."""

    async def run(self) -> None:
        """Begin with what is kept, and save it now and then, until cancelled."""
        await self.load()
        while True:
            await sleep(self._clock, KEEP_EVERY)
            await self.save()

    async def load(self) -> None:
        """Teach the engine what is kept."""
        try:
            content = await asyncio.to_thread(self._store.learned)
            self._known = msgspec.json.decode(content, type=dict[str, Curves])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._known = {}
        except StoreError:
            return
        self._engine.teach(self._known)

    async def save(self) -> None:
        """Keep what the engine knows by now; of those on one store, the one that leads does it.

        Nothing is kept over what could not be read. Accounts that only others have stay.
        """
        if not self._engine.leads:
            return
        if self._known is None:
            await self.load()
        if self._known is not None:
            ours = {name: self._engine.learned(name) for name in self._engine.profiles}
            with contextlib.suppress(StoreError):
                content = msgspec.json.encode({**self._known, **ours})
                await asyncio.to_thread(self._store.keep_learned, content)
