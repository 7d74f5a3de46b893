"""The server in a thread of its own, with its own event loop.

The console's loop must not stall while an answer of 20,000 rows is built.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from smsmon.simulator.faults import FaultPlan
from smsmon.simulator.server import Server
from smsmon.simulator.world import World

ANSWER_WITHIN = 10.0
"""Seconds the thread may take to start, stop or obey."""


class ServerThread:
    """A ``Server`` that runs beside the caller; to be stopped, and stopped at exit anyway.

    Every method is to be called from outside the thread. As a context manager it starts and
    stops.
    """

    def __init__(
        self,
        world: World,
        *,
        port: int = 0,
        key: str | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        self.server = Server(world, port=port, key=key, faults=faults)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leave: asyncio.Event | None = None

    @property
    def base_url(self) -> str:
        return self.server.base_url

    @property
    def key(self) -> str:
        return self.server.key

    @property
    def faults(self) -> FaultPlan:
        return self.server.faults

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> Self:
        """Listen; returns when requests are taken. Raises OSError when the port is taken."""
        if self.running:
            raise RuntimeError("The simulator's thread is running already.")
        listening: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(listening,), name="smsmon simulator", daemon=True
        )
        self._thread.start()
        # A daemon thread dies mid-sentence with the interpreter; this ends it properly before.
        atexit.register(self.stop)
        try:
            listening.result(ANSWER_WITHIN)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop serving and end the thread. Harmless when stopped."""
        atexit.unregister(self.stop)
        thread, loop, leave = self._thread, self._loop, self._leave
        self._thread = None
        if thread is None:
            return
        if loop is not None and leave is not None and not loop.is_closed():
            loop.call_soon_threadsafe(leave.set)
        thread.join(ANSWER_WITHIN)

    def stop_listening(self) -> None:
        """Vanish as a killed server does, keeping the port."""
        self._obey(self.server.stop_listening)

    def resume(self) -> None:
        """Come back on the same port."""
        self._obey(self.server.resume)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _obey(self, order: Callable[[], Awaitable[None]]) -> None:
        if self._loop is None or not self.running:
            raise RuntimeError("The simulator's thread is not running.")

        async def obey() -> None:
            await order()

        asyncio.run_coroutine_threadsafe(obey(), self._loop).result(ANSWER_WITHIN)

    def _run(self, listening: Future[None]) -> None:
        try:
            asyncio.run(self._serve(listening))
        except Exception as error:
            if not listening.done():
                listening.set_exception(error)

    async def _serve(self, listening: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._leave = asyncio.Event()
        try:
            await self.server.start()
            listening.set_result(None)
            await self._leave.wait()
        finally:
            await self.server.stop()
