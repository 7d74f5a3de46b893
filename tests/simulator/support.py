"""What the simulator's tests share: small messages made by hand."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.server import Server
from tests.support.clock import START

ALICE, BOB, CARLA = "+33639980001", "+33639980002", "+32470000003"


def at(seconds: float) -> float:
    """That many seconds after the start of the tests' clock."""
    return START + seconds


def two_recipients(
    message_id: str = "300", *, appears_at: float = -math.inf, vanishes_at: float = math.inf
) -> SimMessage:
    """Alice is delivered after 5 s and says STOP after 60; Bob fails after 10."""
    return SimMessage(
        message_id,
        [
            SimRecipient(
                ALICE,
                (
                    Change(at(0), "Waiting"),
                    Change(at(5), "Delivered"),
                    Change(at(60), "Delivered", stop=True),
                ),
            ),
            SimRecipient(BOB, (Change(at(0), "Waiting"), Change(at(10), "Not delivered"))),
        ],
        appears_at=appears_at,
        vanishes_at=vanishes_at,
    )


@asynccontextmanager
async def connect(
    server: Server,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection, gone after the block however that ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until the condition holds; fails after 10 s, when something is wrong."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the server announces these moments to nobody
            await asyncio.sleep(0)
