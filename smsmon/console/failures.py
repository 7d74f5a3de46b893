"""The console's workers, and work that must not end: their failures are seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from textual.worker_manager import WorkerManager

if TYPE_CHECKING:
    from textual.app import App
    from textual.worker import Worker


class WatchedWorkers(WorkerManager):
    """Textual's workers, none of which fails unseen: it tells only the widget that started it."""

    def __init__(self, app: App[Any], failed: Callable[[Worker[Any], BaseException], None]) -> None:
        super().__init__(app)
        self._failed = failed

    def _remove_worker(self, worker: Worker[Any]) -> None:
        super()._remove_worker(worker)
        if worker.error is not None and not isinstance(worker.error, asyncio.CancelledError):
            self._failed(worker, worker.error)


async def keep_running(
    work: Callable[[], Coroutine[Any, Any, object]],
    failed: Callable[[BaseException], None],
    pause: Callable[[], Coroutine[Any, Any, object]],
) -> None:
    """Run ``work`` for good: when it fails, or ends, tell it and start again after a ``pause``."""
    while True:
        try:
            await work()
            raise RuntimeError("it ended")
        except Exception as error:
            failed(error)
        await pause()
