"""A simulator in a process of its own: building its answers must not slow who measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection

from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World


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
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(world, there), daemon=True)
    process.start()
    try:
        base_url, key, ids = here.recv()
        yield Account(base_url, key, ids, here)
    finally:
        here.close()
        process.join()


def _serve(world: Callable[[], World], pipe: Connection) -> None:
    made = world()
    with ServerThread(made) as server:
        pipe.send((server.base_url, server.key, list(made.messages)))
        try:
            while pipe.recv():
                pipe.send(server.server.requests.count)
        except EOFError:
            return
