"""The store of alerts, asked without the loop waiting for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from smsmon.store.alerts import AlertStore
from smsmon.store.errors import StoreError

T = TypeVar("T")


class AlertRecord:
    """One thread that asks the store: one question after the other, in their order."""

    def __init__(self, store: AlertStore) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, "alerts")
        self._closed = False

    async def ask(self, question: Callable[[AlertStore], T]) -> T:
        """What ``question`` gives of the store. Raises ``StoreError``.

        A question that was put is asked to its end, even if nobody waits for it any more.
        """
        if self._closed:
            raise StoreError("alerts", "this program is ending", "Start it again.")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, question, self._store)

    def close(self) -> None:
        """Ask nothing more; what is being asked is not waited for."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)
