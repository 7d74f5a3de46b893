"""``smsmon simulate``: the demo's world behind a port, until a signal says stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from smsmon.leaving import in_loop
from smsmon.simulator.faults import FaultPlan
from smsmon.simulator.scenario import demo_world
from smsmon.simulator.server import PER_MINUTE, Server, serve
from smsmon.simulator.world import World


def simulate(
    port: int = 0,
    seed: int = 1,
    speed: float = 1.0,
    host: str = "127.0.0.1",
    echo: Callable[[str], None] = print,
    run: Callable[[Coroutine[Any, Any, int]], int] = asyncio.run,
) -> int:
    """Serve the demo's world until SIGINT, SIGTERM or SIGHUP; gives the exit code that tells which.

    ``echo`` gets lines to paste into a shell: the base URL, the key, some ids. ``run`` runs the
    event loop. Raises ValueError for a host that is not loopback or a speed of 0 or less,
    OSError when the port is taken.
    """
    world = demo_world(seed=seed, speed=speed)

    def introduce(server: Server) -> None:
        echo(f"export SMSMON_BASE_URL={server.base_url}")
        echo(f"export SMSMON_API_KEY={server.key}")
        echo(f"# Messages: {' '.join(world.messages)}")
        echo("# Serving until Ctrl-C.")

    return run(run_forever(world, host=host, port=port, per_minute=PER_MINUTE, started=introduce))


async def run_forever(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    key: str | None = None,
    faults: FaultPlan | None = None,
    per_minute: int | None = None,
    started: Callable[[Server], None] | None = None,
) -> int:
    """Serve until a signal says stop; gives the exit code that tells which.

    ``started`` is called once requests are taken.
    """
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def leave(code: int) -> None:
        if not told.done():
            told.set_result(code)

    with in_loop(leave):
        async with serve(
            world, host=host, port=port, key=key, faults=faults, per_minute=per_minute
        ) as server:
            if started is not None:
                started(server)
            return await told
