"""What the simulator's tests share: small messages made by hand."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from smsmon.simulator.messages import (
    ORDINARY,
    Change,
    SimMessage,
    SimRecipient,
    draw_changes,
    draw_phones,
)
from smsmon.simulator.server import Server
from smsmon.simulator.world import World
from tests.support.clock import START
from tests.support.waiting import PATIENCE

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
    """Let the loop run until the condition holds; fails when something is wrong."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the server announces these moments to nobody
            await asyncio.sleep(0)


_MIXED = {"FR": 90.0, "BE": 4.0, "CH": 2.0, "GP": 2.0, "RE": 2.0}


def add_random_messages(
    world: World,
    count: int,
    recipients: int | tuple[int, int] = (1, 500),
    *,
    first_id: int = 3_000_000,
    over: float = 7200.0,
) -> list[str]:
    """Add ``count`` messages and return their ids, ``first_id`` and the following.

    Their sends are spread over the ``over`` world-clock seconds before the start (after it
    when negative); ``recipients`` is a number or a range, both ends included.
    """
    least, most = (recipients, recipients) if isinstance(recipients, int) else recipients
    ids = []
    for number in range(first_id, first_id + count):
        rng = random.Random(f"{world.seed}:{number}")
        sent = world.start - rng.random() * over
        phones = draw_phones(rng, rng.randint(least, most), _MIXED, crowd=1_000_000)
        people = [SimRecipient(p, draw_changes(rng, sent, ORDINARY)) for p in phones]
        world.add(SimMessage(str(number), people, appears_at=sent))
        ids.append(str(number))
    return ids
