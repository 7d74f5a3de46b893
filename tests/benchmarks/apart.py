"""Servers in a process of their own: building their answers must not slow who measures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from tests.api.bodies import report, rows
from tests.api.wire import answer, wire


@dataclass(frozen=True, slots=True)
class Account:
    """How to reach the simulator, and what it was asked."""

    base_url: str
    key: str
    ids: list[str]
    _pipe: Connection

    @property
    def requests(self) -> int:
        """Reports asked for so far."""
        self._pipe.send("requests")
        return int(self._pipe.recv())


@contextmanager
def account(world: Callable[[], World]) -> Iterator[Account]:
    """Serve the world that ``world`` (a function of a module) makes, until the end of the block."""
    with _process(_simulate, world) as pipe:
        base_url, key, ids = pipe.recv()
        yield Account(base_url, key, ids, pipe)


@contextmanager
def answering(recipients: int) -> Iterator[str]:
    """The base URL of a server that answers all with one report of so many recipients."""
    with _process(_answer, recipients) as pipe:
        yield pipe.recv()


@contextmanager
def _process(target: Callable[[Any, Connection], None], what: Any) -> Iterator[Connection]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(what, there), daemon=True)
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.close()
        process.join()


def _simulate(world: Callable[[], World], pipe: Connection) -> None:
    made = world()
    with ServerThread(made) as server:
        pipe.send((server.base_url, server.key, list(made.messages)))
        try:
            while pipe.recv():
                pipe.send(server.server.requests.count)
        except EOFError:
            return


def _answer(recipients: int, pipe: Connection) -> None:
    async def serve() -> None:
        async with wire(answer(report(rows(recipients)))) as server:
            pipe.send(server.base_url)
            await asyncio.to_thread(pipe.poll, None)  # the other end is closed

    asyncio.run(serve())
